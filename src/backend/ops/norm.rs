//! Batch norm, with what follows it in a residual net.

use dfdx::shapes::{Axis, Const, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Merge, SplitTape, Tape, Tensor, WithEmptyTape};
use dfdx::tensor_ops::{BroadcastTo, MeanTo, ReshapeTo, TryAdd, TryDiv, TryMul, TrySub};

use super::{BatchNormed, Each, Err};
use crate::nn::Channels;
use crate::tensor::Traced;

/// In training: with the statistics of the batch. A residual is added to what comes out, and then
/// negative numbers become 0 if `relu` says so.
pub(crate) fn batch_norm_train<S: Channels<C>, const C: usize>(
    x: Traced<S>,
    residual: Option<Traced<S>>,
    [weight, bias]: [&Each<C>; 2],
    eps: f32,
    relu: bool,
) -> Result<BatchNormed<C, Traced<S>>, Err> {
    let BatchNormed { y, mean, variance } = normed(S::by_pixel(x)?, weight, bias, eps)?;
    let y = with_residual_and_relu::<S, _, C>(y, residual, relu)?;
    Ok(BatchNormed { y, mean, variance })
}

/// Of a finished model: with the statistics that it has kept.
pub(crate) fn batch_norm_eval<S: Channels<C>, const C: usize>(
    x: Tensor<S, f32, AutoDevice>,
    residual: Option<Tensor<S, f32, AutoDevice>>,
    parameters: [&Each<C>; 4],
    eps: f32,
    relu: bool,
) -> Result<Tensor<S, f32, AutoDevice>, Err> {
    let y = finished(S::by_pixel(x)?, parameters, eps)?;
    with_residual_and_relu::<S, _, C>(y, residual, relu)
}

fn with_residual_and_relu<S: Channels<C>, T: Tape<f32, AutoDevice> + Merge<T>, const C: usize>(
    mut y: Tensor<S::ByPixel, f32, AutoDevice, T>,
    residual: Option<Tensor<S, f32, AutoDevice, T>>,
    relu: bool,
) -> Result<Tensor<S, f32, AutoDevice, T>, Err> {
    if let Some(residual) = residual {
        y = y.try_add(S::by_pixel(residual)?)?;
    }
    let y = if relu { y.try_relu()? } else { y };
    Ok(S::from_pixels(y))
}

/// In training: with mean and variance of the batch. The last axis of `x` is that of the channels.
fn normed<S: Shape, T: Tape<f32, AutoDevice>, const C: usize>(
    x: Tensor<S, f32, AutoDevice, T>,
    weight: &Each<C>,
    bias: &Each<C>,
    eps: f32,
) -> Result<BatchNormed<C, Tensor<S, f32, AutoDevice, T>>, Err> {
    let shape = *x.shape();
    let matrix = (shape.num_elements() / C, Const::<C>);
    let x = x.try_reshape_like(&matrix)?;
    let mean = x.with_empty_tape().try_mean::<_, Axis<0>>()?;
    let known_mean = mean.with_empty_tape().split_tape().0;
    // Not the mean of the squares less the square of the mean: that loses digits.
    let centered = x.try_sub(mean.try_broadcast_like(&matrix)?)?;
    let variance = centered.with_empty_tape().try_square()?.try_mean::<_, Axis<0>>()?;
    let known_variance = variance.with_empty_tape().split_tape().0;
    let scale = weight.retaped::<T>().try_div(variance.try_add(eps)?.try_sqrt()?)?;
    let y = centered.try_mul(scale.try_broadcast_like(&matrix)?)?;
    let y = y.try_add(bias.retaped::<T>().try_broadcast_like(&matrix)?)?;
    Ok(BatchNormed { y: y.try_reshape_like(&shape)?, mean: known_mean, variance: known_variance })
}

/// The finished model: with the mean and the variance that it has learned.
fn finished<S: Shape, const C: usize>(
    x: Tensor<S, f32, AutoDevice>,
    [mean, variance, weight, bias]: [&Each<C>; 4],
    eps: f32,
) -> Result<Tensor<S, f32, AutoDevice>, Err> {
    let shape = *x.shape();
    let matrix = (shape.num_elements() / C, Const::<C>);
    let scale = weight.clone().try_div(variance.clone().try_add(eps)?.try_sqrt()?)?;
    let shift = bias.clone().try_sub(mean.clone().try_mul(scale.clone())?)?;
    let y = x.try_reshape_like(&matrix)?.try_mul(scale.try_broadcast_like(&matrix)?)?;
    y.try_add(shift.try_broadcast_like(&matrix)?)?.try_reshape_like(&shape)
}
