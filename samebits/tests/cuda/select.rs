//! Choosing a batch.

use samebits::{Device, Element};

use crate::both::{Work, all_sorts, assert_same, back, gpu};
use crate::common::Random;

struct Pictures {
    all: Vec<f32>,
    channels: usize,
    pixels: usize,
    pictures: Vec<usize>,
}

impl Work for Pictures {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let Self { channels, pixels, pictures, .. } = self;
        let all = device.copy_in(&self.all)?;
        let mut to = device.zeros(pictures.len() * channels * pixels)?;
        let into = device.slice_mut(&mut to);
        device.select_pictures(device.slice(&all), *channels, *pixels, pictures, into)?;
        let by_pixel = back(device, &to)?;
        let into = device.slice_mut(&mut to);
        device.select_rows(device.slice(&all), channels * pixels, pictures, into)?;
        Ok(vec![by_pixel, back(device, &to)?])
    }
}

#[test]
fn few_pictures_and_more_than_come_with_a_kernel() {
    for (seed, [count, chosen, channels, pixels]) in [
        [5, 3, 1, 4],
        [7, 64, 3, 9],
        [100, 960, 1, 3],
        [100, 961, 2, 3],
        [3, 0, 1, 1],
        [3, 5, 0, 2],
    ]
    .into_iter()
    .enumerate()
    {
        let mut random = all_sorts(seed as u64);
        let all = random.numbers(count * channels * pixels);
        let pictures = (0..chosen).map(|_| random.size(0, count - 1)).collect();
        let of = format_args!("{chosen} of {count} pictures");
        assert_same(&Pictures { all, channels, pixels, pictures }, of);
    }
}

fn assert_rows<E: Element>(element: impl Fn(usize) -> E) {
    let mut random = Random::new(3);
    let (width, rows) = (5, [4usize, 0, 0, 6]);
    let all: Vec<E> = (0..7 * width).map(|_| element(random.size(0, 1000))).collect();
    let copied = gpu().copy_in(&all).unwrap();
    let mut to = gpu().zeros(rows.len() * width).unwrap();
    gpu().select_rows(copied.slice(), width, &rows, to.slice_mut()).unwrap();
    let found = gpu().copy_out(to.slice()).unwrap();
    assert_eq!(found, samebits::select_rows(&all, width, &rows));
}

#[test]
fn elements_of_any_size() {
    assert_rows(|n| n % 2 == 0);
    assert_rows(|n| n as u8);
    assert_rows(|n| n as i16);
    assert_rows(|n| n as f32 / 7.0);
    assert_rows(|n| n as i64 - 500);
    assert_rows(|n| n as f64 / 7.0);
    assert_rows(|n| (n as u128) << 90);
}

/// A few small ones that start all kernels.
pub fn few() {
    few_pictures_and_more_than_come_with_a_kernel();
    elements_of_any_size();
}
