//! `torch.exp`, `torch.log`, `torch.sigmoid`, `torch.tanh` and `F.softmax`.

use dfdx::shapes::{Const, Dim, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor};
use samebits::Function;

use crate::device::DeviceError;
use crate::ops;

/// What [`exp`], [`ln`], [`sigmoid`] and [`tanh`] take: a number, or a tensor of numbers, with or without a gradient's tape.
#[diagnostic::on_unimplemented(
    message = "`exp`, `ln`, `sigmoid` and `tanh` take an `f32` or a tensor of them, and no `{Self}`"
)]
pub trait Numbers: Sized {
    /// The function of each number.
    ///
    /// # Errors
    /// If the device has no room for the result.
    #[doc(hidden)]
    fn each_number(self, function: Function) -> Result<Self, DeviceError>;
}

impl Numbers for f32 {
    fn each_number(self, function: Function) -> Result<Self, DeviceError> {
        Ok(function.of(self))
    }
}

impl<S: Shape, T: Tape<f32, AutoDevice>> Numbers for Tensor<S, f32, AutoDevice, T> {
    fn each_number(self, function: Function) -> Result<Self, DeviceError> {
        ops::function(function, self)
    }
}

/// e to the power of each number, `torch.exp`.
///
/// It is the `f32` next to the exact result, the same bits on every computer; so are those of [`ln`], [`sigmoid`] and
/// [`tanh`]. The methods of dfdx (`x.exp()`) ask the C library of the system, and on a GPU NVIDIA's: their last bit may
/// be another one.
///
/// # Panics
/// If the device has no room for the result.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([0., 1.]);
/// assert_eq!(exp(x).array(), [1., std::f32::consts::E]);
/// assert_eq!(exp(0_f32), 1.);
/// ```
pub fn exp<N: Numbers>(x: N) -> N {
    of("exp", Function::Exp, x)
}

/// The natural logarithm of each number, `torch.log`; see [`exp`].
///
/// # Panics
/// If the device has no room for the result.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([0., 1.]);
/// assert_eq!(ln(x).array(), [f32::NEG_INFINITY, 0.]);
/// ```
pub fn ln<N: Numbers>(x: N) -> N {
    of("ln", Function::Ln, x)
}

/// `1 / (1 + e^-x)` of each number, `torch.sigmoid`; see [`exp`]. Its gradient is `y (1 - y)`.
///
/// # Panics
/// If the device has no room for the result.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([0., 100.]);
/// let y = sigmoid(x.leaky_trace());
/// assert_eq!(y.array(), [0.5, 1.]);
/// assert_eq!(y.sum().backward().get(&x).array(), [0.25, 0.]);
/// ```
pub fn sigmoid<N: Numbers>(x: N) -> N {
    of("sigmoid", Function::Sigmoid, x)
}

/// The hyperbolic tangent of each number, `torch.tanh`; see [`exp`].
///
/// # Panics
/// If the device has no room for the result.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([-100., 0.]);
/// assert_eq!(tanh(x).array(), [-1., 0.]);
/// ```
pub fn tanh<N: Numbers>(x: N) -> N {
    of("tanh", Function::Tanh, x)
}

fn of<N: Numbers>(name: &str, function: Function, x: N) -> N {
    x.each_number(function).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The probabilities of `N` classes for each row of predictions, PyTorch's `F.softmax(x, dim=1)`: `p_i = e^x_i / sum_j e^x_j`.
///
/// # Panics
/// If the device has no room for the result.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let preds = AutoDevice::default().tensor([[5., 5.], [0., 1000.]]);
/// assert_eq!(softmax(preds).array(), [[0.5, 0.5], [0., 1.]]);
/// ```
pub fn softmax<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
    x: Tensor<(B, Const<N>), f32, AutoDevice, T>,
) -> Tensor<(B, Const<N>), f32, AutoDevice, T> {
    ops::softmax(x).unwrap_or_else(|error| panic!("softmax: {error}"))
}
