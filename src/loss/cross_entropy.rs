//! The loss function for telling classes apart.

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use super::check;
use crate::ops;

/// Rows of one number for each of `N` classes.
type Predictions<B, const N: usize, T> = Tensor<(B, Const<N>), f32, AutoDevice, T>;

/// For each row the number of the right class.
type Targets<B> = Tensor<(B,), i64, AutoDevice>;

/// Cross-entropy, PyTorch's `F.cross_entropy`: for each row of predictions, one number for each of `N`
/// classes, and the number of the right class, counted from 0. The mean over the rows of
///
/// ```text
/// -ln p_target    with p = softmax(predictions), p_i = e^x_i / sum_j e^x_j
/// ```
///
/// No probability is worked out as such, so large predictions do no harm. The powers and logarithms are
/// [`exp`](crate::tensor::exp) and [`ln`](crate::tensor::ln), the same bits on all computers.
///
/// # Panics
/// If a target is not the number of a class, if there are no predictions, or if there are not as many targets. In a
/// [`Learner`](crate::learner::Learner) that is an error of `fit`. (On a GPU targets are only looked at as by
/// [`mnist_loss`](super::mnist_loss): it holds up the device. Later on the loss is then not a number.)
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let (preds, targets) = (dev.tensor([[0., 0.], [0., 100.]]), dev.tensor([0, 1]));
/// // The first could be either: ln 2. The second is right and sure: 0.
/// assert_eq!(cross_entropy(preds, targets).array(), 2f32.ln() / 2.);
/// ```
pub fn cross_entropy<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
    predictions: Predictions<B, N, T>,
    targets: Targets<B>,
) -> Tensor<Rank0, f32, AutoDevice, T> {
    smoothed(predictions, targets, 0.0)
}

/// Cross-entropy with targets that are not quite sure, fastai's `LabelSmoothingCrossEntropy(eps)`: the
/// right class has the probability `1 - eps + eps / N` instead of 1, each other one `eps / N` instead of 0
/// (C. Szegedy and others, "Rethinking the Inception Architecture for Computer Vision", 2015). So a net
/// has nothing to gain from ever larger predictions.
///
/// # Panics
/// As [`cross_entropy`].
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let loss = label_smoothing_cross_entropy(0.1);
/// // LabelSmoothingCrossEntropy(0.1)(tensor([[2., -1.]]), tensor([0]))
/// let value = loss(dev.tensor([[2., -1.]]), dev.tensor([0])).array();
/// assert!((value - 0.198_587_33).abs() < 1e-6);
/// ```
pub fn label_smoothing_cross_entropy<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
    eps: f32,
) -> impl Fn(Predictions<B, N, T>, Targets<B>) -> Tensor<Rank0, f32, AutoDevice, T> {
    move |predictions, targets| smoothed(predictions, targets, eps)
}

fn smoothed<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
    predictions: Predictions<B, N, T>,
    targets: Targets<B>,
    eps: f32,
) -> Tensor<Rank0, f32, AutoDevice, T> {
    if let Err(problem) = check::classes("cross_entropy", &predictions, &targets) {
        return check::no_loss(predictions, problem);
    }
    ops::cross_entropy(predictions, targets, eps)
        .unwrap_or_else(|error| panic!("cross_entropy: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{AsArray, Backward, TensorFrom, Trace};

    #[test]
    #[should_panic = "target 1 of the batch is 3, but the 3 predictions of a row are for the classes 0 to 2"]
    fn a_target_that_is_no_class() {
        let dev = AutoDevice::default();
        cross_entropy(dev.tensor([[0.0; 3]; 2]), dev.tensor([2, 3]));
    }

    #[test]
    fn without_smoothing_it_is_cross_entropy() {
        let dev = AutoDevice::default();
        let (x, targets) = (dev.tensor([[0.3f32, -1.2], [0.1, 7.0]]), dev.tensor([0i64, 0]));
        let plain = cross_entropy(x.leaky_trace(), targets.clone());
        let smoothed = label_smoothing_cross_entropy(0.0)(x.leaky_trace(), targets);
        assert_eq!(plain.array(), smoothed.array());
        assert_eq!(plain.backward().get(&x).array(), smoothed.backward().get(&x).array());
    }

    #[test]
    fn the_values_and_gradients_of_fastai() {
        let dev = AutoDevice::default();
        // x = tensor([[2., -1., 0.5], [0., 3., -2.]], requires_grad=True)
        // loss = LabelSmoothingCrossEntropy(0.1)(x, tensor([0, 2])); loss.backward(); x.grad
        let x = dev.tensor([[2.0f32, -1.0, 0.5], [0.0, 3.0, -2.0]]);
        let targets = dev.tensor([0i64, 2]);
        let loss = label_smoothing_cross_entropy(0.1)(x.leaky_trace(), targets);
        assert!((loss.array() - 2.606482).abs() < 1e-6, "{}", loss.array());
        let gradient = loss.backward().get(&x).array();
        for (ours, fastai) in gradient.as_flattened().iter().zip(
            [[-0.0738682, 0.0028896, 0.0709785], [0.006895, 0.4565829, -0.4634779]].as_flattened(),
        ) {
            assert!((ours - fastai).abs() < 1e-6, "{ours}, fastai {fastai}");
        }
    }
}
