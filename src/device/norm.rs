//! Batch norm.

use dfdx::shapes::{Axis, Const, HasShape, Rank1, Shape};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor, WithEmptyTape};
use dfdx::tensor_ops::{BroadcastTo, MeanTo, ReshapeTo, TryAdd, TryDiv, TryMul, TrySub};

use super::Err;

/// A tensor of `C` numbers, one for each channel.
type Each<const C: usize> = Tensor<Rank1<C>, f32, AutoDevice>;

/// What batch norm makes of a batch, and what it has found in it.
pub(crate) struct BatchNormed<const C: usize, S: Shape, T> {
    /// `(x - mean) / sqrt(variance + eps) * weight + bias`
    pub y: Tensor<S, f32, AutoDevice, T>,
    /// The mean of each channel.
    pub mean: Each<C>,
    /// Its variance, with `n`.
    pub variance: Each<C>,
}

/// In training: with mean and variance of the batch. The last axis of `x` is that of the channels.
pub(crate) fn batch_norm_train<S: Shape, T: Tape<f32, AutoDevice>, const C: usize>(
    x: Tensor<S, f32, AutoDevice, T>,
    weight: &Each<C>,
    bias: &Each<C>,
    eps: f32,
) -> Result<BatchNormed<C, S, T>, Err> {
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
pub(crate) fn batch_norm_eval<S: Shape, const C: usize>(
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
