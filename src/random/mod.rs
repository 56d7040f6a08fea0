//! Random numbers equal to PyTorch's and Python's for the same seed.
//!
//! | PyTorch, Python | here |
//! | --- | --- |
//! | `torch.manual_seed(42)` | [`manual_seed`] |
//! | `torch.randn(20)`, `torch.rand(3)` | [`randn`], [`rand`]; with a size found out at run time [`randn_like`], [`rand_like`] |
//! | `t.normal_(0, 1)`, `t.uniform_(-1, 1)` | [`normal_`], [`uniform_`] |
//! | `torch.randperm(10)` | [`randperm`] |
//! | `torch.Generator()` | [`Generator`] |
//! | `random.Random(42)` | [`Random`] |
//!
//! Both are built on the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), which the crate
//! [rand_mt](https://docs.rs/rand_mt) provides. They differ in how they are seeded and in how they
//! make numbers of its bits.

mod fill;
mod python;
mod torch;

pub use fill::{manual_seed, normal_, rand, rand_like, randn, randn_like, randperm, uniform_};
pub use python::Random;
pub use torch::{DEFAULT_SEED, Generator};
