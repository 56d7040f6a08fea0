//! Metrics: how good a model is, in numbers for people; and where it goes wrong.

mod accuracy;
mod confusion;
mod topk;

pub use accuracy::accuracy;
pub use confusion::ConfusionMatrix;
pub use topk::topk;

use dfdx::shapes::{Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
#[cfg(not(feature = "cuda"))]
use dfdx::tensor_ops::TryEq;
use dfdx::tensor_ops::TryGt;

use crate::ops::{AccuracyKernel, Kernels};
#[cfg(feature = "cuda")]
use crate::tensor::CompareExt;

/// The share of right predictions, where a sigmoid above 0.5 stands for the target 1: the course's
/// `batch_accuracy`.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let (preds, targets) = (dev.tensor([[2.], [-1.], [0.5], [3.]]), dev.tensor([[1], [0], [0], [1]]));
/// assert_eq!(batch_accuracy(preds, targets).array(), 0.75);
/// ```
pub fn batch_accuracy<S: Shape>(
    xb: Tensor<S, f32, AutoDevice>,
    yb: Tensor<S, i64, AutoDevice>,
) -> Tensor<Rank0, f32, AutoDevice> {
    let is_1 = xb.sigmoid().gt(0.5);
    let right = is_1.eq(&yb.eq(1));
    Kernels::share_of_true(right).unwrap_or_else(|error| panic!("batch_accuracy: {error}"))
}
