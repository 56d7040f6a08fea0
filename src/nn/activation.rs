//! `nn.ReLU`, and the largest and the smallest of two numbers.

use dfdx::nn::{NonMutableModule, ZeroSizedModule};
use dfdx::prelude::Module;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Merge, NoneTape, Tape, Tensor};
use dfdx::tensor_ops::{ChooseFrom, TryGe, TryLe, TryNe};

use crate::device::DeviceError;
use crate::ops;
use crate::show::Show;

/// Replaces negative numbers by 0, PyTorch's `nn.ReLU()`; see [`relu`].
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([-1., 0., 2., f32::NAN]);
/// let [a, b, c, d] = ReLU.forward(x).array();
/// assert_eq!([a, b, c], [0., 0., 2.]);
/// assert!(d.is_nan());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReLU;

impl ZeroSizedModule for ReLU {}
impl NonMutableModule for ReLU {}

impl<S: Shape, T: Tape<f32, AutoDevice>> Module<Tensor<S, f32, AutoDevice, T>> for ReLU {
    type Output = Tensor<S, f32, AutoDevice, T>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<S, f32, AutoDevice, T>) -> Result<Self::Output, DeviceError> {
        ops::relu(x)
    }
}

/// As PyTorch prints it.
impl Show for ReLU {
    fn text(&self) -> String {
        "ReLU()".into()
    }
}

/// Replaces negative numbers by 0, PyTorch's `F.relu`:
///
/// ```text
/// y = 0 if x <= 0, else x        dx = 0 if x <= 0, else dy
/// ```
///
/// NaN stays NaN, so that a broken number shows. dfdx's `x.relu()` and its layer of this name make a 0 of it.
///
/// # Panics
/// If the device has no room for the result.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([-1., 2.]);
/// let gradients = relu(x.leaky_trace()).sum().backward();
/// assert_eq!(gradients.get(&x).array(), [0., 1.]);
/// ```
pub fn relu<S: Shape, T: Tape<f32, AutoDevice>>(
    x: Tensor<S, f32, AutoDevice, T>,
) -> Tensor<S, f32, AutoDevice, T> {
    ops::relu(x).unwrap_or_else(|error| panic!("relu: {error}"))
}

/// The larger of two numbers each, `torch.maximum`; NaN if one of them is. dfdx's `a.maximum(b)` takes the
/// other one then. The gradient goes to the larger one, of equal ones to the first.
///
/// # Panics
/// If an axis whose length is known only at run time differs.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let (a, b) = (dev.tensor([1., 5.]), dev.tensor([2., 4.]));
/// assert_eq!(maximum(a, b).array(), [2., 5.]);
/// ```
pub fn maximum<S: Shape, T: Tape<f32, AutoDevice> + Merge<R>, R: Tape<f32, AutoDevice>>(
    a: Tensor<S, f32, AutoDevice, T>,
    b: Tensor<S, f32, AutoDevice, R>,
) -> Tensor<S, f32, AutoDevice, T> {
    let (x, y) = (a.retaped::<NoneTape>(), b.retaped::<NoneTape>());
    (x.ge(&y) | is_nan(&x)).choose(a, b)
}

/// The smaller of two numbers each, `torch.minimum`; NaN if one of them is. See [`maximum`].
///
/// # Panics
/// If an axis whose length is known only at run time differs.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let (a, b) = (dev.tensor([1., 5.]), dev.tensor([2., 4.]));
/// assert_eq!(minimum(a, b).array(), [1., 4.]);
/// ```
pub fn minimum<S: Shape, T: Tape<f32, AutoDevice> + Merge<R>, R: Tape<f32, AutoDevice>>(
    a: Tensor<S, f32, AutoDevice, T>,
    b: Tensor<S, f32, AutoDevice, R>,
) -> Tensor<S, f32, AutoDevice, T> {
    let (x, y) = (a.retaped::<NoneTape>(), b.retaped::<NoneTape>());
    (x.le(&y) | is_nan(&x)).choose(a, b)
}

/// Where there is NaN, which is equal to nothing, not to itself either.
fn is_nan<S: Shape>(x: &Tensor<S, f32, AutoDevice>) -> Tensor<S, bool, AutoDevice> {
    x.ne(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn nan_and_infinity_go_through_as_in_pytorch() {
        let dev = AutoDevice::default();
        let x = dev.tensor([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0]);
        let y = ReLU.forward(x.leaky_trace());
        let [nan, infinite, zeros @ ..] = y.array();
        assert!(nan.is_nan());
        assert_eq!((infinite, zeros), (f32::INFINITY, [0.0; 2]));
        // x = torch.tensor([nan, inf, -inf, -0.], requires_grad=True); F.relu(x).backward(ones); x.grad
        let ones = dev.ones_like(y.shape());
        assert_eq!((y * ones).sum().backward().get(&x).array(), [1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn without_nan_it_is_dfdxs() {
        let dev = AutoDevice::default();
        let x: Tensor<Rank2<7, 5>, f32, _> = randn(&dev);
        let (ours, theirs) = (relu(x.leaky_trace()), x.leaky_trace().relu());
        assert_eq!(ours.array(), theirs.array());
        let (ours, theirs) = (ours.square().sum().backward(), theirs.square().sum().backward());
        assert_eq!(ours.get(&x).array(), theirs.get(&x).array());
    }

    #[test]
    fn dfdxs_other_activations_keep_nan() {
        let x = || AutoDevice::default().tensor([f32::NAN, 1.0]);
        let keeps = |y: Tensor<Rank1<2>, f32, AutoDevice>| y.array()[0].is_nan();
        assert!(keeps(Sigmoid.forward(x())) && keeps(Tanh.forward(x())));
        assert!(keeps(LeakyReLU(0.1).forward(x())) && keeps(FastGeLU.forward(x())));
        assert!(keeps(AccurateGeLU.forward(x())) && keeps(Abs.forward(x())));
        assert!(keeps(x().clamp(0.0, 1.0)) || cfg!(feature = "cuda"));
        assert!(Softmax.forward(x()).array().iter().all(|y| y.is_nan()));
    }

    #[test]
    fn the_larger_and_the_smaller_of_two() {
        let dev = AutoDevice::default();
        let a = dev.tensor([f32::NAN, 1.0, 3.0, 4.0]);
        let b = dev.tensor([0.0, f32::NAN, 2.0, 5.0]);
        for (y, expected) in
            [(maximum(a.clone(), b.clone()), [3.0, 5.0]), (minimum(a, b), [2.0, 4.0])]
        {
            let [first, second, rest @ ..] = y.array();
            assert!(first.is_nan() && second.is_nan());
            assert_eq!(rest, expected);
        }
    }
}
