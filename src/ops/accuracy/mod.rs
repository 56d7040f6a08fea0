//! Shares of right answers.

#[cfg(test)]
mod tests;

use dfdx::shapes::{Const, Dim, Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
use samebits::Device as _;

use super::numbers::{data_in_order, device, done, fresh, in_order, numbers, zeros};
use crate::device::DeviceError;

/// The share of rows whose largest prediction is that of the target; of equal ones the first counts. Not a number where there
/// is nothing to count.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn accuracy<B: Dim, const N: usize>(
    predictions: Tensor<(B, Const<N>), f32, AutoDevice>,
    targets: Tensor<(B,), i64, AutoDevice>,
) -> Result<Tensor<Rank0, f32, AutoDevice>, DeviceError> {
    let (x, targets) = (in_order(predictions)?, data_in_order(&targets)?);
    let mut share = zeros(x.device(), &())?;
    done(device()?.accuracy(N, numbers(&x), numbers(&targets), fresh(&mut share)))?;
    Ok(share)
}

/// The share of truth values that are true; as [`accuracy`].
pub(crate) fn share_of_true<S: Shape>(
    truths: Tensor<S, bool, AutoDevice>,
) -> Result<Tensor<Rank0, f32, AutoDevice>, DeviceError> {
    let truths = data_in_order(&truths)?;
    let mut share = zeros(truths.device(), &())?;
    done(device()?.share_of_true(numbers(&truths), fresh(&mut share)))?;
    Ok(share)
}
