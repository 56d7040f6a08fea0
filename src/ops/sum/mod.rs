//! Sums along axes of a tensor.

#[cfg(test)]
mod tests;

use dfdx::shapes::{Axes, BroadcastStridesTo, HasShape, ReduceShapeTo, ReduceStridesTo, Shape};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Tape, Tensor};
use samebits::{Axis, Device as _};

use super::numbers::{device, done, fresh, in_order, memory, record, write, zeros};
use crate::device::DeviceError;

/// The sums of `x` along the axes `Ax`, each from 0 on, one number after the other: in the order of their indices, the last
/// axis first; see [`samebits::sums`]. It is dfdx's order on a CPU.
///
/// The sum of all numbers goes through them as they lie in memory: of a permuted tensor, in the order from before.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn sum<S, Y, Ax, T>(
    x: Tensor<S, f32, AutoDevice, T>,
) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError>
where
    S: Shape + ReduceShapeTo<Y, Ax>,
    Y: Shape,
    Ax: Axes,
    T: Tape<f32, AutoDevice>,
{
    let (x, tape) = x.split_tape();
    let (x, tape) = match Y::NUM_DIMS == 0 && memory(&x).is_some() {
        true => (x, tape),
        false => in_order(x.put_tape(tape))?.split_tape(),
    };
    let shape = *x.shape();
    let axes = shape.concrete().into_iter().zip(shape.strides()).enumerate();
    let is_reduced = |axis: usize| Ax::as_array().into_iter().any(|of| of == axis as isize);
    let (reduced, kept): (Vec<_>, Vec<_>) = axes.partition(|(axis, _)| is_reduced(*axis));
    let [reduced, kept] =
        [reduced, kept].map(|axes| axes.into_iter().map(|(_, axis)| axis).collect::<Vec<Axis>>());
    let device = device()?;
    let mut y = zeros::<Y, f32>(x.device(), &shape.reduced())?;
    let from = memory(&x).expect("a tensor that shows each number once");
    done(device.sums(from, &kept, &reduced, fresh(&mut y)))?;

    let of_sum = *y.shape();
    let places = BroadcastStridesTo::<S, Ax>::broadcast_strides(&of_sum, of_sum.strides());
    let repeated: Vec<Axis> = shape.concrete().into_iter().zip(places).collect();
    let x = x.ghost();
    Ok(record(y, tape, move |dy, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.add_repeated(dy, &repeated, dx))
    }))
}
