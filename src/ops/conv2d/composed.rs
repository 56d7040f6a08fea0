//! A convolution as one product of matrices.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tape, Tensor};
use dfdx::tensor_ops::{ReshapeTo, TryMatMul};

use super::Conv2dKernel;
use crate::device::DeviceError;
use crate::ops::composed::{Composed, gather_rows, index, with_filler};

impl Conv2dKernel for Composed {
    /// Seen as matrices, with a row for each pixel of each picture,
    ///
    /// ```text
    /// y[(p, b), o] = sum_ti x[(stride p + t - padding, b), i] weight[(t, i), o]
    /// ```
    ///
    /// For each row of `y` the rows of `x` that the kernel meets are gathered side by side; a row of zeros is
    /// the padding. Then it is a product of matrices. Taps `t` that meet nothing but padding are left out.
    fn conv2d_by_pixel<X: Shape, W: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        weight: &Tensor<W, f32, AutoDevice>,
        sizes: &samebits::Conv2d,
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError> {
        let dev = x.device().clone();
        let samebits::Conv2d { batch, height, width, kernel_size, stride, padding, .. } = *sizes;
        let (inputs, outputs) = (sizes.in_channels, sizes.out_channels);
        let all_taps = kernel_size * kernel_size;
        let pixels = taps(sizes);
        let met: Vec<usize> =
            (0..all_taps).filter(|tap| pixels.iter().any(|pixel| pixel[*tap].is_some())).collect();
        let padded = pixels.iter().any(|pixel| met.iter().any(|tap| pixel[*tap].is_none()));
        let one_to_one = met.len() == 1
            && pixels.len() == height * width
            && pixels.iter().enumerate().all(|(at, pixel)| pixel[met[0]] == Some(at));

        let nothing = height * width * batch;
        let mut rows = x.try_reshape_like(&(nothing, inputs))?;
        if padded {
            rows = with_filler(rows, inputs, 0.0)?;
        }
        if !one_to_one {
            let key = [height, width, kernel_size, stride, padding, batch];
            let places = index(&dev, "convolution", &key, || {
                let row = |pixel: &[Option<usize>], picture: usize| -> Vec<usize> {
                    let place =
                        |tap: &usize| pixel[*tap].map_or(nothing, |at| at * batch + picture);
                    met.iter().map(place).collect()
                };
                let pixel = |pixel: &Vec<Option<usize>>| -> Vec<usize> {
                    (0..batch).flat_map(|picture| row(pixel, picture)).collect()
                };
                pixels.iter().flat_map(pixel).collect()
            })?;
            rows = gather_rows(rows, places)?;
        }
        let columns = rows.try_reshape_like(&(pixels.len() * batch, met.len() * inputs))?;

        // With a tape of its own, so that the weights get a gradient, too.
        let mut weight = weight.retaped::<T>().try_reshape_like(&(all_taps, inputs * outputs))?;
        if met.len() < all_taps {
            let key = [height, width, kernel_size, stride, padding];
            weight = gather_rows(weight, index(&dev, "taps", &key, || met.clone())?)?;
        }
        let weight = weight.try_reshape_like(&(met.len() * inputs, outputs))?;
        columns.try_matmul(weight)?.try_reshape_like(out)
    }
}

/// For each pixel of the result which pixel each tap of the kernel meets; `None` is padding.
fn taps(sizes: &samebits::Conv2d) -> Vec<Vec<Option<usize>>> {
    let pixel = |pixel| {
        let mut met = vec![None; sizes.kernel_size * sizes.kernel_size];
        sizes.taps(pixel).for_each(|(tap, input)| met[tap] = Some(input));
        met
    };
    (0..sizes.out_height() * sizes.out_width()).map(pixel).collect()
}
