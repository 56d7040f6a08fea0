//! What the versions on the CPU have in common: a tensor's numbers as a slice, and the way back.

mod ranges;
mod tape;
mod view;

pub(super) use ranges::ranges;
pub(super) use tape::record;
pub(super) use view::{in_memory, values, values_mut};

use samebits::Matrix;

/// Operations by the crate [`samebits`], on the CPU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SameBits;

/// Numbers as rows of `columns` each.
pub(super) fn matrix(numbers: &[f32], columns: usize) -> Matrix<'_> {
    Matrix::new(numbers, numbers.len().checked_div(columns).unwrap_or(0), columns)
}
