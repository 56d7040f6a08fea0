//! The means of columns.

use crate::simd::{each, run};
use crate::sizes::{product, zeros};
use crate::threads::share;
use crate::vector::Combination;

/// The mean of each column of a matrix, whose rows have `width` numbers: the mean image, if each row is
/// one. The sums of 64 rows each are made in `f32`, and their sum in `f64`.
///
/// # Panics
/// If there are no rows, or part of one.
///
/// ```
/// assert_eq!(samebits::column_means(&[1.0, 10.0, 3.0, 20.0], 2), [2.0, 15.0]);
/// ```
pub fn column_means(rows: &[f32], width: usize) -> Vec<f32> {
    const AT_ONCE: usize = 64;
    let of = format_args!("{} numbers in rows of {width}", rows.len());
    assert!(width > 0 && !rows.is_empty(), "the means of no rows: {of}");
    assert_eq!(rows.len() % width, 0, "{of}");
    let pieces = rows.chunks(width.saturating_mul(AT_ONCE));
    let mut sums = zeros(product([pieces.len(), width], of), of);
    share(sums.chunks_mut(width).zip(pieces), |(c, rows)| {
        run(Combination { c, b: &[1.0; AT_ONCE][..rows.len() / width], rows });
    });
    let mut totals = vec![0.0; width];
    for sums in sums.chunks(width) {
        each(|| totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += f64::from(*sum)));
    }
    let n = (rows.len() / width) as f64;
    totals.into_iter().map(|total: f64| (total / n) as f32).collect()
}
