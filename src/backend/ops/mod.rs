//! The arithmetic of training by dfdx's own operations: what runs on a GPU.
//!
//! Without a GPU the layers work out their numbers with the crate [`samebits`], which takes them as
//! slices of the computer's memory. A GPU has its own memory; to take numbers out of it, and to put the
//! results back, takes longer than the arithmetic. So here is everything that a training step does as
//! operations of dfdx, which run where the numbers are. Layers, optimizers and loaders call these
//! functions if the feature `dfdx-ops` is on, and `cuda` turns it on.
//!
//! The operations run on any device of dfdx. So the tests run them on the CPU and compare with
//! `samebits`, and `cargo test --features dfdx-ops` does the whole course with them.
//!
//! In memory a batch of pictures lies by pixel: (height, width, batch, channel), as elsewhere in this
//! crate. Seen as a matrix with a row for each pixel of each picture, a convolution is: gather rows,
//! multiply matrices.

mod conv2d;
mod dropout;
mod images;
mod index;
mod linear;
mod loss;
mod norm;
mod pictures;
mod pool;
mod rows;
mod weights;

#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

pub(crate) use conv2d::conv2d;
pub(crate) use dropout::dropout;
pub(crate) use images::{mean_image, mnist_distance};
pub(crate) use linear::{linear, mm};
pub(crate) use loss::{accuracy, cross_entropy, share_of_true};
pub(crate) use norm::{batch_norm_eval, batch_norm_train};
pub(crate) use pictures::Pictures;
pub(crate) use pool::{Windows, concat_pool, pool};
pub use rows::Gather;
pub(crate) use weights::{adam, sgd, zero_grads};

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::{AdamStep, BatchNormed, Convolved, Each, Err, Pooled, PooledRows, Take};

/// Runs `f`. That the gradient with respect to `x` is not needed makes no difference here: dfdx's product
/// of matrices always works out both.
#[cfg_attr(not(feature = "dfdx-ops"), expect(dead_code, reason = "there is nothing to compare"))]
pub(crate) fn without_gradient<S: Shape, R>(
    _x: &Tensor<S, f32, AutoDevice>,
    f: impl FnOnce() -> R,
) -> R {
    f()
}
