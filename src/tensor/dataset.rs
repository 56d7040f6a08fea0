//! A tensor as a data set.

use dfdx::shapes::HasShape;
use dfdx::tensor::{AutoDevice, Storage, Tensor};

use crate::data::Dataset;
use crate::device::DeviceError;
use crate::ops::Gather;
use crate::shapes::Items;

/// A tensor is a dataset of what its first axis counts: a matrix one of rows. Batches are gathered where
/// the tensor is.
impl<S: Items, E: Gather> Dataset for Tensor<S, E, AutoDevice>
where
    AutoDevice: Storage<E>,
{
    type Item = Tensor<S::One, E, AutoDevice>;
    type Batch = Tensor<S::Several, E, AutoDevice>;

    fn n_items(&self) -> usize {
        self.shape().concrete()[0]
    }

    fn getitem(&self, index: usize) -> Self::Item {
        gathered(E::gather(self, &[index], &self.shape().one()))
    }

    fn batch(&self, indices: &[usize]) -> Self::Batch {
        gathered(E::gather(self, indices, &self.shape().several(indices.len())))
    }
}

fn gathered<T>(found: Result<T, DeviceError>) -> T {
    found.unwrap_or_else(|error| panic!("gathering items of a tensor: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;

    #[test]
    fn the_rows_of_a_tensor() {
        let dev = AutoDevice::default();
        let images = dev.tensor([[[1u8, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]]);
        assert_eq!(images.n_items(), 3);
        assert_eq!(images.getitem(1).array(), [[5, 6], [7, 8]]);
        let batch = Dataset::batch(&images, &[2, 0]);
        assert_eq!(*batch.shape(), (2, Const::<2>, Const::<2>));
        assert_eq!(batch.as_vec(), [9, 10, 11, 12, 1, 2, 3, 4]);

        let numbers = dev.tensor([1.0f32, 2.0, 3.0]);
        assert_eq!(numbers.getitem(2).array(), 3.0);
        let transposed = dev.tensor([[1i64, 2], [3, 4]]).permute::<_, Axes2<1, 0>>();
        assert_eq!(transposed.getitem(1).as_vec(), [2, 4]);
    }

    #[test]
    #[should_panic = "item 3 of a tensor with 3"]
    fn no_such_row() {
        let dev = AutoDevice::default();
        dev.tensor([1.0f32, 2.0, 3.0]).getitem(3);
    }
}
