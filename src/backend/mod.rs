//! Where the numbers of a training step are worked out: each operation that layers, losses, optimizers
//! and data loaders need, in two versions with the same names.
//!
//! - `cpu`: by the crate [`samebits`], on slices of the computer's memory. Fast, and the same bits on
//!   every processor.
//! - `ops`: by dfdx's own operations, which run on any device, also on a GPU. The feature `dfdx-ops`
//!   chooses them, and `cuda` turns that on.
//!
//! The layers in [`nn`](crate::nn) know nothing of the choice: they call `backend::conv2d`. On the CPU
//! the tests run both and compare.

#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(any(feature = "dfdx-ops", test))]
mod ops;

#[cfg(not(feature = "dfdx-ops"))]
pub(crate) use cpu::*;
#[cfg(feature = "dfdx-ops")]
pub(crate) use ops::*;

#[cfg(not(feature = "dfdx-ops"))]
pub use cpu::Gather;
#[cfg(feature = "dfdx-ops")]
pub use ops::Gather;

use dfdx::shapes::{Const, Rank1};
use dfdx::tensor::{AutoDevice, HasErr, Tensor};

use crate::nn::{OutHeight, OutWidth, Sides};

type Err = <AutoDevice as HasErr>::Err;

/// What a convolution makes of pictures of shape `X`.
pub(crate) type Convolved<X, const K: usize, const S: usize, const P: usize, const O: usize, T> =
    Tensor<
        (<X as Sides>::Batch, Const<O>, OutHeight<X, K, S, P>, OutWidth<X, K, S, P>),
        f32,
        AutoDevice,
        T,
    >;

/// Pictures of `C` channels, `H` rows and `W` columns, as many as in a batch of shape `X`.
pub(crate) type Pooled<X, const C: usize, H, W, T> =
    Tensor<(<X as Sides>::Batch, Const<C>, H, W), f32, AutoDevice, T>;

/// A row of `C2` numbers for each picture of a batch of shape `X`.
pub(crate) type PooledRows<X, const C2: usize, T> =
    Tensor<(<X as Sides>::Batch, Const<C2>), f32, AutoDevice, T>;

/// What becomes of the numbers of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Take {
    /// The largest; of equal ones the first has the gradient.
    Largest,
    /// The mean.
    Mean,
}

/// A number for each channel.
pub(crate) type Each<const C: usize> = Tensor<Rank1<C>, f32, AutoDevice>;

/// Activations after a batch norm, and what was found on the way.
pub(crate) struct BatchNormed<const C: usize, Y> {
    pub y: Y,
    /// The mean of each channel.
    pub mean: Each<C>,
    /// The variance of each channel: the mean of the squares of what is left when the mean is taken
    /// away.
    pub variance: Each<C>,
}

/// What a step of Adam depends on besides the numbers of the parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamStep {
    /// The number of the step; the first is 1.
    pub step: i32,
    pub lr: f64,
    /// How much of the averages of gradients and of squares is kept.
    pub betas: [f64; 2],
    pub eps: f64,
    /// Decoupled: the share of a parameter, times `lr`, that a step takes away.
    pub weight_decay: f64,
}
