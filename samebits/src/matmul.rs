//! Products of matrices.

use std::cell::Cell;

use crate::product::{Start, Sum};
use crate::sizes::product;
use crate::threads::{for_each_piece, rows_at_once, share};
use crate::transpose::{columns_to_rows, transpose_each, with_kept};
use crate::vector::{rows_times_vector, vector_times_rows};

/// A matrix in somebody's memory: `rows` times `columns` numbers of a slice.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    /// Whether it lies in memory column after column.
    by_columns: bool,
}

impl<'a> Matrix<'a> {
    /// A matrix that lies row after row in memory.
    ///
    /// # Panics
    /// If the slice has not `rows` times `columns` numbers.
    pub fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        let of = format_args!("numbers of a {rows}x{columns} matrix");
        assert_eq!(numbers.len(), product([rows, columns], of), "{of}");
        Self { numbers, rows, columns, by_columns: false }
    }

    /// The same numbers with rows and columns exchanged; nothing is moved.
    pub fn transposed(self) -> Self {
        let Self { rows, columns, .. } = self;
        Self { rows: columns, columns: rows, by_columns: !self.by_columns, ..self }
    }

    /// How far the next row, and the next column, is away in the slice.
    fn strides(&self) -> [usize; 2] {
        if self.by_columns { [1, self.rows] } else { [self.columns, 1] }
    }
}

/// Adds the product of two matrices, row after row, to `c`: `c_ij += sum_k a_ik b_kj`.
///
/// The products are added in the order of `k`, with fused multiply-adds. Where one side is a vector, the
/// sums have parts:
/// - `b` is a single column, and `a` lies row after row in memory: product `k` is added to part `k % 64`,
///   and then the second half of the parts to the first, until there is one;
/// - else, if there are many products: a part is a quarter of them, one after the other.
///
/// # Panics
/// If the sizes do not fit.
///
/// # Example
/// ```
/// use samebits::{Matrix, matmul};
///
/// let a = Matrix::new(&[1.0, 2.0, 3.0, 4.0], 2, 2);
/// let mut c = [0.0; 4];
/// matmul(&mut c, a, a.transposed());
/// assert_eq!(c, [5.0, 11.0, 11.0, 25.0]);
/// ```
pub fn matmul(c: &mut [f32], a: Matrix, b: Matrix) {
    let of = format_args!("{}x{} times {}x{}", a.rows, a.columns, b.rows, b.columns);
    assert_eq!(a.columns, b.rows, "columns of the left matrix, rows of the right one: {of}");
    assert_eq!(c.len(), product([a.rows, b.columns], of), "numbers of the product: {of}");
    let columns = b.columns;
    if c.is_empty() {
        return;
    }
    match (columns, a.rows) {
        (1, _) if a.by_columns => return vector_times_rows(c, b.numbers, a.numbers),
        (1, _) => return rows_times_vector(c, a.numbers, b.numbers),
        (_, 1) if !b.by_columns => return vector_times_rows(c, a.numbers, b.numbers),
        _ => {}
    }
    if a.rows >= 16 && b.numbers.len() / 2 > a.numbers.len() + 2 * c.len() {
        return if b.by_columns { by_columns(c, a, b) } else { in_parts(c, a, b) };
    }
    let rows = rows_at_once(a.rows, b.numbers.len()).max(8);
    let [a_row, a_depth] = a.strides();
    with_rows(b, |b| {
        for_each_piece(c, rows.saturating_mul(columns), |piece, c| {
            let pairs = [(piece * rows * a_row, 0)];
            let depth = a.columns;
            let sum =
                Sum { a: a.numbers, a_row, a_depth, b, b_depth: columns, pairs: &pairs, depth };
            sum.work_out(Start::Given, c, columns, c.len() / columns, columns);
        });
    });
}

/// The same, some columns of `b` and `c` after the other: where `b` is much larger than the others, each thread then reads
/// some of its columns, and none of them twice.
fn in_parts(c: &mut [f32], a: Matrix, b: Matrix) {
    thread_local! {
        static PART: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    }
    /// Columns in a part: whole vectors.
    const AT_ONCE: usize = 64;
    let (rows, columns, [a_row, a_depth]) = (a.rows, b.columns, a.strides());
    // Of each part what it has of each row.
    let mut parts: Vec<_> =
        (0..columns).step_by(AT_ONCE).map(|from| (from, Vec::with_capacity(rows))).collect();
    for row in c.chunks_exact_mut(columns) {
        parts.iter_mut().zip(row.chunks_mut(AT_ONCE)).for_each(|((_, part), c)| part.push(c));
    }
    share(parts.into_iter(), |(from, mut part)| {
        let width = part[0].len();
        with_kept(&PART, rows * width, |sums| {
            for (sums, c) in sums.chunks_exact_mut(width).zip(&part) {
                sums.copy_from_slice(c);
            }
            let (pairs, depth) = ([(0, from)], a.columns);
            let (b, b_depth) = (b.numbers, columns);
            let sum = Sum { a: a.numbers, a_row, a_depth, b, b_depth, pairs: &pairs, depth };
            sum.work_out(Start::Given, sums, width, rows, width);
            for (sums, c) in sums.chunks_exact(width).zip(&mut part) {
                c.copy_from_slice(sums);
            }
        });
    });
}

/// The same, worked out as `c^T += b^T a^T`, where `b` is much larger than the others and lies column after column. The sums
/// are the same.
fn by_columns(c: &mut [f32], a: Matrix, b: Matrix) {
    thread_local! {
        static COLUMNS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    }
    /// About how many columns of `b` are worked on at once.
    const AT_ONCE: usize = 48;
    let (rows, columns) = (a.rows, b.columns);
    let at_once = columns.div_ceil(columns.div_ceil(AT_ONCE));
    let [a_depth, a_row] = b.strides();
    with_kept(&COLUMNS, c.len(), |c_columns| {
        transpose_each(c, c.len(), columns, c_columns);
        with_rows(a.transposed(), |a| {
            for_each_piece(c_columns, at_once * rows, |piece, c| {
                let pairs = [(piece * at_once * a_row, 0)];
                let depth = b.rows;
                let sum =
                    Sum { a: b.numbers, a_row, a_depth, b: a, b_depth: rows, pairs: &pairs, depth };
                sum.work_out(Start::Given, c, rows, c.len() / rows, rows);
            });
        });
        transpose_each(c_columns, c_columns.len(), rows, c);
    });
}

/// Calls `work` with the numbers of a matrix row after row.
fn with_rows(matrix: Matrix, work: impl FnOnce(&[f32])) {
    /// The numbers of two vectors.
    const MORE: usize = 32;
    thread_local! {
        static ROWS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    }
    if !matrix.by_columns {
        return work(matrix.numbers);
    }
    // A little more, so that whole vectors can be read at the end, too.
    let len = matrix.numbers.len();
    with_kept(&ROWS, len + MORE, |rows| {
        for_each_piece(&mut rows[..len], matrix.columns.saturating_mul(64), |piece, rows| {
            columns_to_rows(matrix.numbers, matrix.rows, 64 * piece, rows);
        });
        work(rows);
    });
}
