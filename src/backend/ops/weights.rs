//! Steps of optimizers, and gradients back to 0.

use dfdx::nn::{TensorCollection, ZeroGrads};
use dfdx::shapes::{Axis, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
use dfdx::tensor_ops::{
    AdamConfig, BroadcastTo, Momentum, ReshapeTo, SgdConfig, TryMul, WeightDecay,
};

use super::index::mask;
use super::{AdamStep, Err};
use crate::optim::OptimError;
use crate::tensor::Grads;

/// A step of Adam for the parameter `p` called `name`.
///
/// `taps` is for the weights of a convolution some of whose taps have met nothing but padding: whether
/// each has met a pixel. The others are left alone. Their gradients and averages are 0, so only the
/// decay would change them.
pub(crate) fn adam<S: Shape>(
    (p, _name): (&mut Tensor<S, f32, AutoDevice>, &str),
    numbers: [&mut Grads; 3],
    step: &AdamStep,
    taps: Option<&[bool]>,
) -> Result<(), OptimError> {
    try_adam(p, numbers, step, taps).map_err(OptimError::Device)
}

fn try_adam<S: Shape>(
    p: &mut Tensor<S, f32, AutoDevice>,
    [averages, squares, gradients]: [&mut Grads; 3],
    step: &AdamStep,
    taps: Option<&[bool]>,
) -> Result<(), Err> {
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
    config.try_update(step, p, average, square, gradient)
}

/// A step of SGD: `v = momentum v + gradient`, and then `p = kept p - lr v`.
pub(crate) fn sgd<S: Shape>(
    p: &mut Tensor<S, f32, AutoDevice>,
    [averages, gradients]: [&mut Grads; 2],
    [lr, momentum, weight_decay]: [f64; 3],
) -> Result<(), Err> {
    let config = SgdConfig {
        lr,
        momentum: (momentum != 0.0).then_some(Momentum::Classic(momentum)),
        weight_decay: Some(WeightDecay::Decoupled(weight_decay)),
    };
    let average = averages.get_or_alloc_mut(p)?;
    let gradient = gradients.get_or_alloc_mut(p)?;
    config.try_update(p, average, gradient)
}

/// Sets the gradients of a model's parameters to 0: dfdx's `model.zero_grads(gradients)`.
pub(crate) fn zero_grads<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    gradients: &mut Grads,
) -> Result<(), Err> {
    model.try_zero_grads(gradients)
}
