//! A step of Adam: see [`AdamKernel`].

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

/// What a step of Adam depends on besides the numbers of the parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamStep {
    /// The number of the step; the first is 1.
    pub step: i32,
    pub lr: f64,
    /// How much of the averages of gradients and of squares is kept.
    pub betas: [f64; 2],
    pub eps: f64,
    /// Decoupled: the share of a parameter, times `lr`, that a step takes away.
    pub weight_decay: f64,
}

/// Whether a step was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Stepped {
    /// It was.
    Yes,
    /// It was not, and nothing has changed: the parameter's numbers do not lie in the order of its shape.
    #[cfg_attr(feature = "dfdx-ops", expect(dead_code, reason = "dfdx's kernel does not look"))]
    NotInOrder,
}

/// Adam with decoupled weight decay.
pub(crate) trait AdamKernel {
    /// Changes the parameter `p`, with `g` its gradient and `m`, `v` its averages (found by `p` among
    /// `[averages, squares, gradients]`), in step number `t`:
    ///
    /// ```text
    /// p = p (1 - lr weight_decay)
    /// m = betas_0 m + (1 - betas_0) g
    /// v = betas_1 v + (1 - betas_1) g g
    /// p = p - lr m / (1 - betas_0^t) / (sqrt(v / (1 - betas_1^t)) + eps)
    /// ```
    ///
    /// `taps` is for the weights of a convolution some of whose taps have met nothing but padding: whether
    /// each has met a pixel. The others are left alone.
    ///
    /// # Errors
    /// If the device has no room for an average.
    fn adam<S: Shape>(
        p: &mut Tensor<S, f32, AutoDevice>,
        numbers: [&mut Grads; 3],
        step: &AdamStep,
        taps: Option<&[bool]>,
    ) -> Result<Stepped, DeviceError>;
}
