//! A layer's product with its weights: see [`LinearKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::{Rank1, Rank2};
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::device::DeviceError;
use crate::shapes::RowsOf;

/// Each row times a matrix of weights, and a bias.
pub(crate) trait LinearKernel {
    /// `y_bo = sum_i x_bi w_oi + bias_o`.
    ///
    /// Of the model's input ([`InputKernel`](super::InputKernel)) the gradient may be left out.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn linear<S, T, const I: usize, const O: usize>(
        x: Tensor<S, f32, AutoDevice, T>,
        weight: &Tensor<Rank2<O, I>, f32, AutoDevice>,
        bias: Option<&Tensor<Rank1<O>, f32, AutoDevice>>,
    ) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T>, DeviceError>
    where
        S: RowsOf<I>,
        T: Tape<f32, AutoDevice>;
}
