//! Random numbers equal to PyTorch's and Python's for the same seed.
//!
//! | PyTorch, Python | here |
//! | --- | --- |
//! | `torch.manual_seed(42)` | [`manual_seed`] |
//! | `torch.randn(20)`, `torch.rand(3)` | [`randn`], [`rand`]; with a size found out at run time [`randn_like`], [`rand_like`] |
//! | `t.normal_(0, 1)`, `t.uniform_(-1, 1)` | [`normal_`], [`uniform_`] |
//! | `torch.randperm(10)`, `torch.randint(0, 10, (5,))` | [`randperm`], [`randint`] |
//! | `torch.Generator()` | [`Generator`] |
//! | `random.Random(42)`, `random.seed(42)` | [`Random`], [`random_seed`] |
//! | fastai's `set_seed(42)`, how its `DataLoader` shuffles | [`set_seed`], [`Shuffle`] |
//!
//! Both are built on the Mersenne Twister MT19937, [`samebits::MersenneTwister`]. They differ in how they are
//! seeded and in how they make numbers of its bits.

mod cephes;
mod fastai;
mod fill;
mod python;
mod torch;

pub use fastai::{Shuffle, random_seed, set_seed};
pub use fill::{
    manual_seed, normal_, rand, rand_like, randint, randn, randn_like, random_, randperm, uniform_,
};
pub use python::Random;
pub use torch::{DEFAULT_SEED, Generator};

pub(crate) use fill::{kept_bits, normal_numbers, uniform_numbers};
