//! Says which device this build trains on, and whether it works: `cargo run --features cuda --bin
//! gpu_check`.
//!
//! It trains a net of one weight, `y = w x` with `w = 3`. Exit code 0: it has learned. 3: there is no
//! device. Anything else: it has failed.

use std::process::ExitCode;

use mnist_from_scratch::anyhow::ensure;
use mnist_from_scratch::prelude::*;

fn main() -> Result<ExitCode> {
    let kind = if cfg!(feature = "cuda") { "GPU" } else { "CPU" };
    let dev = match default_device() {
        Ok(dev) => dev,
        Err(error) => {
            eprintln!("gpu_check: {error}");
            return Ok(ExitCode::from(3));
        }
    };
    let weight = train(&dev)?;
    println!(
        "This build trains on the {kind}. A weight that should become 3 has become {weight:.3}."
    );
    ensure!((weight - 3.).abs() < 0.01, "the {kind} has learned something else");
    Ok(ExitCode::SUCCESS)
}

/// The weight of a net that has learned `y = 3 x`.
fn train(dev: &AutoDevice) -> Result<f32> {
    let x: Rows<1> = column(&[1., 2., 3., 4.], dev);
    let dset = zip(x.clone(), x * 3.)?;
    let dls = DataLoaders::new(
        DataLoader::new(dset.clone()).batch_size(2).shuffle(true),
        DataLoader::new(dset),
    );
    manual_seed(42);
    let model = UnbiasedLinear::<1, 1>::new(dev);
    let mut learn = Learner::new(dls, model, SGD::default().momentum(0.5), dfdx::losses::mse_loss);
    learn = learn.no_logging();
    learn.fit(50, 0.02)?;
    Ok(learn.model.weight.array()[0][0])
}
