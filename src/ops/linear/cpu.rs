//! The product with [`samebits::matmul`].

use dfdx::shapes::{HasShape, Rank1, Rank2};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor, TensorFromVec};
use dfdx::tensor_ops::ReshapeTo;
use samebits::matmul;

use super::LinearKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, matrix, record, values};
use crate::ops::input::is_input;
use crate::shapes::RowsOf;

impl LinearKernel for SameBits {
    fn linear<S, T, const I: usize, const O: usize>(
        x: Tensor<S, f32, AutoDevice, T>,
        weight: &Tensor<Rank2<O, I>, f32, AutoDevice>,
        bias: Option<&Tensor<Rank1<O>, f32, AutoDevice>>,
    ) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T>, DeviceError>
    where
        S: RowsOf<I>,
        T: Tape<f32, AutoDevice>,
    {
        let (x, tape) = x.try_contiguous()?.split_tape();
        let needs_dx = T::OWNS_TAPE && !is_input(&x);
        let rows = x.shape().rows();

        let mut y = bias.map_or_else(|| vec![0.0; rows * O], |bias| values(bias).repeat(rows));
        matmul(&mut y, matrix(&values(&x), I), matrix(&values(weight), I).transposed());
        let y = x.device().try_tensor_from_vec(y, x.shape().outputs::<O>())?;

        let (weight, bias) = (weight.clone(), bias.map(|bias| bias.ghost()));
        Ok(record(y, tape, move |dy, gradients| {
            let dw = gradients.get_or_alloc_mut(&weight)?;
            matmul(dw, matrix(dy, O).transposed(), matrix(&values(&x), I));
            if let Some(bias) = &bias {
                add_rows(gradients.get_or_alloc_mut(bias)?, dy);
            }
            if needs_dx {
                let dx = gradients.get_or_alloc_mut(&x)?;
                matmul(dx, matrix(dy, O), matrix(&values(&weight), I));
            }
            Ok(())
        }))
    }
}

/// Adds each of the rows to `sum`.
fn add_rows(sum: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sum.len().max(1)) {
        for (sum, x) in sum.iter_mut().zip(row) {
            *sum += x;
        }
    }
}
