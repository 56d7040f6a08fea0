//! Deep learning from scratch in Rust, on handwritten digits.
//!
//! The library behind the book *MNIST from Scratch in Rust*: what its chapters use and build, under
//! the names that the fastai course and PyTorch have for it, on the tensors of [dfdx].
//!
//! | module | holds |
//! | --- | --- |
//! | [`data`] | MNIST and its sample of 3s and 7s, `untar_data`, `ls`, the list `L`, `DataLoader` |
//! | [`shapes`] | which shapes fit which layer |
//! | [`tensor`] | images as tensors, broadcasting |
//! | [`baseline`] | the digit whose mean picture is nearest |
//! | [`nn`] | layers, matrix products, weights in files |
//! | [`loss`], [`metrics`] | how bad predictions are, for training; how good, for people |
//! | [`optim`] | optimizers |
//! | [`learner`] | the training loop, with progress, record and callbacks |
//! | [`vision`] | folders of pictures, MNIST's own files and photos of digits; ResNet18, predictions, exported nets |
//! | [`device`] | the device to train on, and what to do where it fails |
//! | [`random`] | PyTorch's and Python's random numbers |
//! | [`mod@show`] | printing tensors as PyTorch prints them, pictures, tables |
//! | [`prelude`] | all of it, for a chapter's first line |
//!
//! # Example
//! The distance of one 3 from another:
//! ```
//! use mnist_from_scratch::prelude::*;
//!
//! let threes = untar_data(Urls::MNIST_SAMPLE)?.join("train/3").ls()?;
//! let dev = AutoDevice::default();
//! let first: Pixels = tensor(&image_open(&threes[0])?, &dev)?;
//! let second: Pixels = tensor(&image_open(&threes[1])?, &dev)?;
//! show!(l1_loss(&(first.float() / 255.), &(second.float() / 255.)));
//! # mnist_from_scratch::anyhow::Ok(())
//! ```

pub mod baseline;
mod cause;
pub mod data;
pub mod device;
mod fault;
mod files;
mod host;
pub mod learner;
pub mod loss;
pub mod metrics;
pub mod nn;
mod ops;
pub mod optim;
mod parameters;
pub mod prelude;
pub mod random;
pub mod shapes;
pub mod show;
mod stdout;
pub mod tensor;
pub mod vision;

// A chapter names this crate only, so that a copied example needs no other dependency.
#[cfg(not(target_family = "wasm"))]
pub use plotters;
pub use {anyhow, dfdx, image};

/// The version of this crate, as fastai has `fastai.__version__`.
///
/// ```
/// assert_eq!(mnist_from_scratch::VERSION.split('.').count(), 3);
/// ```
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
