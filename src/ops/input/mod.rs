//! Which tensor is the input of a model in training: see [`InputKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;

#[cfg(not(feature = "dfdx-ops"))]
pub(super) use cpu::is_input;

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

/// Nobody trains the pixels of an image. In PyTorch they therefore have `requires_grad=False`. dfdx has no
/// such mark: the tape starts at the input, and each operation also works out the gradient of its input. In
/// the first layer of a small net that is a third of the work.
pub(crate) trait InputKernel {
    /// Runs `f`, in which the gradient with respect to `x` is not needed: the operations of this version may
    /// leave it out. It is then 0.
    fn without_gradient<S: Shape, R>(x: &Tensor<S, f32, AutoDevice>, f: impl FnOnce() -> R) -> R;
}
