//! Steps of Adam.

#[cfg(test)]
mod tests;

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
use samebits::{AdamPart, AdamStep};

use super::numbers::{Queue, is_in_order, parts, ranges, writable, write};
use crate::device::DeviceError;
use crate::shapes::Grads;

/// Whether a parameter was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Stepped {
    /// It was.
    Yes,
    /// It was not, and nothing has changed: its numbers do not lie in the order of its shape.
    NotInOrder,
}

/// One step of Adam with decoupled weight decay, for all parameters of a model: those that
/// [`parameter`](Self::parameter) is told. After [`finish`](Self::finish) all have made it.
#[derive(Debug)]
pub(crate) struct AdamUpdate<'a> {
    step: AdamStep,
    then_zero: bool,
    queue: Queue<'a>,
}

impl AdamUpdate<'_> {
    /// The step of this size, see [`AdamStep::new`]; and then, if `then_zero`, gradients of 0.
    pub(crate) fn new(step: AdamStep, then_zero: bool) -> Self {
        Self { step, then_zero, queue: Queue::default() }
    }

    /// The step of the parameter `p`. Its averages of gradients and of squares and its gradient are found by `p`
    /// among `[averages, squares, gradients]`. Where it does not decay, the step has `wd = 0`.
    ///
    /// `taps` is for the weights of a convolution some of whose taps have met nothing but padding: whether
    /// each has met a pixel. The others are left alone.
    ///
    /// # Errors
    /// If the device has no room for an average.
    pub(crate) fn parameter<S: Shape>(
        &mut self,
        p: &mut Tensor<S, f32, AutoDevice>,
        [averages, squares, gradients]: [&mut Grads; 3],
        decays: bool,
        taps: Option<&[bool]>,
    ) -> Result<Stepped, DeviceError> {
        if !is_in_order(p)? {
            return Ok(Stepped::NotInOrder);
        }
        let ranges = ranges(taps, p.shape().num_elements());
        let m = parts(write(averages.get_or_alloc_mut(p)?), &ranges);
        let v = parts(write(squares.get_or_alloc_mut(p)?), &ranges);
        let g = parts(write(gradients.get_or_alloc_mut(p)?), &ranges);
        let numbers = parts(writable(p)?, &ranges).into_iter().zip(m).zip(v).zip(g);
        let part = |(((p, m), v), g)| AdamPart { p, m, v, g, decays };
        self.queue.adam(&self.step, numbers.map(part).collect(), self.then_zero)?;
        Ok(Stepped::Yes)
    }

    /// Ends the step.
    ///
    /// # Errors
    /// If the device fails.
    pub(crate) fn finish(self) -> Result<(), DeviceError> {
        self.queue.run_adam(&self.step, self.then_zero)
    }
}
