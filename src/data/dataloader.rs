//! Mini-batches: a dataset in portions, in order or shuffled.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::dataset::Dataset;
use crate::random::{Shuffle, random_};

/// How many items a batch has if nothing is said, as in fastai.
const BATCH_SIZE: usize = 64;

/// Goes through a dataset batch by batch, any number of times: fastai's `DataLoader`.
///
/// With the same seeds it shuffles as fastai does: [`random_seed`](crate::random::random_seed) before
/// the loader is made decides the orders. As in PyTorch, each pass also draws a number from the
/// generator of [`manual_seed`](crate::random::manual_seed), shuffled or not; so what is drawn after
/// it is the same as there.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// // random.seed(42); list(DataLoader(range(15), batch_size=5, shuffle=True))
/// random_seed(42);
/// let dl = DataLoader::new(0..15_i64).batch_size(5).shuffle(true);
/// let batches: Vec<Vec<i64>> = dl.iter().map(|batch| batch.as_vec()).collect();
/// assert_eq!(batches, [[3, 12, 8, 10, 2], [9, 4, 7, 14, 5], [1, 13, 0, 6, 11]]);
/// ```
pub struct DataLoader<D> {
    dataset: D,
    batch_size: usize,
    shuffle: bool,
    drop_last: bool,
    // A pass moves on to the next order, and a loader is passed through by reference.
    orders: Mutex<Shuffle>,
}

/// Goes on with the same orders as the loader it was made from.
impl<D: Clone> Clone for DataLoader<D> {
    fn clone(&self) -> Self {
        let Self { dataset, batch_size, shuffle, drop_last, orders } = self;
        let orders = orders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (batch_size, shuffle, drop_last) = (*batch_size, *shuffle, *drop_last);
        Self {
            dataset: dataset.clone(),
            batch_size,
            shuffle,
            drop_last,
            orders: Mutex::new(orders),
        }
    }
}

impl<D: Dataset> DataLoader<D> {
    /// Batches of 64 items in the order of the dataset; the last one may be smaller.
    ///
    /// It draws the seed of its orders from Python's generator of this thread, also if it will not
    /// shuffle, as fastai's does.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let dl = DataLoader::new(0..100_i64);
    /// assert_eq!(first(&dl)?.size(), [64]);
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn new(dataset: D) -> Self {
        let orders = Mutex::new(Shuffle::new());
        Self { dataset, batch_size: BATCH_SIZE, shuffle: false, drop_last: false, orders }
    }

    /// How many items a batch has.
    ///
    /// # Panics
    /// If it is 0.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// assert_eq!(DataLoader::new(0..15_i64).batch_size(4).len(), 4);
    /// ```
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        assert!(batch_size > 0, "a batch needs at least one item: `batch_size(0)`");
        self.batch_size = batch_size;
        self
    }

    /// How many items a batch has: fastai's `dl.bs`.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// assert_eq!(DataLoader::new(0..15_i64).batch_size(4).bs(), 4);
    /// ```
    pub fn bs(&self) -> usize {
        self.batch_size
    }

    /// Whether each pass takes the items in a new random order.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let dl = DataLoader::new(0..100_i64).batch_size(100).shuffle(true);
    /// assert_ne!(first(&dl)?.as_vec(), first(&dl)?.as_vec());
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Whether a last batch that is not full is left out.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let dl = DataLoader::new(0..15_i64).batch_size(4).drop_last(true);
    /// assert_eq!(dl.len(), 3);
    /// ```
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.drop_last = drop_last;
        self
    }

    /// The same loader for a changed dataset.
    pub(crate) fn map_dataset(self, change: impl FnOnce(D) -> D) -> Self {
        Self { dataset: change(self.dataset), ..self }
    }

    /// The dataset.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// assert_eq!(DataLoader::new(0..15_i64).dataset().getitem(7), 7);
    /// ```
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// How many batches a pass has.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// assert_eq!(DataLoader::new(0..12_396_i64).batch_size(256).len(), 49);
    /// ```
    pub fn len(&self) -> usize {
        if self.drop_last {
            self.dataset.n_items() / self.batch_size
        } else {
            self.dataset.n_items().div_ceil(self.batch_size)
        }
    }

    /// Whether a pass has no batch at all.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// assert!(DataLoader::new(0..0_i64).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One pass through the dataset; `for batch in &dl` is the same.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let dl = DataLoader::new(0..5_i64).batch_size(2);
    /// let batches: Vec<Vec<i64>> = dl.iter().map(|batch| batch.as_vec()).collect();
    /// assert_eq!(batches, [vec![0, 1], vec![2, 3], vec![4]]);
    /// ```
    pub fn iter(&self) -> Batches<'_, D> {
        Batches { loader: self, order: None, next: 0 }
    }

    /// The order of a pass that begins.
    fn next_order(&self) -> Vec<usize> {
        // PyTorch draws the seed of its worker processes here, even if there are none.
        random_();
        let n = self.dataset.n_items();
        if self.shuffle {
            self.orders.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next_order(n)
        } else {
            (0..n).collect()
        }
    }
}

