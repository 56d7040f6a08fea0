//! The loss function for telling classes apart.

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Tape, Tensor, TensorFrom};
use dfdx::tensor_ops::ReshapeTo;

use crate::tensor::values;

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
/// If a target is not the number of a class.
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
    predictions: Tensor<(B, Const<N>), f32, AutoDevice, T>,
    targets: Tensor<(B,), i64, AutoDevice>,
) -> Tensor<Rank0, f32, AutoDevice, T> {
    let (x, mut tape) = predictions.contiguous().split_tape();
    let (loss, slopes) = loss_and_gradient(&values(&x), N, &values(&targets));
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

/// The loss, and its gradient with respect to the predictions: `(p_i - [i is the target]) / rows`.
fn loss_and_gradient(x: &[f32], classes: usize, targets: &[i64]) -> (f32, Vec<f32>) {
    assert_eq!(x.len(), targets.len() * classes, "cross_entropy: a target for each row");
    let rows = targets.len() as f32;
    let (mut loss, mut gradient) = (0.0, Vec::with_capacity(x.len()));
    for (x, &target) in x.chunks_exact(classes).zip(targets) {
        let right = usize::try_from(target).ok().filter(|right| *right < classes);
        let right = right.unwrap_or_else(|| {
            panic!("cross_entropy: there is no class {target}, they are 0 to {}", classes - 1)
        });
        let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f32> = x.iter().map(|x| libm::expf(x - largest)).collect();
        let sum: f32 = powers.iter().sum();
        loss += f64::from(libm::logf(sum) - (x[right] - largest));
        let slope = |(class, power)| (power / sum - (class == right) as u8 as f32) / rows;
        gradient.extend(powers.into_iter().enumerate().map(slope));
    }
    ((loss / f64::from(rows)) as f32, gradient)
}
