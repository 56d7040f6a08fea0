//! Shares by dfdx's operations.

use dfdx::shapes::{Axis, Const, Dim, HasShape, Rank0, Shape};
use dfdx::tensor::{AutoDevice, OnesTensor, Tensor, ZerosTensor};
use dfdx::tensor_ops::{BroadcastTo, ChooseFrom, MaxTo, MeanTo, MinTo, TryAdd, TryEq};

use super::AccuracyKernel;
use crate::device::DeviceError;
use crate::ops::composed::{Composed, classes};

impl AccuracyKernel for Composed {
    fn accuracy<B: Dim, const N: usize>(
        predictions: Tensor<(B, Const<N>), f32, AutoDevice>,
        targets: Tensor<(B,), i64, AutoDevice>,
    ) -> Result<Tensor<Rank0, f32, AutoDevice>, DeviceError> {
        let (dev, shape) = (predictions.device().clone(), *predictions.shape());
        let max = predictions.clone().try_max::<(B,), Axis<1>>()?.try_broadcast_like(&shape)?;
        let after = dev.try_zeros_like(&shape)?.try_add(N as f32)?;
        let place = predictions.try_eq(&max)?.try_choose(classes(&dev, &shape)?, after)?;
        let first = place.try_min::<(B,), Axis<1>>()?;
        Self::share_of_true(first.try_eq(&targets.try_to_dtype::<f32>()?)?)
    }

    fn share_of_true<S: Shape>(
        truths: Tensor<S, bool, AutoDevice>,
    ) -> Result<Tensor<Rank0, f32, AutoDevice>, DeviceError> {
        let (dev, shape) = (truths.device().clone(), *truths.shape());
        let (ones, zeros) = (dev.try_ones_like(&shape)?, dev.try_zeros_like(&shape)?);
        truths.try_choose(ones, zeros)?.try_mean::<Rank0, S::AllAxes>()
    }
}
