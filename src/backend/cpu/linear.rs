//! Products with a matrix of weights.

use dfdx::shapes::{HasShape, Rank1, Rank2};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Tape, Tensor, TensorFromVec};
use dfdx::tensor_ops::ReshapeTo;
use samebits::{Matrix, matmul};

use super::Err;
use super::inputs::is_input;
use super::view::values;
use crate::nn::{JoinTape, RowsOf};

/// `y_bo = sum_i x_bi w_io`, with its gradients: of a left side without a tape there is none.
pub(crate) fn mm<S, T, R, const I: usize, const O: usize>(
    x: Tensor<S, f32, AutoDevice, T>,
    weights: Tensor<Rank2<I, O>, f32, AutoDevice, R>,
) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T::Joined>, Err>
where
    S: RowsOf<I>,
    T: JoinTape<R>,
    R: Tape<f32, AutoDevice>,
{
    let (x, tape) = x.try_contiguous()?.split_tape();
    let (w, right) = weights.try_contiguous()?.split_tape();
    let mut tape = tape.join(right);
    let needs_dx = T::OWNS_TAPE && !is_input(&x);
    let rows = x.shape().rows();

    let mut y = vec![0.0; rows * O];
    matmul(&mut y, matrix(&values(&x), I), matrix(&values(&w), O));
    let y = x.device().try_tensor_from_vec(y, x.shape().outputs::<O>())?;

    let y_ghost = y.ghost();
    tape.add_backward_op(move |gradients| {
        // Taken out for the while: `gradients` lends one of them at a time.
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        let (x_numbers, w_numbers) = (values(&x), values(&w));
        let dw = gradients.get_or_alloc_mut(&w)?;
        matmul(dw, matrix(&x_numbers, I).transposed(), matrix(&dy, O));
        if needs_dx {
            let dx = gradients.get_or_alloc_mut(&x)?;
            matmul(dx, matrix(&dy, O), matrix(&w_numbers, O).transposed());
        }
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

/// `y_bo = sum_i x_bi w_oi + bias_o`, with its gradients.
pub(crate) fn linear<S, T, const I: usize, const O: usize>(
    x: Tensor<S, f32, AutoDevice, T>,
    weight: &Tensor<Rank2<O, I>, f32, AutoDevice>,
    bias: Option<&Tensor<Rank1<O>, f32, AutoDevice>>,
) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T>, Err>
where
    S: RowsOf<I>,
    T: Tape<f32, AutoDevice>,
{
    let (x, mut tape) = x.try_contiguous()?.split_tape();
    let needs_dx = T::OWNS_TAPE && !is_input(&x);
    let rows = x.shape().rows();

    let mut y = bias.map_or_else(|| vec![0.0; rows * O], |bias| values(bias).repeat(rows));
    matmul(&mut y, matrix(&values(&x), I), matrix(&values(weight), I).transposed());
    let y = x.device().try_tensor_from_vec(y, x.shape().outputs::<O>())?;

    let (y_ghost, bias) = (y.ghost(), bias.map(|bias| bias.ghost()));
    let weight = weight.clone();
    tape.add_backward_op(move |gradients| {
        // Taken out for the while: `gradients` lends one of them at a time.
        let dy = std::mem::take(&mut **gradients.get_or_alloc_mut(&y_ghost)?);
        let dw = gradients.get_or_alloc_mut(&weight)?;
        matmul(dw, matrix(&dy, O).transposed(), matrix(&values(&x), I));
        if let Some(bias) = &bias {
            add_rows(gradients.get_or_alloc_mut(bias)?, &dy);
        }
        if needs_dx {
            let dx = gradients.get_or_alloc_mut(&x)?;
            matmul(dx, matrix(&dy, O), matrix(&values(&weight), I));
        }
        **gradients.get_or_alloc_mut(&y_ghost)? = dy;
        Ok(())
    });
    Ok(y.put_tape(tape))
}

/// Numbers as rows of `columns` each.
fn matrix(numbers: &[f32], columns: usize) -> Matrix<'_> {
    Matrix::new(numbers, numbers.len().checked_div(columns).unwrap_or(0), columns)
}

/// Adds each of the rows to `sum`.
fn add_rows(sum: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sum.len().max(1)) {
        for (sum, x) in sum.iter_mut().zip(row) {
            *sum += x;
        }
    }
}
