//! Batch norm, with what follows it in a residual net: see [`BatchNormKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::{Rank1, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use crate::device::DeviceError;
use crate::shapes::{Channels, Traced};

/// A number for each channel.
pub(crate) type Each<const C: usize> = Tensor<Rank1<C>, f32, AutoDevice>;

/// Activations after a batch norm, and what was found on the way.
#[derive(Debug)]
pub(crate) struct BatchNormed<const C: usize, Y> {
    pub y: Y,
    /// The mean of each channel.
    pub mean: Each<C>,
    /// The variance of each channel: the mean of the squares of what is left when the mean is taken
    /// away.
    pub variance: Each<C>,
}

/// Batch norm of `C` channels: for each channel
///
/// ```text
/// y = (x - mean) / sqrt(variance + eps) weight + bias
/// ```
///
/// A residual is added to what comes out, and then negative numbers become 0 if `relu` says so.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) trait BatchNormKernel {
    /// In training: with the statistics of the batch, over all pictures and pixels.
    fn batch_norm_train<S: Channels<C>, const C: usize>(
        x: Traced<S>,
        residual: Option<Traced<S>>,
        affine: [&Each<C>; 2],
        eps: f32,
        relu: bool,
    ) -> Result<BatchNormed<C, Traced<S>>, DeviceError> {
        let (x, residual) = (S::by_pixel(x)?, residual.map(S::by_pixel).transpose()?);
        let BatchNormed { y, mean, variance } =
            Self::train_by_pixel(x, residual, affine, eps, relu)?;
        Ok(BatchNormed { y: S::from_pixels(y), mean, variance })
    }

    /// Of a finished model: with the statistics that it has kept, `[mean, variance, weight, bias]`.
    fn batch_norm_eval<S: Channels<C>, const C: usize>(
        x: Tensor<S, f32, AutoDevice>,
        residual: Option<Tensor<S, f32, AutoDevice>>,
        parameters: [&Each<C>; 4],
        eps: f32,
        relu: bool,
    ) -> Result<Tensor<S, f32, AutoDevice>, DeviceError> {
        let (x, residual) = (S::by_pixel(x)?, residual.map(S::by_pixel).transpose()?);
        Ok(S::from_pixels(Self::eval_by_pixel(x, residual, parameters, eps, relu)?))
    }

    /// What a version works out in training: activations lie by pixel, their last axis is that of the
    /// channels.
    fn train_by_pixel<S: Shape, const C: usize>(
        x: Traced<S>,
        residual: Option<Traced<S>>,
        affine: [&Each<C>; 2],
        eps: f32,
        relu: bool,
    ) -> Result<BatchNormed<C, Traced<S>>, DeviceError>;

    /// The same of a finished model.
    fn eval_by_pixel<S: Shape, const C: usize>(
        x: Tensor<S, f32, AutoDevice>,
        residual: Option<Tensor<S, f32, AutoDevice>>,
        parameters: [&Each<C>; 4],
        eps: f32,
        relu: bool,
    ) -> Result<Tensor<S, f32, AutoDevice>, DeviceError>;
}
