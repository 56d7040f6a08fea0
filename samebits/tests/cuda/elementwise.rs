//! One number after the other, and metrics.

use samebits::{Device, Function};

use crate::both::{Work, all_sorts, assert_same, back};
use crate::common::Random;

struct Numbers {
    x: Vec<f32>,
    dy: Vec<f32>,
    bits: Vec<u32>,
}

impl Work for Numbers {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (x, dy) = (device.copy_in(&self.x)?, device.copy_in(&self.dy)?);
        let factor = device.copy_in(&[self.x.first().copied().unwrap_or(0.5)])?;
        let (x, dy, bits) = (device.slice(&x), device.slice(&dy), &self.bits[..]);
        let (mut y, mut dx) = (device.copy_in(&self.dy)?, device.copy_in(&self.x)?);
        let mut results = Vec::new();
        device.dropout_of_minus(bits, 1.0 / 0.9, device.slice_mut(&mut y))?;
        results.push(back(device, &y)?);
        device.dropout_gradient(bits, 2.0, dy, device.slice_mut(&mut dx))?;
        let mut y = device.copy_in(&self.x)?;
        device.relu_of_minus(device.slice_mut(&mut y))?;
        results.push(back(device, &y)?);
        device.relu_gradient(device.slice(&y), dy, device.slice_mut(&mut dx))?;
        device.add_scaled(device.slice(&factor), x, device.slice_mut(&mut dx))?;
        results.push(back(device, &dx)?);
        device.zero(device.slice_mut(&mut dx))?;
        results.push(back(device, &dx)?);
        Ok(results)
    }
}

#[test]
fn of_any_length() {
    // From 65_536 on the bits of dropout come in pieces, and above 262_144 they are copied.
    let lens = [0, 1, 31, 32, 33, 255, 256, 257, 1000, 65_536, 262_144, 70_001, 262_145];
    for (seed, len) in lens.into_iter().enumerate() {
        let mut random = all_sorts(seed as u64);
        let (x, dy) = (random.numbers(len), random.numbers(len));
        let bits =
            (0..len.div_ceil(32)).map(|_| random.size(0, u32::MAX as usize) as u32).collect();
        assert_same(&Numbers { x, dy, bits }, format_args!("{len} numbers"));
    }
}

struct Metrics {
    classes: usize,
    x: Vec<f32>,
    targets: Vec<i64>,
    truths: Vec<bool>,
}

impl Work for Metrics {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (x, targets) = (device.copy_in(&self.x)?, device.copy_in(&self.targets)?);
        let truths = device.copy_in(&self.truths)?;
        let mut share = device.zeros(1)?;
        let (x, targets) = (device.slice(&x), device.slice(&targets));
        device.accuracy(self.classes, x, targets, device.slice_mut(&mut share))?;
        let accuracy = back(device, &share)?;
        device.share_of_true(device.slice(&truths), device.slice_mut(&mut share))?;
        Ok(vec![accuracy, back(device, &share)?])
    }
}

#[test]
fn shares() {
    for (seed, [rows, classes]) in
        [[1, 1], [7, 2], [64, 10], [300, 3], [2038, 2], [0, 2]].into_iter().enumerate()
    {
        let mut random = all_sorts(seed as u64);
        let mut x = random.numbers(rows * classes);
        // Some have their largest number twice.
        if seed % 2 == 0 {
            x.iter_mut().for_each(|x| *x = x.round());
        }
        // Some are no class.
        let targets = (0..rows).map(|_| random.size(0, classes + 1) as i64 - 1).collect();
        let truths = (0..rows).map(|_| random.size(0, 2) == 0).collect();
        assert_same(
            &Metrics { classes, x, targets, truths },
            format_args!("{rows} rows of {classes}"),
        );
    }
}

struct Functions {
    x: Vec<f32>,
    dy: Vec<f32>,
}

impl Work for Functions {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (x, dy) = (device.copy_in(&self.x)?, device.copy_in(&self.dy)?);
        let (mut y, mut dx) = (device.copy_in(&self.dy)?, device.copy_in(&self.x)?);
        let mut results = Vec::new();
        for of in [Function::Exp, Function::Ln, Function::Sigmoid, Function::Tanh] {
            device.function(of, device.slice(&x), device.slice_mut(&mut y))?;
            results.push(back(device, &y)?);
            let [x, y, dy] = [&x, &y, &dy].map(|buffer| device.slice(buffer));
            device.function_gradient(of, x, y, dy, device.slice_mut(&mut dx))?;
            results.push(back(device, &dx)?);
        }
        device.axpy(device.slice_mut(&mut dx), 0.9, device.slice(&dy), -0.3)?;
        results.push(back(device, &dx)?);
        Ok(results)
    }
}

#[test]
fn functions_of_all_sorts_of_numbers() {
    // All exponents, and mantissas in no particular order.
    let x = (0..1u32 << 16).map(|i| f32::from_bits(i << 16 | i.wrapping_mul(0x9e37) & 0xffff));
    let x: Vec<f32> = x.collect();
    let dy = Random::new(5).numbers(x.len());
    assert_same(&Functions { x, dy }, "all exponents");
    // Where logarithms are small, each digit of theirs counts.
    let x: Vec<f32> = (0..1 << 15).map(|i| 0.6 + i as f32 / 30_000.0).collect();
    let dy = Random::new(6).numbers(x.len());
    assert_same(&Functions { x, dy }, "near 1");
    for seed in 0..8 {
        let mut random = all_sorts(seed);
        let x = random.numbers(1000).into_iter().map(|x| x * 20.0).collect();
        let dy = random.numbers(1000);
        assert_same(&Functions { x, dy }, format_args!("seed {seed}"));
    }
    assert_same(&Functions { x: Vec::new(), dy: Vec::new() }, "nothing");
}

/// A few small ones that start all kernels.
pub fn few() {
    let mut random = all_sorts(0);
    let (x, dy) = (random.numbers(70), random.numbers(70));
    assert_same(&Functions { x: x.clone(), dy: dy.clone() }, "functions");
    assert_same(&Numbers { x, dy, bits: vec![0x1234_5678; 3] }, "numbers");
    let (x, targets) = (random.numbers(9), vec![0, 1, 2]);
    assert_same(&Metrics { classes: 3, x, targets, truths: vec![true, false] }, "metrics");
}
