//! Dropout.

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::TensorFromVec;
use dfdx::tensor_ops::TryMul;

use super::Err;
use crate::tensor::Traced;

/// Each number of `x` times its factor.
pub(crate) fn dropout<S: Shape>(x: Traced<S>, factors: Vec<f32>) -> Result<Traced<S>, Err> {
    let factors = x.device().try_tensor_from_vec(factors, *x.shape())?;
    x.try_mul(factors)
}
