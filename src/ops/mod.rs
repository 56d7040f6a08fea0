//! What layers, losses, optimizers and data sets need to train: each operation once, for a CPU and for a GPU.
//!
//! An operation is a folder: `mod.rs` has the formula, the shapes, the errors and the code, `tests.rs` its tests.
//! The arithmetic is that of the crate [`samebits`], in the same order and so with the same bits on every device:
//! see [`samebits::Device`]. How it comes to a tensor's numbers is in [`numbers`].
//!
//! What an operation is given, it first brings [in order](numbers::in_order); its result it puts on the tape with
//! [`record`](numbers::record). On the way back it adds to gradients and never overwrites them.

mod accuracy;
mod adam;
mod batch_norm;
mod broadcast;
mod conv2d;
mod conv_norm;
mod cross_entropy;
mod dropout;
mod function;
mod gather;
mod images;
mod input;
mod late;
mod linear;
mod mm;
mod mnist_loss;
mod numbers;
mod pool;
mod relu;
mod sgd;
mod sum;
mod zero_grads;

pub(crate) use accuracy::{accuracy, share_of_true};
pub(crate) use adam::{AdamUpdate, Stepped};
pub(crate) use batch_norm::{Activation, Training, batch_norm_eval, batch_norm_train};
pub(crate) use broadcast::broadcast;
pub(crate) use conv_norm::conv_norm_train;
pub(crate) use conv2d::{Convolved, conv2d, conv2d_sizes};
pub(crate) use cross_entropy::cross_entropy;
pub(crate) use dropout::dropout;
pub(crate) use function::{function, softmax};
pub use gather::Gather;
#[cfg(feature = "cuda")]
pub(crate) use gather::{PictureSet, select_pictures};
pub(crate) use images::{distances, mean_image};
pub(crate) use input::without_gradient;
pub(crate) use late::{LOSSES_COME_LATE, LateLoss, if_finite};
pub(crate) use linear::linear;
pub(crate) use mm::mm;
pub(crate) use mnist_loss::mnist_loss;
pub(crate) use numbers::{keeping_memory, without_copies};
pub(crate) use pool::{Take, Windows, concat_pool, pool};
pub(crate) use relu::relu;
pub(crate) use sgd::SgdUpdate;
pub(crate) use sum::sum;
pub(crate) use zero_grads::zero_grads;
