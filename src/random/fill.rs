//! Random tensors, drawn from a generator that each thread has.

use std::cell::RefCell;

use dfdx::shapes::{ConstShape, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor, ZerosTensor};

use super::torch::{DEFAULT_SEED, Generator};

thread_local! {
    // One for each thread, so that tests side by side do not take each other's numbers.
    static DEFAULT: RefCell<Generator> = RefCell::new(Generator::new(DEFAULT_SEED));
}

fn draw<T>(from: impl FnOnce(&mut Generator) -> T) -> T {
    DEFAULT.with_borrow_mut(from)
}

/// Starts this thread's generator anew with a seed: `torch.manual_seed`.
///
/// In PyTorch all threads share one generator. Here each has its own, so what one thread draws
/// does not depend on what others do at the time; to share one, put a [`Generator`] into a `Mutex`.
/// A thread that has set no seed starts from [`DEFAULT_SEED`].
///
/// ```
/// use mnist_from_scratch::random::{manual_seed, randperm};
///
/// manual_seed(42);
/// let first = randperm(100);
/// manual_seed(42);
/// assert_eq!(randperm(100), first);
/// ```
pub fn manual_seed(seed: u64) {
    crate::stdout::ends_quietly();
    DEFAULT.set(Generator::new(seed));
}

/// Normal numbers with mean 0 and standard deviation 1, in a tensor whose shape is known at
/// compile time: `torch.randn`.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::random::{manual_seed, randn};
///
/// manual_seed(42);
/// let weights: Tensor<Rank2<28, 28>, f32, AutoDevice> = randn(&AutoDevice::default());
/// // torch.manual_seed(42); torch.randn(28, 28)[0, 0]
/// assert_eq!(weights.array()[0][0], 1.9269153);
/// ```
pub fn randn<S: ConstShape>(dev: &AutoDevice) -> Tensor<S, f32, AutoDevice> {
    randn_like(dev, &S::default())
}

/// [`randn`] in the shape of `like`, a shape or a tensor.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::random::randn_like;
///
/// let noise = randn_like(&AutoDevice::default(), &(5, Const::<2>));
/// assert_eq!(noise.shape().0, 5);
/// ```
pub fn randn_like<L: HasShape>(dev: &AutoDevice, like: &L) -> Tensor<L::Shape, f32, AutoDevice> {
    filled(dev, *like.shape(), |numbers, generator| generator.fill_normal(numbers, 0.0, 1.0))
}

/// Uniform numbers from 0 (included) to 1 (excluded): `torch.rand`.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::random::{manual_seed, rand};
///
/// manual_seed(42);
/// let numbers: Tensor<Rank1<2>, f32, AutoDevice> = rand(&AutoDevice::default());
/// assert_eq!(numbers.array(), [0.88226926, 0.91500396]);
/// ```
pub fn rand<S: ConstShape>(dev: &AutoDevice) -> Tensor<S, f32, AutoDevice> {
    rand_like(dev, &S::default())
}

/// [`rand`] in the shape of `like`, a shape or a tensor.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::random::rand_like;
///
/// let mask = rand_like(&AutoDevice::default(), &(5, Const::<2>));
/// assert_eq!(mask.shape().0, 5);
/// ```
pub fn rand_like<L: HasShape>(dev: &AutoDevice, like: &L) -> Tensor<L::Shape, f32, AutoDevice> {
    filled(dev, *like.shape(), |numbers, generator| generator.fill_uniform(numbers, 0.0, 1.0))
}

/// Fills a tensor with normal numbers: `t.normal_(mean, std)`.
///
/// # Panics
/// If `std` is negative, or if `t` has fewer numbers in memory than its shape says, as after `broadcast`.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::random::normal_;
///
/// let mut t: Tensor<Rank1<3>, f32, _> = AutoDevice::default().zeros();
/// normal_(&mut t, 5.0, 0.0);
/// assert_eq!(t.array(), [5.0; 3]);
/// ```
pub fn normal_<S: Shape>(t: &mut Tensor<S, f32, AutoDevice>, mean: f64, std: f64) {
    fill(t, |numbers, generator| generator.fill_normal(numbers, mean, std));
}

