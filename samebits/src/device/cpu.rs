//! The operations on the computer's own memory: the functions on slices.

use std::convert::Infallible;

use super::{
    AdamPart, Device, Element, Matrices, NormEval, NormGradients, NormTrain, Order, Running,
    SgdPart, SgdStep,
};
use crate::simd::each;
use crate::sizes::product;
use crate::{
    AdamStep, BatchNorm, Conv2d, Gradients, Matrix, Statistics, Windows, column_means, matmul,
    mean_absolute_differences, select_rows, zero,
};

/// The computer's own processor and memory.
///
/// ```
/// use samebits::{Cpu, Device};
///
/// let mut y = [0.0; 3];
/// Cpu.relu(&[-1.0, 0.0, 2.0], &mut y)?;
/// assert_eq!(y, [0.0, 0.0, 2.0]);
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu;

type Done = Result<(), Infallible>;

impl Device for Cpu {
    type Error = Infallible;
    type Slice<'a, E: Element> = &'a [E];
    type SliceMut<'a, E: Element> = &'a mut [E];
    type Buffer<E: Element> = Vec<E>;
    type Statistics = Statistics;
    type Norm = BatchNorm;

    fn zeros<E: Element>(&self, len: usize) -> Result<Vec<E>, Infallible> {
        Ok(vec![E::default(); len])
    }

    fn copy_in<E: Element>(&self, numbers: &[E]) -> Result<Vec<E>, Infallible> {
        Ok(numbers.to_vec())
    }

    fn copy_out<E: Element>(&self, numbers: &[E]) -> Result<Vec<E>, Infallible> {
        Ok(numbers.to_vec())
    }

