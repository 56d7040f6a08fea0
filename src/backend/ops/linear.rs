//! Products with a matrix of weights.

use dfdx::shapes::{Const, HasShape, Rank1, Rank2};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Tape, Tensor, ZerosTensor};
use dfdx::tensor_ops::{BroadcastTo, PermuteTo, ReshapeTo, TryAdd, TryMatMul};

use super::Err;
use crate::nn::{JoinTape, RowsOf};

/// `y_bo = sum_i x_bi w_io`; see [`MatMul::mm`](crate::nn::MatMul::mm).
///
/// dfdx works out the gradients of both, also of data that has no tape.
pub(crate) fn mm<S, T, R, const I: usize, const O: usize>(
    x: Tensor<S, f32, AutoDevice, T>,
    weights: Tensor<Rank2<I, O>, f32, AutoDevice, R>,
) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T::Joined>, Err>
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

/// `y_bo = sum_i x_bi w_oi + bias_o`; see [`Linear`](crate::nn::Linear).
pub(crate) fn linear<S, T, const I: usize, const O: usize>(
    x: Tensor<S, f32, AutoDevice, T>,
    weight: &Tensor<Rank2<O, I>, f32, AutoDevice>,
    bias: Option<&Tensor<Rank1<O>, f32, AutoDevice>>,
) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T>, Err>
where
    S: RowsOf<I>,
    T: Tape<f32, AutoDevice>,
{
    let outputs = x.shape().outputs::<O>();
    let shape = (x.shape().rows(), Const::<O>);
    let x = x.try_reshape_like(&(shape.0, Const::<I>))?;
    // With tapes of their own, so that the parameters get gradients, too.
    let mut y = x.try_matmul(weight.retaped::<T>().try_permute::<Rank2<I, O>, _>()?)?;
    if let Some(bias) = bias {
        y = y.try_add(bias.retaped::<T>().try_broadcast_like(&shape)?)?;
    }
    y.try_reshape_like(&outputs)
}
