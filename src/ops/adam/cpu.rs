//! The step of [`samebits::AdamStep`].

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::{AdamKernel, AdamStep, Stepped};
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, ranges, values_mut};
use crate::shapes::Grads;

impl AdamKernel for SameBits {
    fn adam<S: Shape>(
        p: &mut Tensor<S, f32, AutoDevice>,
        [averages, squares, gradients]: [&mut Grads; 3],
        step: &AdamStep,
        taps: Option<&[bool]>,
    ) -> Result<Stepped, DeviceError> {
        let &AdamStep { step, lr, betas, eps, weight_decay } = step;
        let step = samebits::AdamStep::new(step, lr, betas, eps, weight_decay);
        let gradient = gradients.get_or_alloc_mut(p)?;
        let average = averages.get_or_alloc_mut(p)?;
        let square = squares.get_or_alloc_mut(p)?;
        let Some(p) = values_mut(p) else { return Ok(Stepped::NotInOrder) };
        for range in ranges(taps, p.len()) {
            step.update(
                &mut p[range.clone()],
                &mut average[range.clone()],
                &mut square[range.clone()],
                &gradient[range],
            );
        }
        Ok(Stepped::Yes)
    }
}
