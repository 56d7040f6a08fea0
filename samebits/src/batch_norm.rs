//! Batch normalization.
//!
//! Activations are a matrix with a column for each channel. With the mean and the variance of each
//! column, the weight `w` and the bias `b` of the channel, batch norm is
//! `y = (x - mean) / sqrt(variance + eps) * w + b` (S. Ioffe, C. Szegedy, "Batch Normalization",
//! 2015). A ReLU after it, and the sum with a residual before that, are done in the same pass.

use crate::channel_sums::sums;
use crate::simd::{Loops, each, run_loops};
use crate::threads::{rows_of_piece, share};

/// Mean and variance of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// The means.
    pub mean: Vec<f32>,
    /// The variances: means of the squared differences from the mean.
    pub variance: Vec<f32>,
}

impl Statistics {
    /// The statistics of the rows of `x`.
    ///
    /// The sums are made of numbers less those of the first row, so that little is lost where the
    /// mean is large (T. Chan, G. Golub, R. LeVeque, "Algorithms for Computing the Sample Variance",
    /// 1983).
    ///
    /// # Panics
    /// If `x` has no rows, or is no multiple of `channels`.
    ///
    /// ```
    /// let of = samebits::Statistics::of(&[1.0, 10.0, 3.0, 10.0], 2);
    /// assert_eq!((of.mean, of.variance), (vec![2.0, 10.0], vec![1.0, 0.0]));
    /// ```
    pub fn of(x: &[f32], channels: usize) -> Self {
        let rows = rows(x, channels);
        assert!(rows > 0, "{} numbers of {channels} channels", x.len());
        let first = &x[..channels];
        let [sums, squares] = sums([x], first, |[x], first| {
            let x = x - first;
            [x, x * x]
        });
        let n = rows as f64;
        let mean = |(sum, first): (&f64, &f32)| (f64::from(*first) + sum / n) as f32;
        let variance = |(square, sum): (&f64, &f64)| {
            // No larger than 0 only through rounding.
            (square / n - (sum / n) * (sum / n)).max(0.0) as f32
        };
        Self {
            mean: sums.iter().zip(first).map(mean).collect(),
            variance: squares.iter().zip(&sums).map(variance).collect(),
        }
    }
}

/// What follows a batch norm, in the same pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(y, 0)`, and NaN for NaN.
    Relu,
}

/// A batch norm with given statistics, perhaps with a ReLU after it.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    mean: Vec<f32>,
    /// `1 / sqrt(variance + eps)`
    inverse: Vec<f32>,
    /// `y = x * scale + shift`
    scale: Vec<f32>,
    shift: Vec<f32>,
    activation: Activation,
}

impl BatchNorm {
    /// With the statistics of a batch, or those of all batches up to now.
    ///
    /// # Panics
    /// If one of the slices has another length than the others.
    pub fn new(
        Statistics { mean, variance }: Statistics,
        eps: f32,
        weight: &[f32],
        bias: &[f32],
        activation: Activation,
    ) -> Self {
        let channels = mean.len();
        assert!(
            [variance.len(), weight.len(), bias.len()] == [channels; 3],
            "batch norm of {channels} channels with {} variances, {} weights, {} biases",
            variance.len(),
            weight.len(),
            bias.len()
        );
        let inverse: Vec<f32> = variance.iter().map(|v| 1.0 / (v + eps).sqrt()).collect();
        let scale: Vec<f32> = weight.iter().zip(&inverse).map(|(w, inverse)| w * inverse).collect();
        let shift = (0..channels).map(|c| bias[c] - mean[c] * scale[c]).collect();
        Self { mean, inverse, scale, shift, activation }
    }

    fn channels(&self) -> usize {
        self.mean.len()
    }

