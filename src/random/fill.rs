//! Random tensors, drawn from one generator for the whole process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use dfdx::shapes::{ConstShape, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor, ZerosTensor};

use super::torch::{DEFAULT_SEED, Generator};

static DEFAULT: Mutex<Option<Generator>> = Mutex::new(None);

/// The process's generator. Threads take turns; in which order they come is up to the system, so
/// draw in one thread where the numbers have to be the same each time.
fn generator() -> MutexGuard<'static, Option<Generator>> {
    DEFAULT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn draw<T>(from: impl FnOnce(&mut Generator) -> T) -> T {
    from(generator().get_or_insert_with(|| Generator::new(DEFAULT_SEED)))
}

/// Starts the process's generator anew with a seed: `torch.manual_seed`.
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
    *generator() = Some(Generator::new(seed));
}

/// Normal numbers with mean 0 and standard deviation 1, in a tensor whose shape is known at
/// compile time: `torch.randn`.
///
/// ```
/// use dfdx::prelude::*;
/// use mnist_from_scratch::random::{manual_seed, randn};
///
/// manual_seed(42);
/// let weights: Tensor<Rank2<28, 28>, f32, AutoDevice> = randn(&AutoDevice::default());
/// // torch.manual_seed(42); torch.randn(28, 28)[0, 0]
/// assert!((weights.array()[0][0] - 1.9269153).abs() < 1e-6);
/// ```
pub fn randn<S: ConstShape>(dev: &AutoDevice) -> Tensor<S, f32, AutoDevice> {
    randn_like(dev, &S::default())
}

/// [`randn`] in the shape of `like`, a shape or a tensor.
///
/// ```
/// use dfdx::prelude::*;
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
/// use dfdx::prelude::*;
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
pub fn rand_like<L: HasShape>(dev: &AutoDevice, like: &L) -> Tensor<L::Shape, f32, AutoDevice> {
    filled(dev, *like.shape(), |numbers, generator| generator.fill_uniform(numbers, 0.0, 1.0))
}

/// Fills a tensor with normal numbers: `t.normal_(mean, std)`.
///
/// ```
/// use dfdx::prelude::*;
/// use mnist_from_scratch::random::normal_;
///
/// let mut t: Tensor<Rank1<3>, f32, _> = AutoDevice::default().zeros();
/// normal_(&mut t, 5.0, 0.0);
/// assert_eq!(t.array(), [5.0; 3]);
/// ```
pub fn normal_<S: Shape>(t: &mut Tensor<S, f32, AutoDevice>, mean: f32, std: f32) {
    fill(t, |numbers, generator| generator.fill_normal(numbers, mean, std));
}

/// Fills a tensor with uniform numbers from `from` (included) to `to` (excluded):
/// `t.uniform_(from, to)`.
///
/// ```
/// use dfdx::prelude::*;
/// use mnist_from_scratch::random::uniform_;
///
/// let mut t: Tensor<Rank1<3>, f32, _> = AutoDevice::default().zeros();
/// uniform_(&mut t, 2.0, 3.0);
/// assert!(t.array().iter().all(|x| (2.0..3.0).contains(x)));
/// ```
pub fn uniform_<S: Shape>(t: &mut Tensor<S, f32, AutoDevice>, from: f32, to: f32) {
    fill(t, |numbers, generator| generator.fill_uniform(numbers, from, to));
}

/// The numbers from 0 to `n` (excluded) in random order: `torch.randperm`.
///
/// # Panics
/// As [`Generator::randperm`] does.
pub fn randperm(n: usize) -> Vec<usize> {
    draw(|generator| generator.randperm(n))
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
