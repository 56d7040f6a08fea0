//! Sizes, before anything is started.

use std::fmt::Display;

use super::error::Error;
use crate::sizes::product;

/// A size as kernels take it.
///
/// # Errors
/// If it is larger than they can count.
pub(super) fn int(size: usize, of: impl Display) -> Result<i32, Error> {
    i32::try_from(size).map_err(|_| Error::TooLarge { what: format!("{of}: {size}") })
}

/// The same for a product of sizes, which may be too large for a `usize`, too.
pub(super) fn int_product<const N: usize>(
    sizes: [usize; N],
    of: impl Display,
) -> Result<i32, Error> {
    let all = sizes.into_iter().try_fold(1usize, usize::checked_mul);
    int(all.unwrap_or(usize::MAX), of)
}

/// The rows of `len` numbers in rows of `width`; none if there are no numbers.
pub(super) fn rows_of(len: usize, width: usize) -> usize {
    let rows = len.checked_div(width).unwrap_or(0);
    assert_eq!(product([rows, width], "rows"), len, "{len} numbers in rows of {width}");
    rows
}

/// How many blocks of 256 threads have a thread for each of `n` numbers.
///
/// # Errors
/// If these are more than kernels can count.
pub(super) fn blocks(n: usize, of: impl Display) -> Result<[usize; 2], Error> {
    int(n, of)?;
    Ok([n.div_ceil(256), 1])
}