    /// The output `y` for the input `x`, to which `residual` is added before the ReLU.
    ///
    /// # Panics
    /// If one of the slices has another length than the others, or they have no whole number of rows.
    ///
    /// ```
    /// use samebits::{Activation, BatchNorm, Statistics};
    ///
    /// let x = [1.0, 3.0];
    /// let norm = BatchNorm::new(Statistics::of(&x, 1), 0.0, &[10.0], &[5.0], Activation::Relu);
    /// let mut y = [0.0; 2];
    /// norm.forward(&x, None, &mut y);
    /// assert_eq!(y, [0.0, 15.0]);
    /// ```
    pub fn forward(&self, x: &[f32], residual: Option<&[f32]>, y: &mut [f32]) {
        let channels = self.channels();
        let rows = rows(x, channels);
        assert_eq!(y.len(), x.len(), "numbers of the output, in {channels} channels");
        if let Some(residual) = residual {
            assert_eq!(residual.len(), x.len(), "numbers of the residual, in {channels} channels");
        }
        if x.is_empty() {
            return;
        }
        let piece = rows_of_piece(rows, channels) * channels;
        let Self { scale, shift, activation, .. } = self;
        let relu = *activation == Activation::Relu;
        share(y.chunks_mut(piece).zip(x.chunks(piece)).enumerate(), |(at, (y, x))| {
            let affine = |x: &f32, (scale, shift): (&f32, &f32)| x * scale + shift;
            let coefficients = || scale.iter().zip(shift);
            let rows = y.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
            match residual {
                None => each(|| {
                    for (y, x) in rows {
                        for ((y, x), c) in y.iter_mut().zip(x).zip(coefficients()) {
                            let sum = affine(x, c);
                            *y = if relu { self::relu(sum) } else { sum };
                        }
                    }
                }),
                Some(residual) => each(|| {
                    let residual = residual[at * piece..].chunks_exact(channels);
                    for ((y, x), r) in rows.zip(residual) {
                        for (((y, x), r), c) in y.iter_mut().zip(x).zip(r).zip(coefficients()) {
                            let sum = affine(x, c) + r;
                            *y = if relu { self::relu(sum) } else { sum };
                        }
                    }
                }),
            }
        });
    }

    /// Adds the gradients to what is in `gradients`, given the input `x`, the output `y` and the
    /// output's gradient `dy`. The statistics have to be those of `x`. With `g = dy` where there was
    /// no ReLU or `y > 0`, and 0 elsewhere, `n` rows and `z = (x - mean) / sqrt(variance + eps)`:
    ///
    /// ```text
    /// dbias = sum g      dweight = sum g z      dresidual = g
    /// dx = scale (g - dbias / n - z dweight / n)
    /// ```
    ///
    /// # Panics
    /// If one of the slices has not the length of `x`, or one number for each channel, or `x` has no whole number of
    /// rows.
    pub fn backward(&self, x: &[f32], y: &[f32], dy: &[f32], gradients: Gradients) {
        match self.activation {
            Activation::Relu => self.masked_backward::<true>(x, y, dy, gradients),
            Activation::Identity => self.masked_backward::<false>(x, y, dy, gradients),
        }
    }

