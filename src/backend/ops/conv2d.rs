//! A convolution as one product of matrices.

use dfdx::shapes::{Const, Dim, HasShape, Rank4};
use dfdx::tensor::{AutoDevice, Tape, Tensor};
use dfdx::tensor_ops::{ReshapeTo, TryMatMul};

use super::index::{gather_rows, index, taps, with_filler};
use super::{Convolved, Err};
use crate::nn::{Channels, OutHeight, OutWidth, Pictures, Window};

/// The convolution of the pictures `x`; `sizes` says the same as the types.
pub(crate) fn conv2d<
    X,
    T,
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
>(
    x: Tensor<X, f32, AutoDevice, T>,
    weight: &Tensor<Rank4<K, K, I, O>, f32, AutoDevice>,
    sizes: samebits::Conv2d,
) -> Result<Convolved<X, K, S, P, O, T>, Err>
where
    X: Pictures<I>,
    X::Height: Window<K, S, P>,
    X::Width: Window<K, S, P>,
    T: Tape<f32, AutoDevice>,
{
    let batch = x.shape().batch();
    debug_assert_eq!(batch.size(), sizes.batch);
    let (height, width) = (OutHeight::<X, K, S, P>::default(), OutWidth::<X, K, S, P>::default());
    let pixels = by_pixel(X::by_pixel(x)?, weight, &sizes)?;
    Ok(Channels::from_pixels(pixels.try_reshape_like(&(height, width, batch, Const::<O>))?))
}

/// The convolution of pictures `x`, (height, width, batch, channel), with weights by tap: a matrix with
/// a row for each pixel of each resulting picture, in the same order, and a column for each of the `O`
/// channels.
///
/// ```text
/// y[(p, b), o] = sum_ti x[(stride p + t - padding, b), i] weight[(t, i), o]
/// ```
///
/// For each row of `y` the rows of `x` that the kernel meets are gathered side by side; a row of zeros is
/// the padding. Then it is a product of matrices. Taps `t` that meet nothing but padding are left out.
fn by_pixel<X, T, const K: usize, const I: usize, const O: usize>(
    x: Tensor<X, f32, AutoDevice, T>,
    weight: &Tensor<Rank4<K, K, I, O>, f32, AutoDevice>,
    sizes: &samebits::Conv2d,
) -> Result<Tensor<(usize, Const<O>), f32, AutoDevice, T>, Err>
where
    X: dfdx::shapes::Shape,
    T: Tape<f32, AutoDevice>,
{
    let dev = x.device().clone();
    let batch = sizes.batch;
    let pixels = taps(sizes);
    let met: Vec<usize> =
        (0..K * K).filter(|tap| pixels.iter().any(|pixel| pixel[*tap].is_some())).collect();
    let padded = pixels.iter().any(|pixel| met.iter().any(|tap| pixel[*tap].is_none()));
    let one_to_one = met.len() == 1
        && pixels.len() == sizes.height * sizes.width
        && pixels.iter().enumerate().all(|(at, pixel)| pixel[met[0]] == Some(at));

    let nothing = sizes.height * sizes.width * batch;
    let mut rows = x.try_reshape_like(&(nothing, Const::<I>))?;
    if padded {
        rows = with_filler(rows, Const, 0.0)?;
    }
    if !one_to_one {
        let key = [sizes.height, sizes.width, K, sizes.stride, sizes.padding, batch];
        let places = index(&dev, "convolution", &key, || {
            let row = |pixel: &[Option<usize>], picture: usize| -> Vec<usize> {
                let place = |tap: &usize| pixel[*tap].map_or(nothing, |at| at * batch + picture);
                met.iter().map(place).collect()
            };
            let pixel = |pixel: &Vec<Option<usize>>| -> Vec<usize> {
                (0..batch).flat_map(|picture| row(pixel, picture)).collect()
            };
            pixels.iter().flat_map(pixel).collect()
        })?;
        rows = gather_rows(rows, places)?;
    }
    let columns = rows.try_reshape_like(&(pixels.len() * batch, met.len() * I))?;

    // With a tape of its own, so that the weights get a gradient, too.
    let mut weight = weight.retaped::<T>().try_reshape_like(&(K * K, I * O))?;
    if met.len() < K * K {
        let key = [sizes.height, sizes.width, K, sizes.stride, sizes.padding];
        weight = gather_rows(weight, index(&dev, "taps", &key, || met.clone())?)?;
    }
    columns.try_matmul(weight.try_reshape_like(&(met.len() * I, Const))?)
}
