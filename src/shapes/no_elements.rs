//! Two of dfdx's functions for tensors without elements as well, of which theirs look for the first.

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Storage, Tape, Tensor, ZerosTensor};
use dfdx::tensor_ops::ReshapeTo;

use crate::device::DeviceError;

/// [`Tensor::as_vec`].
pub(crate) fn as_vec<S: Shape, E, D: Storage<E>, T>(x: &Tensor<S, E, D, T>) -> Vec<E> {
    match x.shape().num_elements() {
        0 => Vec::new(),
        _ => x.as_vec(),
    }
}

/// [`ReshapeTo::try_contiguous`].
pub(crate) fn contiguous<S: Shape, T: Tape<f32, AutoDevice>>(
    x: Tensor<S, f32, AutoDevice, T>,
) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError> {
    if x.shape().num_elements() > 0 {
        return x.try_contiguous();
    }
    let (x, tape) = x.split_tape();
    Ok(x.device().try_zeros_like(x.shape())?.put_tape(tape))
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    // On a GPU dfdx's own operations, such as a difference, ask for no threads at all there, which is an error.
    #[cfg(not(feature = "cuda"))]
    #[test]
    fn layers_and_functions_of_a_batch_of_no_items() {
        let dev = AutoDevice::default();
        let rows: Rows<3> = dev.zeros_like(&(0, Const));
        assert!(rows.float().mean_all().array().is_nan());
        assert!(l1_loss(&rows, &rows).array().is_nan());
        assert_eq!(rows.text(), "tensor([], size=(0, 3))");
        assert_eq!(rows.clone().max::<_, Axis<1>>().size(), [0]);

        type Batch<const C: usize, const SIDE: usize> =
            Tensor<(usize, Const<C>, Const<SIDE>, Const<SIDE>), f32, AutoDevice>;
        let images: Batch<1, 8> = dev.zeros_like(&(0, Const, Const, Const));
        let convolved: Batch<2, 4> = Conv2d::<1, 2, 3, 2, 1>::new(&dev).forward(images.clone());
        assert_eq!(relu(convolved.clone()).size(), [0, 2, 4, 4]);
        assert_eq!(BatchNorm2d::<2>::new(&dev).forward(convolved.clone()).size(), [0, 2, 4, 4]);
        assert_eq!(AdaptiveAvgPool2d::<1>.forward(convolved.clone()).size(), [0, 2, 1, 1]);
        assert_eq!(MaxPoolGlobal.forward(convolved.clone()).size(), [0, 2]);
        let flat: Rows<32> = Flatten::<32>.forward(convolved);
        assert_eq!(flat.size(), [0, 32]);
        assert_eq!(MaxPool2d::<2, 2, 0>.forward(images).size(), [0, 1, 4, 4]);
    }

    #[test]
    #[should_panic = "max: in a tensor of the size [0, 3] there are no numbers of which one could be it"]
    fn the_largest_of_nothing() {
        let rows: Rows<3> = AutoDevice::default().zeros_like(&(0, Const));
        rows.max::<_, Axis<0>>();
    }
}
