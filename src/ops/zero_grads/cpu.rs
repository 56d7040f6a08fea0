//! What is 0 anyway is not touched: the gradients of taps of convolutions that have met no pixel.

use dfdx::nn::TensorCollection;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::ZeroGradsKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, ranges};
use crate::parameters::{Look, Parameter, look_at};
use crate::shapes::Grads;

impl ZeroGradsKernel for SameBits {
    fn zero_grads<M: TensorCollection<f32, AutoDevice>>(
        model: &M,
        gradients: &mut Grads,
    ) -> Result<(), DeviceError> {
        look_at(model, &mut ZeroEach { gradients })
    }
}

/// Goes through a model's parameters.
struct ZeroEach<'a> {
    gradients: &'a mut Grads,
}

impl Look for ZeroEach<'_> {
    type Error = DeviceError;

    fn look<S: Shape>(
        &mut self,
        parameter: &Parameter,
        p: &Tensor<S, f32, AutoDevice>,
    ) -> Result<(), DeviceError> {
        if parameter.learns {
            let gradient = self.gradients.get_or_alloc_mut(p)?;
            for range in ranges(parameter.taps_met().as_deref(), gradient.len()) {
                samebits::zero(&mut gradient[range]);
            }
        }
        Ok(())
    }
}
