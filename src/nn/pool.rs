//! Pooling: one number for several pixels.

use dfdx::nn::{NonMutableModule, ZeroSizedModule};
use dfdx::prelude::Module;
use dfdx::shapes::{Const, ConstDim, Dim, HasShape};
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use super::observe;
use crate::device::DeviceError;
use crate::ops::{self, Take, Windows};
use crate::shapes::Window;

/// The largest number of each window, PyTorch's `nn.MaxPool2d(K, S, P)`: of windows of `K` rows and
/// columns that move `S` pixels at a time and reach `P` pixels over the edge.
///
/// ```text
/// y[b, c, i, j] = max_kl x[b, c, S i + k - P, S j + l - P]
/// ```
///
/// The gradient goes to the largest number, of equal ones to the first.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let pictures: Tensor<Rank4<1, 1, 2, 2>, f32, _> = dev.tensor([[[[1., 2.], [4., 3.]]]]);
/// assert_eq!(MaxPool2d::<2, 2>.forward(pictures).array(), [[[[4.]]]]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MaxPool2d<const K: usize, const S: usize, const P: usize = 0>;

/// The mean of parts of a picture, PyTorch's `nn.AdaptiveAvgPool2d(N)`: whatever size it has, it is
/// divided to `N` rows and columns. With `N = 1`, the mean of all pixels.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let pictures: Tensor<Rank4<1, 1, 2, 2>, f32, _> = dev.tensor([[[[1., 2.], [4., 3.]]]]);
/// assert_eq!(AdaptiveAvgPool2d::<1>.forward(pictures).array(), [[[[2.5]]]]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct AdaptiveAvgPool2d<const N: usize>;

/// The largest number of parts of a picture, PyTorch's `nn.AdaptiveMaxPool2d(N)`; see
/// [`AdaptiveAvgPool2d`].
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let pictures: Tensor<Rank4<1, 1, 2, 2>, f32, _> = dev.tensor([[[[1., 2.], [4., 3.]]]]);
/// assert_eq!(AdaptiveMaxPool2d::<1>.forward(pictures).array(), [[[[4.]]]]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct AdaptiveMaxPool2d<const N: usize>;

impl<const K: usize, const S: usize, const P: usize> ZeroSizedModule for MaxPool2d<K, S, P> {}
impl<const K: usize, const S: usize, const P: usize> NonMutableModule for MaxPool2d<K, S, P> {}
impl<const N: usize> ZeroSizedModule for AdaptiveAvgPool2d<N> {}
impl<const N: usize> NonMutableModule for AdaptiveAvgPool2d<N> {}
impl<const N: usize> ZeroSizedModule for AdaptiveMaxPool2d<N> {}
impl<const N: usize> NonMutableModule for AdaptiveMaxPool2d<N> {}

impl<B, const C: usize, H, W, const K: usize, const S: usize, const P: usize, T>
    Module<Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>> for MaxPool2d<K, S, P>
where
    B: Dim,
    H: Window<K, S, P>,
    W: Window<K, S, P>,
    T: Tape<f32, AutoDevice>,
{
    type Output = Tensor<(B, Const<C>, H::Out, W::Out), f32, AutoDevice, T>;
    type Error = DeviceError;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>,
    ) -> Result<Self::Output, DeviceError> {
        const { assert!(P <= K / 2, "a window of max pooling reaches over the edge by at most half") };
        let from = [H::SIZE, W::SIZE];
        let windows = Windows::Kernel { from, kernel_size: K, stride: S, padding: P };
        let y = ops::pool(x, windows, Take::Largest)?;
        observe::layer("MaxPool2d", y.shape(), 0);
        Ok(y)
    }
}

macro_rules! adaptive {
    ($($layer:ident, $name:literal, $take:expr;)*) => {$(
        impl<B, const C: usize, H, W, const N: usize, T>
            Module<Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>> for $layer<N>
        where
            B: Dim,
            H: ConstDim,
            W: ConstDim,
            T: Tape<f32, AutoDevice>,
        {
            type Output = Tensor<(B, Const<C>, Const<N>, Const<N>), f32, AutoDevice, T>;
            type Error = DeviceError;

            fn try_forward(
                &self,
                x: Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>,
            ) -> Result<Self::Output, DeviceError> {
                let y = ops::pool(x, Windows::Adaptive { from: [H::SIZE, W::SIZE], to: [N, N] }, $take)?;
                observe::layer($name, y.shape(), 0);
                Ok(y)
            }
        }
    )*};
}

adaptive! {
    AdaptiveAvgPool2d, "AdaptiveAvgPool2d", Take::Mean;
    AdaptiveMaxPool2d, "AdaptiveMaxPool2d", Take::Largest;
}

/// The largest number and the mean of each channel, fastai's `AdaptiveConcatPool2d`, flattened: from
/// pictures with `C` channels to rows of `C2 = 2 C` numbers, first all the largest, then all the means.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let pictures: Tensor<Rank4<1, 1, 2, 2>, f32, _> = dev.tensor([[[[1., 2.], [4., 3.]]]]);
/// assert_eq!(AdaptiveConcatPool2d::<2>.forward(pictures).array(), [[4., 2.5]]);
/// ```
///
/// `C2` has to be twice as many as there are:
/// ```compile_fail,E0080
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let pictures: Tensor<Rank4<1, 1, 2, 2>, f32, _> = dev.tensor([[[[1., 2.], [4., 3.]]]]);
/// AdaptiveConcatPool2d::<3>.forward(pictures);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct AdaptiveConcatPool2d<const C2: usize>;

impl<const C2: usize> ZeroSizedModule for AdaptiveConcatPool2d<C2> {}
impl<const C2: usize> NonMutableModule for AdaptiveConcatPool2d<C2> {}

impl<B, const C: usize, H, W, const C2: usize, T>
    Module<Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>> for AdaptiveConcatPool2d<C2>
where
    B: Dim,
    H: ConstDim,
    W: ConstDim,
    T: Tape<f32, AutoDevice>,
{
    type Output = Tensor<(B, Const<C2>), f32, AutoDevice, T>;
    type Error = DeviceError;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>,
    ) -> Result<Self::Output, DeviceError> {
        const { assert!(C2 == 2 * C, "AdaptiveConcatPool2d<C2>: C2 is twice the number of channels") };
        let y = ops::concat_pool::<_, C, C2, _>(x)?;
        observe::layer("AdaptiveConcatPool2d", y.shape(), 0);
        Ok(y)
    }
}
