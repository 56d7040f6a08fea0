//! A convolution and the batch norm behind it, in training one operation.

use dfdx::shapes::{Const, Dim, HasShape, Rank4, Shape};
use dfdx::tensor::{AutoDevice, Merge, SplitTape, Tensor};
use samebits::Device as _;

use super::batch_norm::{Normed, OfInput, Training, normed};
use super::conv2d::{Convolved, conv2d_sizes};
use super::input::is_input;
use super::numbers::{
    Scratch, Taken, device, done, in_order, numbers, parameter, record, write, zeros,
};
use crate::device::DeviceError;
use crate::shapes::{Channels, ImagesOf, Recorded, Traced, Window};

/// [`conv2d`](super::conv2d()) without a bias, and then [`batch_norm_train`](super::batch_norm_train()): the same numbers
/// as one after the other, to the last bit.
///
/// Nobody else sees what lies between the two. So it and its gradient are no tensors: their memory is not filled with zeros
/// first, and is free for others as soon as it has been read. A GPU's convolution makes the sums of the batch norm as it
/// goes.
///
/// # Errors
/// If the device has no room for the result, or for what lies between.
pub(crate) fn conv_norm_train<
    X,
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
>(
    x: Traced<X>,
    weight: &Tensor<Rank4<K, K, I, O>, f32, AutoDevice>,
    residual: Option<Convolved<X, K, S, P, O, Recorded>>,
    of: Training<'_, O>,
) -> Result<Convolved<X, K, S, P, O, Recorded>, DeviceError>
where
    X: ImagesOf<I>,
    X::Height: Window<K, S, P>,
    X::Width: Window<K, S, P>,
{
    let batch = x.shape().batch();
    let sizes = conv2d_sizes::<X, I, O, K, S, P>(batch.size());
    let out = (Default::default(), Default::default(), batch, Const::<O>);
    let residual = residual.map(Channels::by_pixel).transpose()?;
    let y = by_pixel(X::by_pixel(x)?, weight, residual, of, &sizes, &out)?;
    Ok(Channels::from_pixels(y))
}

/// The same where pictures and result lie by pixel, (height, width, batch, channel); the result has the shape `out`.
fn by_pixel<X: Shape, W: Shape, Y: Shape, const O: usize>(
    x: Traced<X>,
    weight: &Tensor<W, f32, AutoDevice>,
    residual: Option<Traced<Y>>,
    of: Training<'_, O>,
    sizes: &samebits::Conv2d,
    out: &Y,
) -> Result<Traced<Y>, DeviceError> {
    let (x, tape) = in_order(x)?.split_tape();
    let (weight, of_weight) = parameter::<_, Recorded>(weight)?;
    let needs_dx = !is_input(&x);
    let mut between = Scratch::new(sizes.output_len())?;
    let statistics = done(device()?.conv_forward_statistics(
        sizes,
        numbers(&x),
        numbers(&weight),
        between.numbers_mut(),
    ))?;
    let y = zeros(x.device(), out)?;
    let Normed { y, tape: of_norm, way_back } =
        normed(between.numbers(), Some(statistics), residual, of, y)?;

    let sizes = *sizes;
    Ok(record(y, tape.merge(of_weight).merge(of_norm), move |dy, gradients| {
        let mut of_between = Scratch::new(sizes.output_len())?;
        let into = OfInput { dx: of_between.numbers_mut(), fresh: true };
        way_back(between.numbers(), dy, into, gradients)?;
        let mut dw = Taken::out_of(gradients.get_or_alloc_mut(&weight)?);
        let dx = match needs_dx {
            true => Some(write(gradients.get_or_alloc_mut(&x)?)),
            false => None,
        };
        let (x, w, dy) = (numbers(&x), numbers(&weight), of_between.numbers());
        done(device()?.conv_gradients(&sizes, x, w, dy, dw.numbers_mut(), dx))?;
        dw.back(gradients.get_or_alloc_mut(&weight)?);
        Ok(())
    }))
}
