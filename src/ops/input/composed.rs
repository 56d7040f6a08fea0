//! Nothing is left out.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::InputKernel;
use crate::ops::composed::Composed;

impl InputKernel for Composed {
    /// That the gradient with respect to `x` is not needed makes no difference: dfdx's product of matrices
    /// always works out both.
    fn without_gradient<S: Shape, R>(_x: &Tensor<S, f32, AutoDevice>, f: impl FnOnce() -> R) -> R {
        f()
    }
}
