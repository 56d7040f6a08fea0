//! One image or a whole batch: the same function for both.

use dfdx::shapes::{Axes2, Const, HasShape, Rank0, Rank2, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use super::{BroadcastTo, MeanTo};
use crate::ops;

/// The shapes that a function of images takes: one image, or a batch of them.
///
/// | a tensor of shape | is | [`One`](Self::One) | [`Each`](Self::Each) |
/// | --- | --- | --- | --- |
/// | `(H, W)` | one image | `(H, W)` | `()`: one number |
/// | `(usize, H, W)` | a batch of images | `(H, W)` | `(usize,)`: one number an image |
///
/// PyTorch decides while the program runs how the axes of two tensors fit together. Here the
/// compiler does, from this table; a tensor whose images have another size is a compile error.
#[diagnostic::on_unimplemented(
    message = "a tensor of shape `{Self}` is neither one image nor a batch of images",
    label = "expected a tensor of shape `(H, W)` or `(usize, H, W)`",
    note = "one image has the shape `Rank2<H, W>`, a batch of them `(usize, Const<H>, Const<W>)`"
)]
pub trait ImageShape: Shape {
    /// The shape of one of the images.
    type One: Shape;
    /// The shape of a result with one number for each image.
    type Each: Shape;

    /// See [`ImagesExt::expand_as`].
    fn expand(
        one: Tensor<Self::One, f32, AutoDevice>,
        shape: &Self,
    ) -> Tensor<Self, f32, AutoDevice>;
    /// See [`ImagesExt::mean_pixels`].
    fn mean_pixels(images: Tensor<Self, f32, AutoDevice>) -> Tensor<Self::Each, f32, AutoDevice>;
    /// See [`ImagesExt::mean_image`].
    fn mean_image(images: &Tensor<Self, f32, AutoDevice>) -> Tensor<Self::One, f32, AutoDevice>;
    /// The shape of a result with one number for each of these images.
    fn each(&self) -> Self::Each;
}

impl<const H: usize, const W: usize> ImageShape for Rank2<H, W> {
    type One = Rank2<H, W>;
    type Each = Rank0;

    fn expand(one: Tensor<Self, f32, AutoDevice>, _: &Self) -> Tensor<Self, f32, AutoDevice> {
        one
    }

    fn mean_pixels(image: Tensor<Self, f32, AutoDevice>) -> Tensor<Rank0, f32, AutoDevice> {
        image.mean()
    }

    fn mean_image(image: &Tensor<Self, f32, AutoDevice>) -> Tensor<Self, f32, AutoDevice> {
        image.clone()
    }

    fn each(&self) {}
}

impl<const H: usize, const W: usize> ImageShape for (usize, Const<H>, Const<W>) {
    type One = Rank2<H, W>;
    type Each = (usize,);

    fn expand(
        one: Tensor<Rank2<H, W>, f32, AutoDevice>,
        shape: &Self,
    ) -> Tensor<Self, f32, AutoDevice> {
        one.broadcast_like(shape)
    }

    fn mean_pixels(images: Tensor<Self, f32, AutoDevice>) -> Tensor<(usize,), f32, AutoDevice> {
        images.mean::<_, Axes2<1, 2>>()
    }

    fn mean_image(images: &Tensor<Self, f32, AutoDevice>) -> Tensor<Self::One, f32, AutoDevice> {
        ops::mean_image(images, &Default::default())
            .unwrap_or_else(|error| panic!("mean_image: {error}"))
    }

    fn each(&self) -> (usize,) {
        (self.0,)
    }
}

/// What broadcasting needs: methods of tensors that hold images.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::tensor::{Image, Images, ImagesExt};
///
/// let dev = AutoDevice::default();
/// let batch: Images = dev.ones_like(&(3, Const, Const));
/// let one: Image = dev.ones();
/// let copies: Images = one.expand_as(&batch);
/// assert_eq!(batch.mean_image().array(), one.array());
/// assert_eq!(copies.mean_pixels().as_vec(), [1.0, 1.0, 1.0]);
/// assert_eq!(one.mean_pixels().array(), 1.0);
/// ```
pub trait ImagesExt<S: Shape> {
    /// This image, repeated until it has the shape of `other`. No pixel is copied: all the
    /// repetitions share the same memory.
    fn expand_as<B: ImageShape<One = S>>(
        &self,
        other: &Tensor<B, f32, AutoDevice>,
    ) -> Tensor<B, f32, AutoDevice>;

    /// The mean over the last two axes, the rows and columns of each image: PyTorch's
    /// `mean((-1, -2))`. One number for one image, a vector of them for a batch.
    fn mean_pixels(self) -> Tensor<S::Each, f32, AutoDevice>
    where
        S: ImageShape;

    /// The mean of all images, pixel by pixel: PyTorch's `mean(0)` of a batch. Not a number if there
    /// are none; of a single image it is the image.
    ///
    /// dfdx's own `mean::<_, Axis<0>>()` comes to the same, and takes several times as long.
    fn mean_image(&self) -> Tensor<S::One, f32, AutoDevice>
    where
        S: ImageShape;
}

impl<S: Shape> ImagesExt<S> for Tensor<S, f32, AutoDevice> {
    fn expand_as<B: ImageShape<One = S>>(
        &self,
        other: &Tensor<B, f32, AutoDevice>,
    ) -> Tensor<B, f32, AutoDevice> {
        B::expand(self.clone(), other.shape())
    }

    fn mean_pixels(self) -> Tensor<S::Each, f32, AutoDevice>
    where
        S: ImageShape,
    {
        S::mean_pixels(self)
    }

    fn mean_image(&self) -> Tensor<S::One, f32, AutoDevice>
    where
        S: ImageShape,
    {
        S::mean_image(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn the_mean_image_as_by_hand() {
        let dev = AutoDevice::default();
        let batch: Images = crate::random::randn_like(&dev, &(300, Const, Const));
        let by_hand: Image = batch.clone().mean::<_, Axis<0>>();
        let mean = batch.mean_image();
        assert!(mean.as_vec().iter().zip(by_hand.as_vec()).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn the_mean_of_no_images_is_nan() {
        let dev = AutoDevice::default();
        let none: Images = dev.zeros_like(&(0, Const, Const));
        assert!(none.mean_image().as_vec().iter().all(|x| x.is_nan()));
    }

    #[test]
    fn expanding_does_not_change_the_image() {
        let dev = AutoDevice::default();
        let one = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
        let batch: Tensor<(usize, Const<2>, Const<2>), f32, _> = dev.zeros_like(&(2, Const, Const));
        assert_eq!(one.expand_as(&one).array(), one.array());
        assert_eq!(one.expand_as(&batch).as_vec(), [1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0]);
    }
}
