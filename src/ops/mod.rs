//! Where the numbers of a training step are worked out: each operation that layers, losses, optimizers and
//! data sets need.
//!
//! An operation is a folder, and all that speaks of it is in there:
//!
//! | file | holds |
//! | --- | --- |
//! | `mod.rs` | the contract: a trait with the formula, the shapes and the errors |
//! | `cpu.rs` | [`SameBits`]: by the crate [`samebits`], on slices of the computer's memory. Fast, and the same bits on every processor |
//! | `composed.rs` | [`Composed`]: composed of dfdx's own operations, which run on any device, also on a GPU |
//! | `tests.rs` | both on the same numbers |
//!
//! A version is a type without fields that implements the traits, so the compiler holds it to the contract.
//! Another one is another file in each folder that it has something for; the folder's `mod.rs` names it.
//!
//! [`Kernels`] is the version that this build computes with; layers call `Kernels::conv2d` and know nothing
//! of the choice. It is `Composed` with the feature `dfdx-ops`, which `cuda` turns on. Without it the
//! tests run both and compare.

mod accuracy;
mod adam;
mod batch_norm;
mod conv2d;
mod cross_entropy;
mod dropout;
mod gather;
mod images;
mod input;
mod linear;
mod mm;
mod pool;
mod relu;
mod sgd;
mod zero_grads;

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod testing;

pub(crate) use accuracy::AccuracyKernel;
pub(crate) use adam::{AdamKernel, AdamStep, Stepped};
pub(crate) use batch_norm::BatchNormKernel;
pub(crate) use conv2d::{Conv2dKernel, Convolved, sizes as conv2d_sizes};
pub(crate) use cross_entropy::CrossEntropyKernel;
pub(crate) use dropout::DropoutKernel;
pub use gather::Gather;
pub(crate) use images::ImagesKernel;
pub(crate) use input::InputKernel;
pub(crate) use linear::LinearKernel;
pub(crate) use mm::MmKernel;
pub(crate) use pool::{PoolKernel, Take, Windows};
pub(crate) use relu::ReluKernel;
pub(crate) use sgd::SgdKernel;
pub(crate) use zero_grads::ZeroGradsKernel;

#[cfg(any(feature = "dfdx-ops", test))]
pub(crate) use composed::Composed;
#[cfg(not(feature = "dfdx-ops"))]
pub(crate) use cpu::SameBits;

/// The version that this build computes with.
#[cfg(not(feature = "dfdx-ops"))]
pub(crate) type Kernels = SameBits;
/// The version that this build computes with.
#[cfg(feature = "dfdx-ops")]
pub(crate) type Kernels = Composed;
