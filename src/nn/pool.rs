//! Pooling: one number for several pixels.

use dfdx::nn::{NonMutableModule, ZeroSizedModule};
use dfdx::prelude::Module;
use dfdx::shapes::{Const, ConstDim, Dim, HasShape};
use dfdx::tensor::{AutoDevice, HasErr, Tape, Tensor};
#[cfg(not(feature = "dfdx-ops"))]
use dfdx::tensor::{PutTape, SplitTape, TensorFromVec};
#[cfg(not(feature = "dfdx-ops"))]
use samebits::Windows;

#[cfg(not(feature = "dfdx-ops"))]
use super::channels::pictures_by_pixel;
use super::channels::{Channels, Pictures, Sides};
use super::observe;
use super::window::Window;
#[cfg(feature = "dfdx-ops")]
use crate::device::{Take, Windows};
#[cfg(not(feature = "dfdx-ops"))]
use crate::tensor::values;

type Err = <AutoDevice as HasErr>::Err;

/// What becomes of the numbers of a window.
#[cfg(not(feature = "dfdx-ops"))]
#[derive(Debug, Clone, Copy, PartialEq)]
enum Take {
    Largest,
    Mean,
}

/// Pictures of `H` rows and `W` columns, as many as in a batch of shape `X`.
type Pooled<X, const C: usize, H, W, T> =
    Tensor<(<X as Sides>::Batch, Const<C>, H, W), f32, AutoDevice, T>;

/// Pools the pictures of `x` to those of `H` rows and `W` columns.
#[cfg(feature = "dfdx-ops")]
fn pool<X, const C: usize, H, W, T>(
    x: Tensor<X, f32, AutoDevice, T>,
    windows: Windows,
    take: Take,
) -> Result<Pooled<X, C, H, W, T>, Err>
where
    X: Pictures<C>,
    H: ConstDim,
    W: ConstDim,
    T: Tape<f32, AutoDevice>,
{
    use dfdx::tensor_ops::ReshapeTo;

    let batch = x.shape().batch();
    let y = crate::device::pool(X::by_pixel(x)?, &windows, take)?;
    let y = y.try_reshape_like(&(H::default(), W::default(), batch, Const::<C>))?;
    Ok(Channels::from_pixels(y))
}

/// Pools the pictures of `x` to those of `H` rows and `W` columns.
#[cfg(not(feature = "dfdx-ops"))]
fn pool<X, const C: usize, H, W, T>(
    x: Tensor<X, f32, AutoDevice, T>,
    windows: Windows,
    take: Take,
) -> Result<Pooled<X, C, H, W, T>, Err>
where
    X: Pictures<C>,
    H: ConstDim,
    W: ConstDim,
    T: Tape<f32, AutoDevice>,
{
    let batch = x.shape().batch();
    let (x, mut tape) = X::by_pixel(x)?.split_tape();
    let mut y = vec![0.0; H::SIZE * W::SIZE * batch.size() * C];
    let places = match take {
        Take::Largest => windows.max(&values(&x), &mut y),
        Take::Mean => {
            windows.mean(&values(&x), &mut y);
            Vec::new()
        }
    };
    let y = pictures_by_pixel::<_, C, H, W>(x.device(), batch, y)?;
    let (x, y_ghost) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |gradients| {
        // Taken out for the while: `gradients` lends one of them at a time.
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        let dx = gradients.get_or_alloc_mut(&x)?;
        match take {
            Take::Largest => windows.max_gradient(&places, &dy, dx),
            Take::Mean => windows.mean_gradient(&dy, dx),
        }
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(Channels::from_pixels(y.put_tape(tape)))
}

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
    type Error = Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>,
    ) -> Result<Self::Output, Err> {
        const { assert!(P <= K / 2, "a window of max pooling reaches over the edge by at most half") };
        let windows = Windows::of(&samebits::Conv2d {
            batch: 1,
            height: H::SIZE,
            width: W::SIZE,
            in_channels: 1,
            out_channels: 1,
            kernel_size: K,
            stride: S,
            padding: P,
        });
        let y = pool(x, windows, Take::Largest)?;
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
            type Error = Err;

            fn try_forward(
                &self,
                x: Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>,
            ) -> Result<Self::Output, Err> {
                let y = pool(x, Windows::adaptive([H::SIZE, W::SIZE], [N, N]), $take)?;
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
    type Error = Err;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>,
    ) -> Result<Self::Output, Err> {
        const { assert!(C2 == 2 * C, "AdaptiveConcatPool2d<C2>: C2 is twice the number of channels") };
        let y = concat_pool::<_, C, C2, _>(x)?;
        observe::layer("AdaptiveConcatPool2d", y.shape(), 0);
        Ok(y)
    }
}

/// A row of `C2` numbers for each picture of a batch of shape `X`.
type PooledRows<X, const C2: usize, T> =
    Tensor<(<X as Sides>::Batch, Const<C2>), f32, AutoDevice, T>;

/// See [`AdaptiveConcatPool2d`].
#[cfg(feature = "dfdx-ops")]
fn concat_pool<X, const C: usize, const C2: usize, T>(
    x: Tensor<X, f32, AutoDevice, T>,
) -> Result<PooledRows<X, C2, T>, Err>
where
    X: Pictures<C>,
    T: Tape<f32, AutoDevice>,
{
    use dfdx::tensor_ops::ReshapeTo;

    let (batch, sides) = (x.shape().batch(), [X::Height::SIZE, X::Width::SIZE]);
    let y = crate::device::concat_pool(X::by_pixel(x)?, sides, [batch.size(), C])?;
    y.try_reshape_like(&(batch, Const))
}

/// See [`AdaptiveConcatPool2d`].
#[cfg(not(feature = "dfdx-ops"))]
fn concat_pool<X, const C: usize, const C2: usize, T>(
    x: Tensor<X, f32, AutoDevice, T>,
) -> Result<PooledRows<X, C2, T>, Err>
where
    X: Pictures<C>,
    T: Tape<f32, AutoDevice>,
{
    let batch = x.shape().batch();
    let (x, mut tape) = X::by_pixel(x)?.split_tape();
    let windows = Windows::adaptive([X::Height::SIZE, X::Width::SIZE], [1, 1]);
    let mut largest = vec![0.0; batch.size() * C];
    let mut means = largest.clone();
    let places = windows.max(&values(&x), &mut largest);
    windows.mean(&values(&x), &mut means);
    let rows = largest.chunks(C.max(1)).zip(means.chunks(C.max(1)));
    let y = rows.flat_map(|(largest, means)| [largest, means].concat()).collect();
    let y = x.device().try_tensor_from_vec(y, (batch, Const))?;

    let (x, y_ghost) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |gradients| {
        let dy = gradients.get_or_alloc_mut(&y_ghost)?;
        let (mut largest, mut means) = (Vec::new(), Vec::new());
        for row in dy.chunks(C2.max(1)) {
            largest.extend_from_slice(&row[..C]);
            means.extend_from_slice(&row[C..]);
        }
        let dx = gradients.get_or_alloc_mut(&x)?;
        windows.max_gradient(&places, &largest, dx);
        windows.mean_gradient(&means, dx);
        Ok(())
    });
    Ok(y.put_tape(tape))
}
