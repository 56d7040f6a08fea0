//! The product and the sum of dfdx.

use dfdx::shapes::{Const, HasShape, Rank1, Rank2};
use dfdx::tensor::{AutoDevice, Tape, Tensor};
use dfdx::tensor_ops::{BroadcastTo, PermuteTo, ReshapeTo, TryAdd, TryMatMul};

use super::LinearKernel;
use crate::device::DeviceError;
use crate::ops::composed::Composed;
use crate::shapes::RowsOf;

impl LinearKernel for Composed {
    fn linear<S, T, const I: usize, const O: usize>(
        x: Tensor<S, f32, AutoDevice, T>,
        weight: &Tensor<Rank2<O, I>, f32, AutoDevice>,
        bias: Option<&Tensor<Rank1<O>, f32, AutoDevice>>,
    ) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T>, DeviceError>
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
}
