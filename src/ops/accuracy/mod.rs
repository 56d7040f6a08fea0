//! Shares of right answers: see [`AccuracyKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::{Const, Dim, Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use crate::device::DeviceError;

/// How often something is true; not a number where there is nothing to count.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) trait AccuracyKernel {
    /// The share of rows whose largest prediction is that of the target; of equal ones the first counts.
    fn accuracy<B: Dim, const N: usize>(
        predictions: Tensor<(B, Const<N>), f32, AutoDevice>,
        targets: Tensor<(B,), i64, AutoDevice>,
    ) -> Result<Tensor<Rank0, f32, AutoDevice>, DeviceError>;

    /// The share of truth values that are true.
    fn share_of_true<S: Shape>(
        truths: Tensor<S, bool, AutoDevice>,
    ) -> Result<Tensor<Rank0, f32, AutoDevice>, DeviceError>;
}
