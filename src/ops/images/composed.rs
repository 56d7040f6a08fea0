//! Means and distances by dfdx's operations, with a row for each image.

use dfdx::shapes::{Axis, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
use dfdx::tensor_ops::{BroadcastTo, MeanTo, ReshapeTo, TrySub};

use super::ImagesKernel;
use crate::device::DeviceError;
use crate::ops::composed::Composed;

impl ImagesKernel for Composed {
    fn mean_image<S: Shape, One: Shape>(
        images: &Tensor<S, f32, AutoDevice>,
        one: &One,
    ) -> Result<Tensor<One, f32, AutoDevice>, DeviceError> {
        let rows = rows(images, one.num_elements())?;
        rows.try_mean::<(usize,), Axis<0>>()?.try_reshape_like(one)
    }

    fn distances<S: Shape, One: Shape, Each: Shape>(
        a: &Tensor<S, f32, AutoDevice>,
        b: &Tensor<One, f32, AutoDevice>,
        each: &Each,
    ) -> Result<Tensor<Each, f32, AutoDevice>, DeviceError> {
        let pixels = b.shape().num_elements();
        let a = rows(a, pixels)?;
        let shape = *a.shape();
        let b = b.clone().try_reshape_like(&(pixels,))?.try_broadcast_like::<_, Axis<0>>(&shape)?;
        let differences = a.try_sub(b)?.try_abs()?;
        differences.try_mean::<(usize,), Axis<1>>()?.try_reshape_like(each)
    }
}

/// Images as a matrix with a row for each.
fn rows<S: Shape>(
    images: &Tensor<S, f32, AutoDevice>,
    pixels: usize,
) -> Result<Tensor<(usize, usize), f32, AutoDevice>, DeviceError> {
    let count = images.shape().num_elements() / pixels;
    images.clone().try_reshape_like(&(count, pixels))
}
