//! Loss functions for training: they keep the tape, so that the loss can be asked for gradients.
//!
//! dfdx's own are in `dfdx::losses`. The mean differences of two tensors without a tape are in
//! [`tensor`](crate::tensor): [`l1_loss`](crate::tensor::l1_loss), [`mse_loss`](crate::tensor::mse_loss).

mod cross_entropy;

pub use cross_entropy::{cross_entropy, label_smoothing_cross_entropy};

use dfdx::shapes::{Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor, WithEmptyTape};
use dfdx::tensor_ops::{ChooseFrom, MeanTo};

#[cfg(feature = "cuda")]
use crate::tensor::CompareExt;
#[cfg(not(feature = "cuda"))]
use dfdx::tensor_ops::TryEq;

/// How far the sigmoid of the predictions is from targets that are 1 or 0, on average: the course's
/// `mnist_loss`.
///
/// With `p = 1 / (1 + e^-prediction)` it is the mean of `1 - p` where the target is 1, and of `p`
/// elsewhere.
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
    let p = predictions.sigmoid();
    let from_1 = p.with_empty_tape().negate() + 1.0;
    targets.eq(1).choose(from_1, p).mean()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;

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
