//! The loss of classes.

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor, TensorFrom};
use samebits::Device as _;

use super::numbers::{data_in_order, device, done, in_order, numbers, record, write};
use crate::device::DeviceError;

/// Cross-entropy with label smoothing: the mean over the rows of `-sum_i q_i ln p_i`, with `p = softmax(predictions)`;
/// `q` is `1 - eps` for the target, and `eps` is shared among all classes.
///
/// A target that is no class ends the program, or makes a loss that is not a number: to look at the
/// targets would hold up a GPU.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn cross_entropy<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
    predictions: Tensor<(B, Const<N>), f32, AutoDevice, T>,
    targets: Tensor<(B,), i64, AutoDevice>,
    eps: f32,
) -> Result<Tensor<Rank0, f32, AutoDevice, T>, DeviceError> {
    let (x, tape) = in_order(predictions)?.split_tape();
    let (targets, device) = (data_in_order(&targets)?, device()?);
    let (on_host, classes) =
        (done(device.copy_out(numbers(&x)))?, done(device.copy_out(numbers(&targets)))?);
    let (loss, slopes) = loss_and_gradient(&on_host, N, &classes, eps);
    let slopes = done(device.copy_in(&slopes))?;
    let loss = x.device().try_tensor(loss)?;
    let x = x.ghost();
    Ok(record(loss, tape, move |dloss, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.add_scaled(dloss, device.slice(&slopes), dx))
    }))
}

/// The loss, and its gradient with respect to the predictions: `(p_i - q_i) / rows`, where `q` are the
/// probabilities that the targets stand for.
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
