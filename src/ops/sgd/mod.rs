//! A step of stochastic gradient descent: see [`SgdKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use crate::device::DeviceError;
use crate::shapes::Grads;

/// Stochastic gradient descent with momentum and decoupled weight decay.
pub(crate) trait SgdKernel {
    /// Changes the parameter `p`, with `g` its gradient and `v` its average (found by `p` among
    /// `[averages, gradients]`); the sizes are `[lr, momentum, weight_decay]`:
    ///
    /// ```text
    /// v = momentum v + g
    /// p = (1 - lr weight_decay) p - lr v
    /// ```
    ///
    /// # Errors
    /// If the device has no room for the average.
    fn sgd<S: Shape>(
        p: &mut Tensor<S, f32, AutoDevice>,
        numbers: [&mut Grads; 2],
        sizes: [f64; 3],
    ) -> Result<(), DeviceError>;
}
