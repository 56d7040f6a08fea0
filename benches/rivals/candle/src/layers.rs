//! A convolution and a batch norm.
//!
//! candle's own convolution works out its gradients without its fast matrix product, and its batch norm
//! sums up without it. So here all is expressed by matrix products and `index_select`, with the channels
//! last: a tensor has a row of channels for each pixel.

use anyhow::Result;
use candle_core::{D, Tensor, Var};

use super::{DEVICE, spread, times};

/// Which pixels a kernel sees.
pub struct Window {
    pub kernel: usize,
    /// For each pixel of the result all that the kernel sees there.
    pixels: Vec<u32>,
}

/// `index_select` puts zeros there.
pub const OUTSIDE: u32 = u32::MAX;

impl Window {
    pub fn new(size: usize, kernel: usize, stride: usize, padding: usize) -> Self {
        let results = (size + 2 * padding - kernel) / stride + 1;
        let mut pixels = Vec::new();
        for (row, column) in (0..results * results).map(|i| (i / results, i % results)) {
            for (dy, dx) in (0..kernel * kernel).map(|i| (i / kernel, i % kernel)) {
                // Above and left of the picture the subtraction wraps around to something too large.
                let y = (row * stride + dy).wrapping_sub(padding);
                let x = (column * stride + dx).wrapping_sub(padding);
                pixels.push(if y < size && x < size { (y * size + x) as u32 } else { OUTSIDE });
            }
        }
        Self { kernel, pixels }
    }
}

/// A convolution and a batch norm.
pub struct ConvNorm {
    window: Tensor,
    /// A column for each channel of the result.
    pub weights: Var,
    pub norm: Norm,
}

impl ConvNorm {
    /// `weights` has a row for each number that the kernel sees.
    pub fn new(window: Window, weights: Var) -> Result<Self> {
        let norm = Norm::new(weights.dim(1)?, 0.)?;
        Ok(Self { window: Tensor::new(window.pixels, &DEVICE)?, weights, norm })
    }

    /// What the kernel sees, a row for each pixel of the result.
    fn seen(&self, x: &Tensor) -> Result<Tensor> {
        let seen = x.contiguous()?.index_select(&self.window, 1)?;
        Ok(seen.reshape(((), self.weights.dim(0)?))?)
    }

    /// The convolution of pictures, which have no gradient.
    pub fn first(&self, x: &Tensor) -> Result<Tensor> {
        let y = times(&self.seen(x)?, &self.weights)?;
        Ok(y.reshape((x.dim(0)?, (), self.weights.dim(1)?))?)
    }

    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let y = self.seen(x)?.matmul(&self.weights)?;
        let y = y.reshape((x.dim(0)?, (), self.weights.dim(1)?))?;
        self.norm.forward(&y, train)
    }
}

/// A batch norm.
pub struct Norm {
    pub weights: Var,
    pub bias: Var,
    running_mean: Var,
    running_variance: Var,
}

impl Norm {
    pub fn new(channels: usize, bias: f32) -> Result<Self> {
        let var = |number: f32| Var::from_tensor(&Tensor::full(number, (1, channels), &DEVICE)?);
        Ok(Self {
            weights: var(1.)?,
            bias: var(bias)?,
            running_mean: var(0.)?,
            running_variance: var(1.)?,
        })
    }

    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let shape = x.shape().clone();
        let x = x.reshape(((), x.dim(D::Minus1)?))?;
        let rows = x.dim(0)?;
        let (mean, variance) = if train {
            let average = Tensor::full(1. / rows as f32, (1, rows), &DEVICE)?;
            let mean = times(&average, &x)?;
            let variance = (times(&average, &x.sqr()?)? - mean.sqr()?)?;
            let follow = |running: &Var, now: Tensor| -> Result<()> {
                Ok(running.set(&((running.as_detached_tensor() * 0.9)? + (now * 0.1)?)?)?)
            };
            follow(&self.running_mean, mean.detach())?;
            follow(
                &self.running_variance,
                (variance.detach() * (rows as f64 / (rows as f64 - 1.)))?,
            )?;
            (mean, variance)
        } else {
            (self.running_mean.as_detached_tensor(), self.running_variance.as_detached_tensor())
        };
        let scale = (self.weights.as_tensor() / (variance + 1e-5)?.sqrt()?)?;
        let shift = (self.bias.as_tensor() - (mean * &scale)?)?;
        let y = ((x * spread(&scale, rows)?)? + spread(&shift, rows)?)?;
        Ok(y.reshape(shape)?)
    }
}
