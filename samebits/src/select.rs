//! Rows of a matrix by their numbers.

use crate::sizes::{product, room};
use crate::threads::{for_each_piece, rows_at_once};

/// Copies of some rows of a matrix, whose rows have `width` numbers, one after the other.
///
/// # Panics
/// If the elements are no whole number of rows, or one of the rows is not there, or there is no memory for the copies. No
/// row of a `width` of 0 is looked at.
///
/// # Example
/// ```
/// let matrix = ["a", "A", "b", "B", "c", "C"];
/// assert_eq!(samebits::select_rows(&matrix, 2, &[2, 0]), ["c", "C", "a", "A"]);
/// ```
pub fn select_rows<E: Copy + Send + Sync>(matrix: &[E], width: usize, rows: &[usize]) -> Vec<E> {
    let of = format_args!("{} rows of {width}", rows.len());
    let len = product([rows.len(), width], of);
    if len == 0 {
        return Vec::new();
    }
    let count = matrix.len() / width;
    assert_eq!(matrix.len() % width, 0, "{} elements in rows of {width}", matrix.len());
    if let Some(row) = rows.iter().find(|row| **row >= count) {
        panic!("row {row} of a matrix with {count} of {width}");
    }
    let mut selected = room(len, of);
    let at_once = rows_at_once(rows.len(), width);
    // Memory that has not been written to: to fill it with zeros first would take as long as to copy.
    let to = &mut selected.spare_capacity_mut()[..len];
    for_each_piece(to, at_once * width, |at, mut to| {
        let rows = &rows[at * at_once..][..to.len() / width];
        // Neighbours are copied together: one large copy is quicker than many small ones.
        for run in rows.chunk_by(|a, b| a + 1 == *b) {
            let (head, tail) = to.split_at_mut(run.len() * width);
            head.write_copy_of_slice(&matrix[run[0] * width..(run[0] + run.len()) * width]);
            to = tail;
        }
    });
    // SAFETY: The capacity is at least `len`. `to` is its first `len` places, `width` of them
    // for each of `rows`. `for_each_piece` splits them between rows and returns when the closure has
    // been called for each piece; if one call panics, so does it. The runs of a piece are all its rows, and
    // for each run `write_copy_of_slice` has written to the next `width` places a row.
    unsafe { selected.set_len(len) };
    selected
}
