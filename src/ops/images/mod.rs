//! Means of images, and distances between them: see [`ImagesKernel`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use crate::device::DeviceError;

/// What the course's first model is made of. Images of a batch lie one after the other.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) trait ImagesKernel {
    /// The mean of all images, pixel by pixel; `one` is the shape of an image. Not a number if there are
    /// none.
    fn mean_image<S: Shape, One: Shape>(
        images: &Tensor<S, f32, AutoDevice>,
        one: &One,
    ) -> Result<Tensor<One, f32, AutoDevice>, DeviceError>;

    /// The mean absolute difference of each image of `a` from the image `b`, `(1/n) sum_i |a_i - b_i|`;
    /// `each` is the shape of a number for each image.
    fn distances<S: Shape, One: Shape, Each: Shape>(
        a: &Tensor<S, f32, AutoDevice>,
        b: &Tensor<One, f32, AutoDevice>,
        each: &Each,
    ) -> Result<Tensor<Each, f32, AutoDevice>, DeviceError>;
}
