//! How fastai shuffles: with Python's generator.

use std::cell::RefCell;

use super::{Random, manual_seed};

thread_local! {
    // What the functions of Python's `random` draw from. Python's own starts from another seed
    // each time.
    static DEFAULT: RefCell<Random> = RefCell::new(Random::new(0));
}

/// Starts Python's generator of this thread anew with a seed: `random.seed`.
///
/// As with [`manual_seed`], each thread has its own; one that has set no seed starts from 0.
///
/// ```
/// use mnist_from_scratch::random::{Shuffle, random_seed};
///
/// random_seed(42);
/// assert_eq!(Shuffle::new().next_order(5), [1, 4, 2, 3, 0]);
/// ```
pub fn random_seed(seed: u64) {
    DEFAULT.set(Random::new(seed));
}

/// Seeds PyTorch's and Python's generators of this thread: fastai's `set_seed`.
///
/// ```
/// use mnist_from_scratch::random::{randperm, set_seed};
///
/// set_seed(42);
/// assert_eq!(randperm(10), [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
/// ```
pub fn set_seed(seed: u64) {
    manual_seed(seed);
    random_seed(seed);
}

/// The orders in which one `DataLoader` of fastai goes through its items.
///
/// These are the calls of `fastai/data/load.py`: when the loader is made, also one that does not
/// shuffle, `self.rng = random.Random(random.randint(0, 2**32-1))`; at the start of each pass
/// `self.rng = random.Random(self.rng.randint(0, 2**32-1))`, and if it shuffles
/// `self.rng.sample(idxs, len(idxs))`.
///
/// ```
/// use mnist_from_scratch::random::{Shuffle, random_seed};
///
/// // random.seed(42); list(DataLoader(range(15), batch_size=5, shuffle=True))
/// random_seed(42);
/// let order = Shuffle::new().next_order(15);
/// let batches: Vec<&[usize]> = order.chunks(5).collect();
/// assert_eq!(batches, [[3, 12, 8, 10, 2], [9, 4, 7, 14, 5], [1, 13, 0, 6, 11]]);
/// ```
#[derive(Debug, Clone)]
pub struct Shuffle {
    rng: Random,
}

impl Shuffle {
    /// The orders of a new loader; its seed is drawn from Python's generator of this thread.
    ///
    /// ```
    /// use mnist_from_scratch::random::Shuffle;
    ///
    /// assert_eq!(Shuffle::new().next_order(100).len(), 100);
    /// ```
    #[expect(clippy::new_without_default, reason = "it draws a number: no two are equal")]
    pub fn new() -> Self {
        DEFAULT.with_borrow_mut(Shuffle::from_random)
    }

    /// The orders of a new loader; its seed is drawn from `random`.
    ///
    /// ```
    /// use mnist_from_scratch::random::{Random, Shuffle};
    ///
    /// let mut random = Random::new(42);
    /// let (mut train, mut valid) = (Shuffle::from_random(&mut random), Shuffle::from_random(&mut random));
    /// assert_ne!(train.next_order(100), valid.next_order(100));
    /// ```
    pub fn from_random(random: &mut Random) -> Self {
        Self { rng: reseeded(random) }
    }

    /// The order of the next pass over `n` items: each number from 0 to `n` (excluded) once.
    ///
    /// ```
    /// use mnist_from_scratch::random::{Random, Shuffle};
    ///
    /// let mut shuffle = Shuffle::from_random(&mut Random::new(42));
    /// let mut order = shuffle.next_order(100);
    /// assert_ne!(order, shuffle.next_order(100));
    /// order.sort();
    /// assert!(order.into_iter().eq(0..100));
    /// ```
    pub fn next_order(&mut self, n: usize) -> Vec<usize> {
        self.rng = reseeded(&mut self.rng);
        let items: Vec<usize> = (0..n).collect();
        self.rng.sample(&items, n)
    }
}

fn reseeded(random: &mut Random) -> Random {
    Random::new(random.randint(0, u64::from(u32::MAX)))
}