impl<D: Dataset> fmt::Debug for DataLoader<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataLoader")
            .field("items", &self.dataset.n_items())
            .field("batch_size", &self.batch_size)
            .field("shuffle", &self.shuffle)
            .field("drop_last", &self.drop_last)
            .finish()
    }
}

/// The batches of one pass; see [`DataLoader::iter`].
pub struct Batches<'a, D> {
    loader: &'a DataLoader<D>,
    /// The numbers of all items; drawn, as in PyTorch, when the first batch is asked for.
    order: Option<Vec<usize>>,
    /// The number of the next batch.
    next: usize,
}

impl<D: Dataset> fmt::Debug for Batches<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { loader, order: _, next } = self;
        f.debug_struct("Batches")
            .field("loader", loader)
            .field("next", next)
            .finish_non_exhaustive()
    }
}

impl<D: Dataset> Iterator for Batches<'_, D> {
    type Item = D::Batch;

    fn next(&mut self) -> Option<D::Batch> {
        if self.next == self.loader.len() {
            return None;
        }
        let order = self.order.get_or_insert_with(|| self.loader.next_order());
        let start = self.next * self.loader.batch_size;
        let end = order.len().min(start + self.loader.batch_size);
        self.next += 1;
        Some(self.loader.dataset.batch(&order[start..end]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.loader.len() - self.next;
        (left, Some(left))
    }
}

impl<D: Dataset> ExactSizeIterator for Batches<'_, D> {}

impl<'a, D: Dataset> IntoIterator for &'a DataLoader<D> {
    type Item = D::Batch;
    type IntoIter = Batches<'a, D>;

    fn into_iter(self) -> Batches<'a, D> {
        self.iter()
    }
}

/// There is no first of no items.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("taking the first of no items: is the dataset empty, or smaller than a batch?")]
pub struct NoFirst;

/// The first of some items, for example the first batch of a loader: fastcore's `first`.
///
/// # Errors
/// If there is none.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// assert_eq!(first(&DataLoader::new(0..15_i64).batch_size(3))?.as_vec(), [0, 1, 2]);
/// assert!(first(&DataLoader::new(0..0_i64)).is_err());
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn first<I: IntoIterator>(items: I) -> Result<I::Item, NoFirst> {
    items.into_iter().next().ok_or(NoFirst)
}

/// The loaders of the training and the validation set: fastai's `DataLoaders`.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dls = DataLoaders::new(DataLoader::new(0..15_i64), DataLoader::new(15..20_i64));
/// assert_eq!(first(&dls.valid)?.as_vec(), [15, 16, 17, 18, 19]);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DataLoaders<T: Dataset, V: Dataset = T> {
    /// What the model learns from.
    pub train: DataLoader<T>,
    /// What shows how good it is with data that it has not seen.
    pub valid: DataLoader<V>,
    /// The names of the classes, if the targets are numbers of classes; else empty. See [`vocab`](Self::vocab).
    pub vocab: Vec<String>,
}