    fn slice<'a, E: Element>(&self, buffer: &'a Vec<E>) -> &'a [E] {
        buffer
    }

    fn slice_mut<'a, E: Element>(&self, buffer: &'a mut Vec<E>) -> &'a mut [E] {
        buffer
    }

    fn zero(&self, numbers: &mut [f32]) -> Done {
        zero(numbers);
        Ok(())
    }

    fn conv_forward(&self, conv: &Conv2d, x: &[f32], weight: &[f32], y: &mut [f32]) -> Done {
        conv.forward(x, weight, y);
        Ok(())
    }

    fn conv_forward_statistics(
        &self,
        conv: &Conv2d,
        x: &[f32],
        weight: &[f32],
        y: &mut [f32],
    ) -> Result<Statistics, Infallible> {
        conv.forward(x, weight, y);
        Ok(Statistics::of(y, conv.out_channels))
    }

    fn conv_gradients(
        &self,
        conv: &Conv2d,
        x: &[f32],
        weight: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        dx: Option<&mut [f32]>,
    ) -> Done {
        conv.weight_gradient(x, dy, dw);
        if let Some(dx) = dx {
            conv.input_gradient(dy, weight, dx);
        }
        Ok(())
    }

    fn statistics(&self, x: &[f32], channels: usize) -> Result<Statistics, Infallible> {
        Ok(Statistics::of(x, channels))
    }

    fn mean_and_variance(&self, of: &Statistics) -> Result<[Vec<f32>; 2], Infallible> {
        Ok([of.mean.clone(), of.variance.clone()])
    }

    fn norm_train(&self, of: NormTrain<'_, Self>) -> Result<BatchNorm, Infallible> {
        let NormTrain { statistics, x, residual, weight, bias, eps, activation, running, y } = of;
        let statistics = statistics.unwrap_or_else(|| Statistics::of(x, weight.len()));
        if let Some(Running { mean, variance, momentum }) = running {
            let channels = weight.len();
            assert_eq!([mean.len(), variance.len()], [channels; 2], "running statistics");
            let rows = x.len() / channels.max(1);
            let [kept, of_mean, of_variance] = Running::<Self>::factors(momentum, rows);
            axpy(mean, kept, &statistics.mean, of_mean);
            axpy(variance, kept, &statistics.variance, of_variance);
        }
        let norm = BatchNorm::new(statistics, eps, weight, bias, activation);
        norm.forward(x, residual, y);
        Ok(norm)
    }

    fn norm_eval(&self, of: NormEval<'_, Self>) -> Done {
        let NormEval { x, residual, mean, variance, weight, bias, eps, activation, y } = of;
        let statistics = Statistics { mean: mean.to_vec(), variance: variance.to_vec() };
        BatchNorm::new(statistics, eps, weight, bias, activation).forward(x, residual, y);
        Ok(())
    }

    fn norm_backward(
        &self,
        norm: &BatchNorm,
        x: &[f32],
        y: &[f32],
        dy: &[f32],
        NormGradients { dx, dweight, dbias, dresidual }: NormGradients<'_, Self>,
    ) -> Done {
        norm.backward(x, y, dy, Gradients { dx, dweight, dbias });
        if let Some(dresidual) = dresidual {
            norm.residual_gradient(y, dy, dresidual);
        }
        Ok(())
    }

    fn matmul(&self, sizes: Matrices, c: &mut [f32], a: &[f32], b: &[f32]) -> Done {
        let Matrices { rows, depth, columns, orders } = sizes;
        let matrix = |numbers, rows, columns, order| match order {
            Order::Rows => Matrix::new(numbers, rows, columns),
            Order::Columns => Matrix::new(numbers, columns, rows).transposed(),
        };
        matmul(c, matrix(a, rows, depth, orders[0]), matrix(b, depth, columns, orders[1]));
        Ok(())
    }

    fn linear(
        &self,
        inputs: usize,
        x: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) -> Done {
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
        Ok(())
    }

    fn add_rows(&self, rows: &[f32], sum: &mut [f32]) -> Done {
        assert_rows(rows.len(), sum.len());
        for row in rows.chunks_exact(sum.len().max(1)) {
            each(|| sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x));
        }
        Ok(())
    }

    fn max_pool(
        &self,
        windows: &Windows,
        x: &[f32],
        y: &mut [f32],
    ) -> Result<Vec<u16>, Infallible> {
        Ok(windows.max(x, y))
    }

    fn max_pool_gradient(
        &self,
        windows: &Windows,
        places: &Vec<u16>,
        dy: &[f32],
        dx: &mut [f32],
    ) -> Done {
        windows.max_gradient(places, dy, dx);
        Ok(())
    }

    fn mean_pool(&self, windows: &Windows, x: &[f32], y: &mut [f32]) -> Done {
        windows.mean(x, y);
        Ok(())
    }

    fn mean_pool_gradient(&self, windows: &Windows, dy: &[f32], dx: &mut [f32]) -> Done {
        windows.mean_gradient(dy, dx);
        Ok(())
    }

    fn concat_pool(
        &self,
        channels: usize,
        pixels: usize,
        x: &[f32],
        y: &mut [f32],
    ) -> Result<Vec<u16>, Infallible> {
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
        Ok(places)
    }

    fn concat_pool_gradient(
        &self,
        channels: usize,
        pixels: usize,
        places: &Vec<u16>,
        dy: &[f32],
        dx: &mut [f32],
    ) -> Done {
        let batch = concat_batch(channels, pixels, dx.len(), dy.len());
        assert_eq!(places.len(), batch * channels, "places of the largest numbers");
        let whole = Windows::adaptive([1, pixels], [1, 1]);
        let rows = || dy.chunks((2 * channels).max(1));
        let largest: Vec<f32> = rows().flat_map(|row| &row[..channels]).copied().collect();
        let means: Vec<f32> = rows().flat_map(|row| &row[channels..]).copied().collect();
        whole.max_gradient(places, &largest, dx);
        whole.mean_gradient(&means, dx);
        Ok(())
    }

    fn dropout(&self, bits: &[u32], factor: f32, x: &[f32], y: &mut [f32]) -> Done {
        assert_bits(bits.len(), x.len(), y.len());
        for ((y, x), bits) in y.chunks_mut(32).zip(x.chunks(32)).zip(bits) {
            for (at, (y, x)) in y.iter_mut().zip(x).enumerate() {
                *y = 0.0 + x * factor_of(*bits, at, factor);
            }
        }
        Ok(())
    }

    fn dropout_gradient(&self, bits: &[u32], factor: f32, dy: &[f32], dx: &mut [f32]) -> Done {
        assert_bits(bits.len(), dy.len(), dx.len());
        for ((dx, dy), bits) in dx.chunks_mut(32).zip(dy.chunks(32)).zip(bits) {
            for (at, (dx, dy)) in dx.iter_mut().zip(dy).enumerate() {
                *dx += dy * factor_of(*bits, at, factor);
            }
        }
        Ok(())
    }

    fn relu(&self, x: &[f32], y: &mut [f32]) -> Done {
        assert_eq!(x.len(), y.len(), "numbers of x and y");
        each(|| y.iter_mut().zip(x).for_each(|(y, x)| *y = if *x < 0.0 { 0.0 } else { *x }));
        Ok(())
    }

    fn relu_gradient(&self, y: &[f32], dy: &[f32], dx: &mut [f32]) -> Done {
        assert_eq!([y.len(), dy.len()], [dx.len(); 2], "numbers of y and dy, and of dx");
        each(|| {
            for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
                *dx += if *y <= 0.0 { 0.0 } else { *dy };
            }
        });
        Ok(())
    }

    fn add_scaled(&self, factor: &[f32], x: &[f32], sum: &mut [f32]) -> Done {
        assert_eq!((factor.len(), x.len()), (1, sum.len()), "numbers of the factor, and of x");
        let factor = factor[0];
        each(|| sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += factor * x));
        Ok(())
    }

    fn accuracy(&self, classes: usize, x: &[f32], targets: &[i64], share: &mut [f32]) -> Done {
        assert_classes(classes, x.len(), targets.len());
        assert_eq!(share.len(), 1, "numbers of the share");
        let rows = x.chunks_exact(classes).zip(targets);
        let right =
            rows.filter(|(row, target)| usize::try_from(**target) == Ok(argmax(row))).count();
        share[0] = right as f32 / targets.len() as f32;
        Ok(())
    }

    fn share_of_true(&self, truths: &[bool], share: &mut [f32]) -> Done {
        assert_eq!(share.len(), 1, "numbers of the share");
        let count = truths.iter().filter(|truth| **truth).count();
        share[0] = (count as f64 / truths.len() as f64) as f32;
        Ok(())
    }

    fn select_rows<E: Element>(
        &self,
        all: &[E],
        width: usize,
        rows: &[usize],
        to: &mut [E],
    ) -> Done {
        assert_selected(all.len(), width, rows, to.len());
        to.copy_from_slice(&select_rows(all, width, rows));
        Ok(())
    }

    fn select_pictures(
        &self,
        all: &[f32],
        channels: usize,
        pixels: usize,
        pictures: &[usize],
        to: &mut [f32],
    ) -> Done {
        let size = product([channels, pixels], "a picture");
        assert_selected(all.len(), size, pictures, to.len());
        for (pixel, to) in to.chunks_mut((pictures.len() * channels).max(1)).enumerate() {
            for (to, picture) in to.chunks_mut(channels.max(1)).zip(pictures) {
                let picture = &all[picture * size..][..size];
                to.iter_mut().enumerate().for_each(|(c, to)| *to = picture[c * pixels + pixel]);
            }
        }
        Ok(())
    }

    fn column_means(&self, rows: &[f32], means: &mut [f32]) -> Done {
        means.copy_from_slice(&column_means(rows, means.len()));
        Ok(())
    }

    fn mean_absolute_differences(&self, x: &[f32], b: &[f32], distances: &mut [f32]) -> Done {
        mean_absolute_differences(x, b, distances);
        Ok(())
    }

    fn adam(&self, step: &AdamStep, parts: Vec<AdamPart<'_, Self>>) -> Done {
        for AdamPart { p, m, v, g, decays } in parts {
            let step = if decays { *step } else { step.without_decay() };
            step.update(p, m, v, g);
        }
        Ok(())
    }

    fn sgd(&self, step: &SgdStep, parts: Vec<SgdPart<'_, Self>>) -> Done {
        let SgdStep { momentum, kept, factor } = *step;
        for SgdPart { p, v, g } in parts {
            assert_eq!(g.len(), p.len(), "numbers of g, and of p");
            let Some(v) = v else {
                axpy(p, kept, g, factor);
                continue;
            };
            assert_eq!(v.len(), p.len(), "numbers of v, and of p");
            each(|| v.iter_mut().zip(g).for_each(|(v, g)| *v = momentum * *v + g));
            axpy(p, kept, v, factor);
        }
        Ok(())
    }

    fn zero_all(&self, parts: Vec<&mut [f32]>) -> Done {
        parts.into_iter().for_each(zero);
        Ok(())
    }
}

