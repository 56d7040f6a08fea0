//! Convolution: see [`Conv2dKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::{Const, ConstDim, Dim, HasShape, Rank4, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::device::DeviceError;
use crate::shapes::{Channels, OutHeight, OutWidth, Pictures, Sides, Window};

/// What a convolution makes of pictures of shape `X`.
pub(crate) type Convolved<X, const K: usize, const S: usize, const P: usize, const O: usize, T> =
    Tensor<
        (<X as Sides>::Batch, Const<O>, OutHeight<X, K, S, P>, OutWidth<X, K, S, P>),
        f32,
        AutoDevice,
        T,
    >;

/// The convolution of pictures: with a kernel of `K` rows and columns that moves `S` pixels at a time and
/// reaches `P` pixels over the edge, from `I` channels to `O`.
///
/// With `x` as 0 outside of the picture, for each picture `b` of the batch
///
/// ```text
/// y[b, o, r, c] = sum_jki x[b, i, S r + j - P, S c + k - P] weight[j, k, i, o]
/// ```
///
/// Of the model's input ([`InputKernel`](super::InputKernel)) the gradient may be left out.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) trait Conv2dKernel {
    /// The convolution of the pictures `x`.
    fn conv2d<
        X,
        T,
        const I: usize,
        const O: usize,
        const K: usize,
        const S: usize,
        const P: usize,
    >(
        x: Tensor<X, f32, AutoDevice, T>,
        weight: &Tensor<Rank4<K, K, I, O>, f32, AutoDevice>,
    ) -> Result<Convolved<X, K, S, P, O, T>, DeviceError>
    where
        X: Pictures<I>,
        X::Height: Window<K, S, P>,
        X::Width: Window<K, S, P>,
        T: Tape<f32, AutoDevice>,
    {
        let batch = x.shape().batch();
        let sizes = sizes::<X, I, O, K, S, P>(batch.size());
        let out = (Default::default(), Default::default(), batch, Const::<O>);
        let y = Self::conv2d_by_pixel(X::by_pixel(x)?, weight, &sizes, &out)?;
        Ok(Channels::from_pixels(y))
    }

    /// What a version works out. `x` and the result lie by pixel, (height, width, batch, channel); the
    /// result has the shape `out`.
    fn conv2d_by_pixel<X: Shape, W: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        weight: &Tensor<W, f32, AutoDevice>,
        sizes: &samebits::Conv2d,
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError>;
}

/// The sizes of the convolution of `batch` pictures of shape `X`.
pub(crate) fn sizes<
    X: Pictures<I>,
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
>(
    batch: usize,
) -> samebits::Conv2d {
    samebits::Conv2d {
        batch,
        height: X::Height::SIZE,
        width: X::Width::SIZE,
        in_channels: I,
        out_channels: O,
        kernel_size: K,
        stride: S,
        padding: P,
    }
}
