//! Rows with a column for each class.

use dfdx::shapes::{Const, Dim, Rank1};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use dfdx::tensor_ops::BroadcastTo;

use crate::device::DeviceError;

/// The numbers of the classes, 0 to `N - 1`, in each row.
pub(in crate::ops) fn classes<B: Dim, const N: usize>(
    dev: &AutoDevice,
    shape: &(B, Const<N>),
) -> Result<Tensor<(B, Const<N>), f32, AutoDevice>, DeviceError> {
    let numbers = (0..N).map(|class| class as f32).collect();
    let numbers: Tensor<Rank1<N>, f32, _> = dev.try_tensor_from_vec(numbers, (Const,))?;
    numbers.try_broadcast_like(shape)
}
