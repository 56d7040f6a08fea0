//! The loss of classes: see [`CrossEntropyKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::device::DeviceError;

/// Cross-entropy with label smoothing.
pub(crate) trait CrossEntropyKernel {
    /// The mean over the rows of `-sum_i q_i ln p_i`, with `p = softmax(predictions)`; `q` is `1 - eps` for
    /// the target, and `eps` is shared among all classes.
    ///
    /// A target that is no class ends the program, or makes a loss that is not a number: to look at the
    /// targets would hold up a GPU.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn cross_entropy<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
        predictions: Tensor<(B, Const<N>), f32, AutoDevice, T>,
        targets: Tensor<(B,), i64, AutoDevice>,
        eps: f32,
    ) -> Result<Tensor<Rank0, f32, AutoDevice, T>, DeviceError>;
}
