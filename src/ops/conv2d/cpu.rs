//! Convolution with [`samebits::Conv2d`].

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor, TensorFromVec};

use super::Conv2dKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, record, values};
use crate::ops::input::is_input;

impl Conv2dKernel for SameBits {
    fn conv2d_by_pixel<X: Shape, W: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        weight: &Tensor<W, f32, AutoDevice>,
        sizes: &samebits::Conv2d,
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError> {
        let (x, tape) = x.split_tape();
        let needs_dx = T::OWNS_TAPE && !is_input(&x);
        let mut y = vec![0.0; sizes.output_len()];
        sizes.forward(&values(&x), &values(weight), &mut y);
        let y = x.device().try_tensor_from_vec(y, *out)?;

        let (weight, sizes) = (weight.clone(), *sizes);
        Ok(record(y, tape, move |dy, gradients| {
            sizes.weight_gradient(&values(&x), dy, gradients.get_or_alloc_mut(&weight)?);
            if needs_dx {
                sizes.input_gradient(dy, &values(&weight), gradients.get_or_alloc_mut(&x)?);
            }
            Ok(())
        }))
    }
}
