//! The loss of predictions for one of two.

use dfdx::shapes::{HasShape, Rank0, Shape};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use samebits::Device as _;

use super::numbers::{
    Scratch, data_in_order, device, done, fresh, in_order, numbers, record, write, zeros,
};
use crate::device::DeviceError;

/// With `p = sigmoid(predictions)` the mean of `1 - p` where the target is 1, and of `p` where it is 0; see
/// [`samebits::mnist_loss`]. Another target makes it NaN.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn mnist_loss<S: Shape, T: Tape<f32, AutoDevice>>(
    predictions: Tensor<S, f32, AutoDevice, T>,
    targets: Tensor<S, i64, AutoDevice>,
) -> Result<Tensor<Rank0, f32, AutoDevice, T>, DeviceError> {
    let (x, tape) = in_order(predictions)?.split_tape();
    let (targets, device) = (data_in_order(&targets)?, device()?);
    let mut p = Scratch::new(x.shape().num_elements())?;
    let mut loss = zeros(x.device(), &())?;
    let each = fresh(&mut loss);
    done(device.mnist_loss(numbers(&x), numbers(&targets), p.numbers_mut(), each))?;
    let x = x.ghost();
    Ok(record(loss, tape, move |dloss, gradients| {
        let dx = write(gradients.get_or_alloc_mut(&x)?);
        done(device.mnist_loss_gradient(p.numbers(), numbers(&targets), dloss, dx))
    }))
}
