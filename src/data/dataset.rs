//! What a model learns from: items that can be counted, looked up, and put together to batches.

use std::ops::Range;

use dfdx::shapes::{Const, Unit};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};

use super::collate::Collate;
use super::list::L;

/// Items by number, PyTorch's `Dataset`; usually pairs of an independent variable x and a dependent
/// variable y.
///
/// A list of anything that can be [put together](Collate) is one, a range of numbers is one, a tensor
/// is one (its items are what the first axis counts), and [`zip`] makes pairs of two.
///
/// Python's `len(dset)` and `dset[index]` are `dset.n_items()` and `dset.getitem(index)` here. (If this trait
/// called them `len` and `get`, a program that imports it could no longer say `list.get(7)` to a `Vec`.) What
/// [`zip`] makes and a folder of pictures have `len` and `get`, too.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let x = dev.tensor([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]);
/// let y = dev.tensor([[1], [0], [1]]);
/// let dset = zip(x, y)?;
/// let (x, y) = dset.get(1);
/// assert_eq!((x.array(), y.array()), ([0.3, 0.4], [0]));
/// let (xb, yb) = dset.batch(&[2, 0]);
/// assert_eq!(xb.as_vec(), [0.5, 0.6, 0.1, 0.2]);
/// # Ok::<(), anyhow::Error>(())
/// ```
///
/// Your own type becomes one with three functions:
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// /// The squares, worked out when they are asked for.
/// struct Squares;
///
/// impl Dataset for Squares {
///     type Item = i64;
///     type Batch = Tensor<(usize,), i64, AutoDevice>;
///
///     fn n_items(&self) -> usize {
///         100
///     }
///     fn getitem(&self, index: usize) -> i64 {
///         (index * index) as i64
///     }
///     fn batch(&self, indices: &[usize]) -> Self::Batch {
///         Collate::collate(indices.iter().map(|&index| self.getitem(index)).collect())
///     }
/// }
///
/// let dl = DataLoader::new(Squares).batch_size(4);
/// assert_eq!(first(&dl)?.as_vec(), [0, 1, 4, 9]);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a dataset",
    note = "a dataset is a list `L` or `Vec`, a range, a tensor, or two of them joined by `zip(x, y)?`; \
            a type of your own becomes one with `impl Dataset`"
)]
pub trait Dataset {
    /// One item, for example a pair (x, y).
    type Item;
    /// Several items put together, for example a pair of tensors.
    type Batch;

    /// How many items there are.
    fn n_items(&self) -> usize;

    /// The item with this number; they count from 0.
    ///
    /// # Panics
    /// If there is no such item.
    fn getitem(&self, index: usize) -> Self::Item;

    /// The items with these numbers, put together.
    ///
    /// # Panics
    /// If there is no such item.
    fn batch(&self, indices: &[usize]) -> Self::Batch;
}

impl<D: Dataset + ?Sized> Dataset for &D {
    type Item = D::Item;
    type Batch = D::Batch;

    fn n_items(&self) -> usize {
        (**self).n_items()
    }

    fn getitem(&self, index: usize) -> Self::Item {
        (**self).getitem(index)
    }

    fn batch(&self, indices: &[usize]) -> Self::Batch {
        (**self).batch(indices)
    }
}

impl<T: Collate + Clone> Dataset for Vec<T> {
    type Item = T;
    type Batch = T::Batch;

    fn n_items(&self) -> usize {
        self.len()
    }

    fn getitem(&self, index: usize) -> T {
        self[index].clone()
    }

    fn batch(&self, indices: &[usize]) -> T::Batch {
        T::collate(indices.iter().map(|&index| self[index].clone()).collect())
    }
}

impl<T: Collate + Clone> Dataset for L<T> {
    type Item = T;
    type Batch = T::Batch;

    fn n_items(&self) -> usize {
        self.len()
    }

    fn getitem(&self, index: usize) -> T {
        self[index].clone()
    }

