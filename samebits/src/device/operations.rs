//! Operations on slices that are not worth a module of their own.

use super::checks::{assert_bits, assert_classes, assert_selected, concat_batch, linear_sizes};
use super::{Matrices, Order};
use crate::simd::each;
use crate::sizes::product;
use crate::{Matrix, Windows, matmul};

pub(super) fn matrix_product(sizes: Matrices, c: &mut [f32], a: &[f32], b: &[f32]) {
    let Matrices { rows, depth, columns, orders } = sizes;
    let matrix = |numbers, rows, columns, order| match order {
        Order::Rows => Matrix::new(numbers, rows, columns),
        Order::Columns => Matrix::new(numbers, columns, rows).transposed(),
    };
    matmul(c, matrix(a, rows, depth, orders[0]), matrix(b, depth, columns, orders[1]));
}

pub(super) fn linear(
    inputs: usize,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
) {
    let [rows, outputs] = linear_sizes(inputs, x.len(), weight.len(), y.len());
    match bias {
        Some(bias) => {
            assert_eq!(bias.len(), outputs, "numbers of the bias of {outputs} outputs");
            y.chunks_exact_mut(outputs.max(1)).for_each(|y| y.copy_from_slice(bias));
        }
        None => y.fill(0.0),
    }
    let weight = Matrix::new(weight, outputs, inputs).transposed();
    matmul(y, Matrix::new(x, rows, inputs), weight);
}

pub(super) fn concat_pool(channels: usize, pixels: usize, x: &[f32], y: &mut [f32]) -> Vec<u16> {
    let batch = concat_batch(channels, pixels, x.len(), y.len());
    let whole = Windows::adaptive([1, pixels], [1, 1]);
    let (mut largest, mut means) = (vec![0.0; batch * channels], vec![0.0; batch * channels]);
    let places = whole.max(x, &mut largest);
    whole.mean(x, &mut means);
    let halves = largest.chunks(channels.max(1)).zip(means.chunks(channels.max(1)));
    for (y, (largest, means)) in y.chunks_mut((2 * channels).max(1)).zip(halves) {
        y[..channels].copy_from_slice(largest);
        y[channels..].copy_from_slice(means);
    }
    places
}

pub(super) fn concat_pool_gradient(
    channels: usize,
    pixels: usize,
    places: &[u16],
    dy: &[f32],
    dx: &mut [f32],
) {
    let batch = concat_batch(channels, pixels, dx.len(), dy.len());
    assert_eq!(places.len(), batch * channels, "places of the largest numbers");
    let whole = Windows::adaptive([1, pixels], [1, 1]);
    let rows = || dy.chunks((2 * channels).max(1));
    let largest: Vec<f32> = rows().flat_map(|row| &row[..channels]).copied().collect();
    let means: Vec<f32> = rows().flat_map(|row| &row[channels..]).copied().collect();
    whole.max_gradient(places, &largest, dx);
    whole.mean_gradient(&means, dx);
}

pub(super) fn dropout_of_minus(bits: &[u32], factor: f32, y: &mut [f32]) {
    assert_bits(bits.len(), y.len(), y.len());
    for (y, bits) in y.chunks_mut(32).zip(bits) {
        for (at, y) in y.iter_mut().enumerate() {
            *y = 0.0 + -*y * factor_of(*bits, at, factor);
        }
    }
}

pub(super) fn dropout_gradient(bits: &[u32], factor: f32, dy: &[f32], dx: &mut [f32]) {
    assert_bits(bits.len(), dy.len(), dx.len());
    for ((dx, dy), bits) in dx.chunks_mut(32).zip(dy.chunks(32)).zip(bits) {
        for (at, (dx, dy)) in dx.iter_mut().zip(dy).enumerate() {
            *dx += dy * factor_of(*bits, at, factor);
        }
    }
}

pub(super) fn relu_of_minus(y: &mut [f32]) {
    each(|| y.iter_mut().for_each(|y| *y = if *y > 0.0 { 0.0 } else { -*y }));
}

pub(super) fn relu_gradient(y: &[f32], dy: &[f32], dx: &mut [f32]) {
    assert_eq!([y.len(), dy.len()], [dx.len(); 2], "numbers of y and dy, and of dx");
    each(|| {
        for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx += if *y <= 0.0 { 0.0 } else { *dy };
        }
    });
}

pub(super) fn add_scaled(factor: &[f32], x: &[f32], sum: &mut [f32]) {
    assert_eq!((factor.len(), x.len()), (1, sum.len()), "numbers of the factor, and of x");
    let factor = factor[0];
    each(|| sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += factor * x));
}

pub(super) fn share_of_true(truths: &[bool]) -> f32 {
    let count = truths.iter().filter(|truth| **truth).count();
    (count as f64 / truths.len() as f64) as f32
}

pub(super) fn accuracy(classes: usize, x: &[f32], targets: &[i64]) -> f32 {
    assert_classes(classes, x.len(), targets.len());
    let rows = x.chunks_exact(classes).zip(targets);
    let right = rows.filter(|(row, target)| usize::try_from(**target) == Ok(argmax(row))).count();
    right as f32 / targets.len() as f32
}

pub(super) fn select_pictures(
    all: &[f32],
    channels: usize,
    pixels: usize,
    pictures: &[usize],
    to: &mut [f32],
) {
    let size = product([channels, pixels], "a picture");
    assert_selected(all.len(), size, pictures, to.len());
    for (pixel, to) in to.chunks_mut((pictures.len() * channels).max(1)).enumerate() {
        for (to, picture) in to.chunks_mut(channels.max(1)).zip(pictures) {
            let picture = &all[picture * size..][..size];
            to.iter_mut().enumerate().for_each(|(c, to)| *to = picture[c * pixels + pixel]);
        }
    }
}

fn factor_of(bits: u32, at: usize, factor: f32) -> f32 {
    if bits >> at & 1 == 1 { factor } else { 0.0 }
}

/// The place of the largest number; of equal ones the first.
fn argmax(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}
