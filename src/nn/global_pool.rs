//! dfdx's pools of a whole picture, but that NaN stays NaN.

use dfdx::nn::{NonMutableModule, ZeroSizedModule};
use dfdx::prelude::Module;
use dfdx::shapes::Dim;
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::device::DeviceError;
use crate::tensor::{MaxTo, MinTo};

macro_rules! global_pool {
    ($(#[$doc:meta])* $name:ident: $extreme:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name;

        impl ZeroSizedModule for $name {}
        impl NonMutableModule for $name {}

        impl<C: Dim, H: Dim, W: Dim, T: Tape<f32, AutoDevice>>
            Module<Tensor<(C, H, W), f32, AutoDevice, T>> for $name
        {
            type Output = Tensor<(C,), f32, AutoDevice, T>;
            type Error = DeviceError;

            fn try_forward(
                &self,
                x: Tensor<(C, H, W), f32, AutoDevice, T>,
            ) -> Result<Self::Output, DeviceError> {
                x.$extreme()
            }
        }

        impl<B: Dim, C: Dim, H: Dim, W: Dim, T: Tape<f32, AutoDevice>>
            Module<Tensor<(B, C, H, W), f32, AutoDevice, T>> for $name
        {
            type Output = Tensor<(B, C), f32, AutoDevice, T>;
            type Error = DeviceError;

            fn try_forward(
                &self,
                x: Tensor<(B, C, H, W), f32, AutoDevice, T>,
            ) -> Result<Self::Output, DeviceError> {
                x.$extreme()
            }
        }
    };
}

global_pool! {
    /// The largest number of each channel, dfdx's layer of this name: [`AdaptiveMaxPool2d::<1>`](super::AdaptiveMaxPool2d)
    /// without the two axes of length 1. NaN stays NaN, which dfdx's passes over.
    ///
    /// # Example
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let picture = AutoDevice::default().tensor([[[1., 2.], [4., 3.]]]);
    /// assert_eq!(MaxPoolGlobal.forward(picture).array(), [4.]);
    /// ```
    MaxPoolGlobal: try_max
}

global_pool! {
    /// The smallest number of each channel; see [`MaxPoolGlobal`].
    ///
    /// # Example
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let picture = AutoDevice::default().tensor([[[1., 2.], [4., 3.]]]);
    /// assert_eq!(MinPoolGlobal.forward(picture).array(), [1.]);
    /// ```
    MinPoolGlobal: try_min
}
