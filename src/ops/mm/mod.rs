//! The product of a batch with a matrix.

use dfdx::shapes::{HasShape, Rank2};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use samebits::{Device as _, Matrices, Order};

use super::input::is_input;
use super::numbers::{device, done, fresh, in_order, numbers, record, write, zeros};
use crate::device::DeviceError;
use crate::shapes::{JoinTape, RowsOf};

/// PyTorch's `x @ w`: `y_bo = sum_i x_bi w_io`. The result remembers what either side remembers; a left side without
/// a tape needs no gradient.
///
/// Of the model's input ([`without_gradient`](super::without_gradient)) the gradient is left out.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn mm<S, T, R, const I: usize, const O: usize>(
    x: Tensor<S, f32, AutoDevice, T>,
    weights: Tensor<Rank2<I, O>, f32, AutoDevice, R>,
) -> Result<Tensor<S::Outputs<O>, f32, AutoDevice, T::Joined>, DeviceError>
where
    S: RowsOf<I>,
    T: JoinTape<R>,
    R: Tape<f32, AutoDevice>,
{
    let (x, tape) = in_order(x)?.split_tape();
    let (w, right) = in_order(weights)?.split_tape();
    let tape = tape.join(right);
    let needs_dx = T::OWNS_TAPE && !is_input(&x);
    let rows = x.shape().rows();
    let device = device()?;
    let mut y = zeros(x.device(), &x.shape().outputs::<O>())?;
    let sizes = Matrices { rows, depth: I, columns: O, orders: [Order::Rows, Order::Rows] };
    done(device.matmul(sizes, fresh(&mut y), numbers(&x), numbers(&w)))?;
    Ok(record(y, tape, move |dy, gradients| {
        let dw = write(gradients.get_or_alloc_mut(&w)?);
        let sizes =
            Matrices { rows: I, depth: rows, columns: O, orders: [Order::Columns, Order::Rows] };
        done(device.matmul(sizes, dw, numbers(&x), dy))?;
        if needs_dx {
            let dx = write(gradients.get_or_alloc_mut(&x)?);
            let sizes =
                Matrices { rows, depth: O, columns: I, orders: [Order::Rows, Order::Columns] };
            done(device.matmul(sizes, dx, dy, numbers(&w)))?;
        }
        Ok(())
    }))
}
