//! Products of matrices.

use std::cell::RefCell;

use crate::product::{Start, Sum};
use crate::threads::for_each_piece;
use crate::transpose::{at_least, columns_to_rows};

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
        assert_eq!(numbers.len(), rows * columns, "numbers of a {rows}x{columns} matrix");
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
    assert_eq!(a.columns, b.rows, "columns of the left matrix, rows of the right one");
    assert_eq!(c.len(), a.rows * b.columns, "numbers of the product");
    let columns = b.columns;
    if c.is_empty() {
        return;
    }
    if columns == 1 {
        return times_column(c, a, b.numbers);
    }
    let rows = rows_at_once(a.rows, a.columns * columns, 8);
    let [a_row, a_depth] = a.strides();
    with_rows(b, |b| {
        for_each_piece(c, rows * columns, |piece, c| {
            let pairs = [(piece * rows * a_row, 0)];
            let depth = a.columns;
            let sum =
                Sum { a: a.numbers, a_row, a_depth, b, b_depth: columns, pairs: &pairs, depth };
            sum.work_out(Start::Given, c, columns, c.len() / columns, columns);
        });
    });
}

/// How many of `rows` rows a thread works on at once, if each takes so many multiplications.
fn rows_at_once(rows: usize, multiplications: usize, at_least: usize) -> usize {
    /// Fewer multiplications are done by one thread.
    const FEW: usize = 1 << 17;
    const PIECES: usize = 4;
    if rows * multiplications < FEW { rows } else { rows.div_ceil(PIECES).max(at_least) }
}

/// The same where `b` is a single column.
///
/// Vectors run along the columns of a product. Transposed, this one has many, and is the same sum.
fn times_column(c: &mut [f32], a: Matrix, b: &[f32]) {
    /// So many columns of `a` at once that they stay in a fast cache.
    const AT_ONCE: usize = 32;
    let rows = rows_at_once(a.rows, a.columns, 64);
    // Adds to `c`, given the numbers of `a` column by column, `height` of them in each, from a row on.
    let add = |c: &mut [f32], numbers: &[f32], height: usize, first_row: usize, b: &[f32]| {
        let sum = Sum {
            a: b,
            a_row: 0,
            a_depth: 1,
            b: numbers,
            b_depth: height,
            pairs: &[(0, first_row)],
            depth: b.len(),
        };
        sum.work_out(Start::Given, c, c.len(), 1, c.len());
    };
    if a.by_columns {
        return for_each_piece(c, rows, |piece, c| add(c, a.numbers, a.rows, piece * rows, b));
    }
    thread_local! {
        static COLUMNS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
    }
    for_each_piece(c, rows, |piece, c| {
        let numbers = &a.numbers[piece * rows * a.columns..][..c.len() * a.columns];
        COLUMNS.with_borrow_mut(|columns| {
            let columns = at_least(columns, AT_ONCE * c.len());
            for (at, b) in b.chunks(AT_ONCE).enumerate() {
                let columns = &mut columns[..b.len() * c.len()];
                columns_to_rows(numbers, a.columns, at * AT_ONCE, columns);
                add(c, columns, c.len(), 0, b);
            }
        });
    });
}

/// Calls `work` with the numbers of a matrix row after row.
fn with_rows(matrix: Matrix, work: impl FnOnce(&[f32])) {
    /// The numbers of two vectors.
    const MORE: usize = 32;
    thread_local! {
        static ROWS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
    }
    if !matrix.by_columns {
        return work(matrix.numbers);
    }
    ROWS.with_borrow_mut(|rows| {
        // A little more, so that whole vectors can be read at the end, too.
        let len = matrix.numbers.len();
        let rows = at_least(rows, len + MORE);
        for_each_piece(&mut rows[..len], 64 * matrix.columns, |piece, rows| {
            columns_to_rows(matrix.numbers, matrix.rows, 64 * piece, rows);
        });
        work(rows);
    });
}
