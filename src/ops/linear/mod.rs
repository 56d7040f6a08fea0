//! A layer's product with its weights.

use dfdx::shapes::{HasShape, Rank1, Rank2};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use samebits::{Device as _, Matrices, Order};

use super::input::is_input;
use super::numbers::{device, done, fresh, in_order, numbers, parameter, record, write, zeros};
use crate::device::DeviceError;
use crate::shapes::RowsOf;

/// Each row times a matrix of weights, and a bias: `y_bo = sum_i x_bi w_oi + bias_o`.
///
/// Of the model's input ([`without_gradient`](super::without_gradient)) the gradient is left out.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn linear<S, T, const I: usize, const O: usize>(
    x: Tensor<S, f32, AutoDevice, T>,
    weight: &Tensor<Rank2<O, I>, f32, AutoDevice>,
    bias: Option<&Tensor<Rank1<O>, f32, AutoDevice>>,
) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T>, DeviceError>
where
    S: RowsOf<I>,
    T: Tape<f32, AutoDevice>,
{
    let (x, mut tape) = in_order(x)?.split_tape();
    let (weight, of_weight) = parameter::<_, T>(weight)?;
    tape = tape.merge(of_weight);
    let bias = match bias {
        Some(bias) => {
            let (bias, of_bias) = parameter::<_, T>(bias)?;
            tape = tape.merge(of_bias);
            Some(bias)
        }
        None => None,
    };
    let needs_dx = T::OWNS_TAPE && !is_input(&x);
    let rows = x.shape().rows();
    let device = device()?;
    let mut y = zeros(x.device(), &x.shape().outputs::<O>())?;
    let (w, b) = (numbers(&weight), bias.as_ref().map(numbers));
    done(device.linear(I, numbers(&x), w, b, fresh(&mut y)))?;

    let bias = bias.map(|bias| bias.ghost());
    Ok(record(y, tape, move |dy, gradients| {
        let dw = write(gradients.get_or_alloc_mut(&weight)?);
        let sizes =
            Matrices { rows: O, depth: rows, columns: I, orders: [Order::Columns, Order::Rows] };
        done(device.matmul(sizes, dw, dy, numbers(&x)))?;
        if let Some(bias) = &bias {
            done(device.add_rows(dy, write(gradients.get_or_alloc_mut(bias)?)))?;
        }
        if needs_dx {
            let dx = write(gradients.get_or_alloc_mut(&x)?);
            let sizes = Matrices { rows, depth: O, columns: I, orders: [Order::Rows, Order::Rows] };
            done(device.matmul(sizes, dx, dy, numbers(&weight)))?;
        }
        Ok(())
    }))
}