/// Fills a tensor with uniform numbers from `from` (included) to `to` (excluded):
/// `t.uniform_(from, to)`.
///
/// # Panics
/// If `from` is more than `to`, or if `t` has fewer numbers in memory than its shape says, as after `broadcast`.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::random::uniform_;
///
/// let mut t: Tensor<Rank1<3>, f32, _> = AutoDevice::default().zeros();
/// uniform_(&mut t, 2.0, 3.0);
/// assert!(t.array().iter().all(|x| (2.0..3.0).contains(x)));
/// ```
pub fn uniform_<S: Shape>(t: &mut Tensor<S, f32, AutoDevice>, from: f64, to: f64) {
    fill(t, |numbers, generator| generator.fill_uniform(numbers, from, to));
}

/// The numbers from 0 to `n` (excluded) in random order: `torch.randperm`.
///
/// # Panics
/// As [`Generator::randperm`] does.
///
/// ```
/// use mnist_from_scratch::random::{manual_seed, randperm};
///
/// manual_seed(42);
/// assert_eq!(randperm(10), [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
/// ```
pub fn randperm(n: usize) -> Vec<usize> {
    draw(|generator| generator.randperm(n))
}

/// Whole numbers from `low` (included) to `high` (excluded): `torch.randint(low, high, (n,))`.
///
/// # Panics
/// As [`Generator::randint`] does.
///
/// ```
/// use mnist_from_scratch::random::{manual_seed, randint};
///
/// manual_seed(42);
/// assert_eq!(randint(0, 10, 5), [2, 7, 6, 4, 6]);
/// ```
pub fn randint(low: i64, high: i64, n: usize) -> Vec<i64> {
    draw(|generator| generator.randint(low, high, n))
}

/// Draws what PyTorch's `DataLoader` draws at the start of each pass: [`Generator::random_`].
///
/// ```
/// use mnist_from_scratch::random::{manual_seed, random_};
///
/// manual_seed(42);
/// assert_eq!(random_(), 6_909_045_637_428_952_499);
/// ```
pub fn random_() -> i64 {
    draw(Generator::random_)
}

/// `n` uniform numbers from `from` (included) to `to` (excluded).
pub(crate) fn uniform_numbers(n: usize, from: f64, to: f64) -> Vec<f32> {
    let mut numbers = vec![0.0; n];
    draw(|generator| generator.fill_uniform(&mut numbers, from, to));
    numbers
}

/// A bit for each of `n` numbers, bit `i % 32` of word `i / 32`: 0 with probability `p`, where a uniform number is below it.
pub(crate) fn kept_bits(n: usize, p: f64) -> Vec<u32> {
    draw(|generator| generator.bits_from(p, n))
}

/// `n` normal numbers.
pub(crate) fn normal_numbers(n: usize, mean: f64, std: f64) -> Vec<f32> {
    let mut numbers = vec![0.0; n];
    draw(|generator| generator.fill_normal(&mut numbers, mean, std));
    numbers
}

fn filled<S: Shape>(
    dev: &AutoDevice,
    shape: S,
    with: impl FnOnce(&mut [f32], &mut Generator),
) -> Tensor<S, f32, AutoDevice> {
    let mut t = dev.zeros_like(&shape);
    fill(&mut t, with);
    t
}

fn fill<S: Shape>(
    t: &mut Tensor<S, f32, AutoDevice>,
    with: impl FnOnce(&mut [f32], &mut Generator),
) {
    let mut numbers = vec![0.0; t.shape().num_elements()];
    draw(|generator| with(&mut numbers, generator));
    t.copy_from(&numbers);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_do_not_take_each_others_numbers() {
        manual_seed(42);
        let alone = [randperm(5), randperm(5)];
        manual_seed(42);
        let first = randperm(5);
        std::thread::spawn(|| randperm(5)).join().unwrap();
        assert_eq!([first, randperm(5)], alone);
    }
}
