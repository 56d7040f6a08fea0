//! Layers of functions that are the same bits everywhere.

use dfdx::nn::{NonMutableModule, ZeroSizedModule};
use dfdx::prelude::Module;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tape, Tensor};
use samebits::Function;

use crate::device::DeviceError;
use crate::ops;
use crate::show::Show;
#[cfg(doc)]
use crate::tensor::{sigmoid, tanh};

macro_rules! layer {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name;

        impl ZeroSizedModule for $name {}
        impl NonMutableModule for $name {}

        impl<S: Shape, T: Tape<f32, AutoDevice>> Module<Tensor<S, f32, AutoDevice, T>> for $name {
            type Output = Tensor<S, f32, AutoDevice, T>;
            type Error = DeviceError;

            fn try_forward(
                &self,
                x: Tensor<S, f32, AutoDevice, T>,
            ) -> Result<Self::Output, DeviceError> {
                ops::function(Function::$name, x)
            }
        }

        /// As PyTorch prints it.
        impl Show for $name {
            fn text(&self) -> String {
                concat!(stringify!($name), "()").into()
            }
        }
    };
}

layer! {
    /// [`sigmoid`] as a layer, PyTorch's `nn.Sigmoid()`.
    ///
    /// # Example
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// assert_eq!(Sigmoid.forward(AutoDevice::default().tensor([0.])).array(), [0.5]);
    /// ```
    Sigmoid
}

layer! {
    /// [`tanh`] as a layer, PyTorch's `nn.Tanh()`.
    ///
    /// # Example
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// assert_eq!(Tanh.forward(AutoDevice::default().tensor([0.])).array(), [0.]);
    /// ```
    Tanh
}
