//! The product with [`samebits::matmul`].

use dfdx::shapes::{HasShape, Rank2};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor, TensorFromVec};
use dfdx::tensor_ops::ReshapeTo;
use samebits::matmul;

use super::MmKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, matrix, record, values};
use crate::ops::input::is_input;
use crate::shapes::{JoinTape, RowsOf};

impl MmKernel for SameBits {
    fn mm<S, T, R, const I: usize, const O: usize>(
        x: Tensor<S, f32, AutoDevice, T>,
        weights: Tensor<Rank2<I, O>, f32, AutoDevice, R>,
    ) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T::Joined>, DeviceError>
    where
        S: RowsOf<I>,
        T: JoinTape<R>,
        R: Tape<f32, AutoDevice>,
    {
        let (x, tape) = x.try_contiguous()?.split_tape();
        let (w, right) = weights.try_contiguous()?.split_tape();
        let tape = tape.join(right);
        let needs_dx = T::OWNS_TAPE && !is_input(&x);

        let mut y = vec![0.0; x.shape().rows() * O];
        matmul(&mut y, matrix(&values(&x), I), matrix(&values(&w), O));
        let y = x.device().try_tensor_from_vec(y, x.shape().outputs::<O>())?;
        Ok(record(y, tape, move |dy, gradients| {
            let dw = gradients.get_or_alloc_mut(&w)?;
            matmul(dw, matrix(&values(&x), I).transposed(), matrix(dy, O));
            if needs_dx {
                let dx = gradients.get_or_alloc_mut(&x)?;
                matmul(dx, matrix(dy, O), matrix(&values(&w), O).transposed());
            }
            Ok(())
        }))
    }
}
