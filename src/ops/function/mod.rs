//! `e^x` and its like, number by number, and softmax.

#[cfg(test)]
mod tests;

use dfdx::shapes::{Const, Dim, HasShape, Shape};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use samebits::{Device as _, Function};

use super::numbers::{device, done, fresh, in_order, numbers, record, write, zeros};
use crate::device::DeviceError;

/// `y = f(x)` and `dx = f'(x) dy`, number by number; see [`Function`].
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn function<S: Shape, T: Tape<f32, AutoDevice>>(
    f: Function,
    x: Tensor<S, f32, AutoDevice, T>,
) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError> {
    let (x, tape) = in_order(x)?.split_tape();
    let device = device()?;
    let mut y = zeros(x.device(), x.shape())?;
    done(device.function(f, numbers(&x), fresh(&mut y)))?;
    let output = y.clone();
    Ok(record(y, tape, move |dy, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.function_gradient(f, numbers(&x), numbers(&output), dy, dx))
    }))
}

/// The probabilities of the classes, row by row; see [`samebits::softmax`].
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn softmax<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
    x: Tensor<(B, Const<N>), f32, AutoDevice, T>,
) -> Result<Tensor<(B, Const<N>), f32, AutoDevice, T>, DeviceError> {
    let (x, tape) = in_order(x)?.split_tape();
    let device = device()?;
    let mut p = zeros(x.device(), x.shape())?;
    done(device.softmax(N, numbers(&x), fresh(&mut p)))?;
    let (x, output) = (x.ghost(), p.clone());
    Ok(record(p, tape, move |dp, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.softmax_gradient(N, numbers(&output), dp, dx))
    }))
}
