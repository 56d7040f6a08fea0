//! Negative numbers to 0.

#[cfg(test)]
mod tests;

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use samebits::Device as _;

use super::numbers::{device, done, in_order, memory, record, without_copies, writable, write};
use crate::device::DeviceError;

/// `y = 0` where `x < 0`, else `x`; its gradient is `dx = 0` where `x <= 0`, else `dy`. So NaN stays NaN, in
/// both directions as in PyTorch; dfdx's own `relu` makes a 0 of it.
///
/// The result lies in memory as `x` does: pictures by pixel stay so.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn relu<S: Shape, T: Tape<f32, AutoDevice>>(
    x: Tensor<S, f32, AutoDevice, T>,
) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError> {
    let (x, tape) = x.split_tape();
    let (x, tape) = match memory(&x) {
        Some(_) => (x, tape),
        None => in_order(dfdx::tensor::PutTape::put_tape(x, tape))?.split_tape(),
    };
    let (of_x, device) = (x.ghost(), device()?);
    // A tensor that lies in memory as `x` does: in its place, if nobody else has its numbers.
    let mut y = x.try_negate()?;
    done(device.relu_of_minus(without_copies(|| writable(&mut y))?))?;
    let (x, output) = (of_x, y.clone());
    Ok(record(y, tape, move |dy, gradients| {
        // Gradients lie in memory as their tensors do.
        let y = memory(&output).expect("a result that lies as its input does");
        done(device.relu_gradient(y, dy, write(gradients.get_or_alloc_mut(&x)?)))
    }))
}
