//! All that a chapter uses, in one line: `use mnist_from_scratch::prelude::*;`, as the notebook has
//! `from fastai.vision.all import *`.
//!
//! ```
//! use mnist_from_scratch::prelude::*;
//!
//! let dev = AutoDevice::default();
//! let t: Tensor<Rank1<3>, f32, _> = dev.tensor([1., 2., 3.]);
//! show!(t.mean_all());
//! ```

pub use dfdx::prelude::*;

pub use crate::baseline::*;
pub use crate::data::*;
pub use crate::device::{self, DeviceError, default_device};
pub use crate::learner::*;
pub use crate::loss::*;
pub use crate::metrics::*;
pub use crate::nn::*;
pub use crate::optim::*;
pub use crate::random::*;
pub use crate::shapes::*;
pub use crate::show;
pub use crate::show::*;
pub use crate::tensor::*;
pub use crate::vision::*;
// dfdx has losses and traits of the same names; named, ours come first.
pub use crate::loss::{l1_loss, mse_loss};
pub use crate::tensor::{BroadcastTo, MaxTo, MeanTo, MinTo, SumTo, TryStack};
// It has layers and functions of the same names, too. `nn::` is for a program with such a function of its own.
pub use crate::nn::{self, Dropout, Linear, ReLU, Sigmoid, Tanh, UnbiasedLinear};
pub use crate::nn::{MaxPoolGlobal, MinPoolGlobal};
pub use crate::nn::{exp, ln, maximum, minimum, relu, sigmoid, softmax, tanh};
pub use crate::optim::Adam;

/// The result of a program whose parts fail in different ways; `?` takes any error.
pub use anyhow::Result;
