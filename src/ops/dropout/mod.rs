//! Dropout.

#[cfg(test)]
mod tests;

use dfdx::shapes::Shape;
use dfdx::tensor::SplitTape;
use samebits::Device as _;

use super::numbers::{device, done, in_order, record, without_copies, writable, write};
use crate::device::DeviceError;
use crate::shapes::Traced;

/// `y_i = x_i factor` where bit `i % 32` of `kept[i / 32]` is 1, else 0: a bit for each number of `x`, in the order of
/// its shape.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn dropout<S: Shape>(
    x: Traced<S>,
    kept: Vec<u32>,
    factor: f32,
) -> Result<Traced<S>, DeviceError> {
    let (x, tape) = in_order(x)?.split_tape();
    let (of_x, device) = (x.ghost(), device()?);
    // In the place of `x`, if nobody else has its numbers.
    let mut y = x.try_negate()?;
    done(device.dropout_of_minus(&kept, factor, without_copies(|| writable(&mut y))?))?;
    let x = of_x;
    Ok(record(y, tape, move |dy, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.dropout_gradient(&kept, factor, dy, dx))
    }))
}
