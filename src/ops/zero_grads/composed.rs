//! dfdx's own.

use dfdx::nn::{TensorCollection, ZeroGrads};
use dfdx::tensor::AutoDevice;

use super::ZeroGradsKernel;
use crate::device::DeviceError;
use crate::ops::composed::Composed;
use crate::shapes::Grads;

impl ZeroGradsKernel for Composed {
    fn zero_grads<M: TensorCollection<f32, AutoDevice>>(
        model: &M,
        gradients: &mut Grads,
    ) -> Result<(), DeviceError> {
        model.try_zero_grads(gradients)
    }
}
