//! Convolution.

use dfdx::shapes::{Dim, HasShape, Rank4};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Tape, Tensor};

use super::inputs::is_input;
use super::view::values;
use super::{Convolved, Err};
use crate::nn::{Channels, Pictures, Window, pictures_by_pixel};

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
    let (x, mut tape) = X::by_pixel(x)?.split_tape();
    let needs_dx = T::OWNS_TAPE && !is_input(&x);

    let mut y = vec![0.0; sizes.output_len()];
    sizes.forward(&values(&x), &values(weight), &mut y);
    let y = pictures_by_pixel(x.device(), batch, y)?;

    let y_ghost = y.ghost();
    let weight = weight.clone();
    tape.add_backward_op(move |gradients| {
        // Taken out for the while: `gradients` lends one of them at a time.
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        sizes.weight_gradient(&values(&x), &dy, gradients.get_or_alloc_mut(&weight)?);
        if needs_dx {
            sizes.input_gradient(&dy, &values(&weight), gradients.get_or_alloc_mut(&x)?);
        }
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(Channels::from_pixels(y.put_tape(tape)))
}