/// `a = a alpha + b beta`, each step rounded.
fn axpy(a: &mut [f32], alpha: f32, b: &[f32], beta: f32) {
    each(|| a.iter_mut().zip(b).for_each(|(a, b)| *a = *a * alpha + b * beta));
}

fn factor_of(bits: u32, at: usize, factor: f32) -> f32 {
    if bits >> at & 1 == 1 { factor } else { 0.0 }
}

/// The place of the largest number; of equal ones the first.
fn argmax(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}

// The checks that all devices make, with the same words.

/// How many rows and outputs a linear layer has.
pub(crate) fn linear_sizes(inputs: usize, x: usize, weight: usize, y: usize) -> [usize; 2] {
    let of = format_args!("{x} numbers of {inputs} inputs, {weight} weights, {y} outputs");
    // Without inputs the sizes of `x` and the weights say nothing.
    assert!(inputs > 0, "a linear layer without inputs: {of}");
    let (rows, outputs) = (x / inputs, weight / inputs);
    assert!(rows * inputs == x && outputs * inputs == weight, "{of}");
    assert_eq!(product([rows, outputs], of), y, "{of}");
    [rows, outputs]
}

pub(crate) fn assert_rows(rows: usize, width: usize) {
    assert!(
        rows == 0 || width > 0 && rows.is_multiple_of(width),
        "{rows} numbers in rows of {width}"
    );
}

