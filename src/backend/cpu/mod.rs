//! The arithmetic of training on the CPU, with [`samebits`].

mod conv2d;
mod dropout;
mod images;
mod inputs;
mod linear;
mod loss;
mod norm;
mod pool;
mod rows;
mod view;
mod weights;

pub(crate) use conv2d::conv2d;
pub(crate) use dropout::dropout;
pub(crate) use images::{mean_image, mnist_distance};
pub(crate) use inputs::without_gradient;
pub(crate) use linear::{linear, mm};
pub(crate) use loss::{accuracy, cross_entropy, share_of_true};
pub(crate) use norm::{batch_norm_eval, batch_norm_train};
pub(crate) use pool::{Windows, concat_pool, pool};
pub use rows::Gather;
pub(crate) use weights::{adam, sgd, zero_grads};

use super::{AdamStep, BatchNormed, Convolved, Each, Err, Pooled, PooledRows, Take};
