//! Kernels for training neural nets on a CPU whose results are the same bits on every processor and
//! for any number of threads.
//!
//! Training amplifies: at a high learning rate, a last bit that differs at the start is another
//! accuracy at the end. Whoever wants to show, or to test, what a training came to needs results that
//! do not depend on the machine. Here they do not:
//!
//! - Each sum has one order, written down in its documentation, on vectors of any width: vectors run
//!   along the *results*, so that each lane adds up one of them.
//! - Products are added with fused multiply-adds everywhere. Where the processor has none, one is
//!   made of other operations, with the same bits.
//! - Sums over rows are made in pieces whose number depends on the sizes alone, not on the threads.
//! - Nothing is asked of the system's maths library, and nothing depends on the size of a cache.
//!
//! The promise is about numbers, signed zeros, infinities and the tiniest and largest numbers included. Where one
//! processor has NaN, all have; but which of the many NaN it is may differ, as where several meet, each processor has its
//! own rule for which of them goes on.
//!
//! Sizes may be any. Sizes of 0 give what there is to give, nothing or zeros; those that do not fit, that wrap a `usize` or
//! need more than the memory give a panic that names them, before anything is written.
//!
//! The vector instructions are chosen when the program runs, for the whole process: see [`Isa`].
//!
//! The work is shared by the thread that calls and by helpers, which the whole process has in common: see
//! [`num_threads`].
//!
//! | what | here |
//! | --- | --- |
//! | products of matrices | [`matmul`] |
//! | convolution, with its gradients | [`Conv2d`] |
//! | batch norm, with residual and ReLU | [`BatchNorm`], [`Statistics`] |
//! | pooling | [`Windows`] |
//! | the Adam optimizer, gradients back to 0 | [`AdamStep`], [`zero()`] |
//! | means and distances | [`column_means`], [`mean_absolute_differences`] |
//! | a product and a sum, rounded once | [`fma()`] |
//! | `e^x`, logarithm, sigmoid, hyperbolic tangent | [`exp()`], [`ln`], [`sigmoid`], [`tanh`], [`Function`] |
//! | predictions of classes | [`softmax`], [`cross_entropy`] |
//! | batches of a data set | [`select_rows`] |
//! | sums along axes, in order; repeated numbers | [`sums()`], [`repeat`] |
//! | random bits | [`MersenneTwister`] |
//! | the number of threads | [`num_threads`], [`set_num_threads`] |
//! | the vector instructions | [`Isa`] |
//!
//! All of them work on slices; they know nothing of tensors. The same operations, and some more, for numbers that may lie
//! elsewhere, on a GPU: [`Device`].

// The vectors of pulp are for x86 and ARM processors.
#![cfg_attr(target_family = "wasm", allow(dead_code, unused_mut, unused_variables))]
#![warn(missing_debug_implementations, clippy::undocumented_unsafe_blocks)]

mod adam;
mod batch_norm;
mod channel_sums;
mod classes;
mod conv;
#[cfg(feature = "cuda")]
pub mod cuda;
mod device;
mod distance;
mod fma;
mod functions;
mod helpers;
mod matmul;
mod means;
mod mnist_loss;
mod pool;
mod portable;
mod product;
mod select;
mod simd;
mod sizes;
mod sums;
mod threads;
mod transpose;
mod twister;
mod vector;
mod zero;

pub use adam::AdamStep;
pub use batch_norm::{Activation, BatchNorm, Gradients, Statistics};
pub use classes::{cross_entropy, softmax, softmax_gradient};
pub use conv::Conv2d;
pub use device::{
    AdamPart, Cpu, Device, Element, Matrices, NormEval, NormGradients, NormTrain, Order, Running,
    SgdPart, SgdStep,
};
pub use distance::mean_absolute_differences;
pub use fma::fma;
pub use functions::{Function, exp, ln, sigmoid, tanh};
pub use helpers::{num_threads, set_num_threads};
pub use matmul::{Matrix, matmul};
pub use means::column_means;
pub use mnist_loss::{mnist_loss, mnist_loss_gradient};
pub use pool::Windows;
pub use select::select_rows;
pub use simd::Isa;
pub use sums::{Axis, add_repeated, repeat, repeat_gradient, sums};
pub use twister::MersenneTwister;
pub use zero::zero;
