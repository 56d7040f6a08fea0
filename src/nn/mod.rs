//! Layers: what neural nets are made of, under PyTorch's names.
//!
//! | PyTorch | here |
//! | --- | --- |
//! | `torch.randn(size).requires_grad_()` | [`init_params`] |
//! | `xb @ weights` | [`xb.mm(weights)`](MatMul::mm) |
//! | `nn.Linear(784, 30)` | [`Linear::<784, 30>::new(&dev)`](Linear) |
//! | `nn.ReLU()` | dfdx's `ReLU` |
//! | `nn.Sequential(a, b, c)` | a tuple: `(a, b, c)` |
//!
//! All of them are modules of [dfdx] and mix with its own.

mod gemm;
mod init;
mod inputs;
mod linear;
mod product;
mod weights;

pub use init::init_params;
pub use linear::Linear;
pub use product::{JoinTape, MatMul, RowsOf};
pub use weights::{WeightsError, load_weights, save_weights};

pub(crate) use inputs::without_gradient;
