//! `Learner`: what can be put into it, what it writes down, when it stops.

mod callbacks;
mod errors;
mod numbers;
mod saved;
mod training;

use mnist_from_scratch::dfdx;
use mnist_from_scratch::prelude::*;

type Pairs = Zip<Rows<1>, Rows<1>>;

/// y = 2x + 1 for x from 0 to 1.
fn line(n: usize, dev: &AutoDevice) -> Pairs {
    let x: Vec<f32> = (0..n).map(|i| i as f32 / n as f32).collect();
    let y: Vec<f32> = x.iter().map(|x| 2. * x + 1.).collect();
    zip(column(&x, dev), column(&y, dev)).unwrap()
}

fn loaders(dev: &AutoDevice) -> DataLoaders<Pairs> {
    let loader = |n| DataLoader::new(line(n, dev)).batch_size(4);
    DataLoaders::new(loader(16), loader(6))
}

fn mse<T: Tape<f32, AutoDevice>>(
    preds: Rows<1, T>,
    targets: Rows<1>,
) -> Tensor<Rank0, f32, AutoDevice, T> {
    dfdx::losses::mse_loss(preds, targets)
}

fn mean_error(preds: Rows<1>, targets: Rows<1>) -> Tensor<Rank0, f32, AutoDevice> {
    (preds - targets).abs().mean_all()
}

fn fresh(dev: &AutoDevice) -> Learner<DataLoaders<Pairs>, Linear<1, 1>, SGD, Loss> {
    Learner::new(loaders(dev), Linear::new(dev), SGD::default(), mse as Loss).no_logging()
}

type Loss = fn(Traced<(usize, Const<1>)>, Rows<1>) -> Traced<Rank0>;
