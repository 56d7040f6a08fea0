//! PyTorch's names for what every tensor can do.

use dfdx::shapes::{HasShape, Rank0, Shape};
use dfdx::tensor::{AutoDevice, Storage, Tensor, TensorFromVec};

use crate::shapes::as_vec;

/// Methods under PyTorch's names, for every dfdx tensor.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::tensor::TensorExt;
///
/// let dev = AutoDevice::default();
/// let t = dev.tensor([[1u8, 2, 3], [4, 5, 6]]);
/// assert_eq!(t.size(), [2, 3]);
/// assert_eq!(t.ndim(), 2);
/// assert_eq!(t.numel(), 6);
/// assert_eq!(t.float().array(), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!(t.float().mean_all().array(), 3.5);
/// ```
pub trait TensorExt<S: Shape, E> {
    /// The length of each axis, for example `[6131, 28, 28]`; its `len()` is the rank.
    fn size(&self) -> S::Concrete;

    /// The rank: how many axes there are.
    fn ndim(&self) -> usize;

    /// The number of elements: the product of [`size`](TensorExt::size).
    fn numel(&self) -> usize;

    /// The same numbers as `f32`; of truth values, 1 for true and 0 for false. The same as dfdx's
    /// `to_dtype::<f32>()`, except that the tensor is not consumed.
    fn float(&self) -> Tensor<S, f32, AutoDevice>
    where
        E: Into<f32>;

    /// The mean of all elements, `(1/n) sum_i x_i`; not a number if there are none.
    ///
    /// dfdx's own `mean::<Rank0, _>()` adds up in `f32`, one number after the other, and with
    /// millions of them the rounding errors show. This one adds in `f64`.
    fn mean_all(&self) -> Tensor<Rank0, f32, AutoDevice>
    where
        E: Into<f64>;

    /// Sets one element, as Python's `t[i, j] = value`, on every device. It copies the whole tensor; for
    /// gradients it is a new one afterwards.
    ///
    /// # Panics
    /// If there is no such element.
    ///
    /// ```
    /// use mnist_from_scratch::dfdx::prelude::*;
    /// use mnist_from_scratch::tensor::TensorExt;
    ///
    /// let mut t = AutoDevice::default().tensor([[1., 2., 3.], [4., 5., 6.]]);
    /// t.set([1, 0], 7.);
    /// assert_eq!(t.array(), [[1., 2., 3.], [7., 5., 6.]]);
    /// ```
    fn set(&mut self, index: S::Concrete, value: E)
    where
        AutoDevice: TensorFromVec<E>;
}

impl<S: Shape, E> TensorExt<S, E> for Tensor<S, E, AutoDevice>
where
    AutoDevice: Storage<E>,
{
    fn size(&self) -> S::Concrete {
        self.shape().concrete()
    }

    fn ndim(&self) -> usize {
        S::NUM_DIMS
    }

    fn numel(&self) -> usize {
        self.shape().num_elements()
    }

    fn float(&self) -> Tensor<S, f32, AutoDevice>
    where
        E: Into<f32>,
    {
        let values = as_vec(self).into_iter().map(Into::into).collect();
        from_values(values, *self.shape(), self.device())
    }

    fn mean_all(&self) -> Tensor<Rank0, f32, AutoDevice>
    where
        E: Into<f64>,
    {
        let sum: f64 = as_vec(self).into_iter().map(Into::into).sum();
        from_values(vec![(sum / self.numel() as f64) as f32], (), self.device())
    }

    fn set(&mut self, index: S::Concrete, value: E)
    where
        AutoDevice: TensorFromVec<E>,
    {
        let sizes = self.size();
        let place = index.into_iter().zip(sizes).fold(0, |place, (at, size)| {
            assert!(at < size, "there is no element {index:?} in a tensor of size {sizes:?}");
            place * size + at
        });
        let mut values = self.as_vec();
        values[place] = value;
        *self = self.device().tensor_from_vec(values, *self.shape());
    }
}

fn from_values<S: Shape>(
    values: Vec<f32>,
    shape: S,
    dev: &AutoDevice,
) -> Tensor<S, f32, AutoDevice> {
    dev.tensor_from_vec(values, shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{AsArray, PermuteTo, TensorFrom, ZerosTensor};
    use dfdx::shapes::Rank2;

    #[test]
    fn millions_of_numbers_have_an_exact_mean() {
        let dev = AutoDevice::default();
        let many: Tensor<(usize,), f32, _> = dev.zeros_like(&(6131 * 784,));
        assert_eq!((many + 0.1).mean_all().array(), 0.1);
    }

    #[test]
    fn truth_values_as_numbers() {
        let dev = AutoDevice::default();
        let correct = dev.tensor([true, true, false, true]);
        assert_eq!(correct.float().array(), [1.0, 1.0, 0.0, 1.0]);
        assert_eq!(correct.float().mean_all().array(), 0.75);
    }

    #[test]
    fn an_element_of_a_transposed_tensor() {
        let dev = AutoDevice::default();
        let mut t = dev.tensor([[1u8, 2, 3], [4, 5, 6]]).permute::<Rank2<3, 2>, _>();
        t.set([2, 0], 7);
        assert_eq!(t.array(), [[1, 4], [2, 5], [7, 6]]);
        let mut number = dev.tensor(0.5);
        number.set([], 1.5);
        assert_eq!(number.array(), 1.5);
    }

    #[test]
    #[should_panic = "there is no element [0, 2] in a tensor of size [3, 2]"]
    fn no_such_element() {
        let mut t = AutoDevice::default().tensor([[1., 2.], [3., 4.], [5., 6.]]);
        t.set([0, 2], 7.);
    }

    #[test]
    fn a_number_has_rank_0() {
        let number = AutoDevice::default().tensor(0.5);
        assert_eq!((number.ndim(), number.numel(), number.size()), (0, 1, []));
    }
}
