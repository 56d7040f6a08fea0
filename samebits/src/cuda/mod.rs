//! The operations on an NVIDIA GPU, with the bits of the CPU: feature `cuda`.
//!
//! [`Gpu`] is a [`Device`](crate::Device). Its kernels lie in `kernels/` as CUDA C++; what NVIDIA's compiler has made of
//! them comes with the crate, so that nobody who uses it needs that compiler: PTX, which the driver compiles at the
//! first start, for GPUs of compute capability 7.5 and for those from 8.0 on, and machine code for 9.0 (H100, H200).
//! To build with this feature takes CUDA's `cuda.h` and its stub of `libcuda` (the crate [cudarc] looks for them); to
//! run takes a driver of the 580 series or newer.
//!
//! All work is put into the default stream of the first GPU's primary context, one piece after the other: numbers that
//! others have put there in the same way can be used, see [`Slice::from_raw`].
//!
//! How it can be that the bits are the same: each sum has the same order, with a thread for each result, as there is a
//! lane of a vector for each on a CPU; products are fused with sums, or not, where they are there; and the quotients,
//! roots and conversions of a GPU round as those of a CPU do.
//!
//! [cudarc]: https://docs.rs/cudarc/0.9

mod arguments;
mod check;
mod conv;
mod device;
mod driver;
mod elementwise;
mod error;
mod functions;
mod kernels;
mod later;
mod matmul;
mod memory;
mod module;
mod norm;
mod optimizers;
mod pool;
mod select;
mod sums;
mod tiles;

pub use driver::Gpu;
pub use error::Error;
pub use later::Later;
pub use memory::{Buffer, Slice, SliceMut};
pub use norm::{Norm, Statistics};
pub use tiles::Tile;
