//! The share of right answers.

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, Tensor};

use crate::ops::{AccuracyKernel, Kernels};

/// The share of rows whose largest prediction is that of the right class, fastai's `accuracy`. Of equal
/// predictions the first counts.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let (preds, targets) = (dev.tensor([[0.1, 0.9], [0.7, 0.3], [2., 1.]]), dev.tensor([1, 1, 0]));
/// assert_eq!(accuracy(preds, targets).array(), 2. / 3.);
/// ```
pub fn accuracy<B: Dim, const N: usize>(
    predictions: Tensor<(B, Const<N>), f32, AutoDevice>,
    targets: Tensor<(B,), i64, AutoDevice>,
) -> Tensor<Rank0, f32, AutoDevice> {
    Kernels::accuracy(predictions, targets).unwrap_or_else(|error| panic!("accuracy: {error}"))
}
