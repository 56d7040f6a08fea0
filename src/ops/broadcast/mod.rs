//! A tensor whose numbers are repeated along new axes.

#[cfg(test)]
mod tests;

use dfdx::shapes::{Axes, BroadcastShapeTo, BroadcastStridesTo, HasShape, Shape};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use dfdx::tensor_ops::BroadcastTo;
use samebits::{Axis, Device as _};

use super::numbers::{device, done, fresh, in_order, numbers, record, write, zeros};
use crate::device::DeviceError;

/// `x` in the shape `shape`, repeated along its axes `Ax`.
///
/// Without a tape the repetitions share their memory. With one they are numbers of their own: then the gradient
/// of each number of `x` is the sum of those of its repetitions, one after the other in the order of `shape`, whatever becomes
/// of them. (dfdx leaves that sum to the next operation, which adds up in any order on a GPU.)
///
/// # Errors
/// If the device has no room for the result.
///
/// # Panics
/// If an axis that is not repeated has another length in `shape`.
pub(crate) fn broadcast<S, Y, Ax, T>(
    x: Tensor<S, f32, AutoDevice, T>,
    shape: &Y,
) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError>
where
    S: Shape + BroadcastShapeTo<Y, Ax>,
    Y: Shape,
    Ax: Axes,
    T: Tape<f32, AutoDevice>,
{
    assert_fits::<S, Y, Ax>(x.shape(), shape);
    if !T::OWNS_TAPE {
        return x.try_broadcast_like(shape);
    }
    let (x, tape) = in_order(x)?.split_tape();
    let of_x = *x.shape();
    let places = BroadcastStridesTo::<Y, Ax>::broadcast_strides(&of_x, of_x.strides());
    let axes: Vec<Axis> = shape.concrete().into_iter().zip(places).collect();
    let device = device()?;
    let mut y = zeros(x.device(), shape)?;
    done(device.repeat(numbers(&x), &axes, fresh(&mut y)))?;
    let x = x.ghost();
    Ok(record(y, tape, move |dy, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.repeat_gradient(&axes, dy, dx))
    }))
}

/// Whether the lengths of the axes that are not repeated are those of `x`.
#[track_caller]
fn assert_fits<S: Shape, Y: Shape, Ax: Axes>(x: &S, shape: &Y) {
    let is_repeated = |axis: usize| Ax::as_array().into_iter().any(|of| of == axis as isize);
    let (from, to) = (x.concrete(), shape.concrete());
    let kept = (0..Y::NUM_DIMS).filter(|axis| !is_repeated(*axis)).map(|axis| to[axis]);
    assert!(
        kept.eq(from),
        "broadcast: a tensor of shape {from:?} does not fit {to:?} when it is repeated along {:?}",
        Ax::as_array().into_iter().collect::<Vec<_>>()
    );
}