/// How many pictures there are.
pub(crate) fn concat_batch(channels: usize, pixels: usize, x: usize, y: usize) -> usize {
    let of = format_args!("{x} numbers of {pixels} pixels and {channels} channels, to {y}");
    assert!(pixels > 0, "a picture without pixels: {of}");
    assert!(pixels <= usize::from(u16::MAX), "a window of more than {} pixels: {of}", u16::MAX);
    let size = product([channels, pixels], of);
    let batch = x.checked_div(size).unwrap_or(0);
    assert!(batch * size == x && product([batch, 2, channels], of) == y, "{of}");
    batch
}

pub(crate) fn assert_bits(bits: usize, x: usize, y: usize) {
    assert!(x == y && bits == x.div_ceil(32), "{x} numbers to {y}, with {bits} words of bits");
}

pub(crate) fn assert_classes(classes: usize, x: usize, targets: usize) {
    let of = format_args!("{x} numbers of {classes} classes, with {targets} targets");
    assert!(classes > 0, "{of}");
    assert_eq!(x, product([targets, classes], of), "{of}");
}

pub(crate) fn assert_selected(all: usize, width: usize, rows: &[usize], to: usize) {
    let of = format_args!("{} rows of {width}", rows.len());
    assert_eq!(product([rows.len(), width], of), to, "numbers of the copy of {of}");
    if to == 0 {
        return;
    }
    assert_eq!(all % width, 0, "{all} elements in rows of {width}");
    if let Some(row) = rows.iter().find(|row| **row >= all / width) {
        panic!("row {row} of a matrix with {} of {width}", all / width);
    }
}
