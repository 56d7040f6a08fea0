//! Batch norm.

use samebits::{Activation, Device, NormEval, NormGradients, NormTrain, Running};

use crate::both::{Work, all_sorts, assert_same, back};
use crate::common::Random;

struct Layer {
    channels: usize,
    activation: Activation,
    has_residual: bool,
    x: Vec<f32>,
    residual: Vec<f32>,
    dy: Vec<f32>,
    /// Weight, bias, running mean, running variance, and gradients of the first two.
    of_channels: [Vec<f32>; 6],
}

impl Layer {
    fn new(rows: usize, channels: usize, random: &mut Random) -> Self {
        let [x, residual, dy] = [0; 3].map(|_| random.numbers(rows * channels));
        let mut of_channels = [0; 6].map(|_| random.numbers(channels));
        of_channels[3].iter_mut().for_each(|variance| *variance = variance.abs());
        let activation =
            if random.size(0, 1) == 0 { Activation::Relu } else { Activation::Identity };
        let has_residual = random.size(0, 1) == 0;
        Self { channels, activation, has_residual, x, residual, dy, of_channels }
    }
}

impl Work for Layer {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let buffer = |numbers: &Vec<f32>| device.copy_in(numbers);
        let (x, residual, dy) = (buffer(&self.x)?, buffer(&self.residual)?, buffer(&self.dy)?);
        let [weight, bias, mean, variance, dweight, dbias] =
            self.of_channels.each_ref().map(buffer);
        let (weight, bias, mut mean, mut variance) = (weight?, bias?, mean?, variance?);
        let (mut dweight, mut dbias) = (dweight?, dbias?);
        let (mut y, mut dx, mut dresidual) =
            (buffer(&self.x)?, buffer(&self.x)?, buffer(&self.dy)?);
        let [eps, momentum] = [1e-5, 0.1];
        let (activation, rows) = (self.activation, self.x.len() / self.channels);

        let mut results = Vec::new();
        device.norm_eval(NormEval {
            x: device.slice(&x),
            residual: self.has_residual.then(|| device.slice(&residual)),
            mean: device.slice(&mean),
            variance: device.slice(&variance),
            weight: device.slice(&weight),
            bias: device.slice(&bias),
            eps: eps as f32,
            activation,
            y: device.slice_mut(&mut y),
        })?;
        results.push(back(device, &y)?);
        if rows == 0 {
            return Ok(results);
        }
        for knows_statistics in [true, false] {
            let statistics = device.statistics(device.slice(&x), self.channels)?;
            let statistics = knows_statistics.then_some(statistics);
            let running = Running {
                mean: device.slice_mut(&mut mean),
                variance: device.slice_mut(&mut variance),
                momentum,
            };
            let norm = device.norm_train(NormTrain {
                statistics,
                x: device.slice(&x),
                residual: self.has_residual.then(|| device.slice(&residual)),
                weight: device.slice(&weight),
                bias: device.slice(&bias),
                eps: eps as f32,
                activation,
                running: knows_statistics.then_some(running),
                y: device.slice_mut(&mut y),
            })?;
            results.push(back(device, &y)?);
            let gradients = NormGradients {
                dx: device.slice_mut(&mut dx),
                // What is then there is only room.
                fresh: !knows_statistics,
                dweight: device.slice_mut(&mut dweight),
                dbias: device.slice_mut(&mut dbias),
                dresidual: self.has_residual.then(|| device.slice_mut(&mut dresidual)),
            };
            let [x, y, dy] = [&x, &y, &dy].map(|buffer| device.slice(buffer));
            device.norm_backward(&norm, x, y, dy, gradients)?;
        }
        for buffer in [&mean, &variance, &dx, &dresidual, &dweight, &dbias] {
            results.push(back(device, buffer)?);
        }
        Ok(results)
    }
}

fn assert_layer(rows: usize, channels: usize, seed: u64) {
    let layer = Layer::new(rows, channels, &mut all_sorts(seed));
    let of = format_args!("{rows} rows of {channels}, seed {seed}");
    assert_same(&layer, of);
}

#[test]
fn of_any_sizes() {
    for seed in 0..24 {
        let mut random = Random::new(seed + 100);
        assert_layer(random.size(2, 300), random.size(1, 70), seed);
    }
}

#[test]
fn of_a_batch_of_one_and_of_none() {
    for (rows, channels) in [(1, 1), (1, 33), (0, 4)] {
        assert_layer(rows, channels, 0);
    }
}

/// Few rows are worked on by one block for all, many by a block for each piece of a sum.
#[test]
fn with_few_rows_and_with_many() {
    for (at, (rows, channels)) in
        [(1024, 40), (1025, 40), (1024, 3), (1100, 3), (5000, 20), (64, 512), (313, 64)]
            .into_iter()
            .enumerate()
    {
        for seed in [0, 1, 2] {
            assert_layer(rows, channels, seed + at as u64);
        }
    }
}

/// A few small ones that start all kernels.
pub fn few() {
    for seed in 0..2 {
        assert_layer(20, 40, seed);
        assert_layer(1100, 20, seed);
    }
}
