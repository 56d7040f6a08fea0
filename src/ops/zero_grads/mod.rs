//! Gradients back to 0: see [`ZeroGradsKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::nn::TensorCollection;
use dfdx::tensor::AutoDevice;

use crate::device::DeviceError;
use crate::shapes::Grads;

/// What comes before the next step.
pub(crate) trait ZeroGradsKernel {
    /// Sets the gradients of a model's parameters to 0, as dfdx's `model.zero_grads(gradients)` does.
    ///
    /// # Errors
    /// If the device has no room for a gradient that is not there yet.
    fn zero_grads<M: TensorCollection<f32, AutoDevice>>(
        model: &M,
        gradients: &mut Grads,
    ) -> Result<(), DeviceError>;
}
