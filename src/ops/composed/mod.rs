//! What the versions for a GPU have in common.
//!
//! A GPU has its own memory; to take numbers out of it, and to put the results back, takes longer than the
//! arithmetic. So here is everything that a training step does as operations of dfdx, which run where the
//! numbers are.
//!
//! The operations run on any device of dfdx. So the tests run them on the CPU and compare with
//! [`samebits`], and `cargo test --features dfdx-ops` does the whole course with them.
//!
//! In memory a batch of pictures lies by pixel: (height, width, batch, channel), as elsewhere in this
//! crate. Seen as a matrix with a row for each pixel of each picture, a convolution is: gather rows,
//! multiply matrices.

mod classes;
mod index;

pub(super) use classes::classes;
pub(super) use index::{gather_rows, index, mask, with_filler};

/// Operations composed of dfdx's own, on any device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Composed;
