//! Rows to columns.

use std::cell::Cell;
use std::thread::LocalKey;

use crate::simd::{Loops, run_loops};
use crate::threads::share;

/// Writes some columns of a matrix as rows to `to`: number `j` of them, `to[j * rows..][..rows]`, is
/// column `first + j` of the matrix `from`, whose rows have `width` numbers.
pub(crate) fn columns_to_rows(from: &[f32], width: usize, first: usize, to: &mut [f32]) {
    let rows = from.len() / width.max(1);
    let columns = to.len() / rows.max(1);
    assert!(from.len() == rows * width && to.len() == rows * columns, "sizes of the matrices");
    assert!(first + columns <= width, "columns {first} to {} of {width}", first + columns);
    run_loops(Blocks { from, width, first, rows, columns, to });
}

/// Transposes each of the matrices of `size` numbers in `from`, whose rows have `width` numbers.
pub(crate) fn transpose_each(from: &[f32], size: usize, width: usize, to: &mut [f32]) {
    let matrices = from.chunks(size).zip(to.chunks_mut(size));
    let pieces = matrices.flat_map(|(from, to)| {
        let pieces = to.chunks_mut(64 * (size / width)).enumerate();
        pieces.map(move |(at, to)| (from, 64 * at, to))
    });
    share(pieces, |(from, first, to)| columns_to_rows(from, width, first, to));
}

/// What is to be moved, block by block.
struct Blocks<'a> {
    from: &'a [f32],
    width: usize,
    first: usize,
    rows: usize,
    columns: usize,
    to: &'a mut [f32],
}

impl Loops for Blocks<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { from, width, first, rows, columns, to } = self;
        if rows < SIDE || columns < SIDE {
            for i in 0..rows {
                for j in 0..columns {
                    to[j * rows + i] = from[i * width + first + j];
                }
            }
            return;
        }
        // The last block may begin in the one before.
        for row in (0..rows).step_by(SIDE).map(|row| row.min(rows - SIDE)) {
            for column in (0..columns).step_by(SIDE).map(|column| column.min(columns - SIDE)) {
                let from = &from[row * width + first + column..];
                block(from, width, &mut to[column * rows + row..], rows);
            }
        }
    }
}

/// The side of a block that about fills the registers.
const SIDE: usize = 16;

/// The same for a block of 16 times 16 numbers; the rows of `from` and `to` are so far apart.
#[inline(always)]
fn block(from: &[f32], from_row: usize, to: &mut [f32], to_row: usize) {
    let row = |i: usize| from[i * from_row..][..SIDE].try_into().expect("16 numbers");
    let rows: [[f32; SIDE]; SIDE] = std::array::from_fn(row);
    for j in 0..SIDE {
        let column: [f32; SIDE] = std::array::from_fn(|i| rows[i][j]);
        to[j * to_row..][..SIDE].copy_from_slice(&column);
    }
}

/// Calls `work` with `len` numbers that a thread keeps from one call to the next: memory fresh from the system is
/// slow. What they are means nothing.
///
/// They are taken out meanwhile: a call from within `work` gets others.
pub(crate) fn with_kept<R>(
    kept: &'static LocalKey<Cell<Vec<f32>>>,
    len: usize,
    work: impl FnOnce(&mut [f32]) -> R,
) -> R {
    // At its end a thread has none any more, and yet it may call.
    let mut numbers = kept.try_with(Cell::take).unwrap_or_default();
    if numbers.len() < len {
        numbers = vec![0.0; len];
    }
    let result = work(&mut numbers[..len]);
    let _ = kept.try_with(|kept| kept.set(numbers));
    result
}
