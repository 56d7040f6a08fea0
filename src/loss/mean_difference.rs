//! How far two tensors are apart, in one number.

use dfdx::shapes::{HasShape as _, Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use super::check;
use crate::tensor::{MeanTo, TensorExt};

/// Two tensors whose distance can be taken: both borrowed, or both owned, where the first may have a gradient's
/// tape, as predictions in training do.
#[diagnostic::on_unimplemented(
    message = "the distance of a `{Self}` from a `{Other}` cannot be taken",
    note = "both tensors must have the same shape; hand over both with `&`, or, in training, both without"
)]
pub trait Apart<Other> {
    /// A single number, with the tape of the first tensor.
    type Mean;

    /// The mean of `|a - b|`.
    fn mean_absolute(self, other: Other) -> Self::Mean;

    /// The mean of `(a - b)^2`.
    fn mean_square(self, other: Other) -> Self::Mean;
}

impl<S: Shape> Apart<&Tensor<S, f32, AutoDevice>> for &Tensor<S, f32, AutoDevice> {
    type Mean = Tensor<Rank0, f32, AutoDevice>;

    fn mean_absolute(self, other: &Tensor<S, f32, AutoDevice>) -> Self::Mean {
        match check::shapes("l1_loss", self.shape(), other.shape()) {
            Ok(()) => (self.clone() - other.clone()).abs().mean_all(),
            Err(problem) => check::no_loss(self.clone(), problem),
        }
    }

    fn mean_square(self, other: &Tensor<S, f32, AutoDevice>) -> Self::Mean {
        match check::shapes("mse_loss", self.shape(), other.shape()) {
            Ok(()) => (self.clone() - other.clone()).square().mean_all(),
            Err(problem) => check::no_loss(self.clone(), problem),
        }
    }
}

impl<S: Shape, T: Tape<f32, AutoDevice>> Apart<Tensor<S, f32, AutoDevice>>
    for Tensor<S, f32, AutoDevice, T>
{
    type Mean = Tensor<Rank0, f32, AutoDevice, T>;

    fn mean_absolute(self, other: Tensor<S, f32, AutoDevice>) -> Self::Mean {
        match check::shapes("l1_loss", self.shape(), other.shape()) {
            Ok(()) => (self - other).abs().mean(),
            Err(problem) => check::no_loss(self, problem),
        }
    }

    fn mean_square(self, other: Tensor<S, f32, AutoDevice>) -> Self::Mean {
        match check::shapes("mse_loss", self.shape(), other.shape()) {
            Ok(()) => (self - other).square().mean(),
            Err(problem) => check::no_loss(self, problem),
        }
    }
}

/// The mean absolute difference, also called L1 norm: `(1/n) sum_i |a_i - b_i|`; not a number if there are none.
///
/// Tensors of different shapes do not compile. A [`Learner`](crate::learner::Learner) takes it as its loss.
///
/// # Panics
/// If an axis whose length is known only at run time differs. In a learner that is an error of `fit`.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::loss::l1_loss;
///
/// let dev = AutoDevice::default();
/// let (a, b) = (dev.tensor([0.0, 1.0]), dev.tensor([0.5, 0.75]));
/// assert_eq!(l1_loss(&a, &b).array(), 0.375);
/// ```
pub fn l1_loss<A: Apart<B>, B>(a: A, b: B) -> A::Mean {
    a.mean_absolute(b)
}

/// The mean squared error, MSE: `(1/n) sum_i (a_i - b_i)^2`; not a number if there are none. Its root is the RMSE or
/// L2 norm.
///
/// Tensors of different shapes do not compile. A [`Learner`](crate::learner::Learner) takes it as its loss.
///
/// # Panics
/// If an axis whose length is known only at run time differs. In a learner that is an error of `fit`.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::loss::mse_loss;
///
/// let dev = AutoDevice::default();
/// let (a, b) = (dev.tensor([0.0, 1.0]), dev.tensor([0.5, 0.5]));
/// assert_eq!(mse_loss(&a, &b).array(), 0.25);
/// assert_eq!(mse_loss(&a, &b).sqrt().array(), 0.5);
/// ```
pub fn mse_loss<A: Apart<B>, B>(a: A, b: B) -> A::Mean {
    a.mean_square(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{AsArray, TensorFrom};

    #[test]
    fn the_values_of_pytorch() {
        let dev = AutoDevice::default();
        let a = dev.tensor([[0.1f32, 0.9, 0.4], [0.7, 0.2, 0.6]]);
        let b = dev.tensor([[0.3f32, 0.5, 0.4], [0.1, 0.8, 0.55]]);
        // a = torch.tensor([[0.1, 0.9, 0.4], [0.7, 0.2, 0.6]])
        // b = torch.tensor([[0.3, 0.5, 0.4], [0.1, 0.8, 0.55]])
        // F.l1_loss(a, b).item(), F.mse_loss(a, b).item()
        assert!((l1_loss(&a, &b).array() - 0.308_333_34).abs() < 1e-6);
        assert!((mse_loss(&a, &b).array() - 0.153_75).abs() < 1e-6);
    }

    #[test]
    #[should_panic = "mse_loss: [3, 1] predictions and [2, 1] targets"]
    fn fewer_targets_than_predictions() {
        let dev = AutoDevice::default();
        let column = |numbers: &[f32]| crate::data::column(numbers, &dev);
        mse_loss(column(&[0.1, 0.9, 0.4]), column(&[0.0, 1.0]));
    }

    #[test]
    #[should_panic = "l1_loss: [1, 1] predictions and [0, 1] targets"]
    fn no_targets() {
        let dev = AutoDevice::default();
        let column = |numbers: &[f32]| crate::data::column(numbers, &dev);
        l1_loss(&column(&[0.1]), &column(&[]));
    }

    #[test]
    fn with_a_tape_it_is_a_loss_to_train_with() {
        use dfdx::prelude::{Backward, Trace};
        let dev = AutoDevice::default();
        let (preds, targets) = (dev.tensor([1.0f32, 3.0]), dev.tensor([0.0f32, 1.0]));
        // The derivative of the mean of (p - t)^2 is 2 (p - t) / 2, that of |p - t| is its sign by 2.
        let gradients = mse_loss(preds.leaky_trace(), targets.clone()).backward();
        assert_eq!(gradients.get(&preds).array(), [1.0, 2.0]);
        let gradients = l1_loss(preds.leaky_trace(), targets).backward();
        assert_eq!(gradients.get(&preds).array(), [0.5, 0.5]);
    }
}
