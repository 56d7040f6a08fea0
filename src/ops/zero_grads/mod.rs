//! Gradients back to 0.

#[cfg(test)]
mod tests;

use dfdx::nn::TensorCollection;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::numbers::{Queue, parts, ranges, write};
use crate::device::DeviceError;
use crate::parameters::{Look, Parameter, look_at};
use crate::shapes::Grads;

/// Sets the gradients of a model's parameters to 0, as dfdx's `model.zero_grads(gradients)` does. What is 0 anyway
/// is not touched: the gradients of taps of convolutions that have met no pixel.
///
/// # Errors
/// If the device has no room for a gradient that is not there yet.
pub(crate) fn zero_grads<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    gradients: &mut Grads,
) -> Result<(), DeviceError> {
    let mut each = ZeroEach { gradients, queue: Queue::default() };
    look_at(model, &mut each)?;
    each.queue.run_zero()
}

/// Goes through a model's parameters.
struct ZeroEach<'a> {
    gradients: &'a mut Grads,
    queue: Queue<'a>,
}

impl Look for ZeroEach<'_> {
    type Error = DeviceError;

    fn look<S: Shape>(
        &mut self,
        parameter: &Parameter,
        p: &Tensor<S, f32, AutoDevice>,
    ) -> Result<(), DeviceError> {
        if parameter.learns {
            let gradient = write(self.gradients.get_or_alloc_mut(p)?);
            let ranges = ranges(parameter.taps_met().as_deref(), gradient.len());
            self.queue.zero(parts(gradient, &ranges))?;
        }
        Ok(())
    }
}
