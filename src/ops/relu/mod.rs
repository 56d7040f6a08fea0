//! Negative numbers to 0: see [`ReluKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::device::DeviceError;

/// Negative numbers to 0.
pub(crate) trait ReluKernel {
    /// `y = 0` where `x <= 0`, else `x`; its gradient is `dx = 0` where `x <= 0`, else `dy`. So NaN stays NaN, in
    /// both directions as in PyTorch; dfdx's own `relu` makes a 0 of it.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn relu<S: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<S, f32, AutoDevice, T>,
    ) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError>;
}
