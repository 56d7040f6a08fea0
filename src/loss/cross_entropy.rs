//! The loss function for telling classes apart.

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, Tape, Tensor};
#[cfg(not(feature = "dfdx-ops"))]
use dfdx::{
    tensor::{PutTape, SplitTape, TensorFrom},
    tensor_ops::ReshapeTo,
};

#[cfg(not(feature = "dfdx-ops"))]
use crate::tensor::values;

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
/// No probability is worked out as such, so large predictions do no harm. `exp` and `ln` are those of
/// the crate [libm](https://docs.rs/libm), which are the same on all computers.
///
/// # Panics
/// If a target is not the number of a class. On a GPU the loss is then not a number: to look at each target
/// would hold it up.
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
/// If a target is not the number of a class.
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
    #[cfg(feature = "dfdx-ops")]
    return crate::device::cross_entropy(predictions, targets, eps)
        .unwrap_or_else(|error| panic!("cross_entropy: {error}"));
    #[cfg(not(feature = "dfdx-ops"))]
    on_the_cpu(predictions, targets, eps)
}

#[cfg(not(feature = "dfdx-ops"))]
fn on_the_cpu<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
    predictions: Predictions<B, N, T>,
    targets: Targets<B>,
    eps: f32,
) -> Tensor<Rank0, f32, AutoDevice, T> {
    let (x, mut tape) = predictions.contiguous().split_tape();
    let (loss, slopes) = loss_and_gradient(&values(&x), N, &values(&targets), eps);
    let loss = x.device().tensor(loss);
    let (x, loss_ghost) = (x.ghost(), loss.ghost());
    tape.add_backward_op(move |gradients| {
        let dloss = gradients.get_or_alloc_mut(&loss_ghost)?[0];
        let dx = gradients.get_or_alloc_mut(&x)?;
        dx.iter_mut().zip(&slopes).for_each(|(dx, slope)| *dx += dloss * slope);
        Ok(())
    });
    loss.put_tape(tape)
}

/// The loss, and its gradient with respect to the predictions: `(p_i - q_i) / rows`, where `q` are the
/// probabilities that the targets stand for.
#[cfg(not(feature = "dfdx-ops"))]
fn loss_and_gradient(x: &[f32], classes: usize, targets: &[i64], eps: f32) -> (f32, Vec<f32>) {
    assert_eq!(x.len(), targets.len() * classes, "cross_entropy: a target for each row");
    let rows = targets.len() as f32;
    let each = eps / classes as f32;
    let (mut loss, mut gradient) = (0.0, Vec::with_capacity(x.len()));
    for (x, &target) in x.chunks_exact(classes).zip(targets) {
        let right = usize::try_from(target).ok().filter(|right| *right < classes);
        let right = right.unwrap_or_else(|| {
            panic!("cross_entropy: there is no class {target}, they are 0 to {}", classes - 1)
        });
        let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f32> = x.iter().map(|x| libm::expf(x - largest)).collect();
        let sum: f32 = powers.iter().sum();
        let minus_ln_p = |class: usize| f64::from(libm::logf(sum) - (x[class] - largest));
        loss += f64::from(1.0 - eps) * minus_ln_p(right);
        if eps > 0.0 {
            loss += f64::from(each) * (0..classes).map(minus_ln_p).sum::<f64>();
        }
        let slope = |(class, power)| {
            let q = each + if class == right { 1.0 - eps } else { 0.0 };
            (power / sum - q) / rows
        };
        gradient.extend(powers.into_iter().enumerate().map(slope));
    }
    ((loss / f64::from(rows)) as f32, gradient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{AsArray, Backward, TensorFrom, Trace};

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
