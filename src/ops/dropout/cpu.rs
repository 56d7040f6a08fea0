//! One number after the other.

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{SplitTape, TensorFromVec};
use dfdx::tensor_ops::ReshapeTo;

use super::DropoutKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, record, values};
use crate::shapes::Traced;

impl DropoutKernel for SameBits {
    fn dropout<S: Shape>(x: Traced<S>, factors: Vec<f32>) -> Result<Traced<S>, DeviceError> {
        let (x, tape) = x.try_contiguous()?.split_tape();
        let mut y = vec![0.0; factors.len()];
        add_products(&mut y, &values(&x), &factors);
        let y = x.device().try_tensor_from_vec(y, *x.shape())?;

        let x = x.ghost();
        Ok(record(y, tape, move |dy, gradients| {
            add_products(gradients.get_or_alloc_mut(&x)?, dy, &factors);
            Ok(())
        }))
    }
}

fn add_products(sums: &mut [f32], a: &[f32], b: &[f32]) {
    sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
}
