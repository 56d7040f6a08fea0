//! The loss by dfdx's operations.

use dfdx::shapes::{Axis, Const, Dim, HasShape, Rank0};
use dfdx::tensor::{AutoDevice, OnesTensor, Tape, Tensor, ZerosTensor};
use dfdx::tensor_ops::{BroadcastTo, ChooseFrom, MeanTo, SumTo, TryDiv, TryEq, TryMul};

use super::CrossEntropyKernel;
use crate::device::DeviceError;
use crate::ops::composed::{Composed, classes};

/// Whether each class is that of its row.
type IsClass<B, const N: usize> = Tensor<(B, Const<N>), bool, AutoDevice>;

impl CrossEntropyKernel for Composed {
    /// A target that is no class does not end the program; the loss is then not a number.
    fn cross_entropy<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
        predictions: Tensor<(B, Const<N>), f32, AutoDevice, T>,
        targets: Tensor<(B,), i64, AutoDevice>,
        eps: f32,
    ) -> Result<Tensor<Rank0, f32, AutoDevice, T>, DeviceError> {
        let (dev, shape) = (predictions.device().clone(), *predictions.shape());
        let targets = targets.try_to_dtype::<f32>()?.try_broadcast_like(&shape)?;
        let is_target: IsClass<B, N> = classes(&dev, &shape)?.try_eq(&targets)?;
        let (zeros, ones) = (dev.try_zeros_like(&shape)?, dev.try_ones_like(&shape)?);
        // 1 for each row, and 0 where the target is no class.
        let found =
            is_target.clone().try_choose(ones.clone(), zeros)?.try_sum::<(B,), Axis<1>>()?;
        // The probabilities that the targets stand for.
        let each = ones.clone().try_mul(eps / N as f32)?;
        let right = ones.try_mul(1.0 - eps + eps / N as f32)?;
        let expected = is_target.try_choose(right, each)?;
        let logs = predictions.try_log_softmax::<Axis<1>>()?;
        let rows = logs.try_mul(expected)?.try_sum::<(B,), Axis<1>>()?;
        rows.try_div(found)?.try_mean::<Rank0, Axis<0>>()?.try_negate()
    }
}
