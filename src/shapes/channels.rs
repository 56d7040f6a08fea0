//! Activations with channels: how they look, and how they lie in memory.

use dfdx::shapes::{Axes4, Const, ConstDim, Dim, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor};
use dfdx::tensor_ops::PermuteTo;

use super::contiguous;
use crate::device::DeviceError;

/// The shapes of a batch with `C` channels: (batch, channel), or pictures as (batch, channel, height,
/// width), PyTorch's order.
///
/// In memory pictures lie by pixel: (height, width, batch, channel). To dfdx such a tensor is a
/// permuted one. It works as any other, and a layer takes any other, which it then copies.
#[diagnostic::on_unimplemented(
    message = "a tensor of shape `{Self}` does not fit a layer with {C} input channels",
    label = "the second axis of its input has to be `Const<{C}>`",
    note = "a batch of images has the shape `(usize, Const<{C}>, Const<HEIGHT>, Const<WIDTH>)`, \
            a batch of rows `(usize, Const<{C}>)`"
)]
pub trait Channels<const C: usize>: Shape {
    /// The order in memory; the last axis is that of the channels.
    type ByPixel: Shape;

    /// The same tensor seen in the order in memory.
    ///
    /// # Errors
    /// If the numbers have to be copied, and the device has no room for them.
    fn by_pixel<T: Tape<f32, AutoDevice>>(
        x: Tensor<Self, f32, AutoDevice, T>,
    ) -> Result<Tensor<Self::ByPixel, f32, AutoDevice, T>, DeviceError>;

    /// The way back.
    fn from_pixels<T: Tape<f32, AutoDevice>>(
        y: Tensor<Self::ByPixel, f32, AutoDevice, T>,
    ) -> Tensor<Self, f32, AutoDevice, T>;
}

impl<B: Dim, const C: usize> Channels<C> for (B, Const<C>) {
    type ByPixel = Self;

    fn by_pixel<T: Tape<f32, AutoDevice>>(
        x: Tensor<Self, f32, AutoDevice, T>,
    ) -> Result<Tensor<Self, f32, AutoDevice, T>, DeviceError> {
        contiguous(x)
    }

    fn from_pixels<T: Tape<f32, AutoDevice>>(
        y: Tensor<Self, f32, AutoDevice, T>,
    ) -> Tensor<Self, f32, AutoDevice, T> {
        y
    }
}

impl<B: Dim, const C: usize, H: Dim, W: Dim> Channels<C> for (B, Const<C>, H, W) {
    type ByPixel = (H, W, B, Const<C>);

    fn by_pixel<T: Tape<f32, AutoDevice>>(
        x: Tensor<Self, f32, AutoDevice, T>,
    ) -> Result<Tensor<Self::ByPixel, f32, AutoDevice, T>, DeviceError> {
        contiguous(x.permute::<_, Axes4<2, 3, 0, 1>>())
    }

    fn from_pixels<T: Tape<f32, AutoDevice>>(
        y: Tensor<Self::ByPixel, f32, AutoDevice, T>,
    ) -> Tensor<Self, f32, AutoDevice, T> {
        y.permute::<_, Axes4<2, 3, 0, 1>>()
    }
}

/// Shapes with four axes: (batch, channel, height, width), where the last two are known at compile
/// time.
pub trait Sides: Shape {
    /// How many pictures there are.
    type Batch: Dim;
    /// The rows of a picture.
    type Height: ConstDim;
    /// The columns of a picture.
    type Width: ConstDim;

    /// How many pictures there are.
    fn batch(&self) -> Self::Batch;
}

impl<B: Dim, C: Dim, H: ConstDim, W: ConstDim> Sides for (B, C, H, W) {
    type Batch = B;
    type Height = H;
    type Width = W;

    fn batch(&self) -> B {
        self.0
    }
}

/// The shapes of a batch of pictures with `C` channels, whose height and width are known at compile
/// time.
#[diagnostic::on_unimplemented(
    message = "a tensor of shape `{Self}` does not fit a layer for images with {C} channels",
    label = "it takes four axes, of which the second is `Const<{C}>`",
    note = "a batch of images has the shape `(usize, Const<{C}>, Const<HEIGHT>, Const<WIDTH>)`; \
            a single image is a batch of one"
)]
pub trait ImagesOf<const C: usize>: Channels<C> + Sides {}

impl<B: Dim, const C: usize, H: ConstDim, W: ConstDim> ImagesOf<C> for (B, Const<C>, H, W) {}
