//! All ten digits as fast as it goes: a small net with convolutions, two epochs, from ten seeds.
//!
//!     cargo run --release --example speed_run
//!
//! Each net learns from the 60,000 images of MNIST's training set and is tested on the 10,000 of
//! its test set. The time is that of the training with a test after each epoch; opening the files
//! is not counted. `cargo run --release --example speed_run -- 3` takes seeds 0, 1 and 2.

use std::time::Instant;

use mnist_from_scratch::prelude::*;

/// 28x28 pixels become 14x14 with 32 channels, 7x7, 5x5 with 64, 2x2, and 10 numbers.
pub type Net = (
    (Conv2d<1, 32, 5, 2, 2>, BatchNormReLU<32>),
    MaxPool2d<2, 2, 0>,
    (Conv2d<32, 64, 3>, BatchNormReLU<64>),
    (Conv2d<64, 64, 3, 2>, BatchNormReLU<64>),
    Flatten<256>,
    Linear<256, 10>,
);

fn main() -> Result<()> {
    let seeds = std::env::args().nth(1).map_or(Ok(10), |seeds| seeds.parse())?;
    let mut dls = open()?;
    let (mut accuracies, mut times) = (Vec::new(), Vec::new());
    for seed in 0..seeds {
        let run = train(dls, seed)?;
        println!("seed {seed}: accuracy {:.4}, {:.2} s", run.accuracy, run.seconds);
        accuracies.push(run.accuracy);
        times.push(run.seconds);
        dls = run.dls;
    }
    let enough = accuracies.iter().filter(|accuracy| **accuracy >= 0.99).count();
    times.sort_by(f64::total_cmp);
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    println!(
        "{enough} of {seeds} nets are right in 99 of 100 cases; median {median:.2} s"
    );
    Ok(())
}

/// The training set, and the test set in place of a validation set.
pub fn open() -> Result<ImageDataLoaders<1, 28, 28>> {
    let options = FolderOptions::new().train("training").valid("testing");
    let path = untar_data(Urls::MNIST)?;
    Ok(ImageDataLoaders::from_folder_with(path, &options)?.batch_size(256))
}

/// What became of a training.
#[derive(Debug)]
pub struct Run {
    /// The share of the test set that the net is right about.
    pub accuracy: f32,
    /// How long the training took, with a test after each epoch.
    pub seconds: f64,
    /// The data, for the next one.
    pub dls: ImageDataLoaders<1, 28, 28>,
}

/// Trains a new net and tests it.
pub fn train(dls: ImageDataLoaders<1, 28, 28>, seed: u64) -> Result<Run> {
    set_seed(seed);
    let mut learn =
        vision_learner(dls, Net::build, cross_entropy)?.metrics(accuracy).no_logging();
    let start = Instant::now();
    learn.fit_one_cycle(2, 0.01)?;
    let seconds = start.elapsed().as_secs_f64();
    let accuracy = learn.recorder.column("accuracy").unwrap()[1];
    Ok(Run { accuracy, seconds, dls: learn.dls })
}
