//! Pooling.

use samebits::{Conv2d, Device, Windows};

use crate::both::{Work, all_sorts, assert_same, back};

struct Pool {
    windows: Windows,
    x: Vec<f32>,
    dy: Vec<f32>,
}

impl Work for Pool {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let Self { windows, .. } = self;
        let (x, dy) = (device.copy_in(&self.x)?, device.copy_in(&self.dy)?);
        let (mut y, mut dx) = (device.copy_in(&self.dy)?, device.copy_in(&self.x)?);
        let places = device.max_pool(windows, device.slice(&x), device.slice_mut(&mut y))?;
        let largest = back(device, &y)?;
        let into = device.slice_mut(&mut dx);
        device.max_pool_gradient(windows, &places, device.slice(&dy), into)?;
        device.mean_pool(windows, device.slice(&x), device.slice_mut(&mut y))?;
        let means = back(device, &y)?;
        device.mean_pool_gradient(windows, device.slice(&dy), device.slice_mut(&mut dx))?;
        let places = device.copy_out(device.slice(&places))?;
        let places = places.into_iter().map(f32::from).collect();
        Ok(vec![largest, means, back(device, &dx)?, places])
    }
}

#[test]
fn of_windows_of_all_kinds() {
    let kernel = |height, width, kernel_size, stride, padding| {
        let (batch, in_channels, out_channels) = (1, 1, 1);
        let conv = Conv2d {
            batch,
            height,
            width,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
        };
        ((height * width), Windows::of(&conv))
    };
    let adaptive = |from: [usize; 2], to| (from[0] * from[1], Windows::adaptive(from, to));
    let all = [
        kernel(14, 14, 3, 2, 1),
        kernel(5, 7, 2, 2, 0),
        kernel(4, 4, 3, 1, 1),
        kernel(1, 1, 1, 1, 0),
        adaptive([7, 5], [3, 2]),
        adaptive([1, 1], [1, 1]),
        adaptive([2, 2], [3, 3]),
        // More pixels than a list of fixed size would hold.
        adaptive([40, 50], [1, 1]),
    ];
    for (at, (pixels, windows)) in all.into_iter().enumerate() {
        for seed in 0..4 {
            let mut random = all_sorts(seed);
            let size = random.size(1, 40) * (1 + at % 2);
            let x = random.numbers(pixels * size);
            let dy = random.numbers(windows.pixels().len() * size);
            assert_same(
                &Pool { windows: windows.clone(), x, dy },
                format_args!("windows {at}, seed {seed}"),
            );
        }
    }
}

struct Concat {
    channels: usize,
    pixels: usize,
    x: Vec<f32>,
    dy: Vec<f32>,
}

impl Work for Concat {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (channels, pixels) = (self.channels, self.pixels);
        let (x, dy) = (device.copy_in(&self.x)?, device.copy_in(&self.dy)?);
        let (mut y, mut dx) = (device.copy_in(&self.dy)?, device.copy_in(&self.x)?);
        let into = device.slice_mut(&mut y);
        let places = device.concat_pool(channels, pixels, device.slice(&x), into)?;
        let (dy, into) = (device.slice(&dy), device.slice_mut(&mut dx));
        device.concat_pool_gradient(channels, pixels, &places, dy, into)?;
        Ok(vec![back(device, &y)?, back(device, &dx)?])
    }
}

#[test]
fn of_whole_pictures_twice() {
    for (at, [batch, channels, pixels]) in
        [[3, 5, 4], [1, 1, 1], [64, 20, 9], [2, 7, 2000], [0, 3, 2], [2, 0, 2]]
            .into_iter()
            .enumerate()
    {
        for seed in 0..4 {
            let mut random = all_sorts(seed + at as u64);
            let x = random.numbers(pixels * batch * channels);
            let dy = random.numbers(batch * 2 * channels);
            let of = format_args!("{batch} pictures, {channels} channels, {pixels} pixels");
            assert_same(&Concat { channels, pixels, x, dy }, of);
        }
    }
}

/// A few small ones that start all kernels.
pub fn few() {
    let mut random = all_sorts(0);
    let windows = Windows::adaptive([7, 5], [3, 2]);
    let (x, dy) = (random.numbers(35 * 11), random.numbers(6 * 11));
    assert_same(&Pool { windows, x, dy }, "windows");
    let (x, dy) = (random.numbers(60), random.numbers(30));
    assert_same(&Concat { channels: 5, pixels: 4, x, dy }, "whole pictures");
}
