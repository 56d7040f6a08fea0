//! Convolution.

use dfdx::shapes::{Const, ConstDim, Dim, HasShape, Rank1, Rank4, Shape};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use samebits::Device as _;

use super::input::is_input;
use super::numbers::{
    Taken, device, done, fresh, in_order, numbers, parameter, record, write, zeros,
};
use crate::device::DeviceError;
use crate::shapes::{Channels, ImagesOf, OutHeight, OutWidth, Sides, Window};

/// What a convolution makes of pictures of shape `X`.
pub(crate) type Convolved<X, const K: usize, const S: usize, const P: usize, const O: usize, T> =
    Tensor<
        (<X as Sides>::Batch, Const<O>, OutHeight<X, K, S, P>, OutWidth<X, K, S, P>),
        f32,
        AutoDevice,
        T,
    >;

/// The convolution of pictures: with a kernel of `K` rows and columns that moves `S` pixels at a time and
/// reaches `P` pixels over the edge, from `I` channels to `O`.
///
/// With `x` as 0 outside of the picture, for each picture `b` of the batch
///
/// ```text
/// y[b, o, r, c] = sum_jki x[b, i, S r + j - P, S c + k - P] weight[j, k, i, o]
/// ```
///
/// and then `bias[o]` is added, if there is a `bias`.
///
/// Of the model's input ([`without_gradient`](super::without_gradient)) the gradient is left out.
///
/// # Errors
/// If the device has no room for the result.
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
    bias: Option<&Tensor<Rank1<O>, f32, AutoDevice>>,
) -> Result<Convolved<X, K, S, P, O, T>, DeviceError>
where
    X: ImagesOf<I>,
    X::Height: Window<K, S, P>,
    X::Width: Window<K, S, P>,
    T: Tape<f32, AutoDevice>,
{
    let batch = x.shape().batch();
    let sizes = conv2d_sizes::<X, I, O, K, S, P>(batch.size());
    let out = (Default::default(), Default::default(), batch, Const::<O>);
    let y = by_pixel(X::by_pixel(x)?, weight, bias, &sizes, &out)?;
    Ok(Channels::from_pixels(y))
}

/// The same where pictures and result lie by pixel, (height, width, batch, channel); the result has the shape `out`.
fn by_pixel<X: Shape, W: Shape, Y: Shape, T: Tape<f32, AutoDevice>, const O: usize>(
    x: Tensor<X, f32, AutoDevice, T>,
    weight: &Tensor<W, f32, AutoDevice>,
    bias: Option<&Tensor<Rank1<O>, f32, AutoDevice>>,
    sizes: &samebits::Conv2d,
    out: &Y,
) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError> {
    let (x, mut tape) = in_order(x)?.split_tape();
    let (weight, of_weight) = parameter::<_, T>(weight)?;
    tape = tape.merge(of_weight);
    let needs_dx = T::OWNS_TAPE && !is_input(&x);
    let mut y = zeros(x.device(), out)?;
    done(device()?.conv_forward(sizes, numbers(&x), numbers(&weight), fresh(&mut y)))?;
    let mut ghost = None;
    if let Some(bias) = bias {
        let (bias, of_bias) = parameter::<_, T>(bias)?;
        tape = tape.merge(of_bias);
        let rows = y.shape().num_elements() / O.max(1);
        done(device()?.add_repeated(numbers(&bias), &[(rows, 0), (O, 1)], fresh(&mut y)))?;
        ghost = Some(bias.ghost());
    }

    let sizes = *sizes;
    Ok(record(y, tape, move |dy, gradients| {
        if let Some(bias) = &ghost {
            done(device()?.add_rows(dy, write(gradients.get_or_alloc_mut(bias)?)))?;
        }
        let mut dw = Taken::out_of(gradients.get_or_alloc_mut(&weight)?);
        let dx = match needs_dx {
            true => Some(write(gradients.get_or_alloc_mut(&x)?)),
            false => None,
        };
        let (x, w) = (numbers(&x), numbers(&weight));
        done(device()?.conv_gradients(&sizes, x, w, dy, dw.numbers_mut(), dx))?;
        dw.back(gradients.get_or_alloc_mut(&weight)?);
        Ok(())
    }))
}

/// The sizes of the convolution of `batch` pictures of shape `X`.
pub(crate) fn conv2d_sizes<
    X: ImagesOf<I>,
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
>(
    batch: usize,
) -> samebits::Conv2d {
    samebits::Conv2d {
        batch,
        height: X::Height::SIZE,
        width: X::Width::SIZE,
        in_channels: I,
        out_channels: O,
        kernel_size: K,
        stride: S,
        padding: P,
    }
}
