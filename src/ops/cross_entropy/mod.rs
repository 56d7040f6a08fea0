//! The loss of classes.

use dfdx::shapes::{Const, Dim, HasShape, Rank0, Shape};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use samebits::Device as _;

use super::numbers::{data_in_order, device, done, fresh, in_order, numbers, record, write, zeros};
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
    let mut slopes = done(device.zeros(x.shape().num_elements()))?;
    let mut loss = zeros(x.device(), &())?;
    let (all, each) = (device.slice_mut(&mut slopes), fresh(&mut loss));
    done(device.cross_entropy(N, numbers(&x), numbers(&targets), eps, all, each))?;
    let x = x.ghost();
    Ok(record(loss, tape, move |dloss, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.add_scaled(dloss, device.slice(&slopes), dx))
    }))
}
