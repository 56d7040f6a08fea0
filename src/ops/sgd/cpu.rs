//! The rule, written down.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::SgdKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, values_mut};
use crate::shapes::Grads;

impl SgdKernel for SameBits {
    fn sgd<S: Shape>(
        p: &mut Tensor<S, f32, AutoDevice>,
        [averages, gradients]: [&mut Grads; 2],
        [lr, momentum, weight_decay]: [f64; 3],
    ) -> Result<(), DeviceError> {
        let kept = 1.0 - lr * weight_decay;
        let gradient = gradients.get_or_alloc_mut(p)?;
        let average = match momentum != 0.0 {
            true => Some(averages.get_or_alloc_mut(p)?),
            false => None,
        };
        let step = match average {
            Some(average) => {
                average
                    .iter_mut()
                    .zip(&**gradient)
                    .for_each(|(v, g)| *v = momentum as f32 * *v + g);
                average
            }
            None => gradient,
        };
        if let Some(p) = values_mut(p) {
            // In the steps of dfdx's `axpy`, so that no bit differs.
            let (kept, lr) = (kept as f32, -lr as f32);
            p.iter_mut().zip(&**step).for_each(|(p, step)| *p = *p * kept + step * lr);
            return Ok(());
        }
        // A view of another tensor, whose numbers lie in another order.
        let steps = if momentum != 0.0 { averages.get(p) } else { gradients.get(p) };
        p.try_axpy(kept, &steps, -lr)
    }
}
