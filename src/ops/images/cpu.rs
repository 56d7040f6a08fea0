//! Means and distances of [`samebits`].

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use samebits::{column_means, mean_absolute_differences};

use super::ImagesKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, values};

impl ImagesKernel for SameBits {
    fn mean_image<S: Shape, One: Shape>(
        images: &Tensor<S, f32, AutoDevice>,
        one: &One,
    ) -> Result<Tensor<One, f32, AutoDevice>, DeviceError> {
        let mean = match &*values(images) {
            [] => vec![f32::NAN; one.num_elements()],
            numbers => column_means(numbers, one.num_elements()),
        };
        images.device().try_tensor_from_vec(mean, *one)
    }

    fn distances<S: Shape, One: Shape, Each: Shape>(
        a: &Tensor<S, f32, AutoDevice>,
        b: &Tensor<One, f32, AutoDevice>,
        each: &Each,
    ) -> Result<Tensor<Each, f32, AutoDevice>, DeviceError> {
        let mut distances = vec![0.0; each.num_elements()];
        mean_absolute_differences(&values(a), &values(b), &mut distances);
        a.device().try_tensor_from_vec(distances, *each)
    }
}