    fn batch(&self, indices: &[usize]) -> T::Batch {
        T::collate(indices.iter().map(|&index| self[index].clone()).collect())
    }
}

/// `range(15)` is a collection of fifteen numbers.
impl<T: Collate> Dataset for Range<T>
where
    Range<T>: Iterator<Item = T> + Clone,
{
    type Item = T;
    type Batch = T::Batch;

    fn n_items(&self) -> usize {
        self.clone().count()
    }

    fn getitem(&self, index: usize) -> T {
        self.clone().nth(index).unwrap_or_else(|| panic!("item {index} of {}", self.n_items()))
    }

    fn batch(&self, indices: &[usize]) -> T::Batch {
        T::collate(indices.iter().map(|&index| self.getitem(index)).collect())
    }
}

/// Two datasets side by side; [`zip`] makes one.
#[derive(Debug, Clone)]
pub struct Zip<A, B>(A, B);

/// Two datasets that are not equally long cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("joining {x} items with {y}: a dataset needs one y for each x")]
pub struct ZipError {
    /// How many items the first one has.
    pub x: usize,
    /// How many items the second one has.
    pub y: usize,
}

/// Joins the items of two datasets to pairs (x, y), as Python's `list(zip(x, y))` does.
///
/// # Errors
/// If one has more items than the other. (Python drops those.)
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dset = zip(vec!['a', 'b'], 0..2_i64)?;
/// assert_eq!(dset.get(1), ('b', 1));
///
/// let error = zip(0..2_i64, 0..3_i64).unwrap_err();
/// assert_eq!(error.to_string(), "joining 2 items with 3: a dataset needs one y for each x");
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn zip<A: Dataset, B: Dataset>(x: A, y: B) -> Result<Zip<A, B>, ZipError> {
    if x.n_items() != y.n_items() {
        return Err(ZipError { x: x.n_items(), y: y.n_items() });
    }
    Ok(Zip(x, y))
}

/// As for a list.
impl<A: Dataset, B: Dataset> Zip<A, B> {
    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.n_items()
    }

    /// Whether there are no pairs at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pair with this number; they count from 0.
    ///
    /// # Panics
    /// If there is no such pair.
    pub fn get(&self, index: usize) -> (A::Item, B::Item) {
        self.getitem(index)
    }
}

impl<A: Dataset, B: Dataset> Dataset for Zip<A, B> {
    type Item = (A::Item, B::Item);
    type Batch = (A::Batch, B::Batch);

    fn n_items(&self) -> usize {
        self.0.n_items()
    }

    fn getitem(&self, index: usize) -> Self::Item {
        (self.0.getitem(index), self.1.getitem(index))
    }

    fn batch(&self, indices: &[usize]) -> Self::Batch {
        (self.0.batch(indices), self.1.batch(indices))
    }
}

/// A column of numbers with the shape of a batch's labels, `n` rows of one: PyTorch's
/// `tensor(labels).unsqueeze(1)`.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let y = column(&[1, 1, 0], &AutoDevice::default());
/// assert_eq!(y.size(), [3, 1]);
/// ```
pub fn column<E: Unit>(labels: &[E], dev: &AutoDevice) -> Tensor<(usize, Const<1>), E, AutoDevice>
where
    AutoDevice: TensorFromVec<E>,
{
    dev.tensor_from_vec(labels.to_vec(), (labels.len(), Const))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic = "item 15 of 15"]
    fn no_such_number() {
        (0..15_i64).getitem(15);
    }

    #[test]
    fn lists_and_ranges() {
        assert_eq!((0..15_i64).n_items(), 15);
        assert_eq!(Dataset::batch(&(10..15_i64), &[4, 0]).as_vec(), [14, 10]);
        let list = L::from(vec![(0_i64, 'a'), (1, 'b'), (2, 'c')]);
        let (numbers, letters) = Dataset::batch(&list, &[2, 1]);
        assert_eq!((numbers.as_vec(), letters), (vec![2, 1], vec!['c', 'b']));
    }
}
