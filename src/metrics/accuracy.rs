//! The share of right answers.

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, Tensor, TensorFrom};

use super::can_be_judged;
use crate::loss::check;
use crate::ops;

/// The share of rows whose largest prediction is that of the right class, fastai's `accuracy`. Of equal
/// predictions the first counts. If a prediction is NaN, so is the result.
///
/// # Panics
/// If a target is not the number of a class, if there are no predictions, or if there are not as many targets. In a
/// [`Learner`](crate::learner::Learner) that is an error of `fit`.
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
    if !can_be_judged(&predictions, check::classes("accuracy", &predictions, &targets)) {
        return predictions.device().tensor(f32::NAN);
    }
    ops::accuracy(predictions, targets).unwrap_or_else(|error| panic!("accuracy: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    #[should_panic = "accuracy: target 0 of the batch is -1"]
    fn a_target_that_is_no_class() {
        let dev = AutoDevice::default();
        accuracy(dev.tensor([[0.1, 0.9]]), dev.tensor([-1]));
    }

    #[test]
    fn predictions_that_are_none() {
        let dev = AutoDevice::default();
        let preds = dev.tensor([[0.1, 0.9], [f32::NAN, 0.3]]);
        assert!(accuracy(preds, dev.tensor([1, 1])).array().is_nan());
    }
}
