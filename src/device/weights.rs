//! Steps of optimizers.

use dfdx::shapes::{Axis, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use dfdx::tensor_ops::{AdamConfig, BroadcastTo, ReshapeTo, TryMul, WeightDecay};

use super::Err;
use crate::tensor::Grads;

/// One step of Adam for the parameter `p`, with its averages and its gradient; see
/// [`Adam`](crate::optim::Adam).
///
/// `taps` is for the weights of a convolution some of whose taps have met nothing but padding: whether
/// each has met a pixel. The others are left alone. Their gradients and averages are 0, so only the
/// decay would change them.
pub(crate) fn adam<S: Shape>(
    p: &mut Tensor<S, f32, AutoDevice>,
    [averages, squares, gradients]: [&mut Grads; 3],
    (step, config): (i32, &AdamConfig),
    taps: Option<&[bool]>,
) -> Result<(), Err> {
    let mut config = *config;
    if let (Some(taps), Some(WeightDecay::Decoupled(decay))) = (taps, config.weight_decay) {
        config.weight_decay = None;
        let shape = (taps.len(), p.shape().num_elements() / taps.len());
        let met = taps.iter().map(|met| f32::from(u8::from(*met))).collect();
        let met: Tensor<(usize,), f32, _> = p.device().try_tensor_from_vec(met, (taps.len(),))?;
        let decaying = p
            .clone()
            .try_reshape_like(&shape)?
            .try_mul(met.try_broadcast_like::<_, Axis<1>>(&shape)?)?;
        p.try_axpy(1.0, &decaying.try_reshape_like(p.shape())?, -config.lr * decay)?;
    }
    let average = averages.get_or_alloc_mut(p)?;
    let square = squares.get_or_alloc_mut(p)?;
    let gradient = gradients.get_or_alloc_mut(p)?;
    config.try_update(step, p, average, square, gradient)
}
