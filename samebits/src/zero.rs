//! Gradients back to 0.

use crate::threads::{for_each_piece, rows_of_piece};

/// Sets all numbers to 0, on all threads.
///
/// ```
/// let mut gradient = [1.0, 2.0];
/// samebits::zero(&mut gradient);
/// assert_eq!(gradient, [0.0, 0.0]);
/// ```
pub fn zero(values: &mut [f32]) {
    let piece = rows_of_piece(values.len(), 1);
    for_each_piece(values, piece, |_, values| values.fill(0.0));
}
