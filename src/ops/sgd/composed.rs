//! dfdx's own kernel: one launch.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};
use dfdx::tensor_ops::{Momentum, SgdConfig, WeightDecay};

use super::SgdKernel;
use crate::device::DeviceError;
use crate::ops::composed::Composed;
use crate::shapes::Grads;

impl SgdKernel for Composed {
    fn sgd<S: Shape>(
        p: &mut Tensor<S, f32, AutoDevice>,
        [averages, gradients]: [&mut Grads; 2],
        [lr, momentum, weight_decay]: [f64; 3],
    ) -> Result<(), DeviceError> {
        let config = SgdConfig {
            lr,
            momentum: (momentum != 0.0).then_some(Momentum::Classic(momentum)),
            weight_decay: Some(WeightDecay::Decoupled(weight_decay)),
        };
        let average = averages.get_or_alloc_mut(p)?;
        let gradient = gradients.get_or_alloc_mut(p)?;
        config.try_update(p, average, gradient)
    }
}
