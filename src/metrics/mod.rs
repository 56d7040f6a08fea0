//! Metrics: how good a model is, in numbers for people; and where it goes wrong.

mod accuracy;
mod confusion;
mod topk;

pub use accuracy::accuracy;
pub use confusion::ConfusionMatrix;
pub use topk::topk;

use dfdx::shapes::{Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tensor, TensorFrom};
#[cfg(not(feature = "cuda"))]
use dfdx::tensor_ops::TryEq;
use dfdx::tensor_ops::TryGt;

use crate::fault;
use crate::loss::check;
use crate::ops;
#[cfg(feature = "cuda")]
use crate::tensor::CompareExt;
use crate::tensor::sigmoid;

/// The share of right predictions, where a sigmoid above 0.5 stands for the target 1: the course's
/// `batch_accuracy`. If a prediction is NaN, so is the result.
///
/// # Panics
/// If a target is neither 0 nor 1, if there are no predictions, or if there are not as many targets. In a
/// [`Learner`](crate::learner::Learner) that is an error of `fit`.
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
    if !can_be_judged(&xb, check::zeros_and_ones("batch_accuracy", &xb, &yb)) {
        return xb.device().tensor(f32::NAN);
    }
    let is_1 = sigmoid(xb).gt(0.5);
    let right = is_1.eq(&yb.eq(1));
    ops::share_of_true(right).unwrap_or_else(|error| panic!("batch_accuracy: {error}"))
}

/// Whether there is something to judge: predictions that fit their targets, and none that is NaN.
///
/// # Panics
/// If they do not fit, unless a learner takes care of it.
#[track_caller]
fn can_be_judged<S: Shape>(
    predictions: &Tensor<S, f32, AutoDevice>,
    fit: Result<(), String>,
) -> bool {
    match fit {
        Ok(()) => predictions.as_vec().iter().all(|prediction| !prediction.is_nan()),
        Err(problem) => {
            fault::found(problem);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    #[should_panic = "batch_accuracy: target 0 of the batch is 3, but the targets have to be 0 and 1"]
    fn labels_that_are_digits() {
        let dev = AutoDevice::default();
        batch_accuracy(dev.tensor([[0.9], [0.1]]), dev.tensor([[3], [7]]));
    }

    #[test]
    fn predictions_that_are_none() {
        let dev = AutoDevice::default();
        let targets = dev.tensor([[1], [0]]);
        assert!(batch_accuracy(dev.tensor([[f32::NAN], [0.1]]), targets).array().is_nan());
    }
}
