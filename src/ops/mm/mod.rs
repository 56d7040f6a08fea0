//! The product of a batch with a matrix: see [`MmKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::Rank2;
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::device::DeviceError;
use crate::shapes::{JoinTape, RowsOf};

/// PyTorch's `x @ w`.
pub(crate) trait MmKernel {
    /// `y_bo = sum_i x_bi w_io`. The result remembers what either side remembers; a left side without a tape
    /// needs no gradient.
    ///
    /// Of the model's input ([`InputKernel`](super::InputKernel)) the gradient may be left out.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn mm<S, T, R, const I: usize, const O: usize>(
        x: Tensor<S, f32, AutoDevice, T>,
        weights: Tensor<Rank2<I, O>, f32, AutoDevice, R>,
    ) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T::Joined>, DeviceError>
    where
        S: RowsOf<I>,
        T: JoinTape<R>,
        R: Tape<f32, AutoDevice>;
}
