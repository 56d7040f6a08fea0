//! Dropout.

#[cfg(test)]
mod tests;

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::SplitTape;
use samebits::Device as _;

use super::numbers::{device, done, fresh, in_order, numbers, record, write, zeros};
use crate::device::DeviceError;
use crate::shapes::Traced;

/// `y_i = x_i factor` where bit `i % 32` of `kept[i / 32]` is 1, else 0: a bit for each number of `x`, in the order of
/// its shape.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn dropout<S: Shape>(
    x: Traced<S>,
    kept: &[u32],
    factor: f32,
) -> Result<Traced<S>, DeviceError> {
    let (x, tape) = in_order(x)?.split_tape();
    // As bits they are few: a copy of more than 64 KB may have to wait for all that a GPU has still to do.
    let kept = done(device()?.copy_in(kept))?;
    let mut y = zeros(x.device(), x.shape())?;
    let device = device()?;
    done(device.dropout(device.slice(&kept), factor, numbers(&x), fresh(&mut y)))?;
    let x = x.ghost();
    Ok(record(y, tape, move |dy, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.dropout_gradient(device.slice(&kept), factor, dy, dx))
    }))
}
