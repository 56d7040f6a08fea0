//! dfdx's own kernel.

use dfdx::shapes::{Axis, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
use dfdx::tensor_ops::{AdamConfig, BroadcastTo, ReshapeTo, TryMul, WeightDecay};

use super::{AdamKernel, AdamStep, Stepped};
use crate::device::DeviceError;
use crate::ops::composed::{Composed, mask};
use crate::shapes::Grads;

impl AdamKernel for Composed {
    /// Gradients and averages of the taps that are left alone are 0, so only the decay would change them.
    fn adam<S: Shape>(
        p: &mut Tensor<S, f32, AutoDevice>,
        [averages, squares, gradients]: [&mut Grads; 3],
        step: &AdamStep,
        taps: Option<&[bool]>,
    ) -> Result<Stepped, DeviceError> {
        let &AdamStep { step, lr, betas, eps, weight_decay } = step;
        let mut config =
            AdamConfig { lr, betas, eps, weight_decay: Some(WeightDecay::Decoupled(weight_decay)) };
        if let Some(taps) = taps {
            config.weight_decay = None;
            let shape = (taps.len(), p.shape().num_elements() / taps.len());
            let met = mask(p.device(), taps)?;
            let decaying = p
                .clone()
                .try_reshape_like(&shape)?
                .try_mul(met.try_broadcast_like::<_, Axis<1>>(&shape)?)?;
            p.try_axpy(1.0, &decaying.try_reshape_like(p.shape())?, -lr * weight_decay)?;
        }
        let average = averages.get_or_alloc_mut(p)?;
        let square = squares.get_or_alloc_mut(p)?;
        let gradient = gradients.get_or_alloc_mut(p)?;
        config.try_update(step, p, average, square, gradient)?;
        Ok(Stepped::Yes)
    }
}
