//! Pooling.

#[cfg(test)]
mod tests;

use dfdx::shapes::{Const, ConstDim, HasShape};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use samebits::Device as _;

use super::numbers::{device, done, fresh, in_order, numbers, record, write, zeros};
use crate::device::DeviceError;
use crate::shapes::{Channels, ImagesOf, Sides};

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

/// One number for the pixels of each window, channel by channel: pools the pictures of `x` to those of `H` rows and `W`
/// columns.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn pool<X, const C: usize, H, W, T>(
    x: Tensor<X, f32, AutoDevice, T>,
    windows: Windows,
    take: Take,
) -> Result<Pooled<X, C, H, W, T>, DeviceError>
where
    X: ImagesOf<C>,
    H: ConstDim,
    W: ConstDim,
    T: Tape<f32, AutoDevice>,
{
    let out = (H::default(), W::default(), x.shape().batch(), Const::<C>);
    let (x, tape) = in_order(X::by_pixel(x)?)?.split_tape();
    let (windows, device) = (windows.pixels(), device()?);
    let mut y = zeros(x.device(), &out)?;
    let (from, to) = (numbers(&x), fresh(&mut y));
    let places = match take {
        Take::Largest => Some(done(device.max_pool(&windows, from, to))?),
        Take::Mean => done(device.mean_pool(&windows, from, to)).map(|()| None)?,
    };
    let x = x.ghost();
    let y = record(y, tape, move |dy, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(match &places {
            Some(places) => device.max_pool_gradient(&windows, places, dy, dx),
            None => device.mean_pool_gradient(&windows, dy, dx),
        })
    });
    Ok(Channels::from_pixels(y))
}

/// For each picture a row of `C2 = 2 C` numbers: the largest number of each channel, then the mean of
/// each.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn concat_pool<X, const C: usize, const C2: usize, T>(
    x: Tensor<X, f32, AutoDevice, T>,
) -> Result<PooledRows<X, C2, T>, DeviceError>
where
    X: ImagesOf<C>,
    T: Tape<f32, AutoDevice>,
{
    let (batch, pixels) = (x.shape().batch(), X::Height::SIZE * X::Width::SIZE);
    let (x, tape) = in_order(X::by_pixel(x)?)?.split_tape();
    let device = device()?;
    let mut y = zeros(x.device(), &(batch, Const::<C2>))?;
    let places = done(device.concat_pool(C, pixels, numbers(&x), fresh(&mut y)))?;
    let x = x.ghost();
    Ok(record(y, tape, move |dy, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.concat_pool_gradient(C, pixels, &places, dy, dx))
    }))
}
