//! Losses and metrics of classes.

use dfdx::shapes::{Axis, Const, Dim, HasShape, Rank0, Rank1, Shape};
use dfdx::tensor::{AutoDevice, OnesTensor, Tape, Tensor, TensorFromVec, ZerosTensor};
use dfdx::tensor_ops::{
    BroadcastTo, ChooseFrom, MaxTo, MeanTo, MinTo, SumTo, TryAdd, TryDiv, TryEq, TryMul,
};

use super::Err;

/// Whether each class is that of its row.
type IsClass<B, const N: usize> = Tensor<(B, Const<N>), bool, AutoDevice>;

/// The numbers of the classes, 0 to `N - 1`, in each row.
fn classes<B: Dim, const N: usize>(
    dev: &AutoDevice,
    shape: &(B, Const<N>),
) -> Result<Tensor<(B, Const<N>), f32, AutoDevice>, Err> {
    let numbers = (0..N).map(|class| class as f32).collect();
    let numbers: Tensor<Rank1<N>, f32, _> = dev.try_tensor_from_vec(numbers, (Const,))?;
    numbers.try_broadcast_like(shape)
}

/// The cross-entropy with label smoothing; see
/// [`label_smoothing_cross_entropy`](crate::loss::label_smoothing_cross_entropy).
///
/// To look at the targets would hold up the device. So a target that is no class does not end the
/// program; the loss is then not a number.
pub(crate) fn cross_entropy<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
    predictions: Tensor<(B, Const<N>), f32, AutoDevice, T>,
    targets: Tensor<(B,), i64, AutoDevice>,
    eps: f32,
) -> Result<Tensor<Rank0, f32, AutoDevice, T>, Err> {
    let (dev, shape) = (predictions.device().clone(), *predictions.shape());
    let targets = targets.try_to_dtype::<f32>()?.try_broadcast_like(&shape)?;
    let is_target: IsClass<B, N> = classes(&dev, &shape)?.try_eq(&targets)?;
    let (zeros, ones) = (dev.try_zeros_like(&shape)?, dev.try_ones_like(&shape)?);
    // 1 for each row, and 0 where the target is no class.
    let found = is_target.clone().try_choose(ones.clone(), zeros)?.try_sum::<(B,), Axis<1>>()?;
    // The probabilities that the targets stand for.
    let each = ones.clone().try_mul(eps / N as f32)?;
    let right = ones.try_mul(1.0 - eps + eps / N as f32)?;
    let expected = is_target.try_choose(right, each)?;
    let logs = predictions.try_log_softmax::<Axis<1>>()?;
    let rows = logs.try_mul(expected)?.try_sum::<(B,), Axis<1>>()?;
    rows.try_div(found)?.try_mean::<Rank0, Axis<0>>()?.try_negate()
}

/// The share of rows whose largest prediction is that of the target; of equal ones the first counts. See
/// [`accuracy`](crate::metrics::accuracy).
pub(crate) fn accuracy<B: Dim, const N: usize>(
    predictions: Tensor<(B, Const<N>), f32, AutoDevice>,
    targets: Tensor<(B,), i64, AutoDevice>,
) -> Result<Tensor<Rank0, f32, AutoDevice>, Err> {
    let (dev, shape) = (predictions.device().clone(), *predictions.shape());
    let max = predictions.clone().try_max::<(B,), Axis<1>>()?.try_broadcast_like(&shape)?;
    let after = dev.try_zeros_like(&shape)?.try_add(N as f32)?;
    let place = predictions.try_eq(&max)?.try_choose(classes(&dev, &shape)?, after)?;
    let first = place.try_min::<(B,), Axis<1>>()?;
    share_of_true(first.try_eq(&targets.try_to_dtype::<f32>()?)?)
}

/// The share of truth values that are true.
pub(crate) fn share_of_true<S: Shape>(
    truths: Tensor<S, bool, AutoDevice>,
) -> Result<Tensor<Rank0, f32, AutoDevice>, Err> {
    let (dev, shape) = (truths.device().clone(), *truths.shape());
    let (ones, zeros) = (dev.try_ones_like(&shape)?, dev.try_zeros_like(&shape)?);
    truths.try_choose(ones, zeros)?.try_mean::<Rank0, S::AllAxes>()
}
