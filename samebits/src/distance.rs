//! How far rows of numbers are apart.

use pulp::Simd;

use crate::simd::{Kernel, run};
use crate::sizes::product;
use crate::threads::{for_each_piece, rows_of_piece};
use crate::vector::sum_in_parts;

/// The mean absolute difference of each row of `x` from `b`, also called L1 distance, to `distances`:
/// `d_i = (1/n) sum_j |x_ij - b_j|`, with `n` numbers in a row.
///
/// Number `j` of a row is added to part `j % 64` of its sum, and then the second half of the parts to the
/// first, until there is one.
///
/// # Panics
/// If `x` has not a row of the length of `b` for each distance, or `b` is empty.
///
/// # Example
/// ```
/// let mut distances = [0.0; 2];
/// samebits::mean_absolute_differences(&[1.0, 2.0, 5.0, 5.0], &[1.0, 3.0], &mut distances);
/// assert_eq!(distances, [0.5, 3.0]);
/// ```
pub fn mean_absolute_differences(x: &[f32], b: &[f32], distances: &mut [f32]) {
    let of = format_args!("{} rows of {} numbers", distances.len(), b.len());
    assert!(!b.is_empty(), "rows without numbers: {of}");
    assert_eq!(x.len(), product([distances.len(), b.len()], of), "{of}");
    let piece = rows_of_piece(distances.len(), b.len());
    for_each_piece(distances, piece, |at, distances| {
        let x = &x[at * piece * b.len()..][..distances.len() * b.len()];
        run(Rows { x, b, distances });
    });
}

/// Some rows for one thread.
struct Rows<'a> {
    x: &'a [f32],
    b: &'a [f32],
    distances: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    #[inline(always)]
    fn vectors<S: Simd>(self, simd: S) {
        for (distance, x) in self.distances.iter_mut().zip(self.x.chunks_exact(self.b.len())) {
            let sum = sum_in_parts(simd, x, self.b, absolute_difference);
            *distance = sum / self.b.len() as f32;
        }
    }

    fn plain(self) {
        self.vectors(pulp::Scalar::new());
    }
}

#[inline(always)]
fn absolute_difference<S: Simd>(simd: S, x: S::f32s, b: S::f32s) -> S::f32s {
    simd.abs_f32s(simd.sub_f32s(x, b))
}
