//! Where training starts from.

use dfdx::shapes::ConstShape;
use dfdx::tensor::{AutoDevice, Tensor};

use crate::random::randn;

/// Random parameters to start from: normal numbers with mean 0 and standard deviation `std`, the
/// course's `(torch.randn(size)*std).requires_grad_()`.
///
/// The size is that of the type.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// manual_seed(42);
/// let weights: Tensor<Rank2<784, 1>, f32, _> = init_params(&dev, 1.);
/// assert_eq!(weights.array()[0], [1.9269153]);
/// ```
pub fn init_params<S: ConstShape>(dev: &AutoDevice, std: f32) -> Tensor<S, f32, AutoDevice> {
    randn(dev) * std
}
