//! Steps of stochastic gradient descent.

#[cfg(test)]
mod tests;

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};
use samebits::{SgdPart, SgdStep};

use super::numbers::{Queue, writable, write};
use crate::device::DeviceError;
use crate::shapes::Grads;

/// One step of stochastic gradient descent with momentum and decoupled weight decay, for all parameters of a model:
/// those that [`parameter`](Self::parameter) is told. After [`finish`](Self::finish) all have made it.
///
/// ```text
/// v = momentum v + g
/// p = (1 - lr weight_decay) p - lr v
/// ```
#[derive(Debug)]
pub(crate) struct SgdUpdate<'a> {
    step: SgdStep,
    then_zero: bool,
    queue: Queue<'a>,
}

impl SgdUpdate<'_> {
    /// The step of this size; and then, if `then_zero`, gradients of 0.
    pub(crate) fn new([lr, momentum, weight_decay]: [f64; 3], then_zero: bool) -> Self {
        let kept = (1.0 - lr * weight_decay) as f32;
        let step = SgdStep { momentum: momentum as f32, kept, factor: -lr as f32 };
        Self { step, then_zero, queue: Queue::default() }
    }

    /// The step of the parameter `p`, with `g` its gradient and `v` its average, found by `p` among
    /// `[averages, gradients]`.
    ///
    /// # Errors
    /// If the device has no room for the average.
    pub(crate) fn parameter<S: Shape>(
        &mut self,
        p: &mut Tensor<S, f32, AutoDevice>,
        [averages, gradients]: [&mut Grads; 2],
    ) -> Result<(), DeviceError> {
        let g = write(gradients.get_or_alloc_mut(p)?);
        let v = match self.step.momentum != 0.0 {
            true => Some(write(averages.get_or_alloc_mut(p)?)),
            false => None,
        };
        // In memory, gradients lie as their tensors do.
        let p = writable(p)?;
        self.queue.sgd(&self.step, vec![SgdPart { p, v, g }], self.then_zero)
    }

    /// Ends the step.
    ///
    /// # Errors
    /// If the device fails.
    pub(crate) fn finish(self) -> Result<(), DeviceError> {
        self.queue.run_sgd(&self.step, self.then_zero)
    }
}
