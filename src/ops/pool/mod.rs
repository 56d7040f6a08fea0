//! Pooling: see [`PoolKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::{Const, ConstDim, Dim, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::device::DeviceError;
use crate::shapes::{Channels, Pictures, Sides};

/// Pictures of `C` channels, `H` rows and `W` columns, as many as in a batch of shape `X`.
pub(crate) type Pooled<X, const C: usize, H, W, T> =
    Tensor<(<X as Sides>::Batch, Const<C>, H, W), f32, AutoDevice, T>;

/// A row of `C2` numbers for each picture of a batch of shape `X`.
pub(crate) type PooledRows<X, const C2: usize, T> =
    Tensor<(<X as Sides>::Batch, Const<C2>), f32, AutoDevice, T>;

/// What becomes of the numbers of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Take {
    /// The largest; of equal ones the first has the gradient.
    Largest,
    /// The mean.
    Mean,
}

/// Which pixels each pixel of the result looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Windows {
    /// Those that a kernel meets which moves over a picture of so many rows and columns. Padding is in none
    /// of them.
    Kernel {
        /// Rows and columns of the picture.
        from: [usize; 2],
        /// Rows, and columns, of the kernel.
        kernel_size: usize,
        /// How far it moves.
        stride: usize,
        /// How far it reaches over the edge.
        padding: usize,
    },
    /// Those that divide a picture to so many rows and columns, as PyTorch's adaptive pooling does.
    Adaptive {
        /// Rows and columns of the picture.
        from: [usize; 2],
        /// Rows and columns of the result.
        to: [usize; 2],
    },
}

impl Windows {
    /// The pixels of each window.
    fn pixels(self) -> samebits::Windows {
        match self {
            Self::Adaptive { from, to } => samebits::Windows::adaptive(from, to),
            Self::Kernel { from: [height, width], kernel_size, stride, padding } => {
                samebits::Windows::of(&samebits::Conv2d {
                    batch: 1,
                    height,
                    width,
                    in_channels: 1,
                    out_channels: 1,
                    kernel_size,
                    stride,
                    padding,
                })
            }
        }
    }
}

/// One number for the pixels of each window, channel by channel.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) trait PoolKernel {
    /// Pools the pictures of `x` to those of `H` rows and `W` columns.
    fn pool<X, const C: usize, H, W, T>(
        x: Tensor<X, f32, AutoDevice, T>,
        windows: Windows,
        take: Take,
    ) -> Result<Pooled<X, C, H, W, T>, DeviceError>
    where
        X: Pictures<C>,
        H: ConstDim,
        W: ConstDim,
        T: Tape<f32, AutoDevice>,
    {
        let out = (H::default(), W::default(), x.shape().batch(), Const::<C>);
        Ok(Channels::from_pixels(Self::pool_by_pixel(X::by_pixel(x)?, windows, take, &out)?))
    }

    /// For each picture a row of `C2 = 2 C` numbers: the largest number of each channel, then the mean of
    /// each.
    fn concat_pool<X, const C: usize, const C2: usize, T>(
        x: Tensor<X, f32, AutoDevice, T>,
    ) -> Result<PooledRows<X, C2, T>, DeviceError>
    where
        X: Pictures<C>,
        T: Tape<f32, AutoDevice>,
    {
        let batch = x.shape().batch();
        let windows = Windows::Adaptive { from: [X::Height::SIZE, X::Width::SIZE], to: [1, 1] };
        let sizes = [batch.size(), C];
        Self::concat_pool_by_pixel(X::by_pixel(x)?, windows, sizes, &(batch, Const))
    }

    /// What a version works out: `x` and the result lie by pixel, (height, width, batch, channel); the
    /// result has the shape `out`.
    fn pool_by_pixel<X: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        windows: Windows,
        take: Take,
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError>;

    /// The same for [`concat_pool`](Self::concat_pool); `windows` is a single one, and `sizes` are batch and
    /// channels.
    fn concat_pool_by_pixel<X: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        windows: Windows,
        sizes: [usize; 2],
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError>;
}
