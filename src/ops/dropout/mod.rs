//! Dropout: see [`DropoutKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::Shape;

use crate::device::DeviceError;
use crate::shapes::Traced;

/// Numbers times factors that are drawn elsewhere.
pub(crate) trait DropoutKernel {
    /// `y_i = x_i factors_i`: a factor for each number of `x`, in the order of its shape.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn dropout<S: Shape>(x: Traced<S>, factors: Vec<f32>) -> Result<Traced<S>, DeviceError>;
}
