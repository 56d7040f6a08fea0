//! What an optimizer remembers of each parameter.

use std::mem::swap;

use dfdx::prelude::Backward;
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor, Trace};
use dfdx::tensor_ops::ReshapeTo;

use crate::shapes::Grads;
use crate::tensor::SumTo;

/// A tensor for each parameter, of the same shape, found by the parameter: an average of gradients, for
/// example. All zeros at first. It works on every device.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let p = AutoDevice::default().tensor([1., 2.]);
/// let mut velocities = PerParameter::default();
/// assert_eq!(velocities.update(&p, |v| v * 0.5 + 1.).array(), [1., 1.]);
/// assert_eq!(velocities.update(&p, |v| v * 0.5 + 1.).array(), [1.5, 1.5]);
/// ```
#[derive(Debug, Clone)]
pub struct PerParameter(pub(super) Grads);

impl Default for PerParameter {
    fn default() -> Self {
        Self(Grads::leaky())
    }
}

impl PerParameter {
    /// Changes what is kept for the parameter `p`, and returns it.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let p = AutoDevice::default().tensor([1., 2.]);
    /// let gradient = p.leaky_trace().square().sum().backward().get(&p);
    /// let mut sums = PerParameter::default();
    /// assert_eq!(sums.update(&p, |sum| sum + gradient).array(), [2., 4.]);
    /// ```
    pub fn update<S: Shape>(
        &mut self,
        p: &Tensor<S, f32, AutoDevice>,
        change: impl FnOnce(Tensor<S, f32, AutoDevice>) -> Tensor<S, f32, AutoDevice>,
    ) -> Tensor<S, f32, AutoDevice> {
        self.0.try_alloc_for(p).unwrap_or_else(|error| panic!("room for an average: {error}"));
        let changed = change(self.0.get(p));
        // dfdx writes into what belongs to a parameter only on the way back. The gradient of
        // sum(p changed) with respect to p is `changed`.
        let product = p.leaky_trace() * changed.clone();
        // As a row, since a sum is along axes that are named.
        let row = product.reshape_like(&(p.shape().num_elements(),));
        let mut written = row.sum().backward();
        let old = self.0.get_or_alloc_mut(p).unwrap_or_else(|error| panic!("an average: {error}"));
        let new = written.get_or_alloc_mut(p).unwrap_or_else(|error| panic!("an average: {error}"));
        swap(old, new);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn each_parameter_has_its_own() {
        let dev = AutoDevice::default();
        let (number, row) = (dev.tensor(5.), dev.tensor([5., 5.]));
        let mut kept = PerParameter::default();
        assert_eq!(kept.update(&number, |v| v + 1.).array(), 1.);
        assert_eq!(kept.update(&row, |v| v + 2.).array(), [2., 2.]);
        assert_eq!(kept.update(&number, |v| v + 1.).array(), 2.);
        assert_eq!(kept.update(&row, |v| v * 3.).array(), [6., 6.]);
        // A copy starts from the same numbers and goes its own way.
        let mut copy = kept.clone();
        assert_eq!(copy.update(&number, |v| v + 1.).array(), 3.);
        assert_eq!(kept.update(&number, |v| v * 10.).array(), 20.);
    }
}