impl<T: Dataset, V: Dataset<Batch = T::Batch>> DataLoaders<T, V> {
    /// Both loaders in one; their batches have the same type.
    pub fn new(train: DataLoader<T>, valid: DataLoader<V>) -> Self {
        Self { train, valid, vocab: Vec::new() }
    }

    /// Names the classes: the first name is that of the label 0. Predictions then say `3` and not the number of
    /// the class, which is what they say of classes without a name.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// // The course's labels are 1 for a three and 0 for a seven.
    /// let (train, valid) = threes_and_sevens(&AutoDevice::default())?;
    /// let dls = DataLoaders::new(DataLoader::new(train), DataLoader::new(valid)).vocab(["7", "3"]);
    /// assert_eq!(dls.vocab, ["7", "3"]);
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn vocab<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.vocab = names.into_iter().map(Into::into).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::L;
    use crate::random::{manual_seed, random_seed};

    #[test]
    fn the_alphabet_of_the_course() {
        // random.seed(42); ds = L(enumerate(string.ascii_lowercase))
        // list(DataLoader(range(15), ...)); list(DataLoader(ds, batch_size=6, shuffle=True))
        random_seed(42);
        let _ = DataLoader::new(0..15_i64);
        let alphabet = L::from_iter(('a'..='z').enumerate());
        let dl = DataLoader::new(alphabet).batch_size(6).shuffle(true);
        let batches: Vec<_> = dl.iter().collect();
        assert_eq!(batches.len(), 5);
        for (numbers, letters) in &batches {
            let named: Vec<char> =
                numbers.as_vec().iter().map(|&i| (b'a' + i as u8) as char).collect();
            assert_eq!(&named, letters);
        }
        let mut all: Vec<char> = batches.into_iter().flat_map(|(_, letters)| letters).collect();
        all.sort();
        assert!(all.into_iter().eq('a'..='z'));
    }

    #[test]
    fn a_copy_goes_on_with_the_same_orders() {
        let dl = DataLoader::new(0..100_i64).batch_size(100).shuffle(true);
        let order = |dl: &DataLoader<std::ops::Range<i64>>| dl.iter().next().unwrap().as_vec();
        order(&dl);
        let copy = dl.clone();
        assert_eq!(order(&copy), order(&dl));
        assert_ne!(order(&copy), order(&copy));
    }

    #[test]
    fn a_pass_draws_one_number_of_pytorchs() {
        let dl = DataLoader::new(0..4_i64).batch_size(2);
        manual_seed(42);
        for _ in &dl {}
        let after_a_pass = random_();
        manual_seed(42);
        random_();
        assert_eq!(after_a_pass, random_());
    }

    #[test]
    fn sizes() {
        for (n, size, drop_last, batches) in [
            (15, 5, false, 3),
            (16, 5, false, 4),
            (16, 5, true, 3),
            (4, 5, true, 0),
            (0, 5, false, 0),
        ] {
            let dl = DataLoader::new(0..n as i64).batch_size(size).drop_last(drop_last);
            let sizes: Vec<usize> = dl.iter().map(|batch| batch.as_vec().len()).collect();
            assert_eq!((dl.len(), sizes.len()), (batches, batches));
            assert_eq!(dl.iter().len(), batches);
            let kept = if drop_last { n / size * size } else { n };
            assert_eq!(sizes.into_iter().sum::<usize>(), kept);
        }
    }

    #[test]
    #[should_panic = "a batch needs at least one item"]
    fn no_empty_batches() {
        let _ = DataLoader::new(0..15_i64).batch_size(0);
    }
}
