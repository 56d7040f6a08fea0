//! Batch norm by dfdx's operations, on a matrix with a column for each channel.

use dfdx::shapes::{Axis, Const, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Merge, SplitTape, Tape, Tensor, WithEmptyTape};
use dfdx::tensor_ops::{BroadcastTo, MeanTo, ReshapeTo, TryAdd, TryDiv, TryMul, TrySub};

use super::{BatchNormKernel, BatchNormed, Each};
use crate::device::DeviceError;
use crate::ops::ReluKernel;
use crate::ops::composed::Composed;
use crate::shapes::{Recorded, Traced};

impl BatchNormKernel for Composed {
    fn train_by_pixel<S: Shape, const C: usize>(
        x: Traced<S>,
        residual: Option<Traced<S>>,
        [weight, bias]: [&Each<C>; 2],
        eps: f32,
        relu: bool,
    ) -> Result<BatchNormed<C, Traced<S>>, DeviceError> {
        let shape = *x.shape();
        let matrix = (shape.num_elements() / C, Const::<C>);
        let x = x.try_reshape_like(&matrix)?;
        let mean = x.with_empty_tape().try_mean::<_, Axis<0>>()?;
        let known_mean = mean.with_empty_tape().split_tape().0;
        // Not the mean of the squares less the square of the mean: that loses digits.
        let centered = x.try_sub(mean.try_broadcast_like(&matrix)?)?;
        let variance = centered.with_empty_tape().try_square()?.try_mean::<_, Axis<0>>()?;
        let known_variance = variance.with_empty_tape().split_tape().0;
        let scale = weight.retaped::<Recorded>().try_div(variance.try_add(eps)?.try_sqrt()?)?;
        let y = centered.try_mul(scale.try_broadcast_like(&matrix)?)?;
        let y = y.try_add(bias.retaped::<Recorded>().try_broadcast_like(&matrix)?)?;
        let y = with_residual_and_relu(y.try_reshape_like(&shape)?, residual, relu)?;
        Ok(BatchNormed { y, mean: known_mean, variance: known_variance })
    }

    fn eval_by_pixel<S: Shape, const C: usize>(
        x: Tensor<S, f32, AutoDevice>,
        residual: Option<Tensor<S, f32, AutoDevice>>,
        [mean, variance, weight, bias]: [&Each<C>; 4],
        eps: f32,
        relu: bool,
    ) -> Result<Tensor<S, f32, AutoDevice>, DeviceError> {
        let shape = *x.shape();
        let matrix = (shape.num_elements() / C, Const::<C>);
        let scale = weight.clone().try_div(variance.clone().try_add(eps)?.try_sqrt()?)?;
        let shift = bias.clone().try_sub(mean.clone().try_mul(scale.clone())?)?;
        let y = x.try_reshape_like(&matrix)?.try_mul(scale.try_broadcast_like(&matrix)?)?;
        let y = y.try_add(shift.try_broadcast_like(&matrix)?)?.try_reshape_like(&shape)?;
        with_residual_and_relu(y, residual, relu)
    }
}

fn with_residual_and_relu<S: Shape, T: Tape<f32, AutoDevice> + Merge<T>>(
    mut y: Tensor<S, f32, AutoDevice, T>,
    residual: Option<Tensor<S, f32, AutoDevice, T>>,
    relu: bool,
) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError> {
    if let Some(residual) = residual {
        y = y.try_add(residual)?;
    }
    if relu { Composed::relu(y) } else { Ok(y) }
}
