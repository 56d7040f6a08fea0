//! Layers: what neural nets are made of, under PyTorch's names.
//!
//! | PyTorch | here |
//! | --- | --- |
//! | `torch.randn(size).requires_grad_()` | [`init_params`] |
//! | `xb @ weights` | [`xb.mm(weights)`](MatMul::mm) |
//! | `nn.Linear(784, 30)` | [`Linear::<784, 30>::new(&dev)`](Linear) |
//! | `nn.Linear(784, 30, bias=False)` | [`UnbiasedLinear`] |
//! | `nn.ReLU()`, `F.relu` | [`ReLU`], [`relu`]: NaN stays NaN |
//! | `torch.exp`, `torch.log`, `torch.sigmoid`, `torch.tanh`, `F.softmax` | [`exp`], [`ln`], [`sigmoid`], [`tanh`], [`softmax`]: the same bits everywhere |
//! | `nn.Sigmoid()`, `nn.Tanh()` | [`Sigmoid`], [`Tanh`] |
//! | `nn.Conv2d(3, 64, 7, 2, 3, bias=False)` | [`Conv2d::<3, 64, 7, 2, 3>::new(&dev)`](Conv2d) |
//! | `nn.Conv2d(1, 8, 3)` | [`BiasedConv2d::<1, 8, 3>::new(&dev)`](BiasedConv2d) |
//! | `nn.BatchNorm1d(64)`, `nn.BatchNorm2d(64)` | [`BatchNorm1d`], [`BatchNorm2d`] |
//! | `nn.LayerNorm(30)` | [`LayerNorm::<30>`](LayerNorm) |
//! | `nn.MaxPool2d(3, 2, 1)` | [`MaxPool2d::<3, 2, 1>`](MaxPool2d) |
//! | `nn.AdaptiveAvgPool2d(1)`, fastai's `AdaptiveConcatPool2d()` | [`AdaptiveAvgPool2d`], [`AdaptiveMaxPool2d`], [`AdaptiveConcatPool2d`] |
//! | `nn.Flatten()`, `nn.Dropout(0.25)` | [`Flatten`], [`Dropout::<25>`](Dropout) |
//! | torchvision's `BasicBlock` | [`BasicBlock`], [`DownBlock`] with [`Downsample`] |
//! | `nn.Sequential(a, b, c)` | a tuple: `(a, b, c)` |
//!
//! All of them are modules of [dfdx] and mix with its own.

mod activation;
mod batch_norm;
mod biased_conv2d;
mod conv2d;
pub(crate) mod conv_norm;
mod dropout;
mod flatten;
mod function;
mod global_pool;
mod init;
mod layer_norm;
mod linear;
mod observe;
mod pool;
mod product;
mod residual;
mod weights;

pub use activation::{ReLU, maximum, minimum, relu};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNormReLU};
pub use biased_conv2d::BiasedConv2d;
pub use conv2d::Conv2d;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use function::{Sigmoid, Tanh};
pub use global_pool::{MaxPoolGlobal, MinPoolGlobal};
pub use init::{Fan, init_params, kaiming_normal_};
pub use layer_norm::LayerNorm;
pub use linear::{Linear, UnbiasedLinear};
pub use observe::LayerSummary;
pub use pool::{AdaptiveAvgPool2d, AdaptiveConcatPool2d, AdaptiveMaxPool2d, MaxPool2d};
pub use product::MatMul;
pub use residual::{BasicBlock, DownBlock, Downsample, Identity, ResidualBlock};
pub use weights::{
    Difference, Loaded, NonFiniteNumbers, WeightsError, WeightsFile, fingerprint, load_weights,
    save_weights, save_weights_as_they_are,
};

/// As in `torch.nn.functional`.
pub use crate::tensor::{exp, ln, sigmoid, softmax, tanh};

pub(crate) use observe::layers;
pub(crate) use weights::{OPTIMIZER, save_all, save_weights_with, tensors_of};
