//! Pooling.

use dfdx::shapes::{Const, ConstDim, Dim, HasShape};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Tape, Tensor, TensorFromVec};
pub(crate) use samebits::Windows;

use super::view::values;
use super::{Err, Pooled, PooledRows, Take};
use crate::nn::{Channels, Pictures, pictures_by_pixel};

/// Pools the pictures of `x` to those of `H` rows and `W` columns.
pub(crate) fn pool<X, const C: usize, H, W, T>(
    x: Tensor<X, f32, AutoDevice, T>,
    windows: Windows,
    take: Take,
) -> Result<Pooled<X, C, H, W, T>, Err>
where
    X: Pictures<C>,
    H: ConstDim,
    W: ConstDim,
    T: Tape<f32, AutoDevice>,
{
    let batch = x.shape().batch();
    let (x, mut tape) = X::by_pixel(x)?.split_tape();
    let mut y = vec![0.0; H::SIZE * W::SIZE * batch.size() * C];
    let places = match take {
        Take::Largest => windows.max(&values(&x), &mut y),
        Take::Mean => {
            windows.mean(&values(&x), &mut y);
            Vec::new()
        }
    };
    let y = pictures_by_pixel::<_, C, H, W>(x.device(), batch, y)?;
    let (x, y_ghost) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |gradients| {
        // Taken out for the while: `gradients` lends one of them at a time.
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        let dx = gradients.get_or_alloc_mut(&x)?;
        match take {
            Take::Largest => windows.max_gradient(&places, &dy, dx),
            Take::Mean => windows.mean_gradient(&dy, dx),
        }
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(Channels::from_pixels(y.put_tape(tape)))
}

/// For each picture a row: the largest number of each channel, then the mean of each.
pub(crate) fn concat_pool<X, const C: usize, const C2: usize, T>(
    x: Tensor<X, f32, AutoDevice, T>,
) -> Result<PooledRows<X, C2, T>, Err>
where
    X: Pictures<C>,
    T: Tape<f32, AutoDevice>,
{
    let batch = x.shape().batch();
    let (x, mut tape) = X::by_pixel(x)?.split_tape();
    let windows = Windows::adaptive([X::Height::SIZE, X::Width::SIZE], [1, 1]);
    let mut largest = vec![0.0; batch.size() * C];
    let mut means = largest.clone();
    let places = windows.max(&values(&x), &mut largest);
    windows.mean(&values(&x), &mut means);
    let rows = largest.chunks(C.max(1)).zip(means.chunks(C.max(1)));
    let y = rows.flat_map(|(largest, means)| [largest, means].concat()).collect();
    let y = x.device().try_tensor_from_vec(y, (batch, Const))?;

    let (x, y_ghost) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |gradients| {
        let dy = gradients.get_or_alloc_mut(&y_ghost)?;
        let (mut largest, mut means) = (Vec::new(), Vec::new());
        for row in dy.chunks(C2.max(1)) {
            largest.extend_from_slice(&row[..C]);
            means.extend_from_slice(&row[C..]);
        }
        let dx = gradients.get_or_alloc_mut(&x)?;
        windows.max_gradient(&places, &largest, dx);
        windows.mean_gradient(&means, dx);
        Ok(())
    });
    Ok(y.put_tape(tape))
}
