//! The product of dfdx.

use dfdx::shapes::{Const, HasShape, Rank2};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Tape, Tensor, ZerosTensor};
use dfdx::tensor_ops::{ReshapeTo, TryAdd, TryMatMul};

use super::MmKernel;
use crate::device::DeviceError;
use crate::ops::composed::Composed;
use crate::shapes::{JoinTape, RowsOf};

impl MmKernel for Composed {
    /// dfdx works out the gradients of both, also of data that has no tape.
    fn mm<S, T, R, const I: usize, const O: usize>(
        x: Tensor<S, f32, AutoDevice, T>,
        weights: Tensor<Rank2<I, O>, f32, AutoDevice, R>,
    ) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T::Joined>, DeviceError>
    where
        S: RowsOf<I>,
        T: JoinTape<R>,
        R: Tape<f32, AutoDevice>,
    {
        let (x, left) = x.split_tape();
        let (weights, right) = weights.split_tape();
        let (rows, outputs) = (x.shape().rows(), x.shape().outputs::<O>());
        let mut x = x.put_tape(left);
        if T::OWNS_TAPE {
            // A sum lies in order, so that no other shape has to. Of a broadcast tensor in another shape,
            // dfdx's gradient is wrong on a GPU.
            let zeros = x.device().try_zeros_like(x.shape())?;
            x = x.try_add(zeros)?;
        }
        let (x, tape) = x.try_reshape_like(&(rows, Const::<I>))?.split_tape();
        x.put_tape(tape.join(right)).try_matmul(weights)?.try_reshape_like(&outputs)
    }
}
