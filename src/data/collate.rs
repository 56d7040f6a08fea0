//! Putting items together to a batch.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use dfdx::tensor_ops::TryStack;

/// Items that can be put together: what a `DataLoader` of PyTorch does by `default_collate`.
///
/// | items | batch |
/// | --- | --- |
/// | numbers, truth values | a tensor of rank 1 |
/// | tensors | a tensor with one more axis |
/// | letters, texts | a `Vec` |
/// | pairs, triples | a pair, a triple of batches |
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let (numbers, letters) = Collate::collate(vec![(17_i64, 'r'), (18, 's')]);
/// assert_eq!(numbers.as_vec(), [17, 18]);
/// assert_eq!(letters, ['r', 's']);
/// ```
#[diagnostic::on_unimplemented(
    message = "items of type `{Self}` cannot be put together to a batch",
    note = "numbers, letters, texts, tensors, and pairs of them can; for a type of your own, \
            implement `mnist_from_scratch::data::Collate`"
)]
pub trait Collate: Sized {
    /// What several items become.
    type Batch;

    /// Puts items together in the order given.
    ///
    /// # Panics
    /// For tensors: if there are none, or if their shapes, known only at run time, differ.
    fn collate(items: Vec<Self>) -> Self::Batch;
}

macro_rules! collate_to_tensor {
    ($($type:ty),*) => {$(
        impl Collate for $type {
            type Batch = Tensor<(usize,), $type, AutoDevice>;

            fn collate(items: Vec<Self>) -> Self::Batch {
                let shape = (items.len(),);
                crate::device::shared().tensor_from_vec(items, shape)
            }
        }
    )*};
}

collate_to_tensor!(u8, i32, u32, i64, usize, f32, f64, bool);

macro_rules! collate_to_list {
    ($($type:ty),*) => {$(
        impl Collate for $type {
            type Batch = Vec<$type>;

            fn collate(items: Vec<Self>) -> Vec<$type> {
                items
            }
        }
    )*};
}

collate_to_list!(char, String, &'static str);

impl<S: Shape> Collate for Tensor<S, f32, AutoDevice>
where
    Vec<Self>: TryStack,
{
    type Batch = <Vec<Self> as TryStack>::Stacked;

    fn collate(items: Vec<Self>) -> Self::Batch {
        items.stack()
    }
}

impl<A: Collate, B: Collate> Collate for (A, B) {
    type Batch = (A::Batch, B::Batch);

    fn collate(items: Vec<Self>) -> Self::Batch {
        let (a, b) = items.into_iter().unzip();
        (A::collate(a), B::collate(b))
    }
}

impl<A: Collate, B: Collate, C: Collate> Collate for (A, B, C) {
    type Batch = (A::Batch, B::Batch, C::Batch);

    fn collate(items: Vec<Self>) -> Self::Batch {
        let (a, (b, c)): (Vec<A>, (Vec<B>, Vec<C>)) =
            items.into_iter().map(|(a, b, c)| (a, (b, c))).unzip();
        (A::collate(a), B::collate(b), C::collate(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;

    #[test]
    fn tensors_get_one_more_axis() {
        let dev = AutoDevice::default();
        let batch = Collate::collate(vec![dev.tensor([1.0, 2.0]), dev.tensor([3.0, 4.0])]);
        assert_eq!(*batch.shape(), (2, Const::<2>));
        assert_eq!(batch.as_vec(), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn triples() {
        let (numbers, texts, truths) = Collate::collate(vec![(1i64, "a", true), (2, "b", false)]);
        assert_eq!(numbers.as_vec(), [1, 2]);
        assert_eq!(texts, ["a", "b"]);
        assert_eq!(truths.as_vec(), [true, false]);
    }
}
