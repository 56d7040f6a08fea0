//! The way back through an operation.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, PutTape, Tape, Tensor};

use super::{Slice, Taken};
use crate::device::DeviceError;
use crate::shapes::Grads;

/// Puts the result `y` of an operation on the `tape`. On the way back, `backward` is called with the gradient
/// of `y` and adds to those of what `y` came from.
pub(in crate::ops) fn record<Y: Shape, T: Tape<f32, AutoDevice>>(
    y: Tensor<Y, f32, AutoDevice>,
    mut tape: T,
    backward: impl FnOnce(Slice<'_>, &mut Grads) -> Result<(), DeviceError> + 'static,
) -> Tensor<Y, f32, AutoDevice, T> {
    let ghost = y.ghost();
    tape.add_backward_op(move |gradients| {
        let dy = Taken::out_of(gradients.get_or_alloc_mut(&ghost)?);
        backward(dy.numbers(), gradients)?;
        dy.back(gradients.get_or_alloc_mut(&ghost)?);
        Ok(())
    });
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use samebits::Device as _;

    use super::super::{device, done, write};
    use super::*;
    use crate::prelude::*;

    /// `y = 2 x`, one number after the other.
    fn twice(x: Traced<Rank1<3>>) -> Traced<Rank1<3>> {
        let (x, tape) = x.split_tape();
        let y = x.device().tensor(x.array().map(|x| 2. * x));
        record(y, tape, move |dy, gradients| {
            for _ in 0..2 {
                done(device()?.add_rows(dy, write(gradients.get_or_alloc_mut(&x)?)))?;
            }
            Ok(())
        })
    }

    #[test]
    fn the_gradient_of_the_result_comes_in_and_stays() {
        let x = AutoDevice::default().tensor([1., 2., 3.]);
        let y = twice(x.leaky_trace());
        let of_y = y.retaped::<NoneTape>();
        let gradients = y.square().sum::<Rank0, _>().backward();
        assert_eq!(gradients.get(&of_y).array(), [4., 8., 12.]);
        assert_eq!(gradients.get(&x).array(), [8., 16., 24.]);
    }

    #[test]
    fn operations_one_after_the_other() {
        let x = AutoDevice::default().tensor([1., 2., 3.]);
        let gradients = twice(twice(x.leaky_trace())).sum::<Rank0, _>().backward();
        assert_eq!(gradients.get(&x).array(), [4.; 3]);
    }
}
