//! Matrix products, by the crate [gemm](https://docs.rs/gemm).
//!
//! dfdx's own `matmul` uses an old version of it that knows no AVX-512; on a processor that has it
//! this one is about twice as fast.

/// A matrix in somebody's memory: `rows` times `columns` numbers of a slice.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
    /// How far the next row, and the next column, is away in the slice.
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// A matrix that lies row after row in memory.
    ///
    /// # Panics
    /// If the slice has not `rows` times `columns` numbers.
    pub fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(numbers.len(), rows * columns, "numbers of a {rows}x{columns} matrix");
        Self { numbers, rows, columns, strides: [columns, 1] }
    }

    /// The same numbers with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        let [row, column] = self.strides;
        Self { rows: self.columns, columns: self.rows, strides: [column, row], ..self }
    }
}

/// What becomes of the numbers that are in the result's memory already.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Old {
    /// The product takes their place.
    Overwrite,
    /// The product is added to them.
    Add,
}

/// The product `a b`, row after row, in `c`.
///
/// One thread does it: at the sizes of this course waking up others takes longer than it saves.
///
/// # Panics
/// If the sizes do not fit.
pub(super) fn matmul(c: &mut [f32], old: Old, a: Matrix, b: Matrix) {
    assert_eq!(a.columns, b.rows, "columns of the left matrix, rows of the right one");
    assert_eq!(c.len(), a.rows * b.columns, "numbers of the product");
    if old == Old::Overwrite && a.columns == 0 {
        c.fill(0.0);
    }
    let [column, row] = [1, b.columns as isize];
    // SAFETY: gemm reads `a` at `i * row stride + k * column stride` for `i` below its rows and `k`
    // below its columns, `b` likewise, and writes `c` at `i * b.columns + j`. `Matrix::new` has
    // checked that a slice has all the numbers of its matrix, transposing leaves the set of places
    // as it is, and the length of `c` is checked above. `c` is borrowed mutably, so it overlaps
    // with neither of the others.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            c.as_mut_ptr(),
            column,
            row,
            old == Old::Add,
            a.numbers.as_ptr(),
            a.strides[1] as isize,
            a.strides[0] as isize,
            b.numbers.as_ptr(),
            b.strides[1] as isize,
            b.strides[0] as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Generator;

    /// The definition: `c_ij = sum_k a_ik b_kj`.
    fn product(a: &[f32], b: &[f32], [m, k, n]: [usize; 3]) -> Vec<f32> {
        let element = |i: usize, j: usize| {
            (0..k).map(|x| f64::from(a[i * k + x]) * f64::from(b[x * n + j])).sum::<f64>()
        };
        (0..m * n).map(|at| element(at / n, at % n) as f32).collect()
    }

    fn transpose(a: &[f32], rows: usize, columns: usize) -> Vec<f32> {
        (0..a.len()).map(|at| a[at % rows * columns + at / rows]).collect()
    }

    fn assert_close(ours: &[f32], expected: &[f32]) {
        for (ours, expected) in ours.iter().zip(expected) {
            assert!((ours - expected).abs() < 1e-4, "{ours}, expected {expected}");
        }
    }

    #[test]
    fn products_of_all_sizes_and_orders() {
        let mut generator = Generator::new(42);
        for _ in 0..100 {
            let sizes = generator.randint(1, 40, 3);
            let [m, k, n] = [0, 1, 2].map(|at| sizes[at] as usize);
            let (mut a, mut b) = (vec![0.0; m * k], vec![0.0; k * n]);
            generator.fill_normal(&mut a, 0.0, 1.0);
            generator.fill_normal(&mut b, 0.0, 1.0);
            let expected = product(&a, &b, [m, k, n]);

            let mut c = vec![f32::NAN; m * n];
            matmul(&mut c, Old::Overwrite, Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            assert_close(&c, &expected);

            let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
            let (left, right) =
                (Matrix::new(&at, k, m).transposed(), Matrix::new(&bt, n, k).transposed());
            let mut c = vec![1.0; m * n];
            matmul(&mut c, Old::Add, left, right);
            let expected: Vec<f32> = expected.iter().map(|x| x + 1.0).collect();
            assert_close(&c, &expected);
        }
    }

    #[test]
    fn a_sum_of_nothing_is_zero() {
        let mut c = [f32::NAN; 2];
        matmul(&mut c, Old::Overwrite, Matrix::new(&[], 1, 0), Matrix::new(&[], 0, 2));
        assert_eq!(c, [0.0; 2]);
    }

    #[test]
    #[should_panic = "columns of the left matrix, rows of the right one"]
    fn matrices_that_do_not_fit() {
        matmul(
            &mut [0.0],
            Old::Overwrite,
            Matrix::new(&[1.0; 2], 1, 2),
            Matrix::new(&[1.0; 3], 3, 1),
        );
    }

    #[test]
    #[should_panic = "numbers of a 2x2 matrix"]
    fn a_slice_that_is_too_short() {
        Matrix::new(&[1.0; 3], 2, 2);
    }
}
