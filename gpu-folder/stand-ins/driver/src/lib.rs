//! A stand-in for NVIDIA's driver and for cuBLAS, on a machine without a GPU.
//!
//! A program built for CUDA that finds this library in place of `libcuda.so.1` and `libcublas.so.13` runs on
//! the CPU: slowly, but with the results that a GPU would have, but for roundings. So much can be tested where
//! there is no GPU: the kernels that CUDA's compiler made, their arguments, the sizes of their blocks, and what
//! the host does with the results. What cannot be, `gpu-folder/README.md` lists.
//!
//! Kernels come as *PTX*, the assembly language for all of NVIDIA's GPUs. `ptx` reads it, `translate` makes
//! C of a kernel, `kernels` has the C compiler build that, and `driver` starts it, one thread of the GPU after the
//! other. The memory of the GPU is that of the computer, filled with NaN until something is written to it; so is
//! what the threads of a block share.
//! `blas` has the products of matrices.
//!
//! It knows the calls and instructions that dfdx's kernels for `f32` need. What it does not know is an error
//! with the name of the instruction.

mod blas;
mod driver;
mod kernels;
mod ptx;
mod translate;
