//! Batches of a data set.

use dfdx::shapes::{HasShape, Shape, Unit};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};

use super::Err;
use super::view::values;

/// Numbers of which items can be taken out of a tensor: all that tensors are made of.
pub trait Gather: Unit {
    /// The items with these numbers, one after the other, as a tensor of shape `to`.
    #[doc(hidden)]
    fn gather<S: Shape, To: Shape>(
        t: &Tensor<S, Self, AutoDevice>,
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, Self, AutoDevice>, Err>;
}

impl<E: Unit> Gather for E {
    fn gather<S: Shape, To: Shape>(
        t: &Tensor<S, E, AutoDevice>,
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, E, AutoDevice>, Err> {
        let count = t.shape().concrete()[0];
        if let Some(item) = items.iter().find(|item| **item >= count) {
            panic!("item {item} of a tensor with {count}");
        }
        let size = t.shape().num_elements() / count.max(1);
        t.device().try_tensor_from_vec(samebits::select_rows(&values(t), size, items), *to)
    }
}
