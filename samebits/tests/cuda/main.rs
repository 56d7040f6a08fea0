//! Each kernel gives the bits of the CPU. Runs on a GPU, and on the stand-in of `gpu-folder`, which runs the very same
//! kernels; with `compute-sanitizer` before it on a GPU, also shows that they stay inside of their memory.
//!
//! An operation is run on both devices by the same code, on numbers of all sorts, and what it leaves in any of its slices
//! is compared.

#[allow(dead_code, reason = "some of it is for other tests")]
#[path = "../common/mod.rs"]
mod common;

mod both;
mod classes;
mod conv;
mod elementwise;
mod few;
mod matmul;
mod norm;
mod optimizers;
mod pool;
mod refused;
mod select;
mod sums;