    fn masked_backward<const RELU: bool>(
        &self,
        x: &[f32],
        y: &[f32],
        dy: &[f32],
        Gradients { dx, fresh, dweight, dbias, dresidual }: Gradients,
    ) {
        let channels = self.channels();
        let rows = rows(x, channels);
        assert_eq!(
            [y.len(), dy.len(), dx.len()],
            [x.len(); 3],
            "numbers of y, dy and dx, in {channels} channels"
        );
        assert_eq!(
            [dweight.len(), dbias.len()],
            [channels; 2],
            "numbers of dweight and dbias, with {channels} channels"
        );
        if let Some(dresidual) = &dresidual {
            assert_eq!(dresidual.len(), x.len(), "numbers of dresidual, in {channels} channels");
        }
        if x.is_empty() {
            return;
        }
        let Self { mean, inverse, scale, .. } = self;
        let [sums, products] = sums([x, dy, y], mean, |[x, dy, y], mean| {
            let g = before_relu::<RELU>(dy, y);
            [g, g * (x - mean)]
        });
        // dx = scale * (g - mean of g) + slope * (x - mean)
        let n = rows as f64;
        let (mut mean_g, mut slope) = (vec![0.0; channels], vec![0.0; channels]);
        for c in 0..channels {
            let [inverse, scale] = [inverse[c], scale[c]].map(f64::from);
            dbias[c] += sums[c] as f32;
            dweight[c] += (products[c] * inverse) as f32;
            mean_g[c] = (sums[c] / n) as f32;
            slope[c] = (-scale * inverse * inverse * products[c] / n) as f32;
        }
        let piece = rows_of_piece(rows, channels) * channels;
        let outputs = y.chunks(piece).zip(dy.chunks(piece));
        // `None` for each piece if there is no residual.
        let residuals: Vec<_> = match dresidual {
            Some(dresidual) => dresidual.chunks_mut(piece).map(Some).collect(),
            None => std::iter::repeat_with(|| None).take(dx.len().div_ceil(piece)).collect(),
        };
        let pieces = dx.chunks_mut(piece).zip(x.chunks(piece)).zip(outputs).zip(residuals);
        share(pieces, |(((dx, x), (y, dy)), dresidual)| {
            if let Some(dresidual) = dresidual {
                add_masked::<RELU>(y, dy, dresidual);
            }
            if fresh {
                // Here it is small enough to stay in a cache.
                dx.fill(0.0);
            }
            let (mean_g, slope) = (&mean_g, &slope);
            run_loops(InputGradient::<RELU> { x, y, dy, dx, mean, scale, mean_g, slope });
        });
    }
}

/// Adds the input's gradient to `dx`.
struct InputGradient<'a, const RELU: bool> {
    x: &'a [f32],
    y: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
    // For each channel:
    mean: &'a [f32],
    scale: &'a [f32],
    mean_g: &'a [f32],
    slope: &'a [f32],
}

impl<const RELU: bool> Loops for InputGradient<'_, RELU> {
    #[inline(always)]
    fn run(self) {
        let Self { x, y, dy, dx, mean, scale, mean_g, slope } = self;
        let channels = mean.len();
        let rows = dx.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
        let gradients = dy.chunks_exact(channels).zip(y.chunks_exact(channels));
        for ((dx, x), (dy, y)) in rows.zip(gradients) {
            let of_x = mean.iter().zip(slope);
            let of_g = mean_g.iter().zip(scale);
            let gradients = dx.iter_mut().zip(x).zip(dy).zip(y);
            for ((((dx, x), dy), y), ((mean, slope), (mean_g, scale))) in
                gradients.zip(of_x.zip(of_g))
            {
                let g = before_relu::<RELU>(*dy, *y);
                *dx += scale * (g - mean_g) + slope * (x - mean);
            }
        }
    }
}

/// Adds the gradient of what was added before the ReLU.
fn add_masked<const RELU: bool>(y: &[f32], dy: &[f32], dresidual: &mut [f32]) {
    each(|| {
        for ((sum, y), dy) in dresidual.iter_mut().zip(y).zip(dy) {
            *sum += before_relu::<RELU>(*dy, *y);
        }
    });
}

/// Where [`BatchNorm::backward`] adds the gradients.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// Of the input.
    pub dx: &'a mut [f32],
    /// Whether `dx` is only room: whatever is there counts as 0.
    pub fresh: bool,
    /// Of the weight.
    pub dweight: &'a mut [f32],
    /// Of the bias.
    pub dbias: &'a mut [f32],
    /// Of what was added before the ReLU.
    pub dresidual: Option<&'a mut [f32]>,
}

/// The gradient of what goes into a ReLU, given that of its output `y`.
#[inline(always)]
fn before_relu<const RELU: bool>(dy: f32, y: f32) -> f32 {
    if !RELU || y > 0.0 { dy } else { 0.0 }
}

/// `max(x, 0)`, and NaN for NaN.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// How many rows `x` has; none if it is empty.
fn rows(x: &[f32], channels: usize) -> usize {
    let rows = x.len().checked_div(channels).unwrap_or(0);
    assert!(rows * channels == x.len(), "{} numbers of {channels} channels", x.len());
    rows
}
