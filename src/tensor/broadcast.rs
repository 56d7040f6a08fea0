//! One image or a whole batch: the same function for both.

use dfdx::prelude::{BroadcastTo, MeanTo, TryLt};
use dfdx::shapes::{Axes2, Const, HasShape, Rank0, Rank2, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

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

/// The distance of one image, or of each image of a batch, from the image `b`: the mean absolute
/// difference of their pixels, `(1/n) sum_i |a_i - b_i|`.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::tensor::{Image, Images, mnist_distance};
///
/// let dev = AutoDevice::default();
/// let (white, black): (Image, Image) = (dev.zeros(), dev.ones());
/// assert_eq!(mnist_distance(&white, &black).array(), 1.0);
///
/// let batch: Images = vec![white.clone(), black].stack();
/// assert_eq!(mnist_distance(&batch, &white).as_vec(), [0.0, 1.0]);
/// ```
///
/// Images of different sizes do not compile:
/// ```compile_fail,E0308
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::tensor::{Image, mnist_distance};
///
/// let dev = AutoDevice::default();
/// let a: Image = dev.zeros();
/// let small: Tensor<Rank2<14, 14>, f32, _> = dev.zeros();
/// mnist_distance(&a, &small);
/// ```
pub fn mnist_distance<S: ImageShape>(
    a: &Tensor<S, f32, AutoDevice>,
    b: &Tensor<S::One, f32, AutoDevice>,
) -> Tensor<S::Each, f32, AutoDevice> {
    ops::distances(a, b, &a.shape().each())
        .unwrap_or_else(|error| panic!("mnist_distance: {error}"))
}

/// Whether an image, or each image of a batch, is nearer to the ideal three than to the ideal
/// seven.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::tensor::{Image, is_3};
///
/// let dev = AutoDevice::default();
/// let (mean3, mean7): (Image, Image) = (dev.zeros(), dev.ones());
/// let x = mean3.clone() + 0.25;
/// assert_eq!(is_3(&x, &mean3, &mean7).array(), true);
/// ```
pub fn is_3<S: ImageShape>(
    x: &Tensor<S, f32, AutoDevice>,
    mean3: &Tensor<S::One, f32, AutoDevice>,
    mean7: &Tensor<S::One, f32, AutoDevice>,
) -> Tensor<S::Each, bool, AutoDevice> {
    mnist_distance(x, mean3).lt(&mnist_distance(x, mean7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Image, Images};
    use dfdx::prelude::*;

    #[test]
    fn one_image_and_a_batch_as_in_pytorch() {
        let dev = AutoDevice::default();
        let b = dev.tensor([[0.5f32, 0.0], [0.25, 1.0]]);
        let first = dev.tensor([[0.0f32, 0.0], [0.0, 1.0]]);
        let second = dev.tensor([[1.0f32, 0.5], [0.25, 0.0]]);
        // def mnist_distance(a, b): return (a - b).abs().mean((-1, -2))
        // b = torch.tensor([[0.5, 0.0], [0.25, 1.0]])
        // first, second = torch.tensor([[[0., 0.], [0., 1.]], [[1., .5], [.25, 0.]]])
        // mnist_distance(first, b), mnist_distance(torch.stack([first, second]), b)
        assert_eq!(mnist_distance(&first, &b).array(), 0.1875);
        let batch = vec![first, second].stack();
        assert_eq!(mnist_distance(&batch, &b).as_vec(), [0.1875, 0.5]);
    }

    #[test]
    fn the_same_as_by_hand() {
        let dev = AutoDevice::default();
        let batch: Images = crate::random::randn_like(&dev, &(300, Const, Const));
        let one: Image = crate::random::randn(&dev);
        let close = |a: Vec<f32>, b: Vec<f32>| {
            assert_eq!(a.len(), b.len());
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5));
        };
        let by_hand = (batch.clone() - one.expand_as(&batch)).abs().mean_pixels();
        close(mnist_distance(&batch, &one).as_vec(), by_hand.as_vec());
        let by_hand: Image = batch.clone().mean::<_, Axis<0>>();
        close(batch.mean_image().as_vec(), by_hand.as_vec());
    }

    #[test]
    fn no_images() {
        let dev = AutoDevice::default();
        let none: Images = dev.zeros_like(&(0, Const, Const));
        let one: Image = dev.zeros();
        assert_eq!(mnist_distance(&none, &one).shape().0, 0);
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

    #[test]
    fn a_batch_is_classified_image_by_image() {
        let dev = AutoDevice::default();
        let (mean3, mean7): (Tensor<Rank2<2, 2>, f32, _>, _) = (dev.zeros(), dev.ones());
        let batch = vec![mean3.clone() + 0.125, mean3.clone() + 0.75].stack();
        assert_eq!(is_3(&batch, &mean3, &mean7).as_vec(), [true, false]);
    }
}
