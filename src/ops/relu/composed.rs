//! A choice between zeros and the numbers.

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, PutTape, Tape, Tensor, ZerosTensor};
use dfdx::tensor_ops::{ChooseFrom, TryLe};

use super::ReluKernel;
use crate::device::DeviceError;
use crate::ops::composed::Composed;

impl ReluKernel for Composed {
    fn relu<S: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<S, f32, AutoDevice, T>,
    ) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError> {
        let zeros = x.device().try_zeros_like(x.shape())?.put_tape(T::default());
        x.try_le(0.0)?.try_choose(zeros, x)
    }
}
