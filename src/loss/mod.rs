//! Loss functions for training: they keep the tape, so that the loss can be asked for gradients.
//!
//! [`l1_loss`] and [`mse_loss`] also take two borrowed tensors without a tape: then they tell how far these are apart.

pub(crate) mod check;
mod cross_entropy;
mod mean_difference;

pub use cross_entropy::{cross_entropy, label_smoothing_cross_entropy};
pub use mean_difference::{Apart, l1_loss, mse_loss};

use dfdx::shapes::{Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::ops;

/// How far the sigmoid of the predictions is from targets that are 1 or 0, on average: the course's
/// `mnist_loss`.
///
/// With `p = 1 / (1 + e^-prediction)` it is the mean of `1 - p` where the target is 1, and of `p`
/// elsewhere.
///
/// # Panics
/// If a target is neither 0 nor 1, if there are no predictions, or if there are not as many targets. In a
/// [`Learner`](crate::learner::Learner) that is an error of `fit`. (On a GPU it takes as long as a step to look at
/// targets. A learner does it in the first epoch and in validations; of those that are handed over by hand, the first
/// batches are looked at. Later on the loss is not a number.)
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let (preds, targets) = (dev.tensor([[0.], [0.]]), dev.tensor([[1], [0]]));
/// assert_eq!(mnist_loss(preds, targets).array(), 0.5);
/// ```
pub fn mnist_loss<S: Shape, T: Tape<f32, AutoDevice>>(
    predictions: Tensor<S, f32, AutoDevice, T>,
    targets: Tensor<S, i64, AutoDevice>,
) -> Tensor<Rank0, f32, AutoDevice, T> {
    if let Err(problem) = check::zeros_and_ones("mnist_loss", &predictions, &targets) {
        return check::no_loss(predictions, problem);
    }
    ops::mnist_loss(predictions, targets).unwrap_or_else(|error| panic!("mnist_loss: {error}"))
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    #[should_panic = "mnist_loss: target 1 of the batch is 7, but the targets have to be 0 and 1"]
    fn labels_that_are_digits() {
        let dev = AutoDevice::default();
        mnist_loss(dev.tensor([[0.9], [0.1]]), dev.tensor([[1], [7]]));
    }

    #[test]
    #[should_panic = "mnist_loss: [2, 1] predictions and [3, 1] targets"]
    fn more_targets_than_predictions() {
        let dev = AutoDevice::default();
        let preds: Rows<1> = column(&[0.9, 0.1], &dev);
        let targets: Labels = column(&[1, 0, 1], &dev);
        mnist_loss(preds, targets);
    }

    #[test]
    #[should_panic = "mnist_loss: there are no predictions"]
    fn nothing_to_judge() {
        let dev = AutoDevice::default();
        let (preds, targets): (Rows<1>, Labels) = (column(&[], &dev), column(&[], &dev));
        mnist_loss(preds, targets);
    }

    #[test]
    fn the_values_and_gradients_of_pytorch() {
        let dev = AutoDevice::default();
        let preds = dev.tensor([[0.9f32], [-0.4], [2.0]]);
        let targets = dev.tensor([[1i64], [0], [0]]);
        // preds = torch.tensor([[0.9], [-0.4], [2.0]], requires_grad=True)
        // mnist_loss(preds, torch.tensor([[1], [0], [0]])); loss.backward(); preds.grad
        let loss = mnist_loss(preds.leaky_trace(), targets);
        assert!((loss.array() - 0.523_719_97).abs() < 1e-6, "{}", loss.array());
        let gradients = loss.backward().get(&preds).array();
        for ([ours], pytorch) in gradients.iter().zip([-0.068_500_11, 0.080_086_92, 0.034_997_88]) {
            assert!((ours - pytorch).abs() < 1e-6, "{ours}, PyTorch {pytorch}");
        }
    }
}
