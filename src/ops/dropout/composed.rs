//! The product of dfdx.

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::TensorFromVec;
use dfdx::tensor_ops::TryMul;

use super::DropoutKernel;
use crate::device::DeviceError;
use crate::ops::composed::Composed;
use crate::shapes::Traced;

impl DropoutKernel for Composed {
    fn dropout<S: Shape>(x: Traced<S>, factors: Vec<f32>) -> Result<Traced<S>, DeviceError> {
        let factors = x.device().try_tensor_from_vec(factors, *x.shape())?;
        x.try_mul(factors)
    }
}
