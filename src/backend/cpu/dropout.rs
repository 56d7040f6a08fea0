//! Dropout.

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{PutTape, SplitTape, Tape, TensorFromVec};
use dfdx::tensor_ops::ReshapeTo;

use super::Err;
use super::view::values;
use crate::tensor::Traced;

/// Each number of `x` times its factor.
pub(crate) fn dropout<S: Shape>(x: Traced<S>, factors: Vec<f32>) -> Result<Traced<S>, Err> {
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let mut y = vec![0.0; factors.len()];
    add_products(&mut y, &values(&x), &factors);
    let y = x.device().try_tensor_from_vec(y, *x.shape())?;

    let (x, y_ghost) = (x.ghost(), y.ghost());
    tape.add_backward_op(move |gradients| {
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        add_products(gradients.get_or_alloc_mut(&x)?, &dy, &factors);
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

fn add_products(sums: &mut [f32], a: &[f32], b: &[f32]) {
    sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
}
