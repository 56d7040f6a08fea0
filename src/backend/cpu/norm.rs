//! Batch norm, with what follows it in a residual net.

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Merge, PutTape, SplitTape, Tape, Tensor, TensorFromVec};
use samebits::{BatchNorm, Gradients, Statistics};

use super::view::values;
use super::{BatchNormed, Each, Err};
use crate::nn::Channels;
use crate::tensor::Traced;

/// In training: with the statistics of the batch. A residual is added to what comes out, and then
/// negative numbers become 0 if `relu` says so.
pub(crate) fn batch_norm_train<S: Channels<C>, const C: usize>(
    x: Traced<S>,
    residual: Option<Traced<S>>,
    [weight, bias]: [&Each<C>; 2],
    eps: f32,
    relu: bool,
) -> Result<BatchNormed<C, Traced<S>>, Err> {
    let (x, mut tape) = S::by_pixel(x)?.split_tape();
    let statistics = Statistics::of(&values(&x), C);
    let each = |numbers: &[f32]| x.device().try_tensor_from_vec(numbers.to_vec(), *weight.shape());
    let (mean, variance) = (each(&statistics.mean)?, each(&statistics.variance)?);
    let norm = BatchNorm::new(statistics, eps, &values(weight), &values(bias), relu);
    let residual = match residual {
        Some(residual) => {
            let (residual, other) = S::by_pixel(residual)?.split_tape();
            tape = tape.merge(other);
            Some(residual)
        }
        None => None,
    };

    let mut y = vec![0.0; x.shape().num_elements()];
    norm.forward(&values(&x), residual.as_ref().map(values).as_deref(), &mut y);
    let y = x.device().try_tensor_from_vec(y, *x.shape())?;

    let (output, residual) = (y.clone(), residual.map(|residual| residual.ghost()));
    let (weight, bias) = (weight.ghost(), bias.ghost());
    tape.add_backward_op(move |gradients| {
        // Taken out for the while: `gradients` lends one of them at a time.
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&output)?);
        let mut dweight = std::mem::take(&mut **gradients.get_or_alloc_mut(&weight)?);
        let mut dbias = std::mem::take(&mut **gradients.get_or_alloc_mut(&bias)?);
        let mut dx = std::mem::take(&mut **gradients.get_or_alloc_mut(&x)?);
        let into = Gradients { dx: &mut dx, dweight: &mut dweight, dbias: &mut dbias };
        let y = values(&output);
        norm.backward(&values(&x), &y, &dy, into);
        **gradients.get_or_alloc_mut(&x)? = dx;
        **gradients.get_or_alloc_mut(&bias)? = dbias;
        **gradients.get_or_alloc_mut(&weight)? = dweight;
        if let Some(residual) = &residual {
            norm.residual_gradient(&y, &dy, gradients.get_or_alloc_mut(residual)?);
        }
        **gradients.get_or_alloc_mut(&output)? = dy;
        Ok(())
    });
    Ok(BatchNormed { y: S::from_pixels(y.put_tape(tape)), mean, variance })
}

/// Of a finished model: with the statistics that it has kept.
pub(crate) fn batch_norm_eval<S: Channels<C>, const C: usize>(
    x: Tensor<S, f32, AutoDevice>,
    residual: Option<Tensor<S, f32, AutoDevice>>,
    [mean, variance, weight, bias]: [&Each<C>; 4],
    eps: f32,
    relu: bool,
) -> Result<Tensor<S, f32, AutoDevice>, Err> {
    let x = S::by_pixel(x)?;
    let residual = residual.map(S::by_pixel).transpose()?;
    let statistics = Statistics { mean: mean.as_vec(), variance: variance.as_vec() };
    let norm = BatchNorm::new(statistics, eps, &values(weight), &values(bias), relu);
    let mut y = vec![0.0; x.shape().num_elements()];
    norm.forward(&values(&x), residual.as_ref().map(values).as_deref(), &mut y);
    Ok(S::from_pixels(x.device().try_tensor_from_vec(y, *x.shape())?))
}
