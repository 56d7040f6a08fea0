//! Products of a matrix and a vector (BLAS calls them `gemv`).
//!
//! In the products of two matrices vectors of the processor run along the columns of the result. Here
//! there is only one column, or one row, and what takes time is to read the matrix. So these functions
//! go through it in the order in which it lies in memory.

use pulp::Simd;

use crate::portable::Products;
use crate::simd::{Kernel, each, run};
use crate::sizes::{product, zeros};
use crate::threads::{for_each_piece, rows_at_once};

/// How many parts the sum of a row has: enough to keep a processor busy.
const PARTS: usize = 64;

/// Adds to each of `c` a row of the matrix `rows` times the vector `b`.
///
/// See [`sum_in_parts`] for the order.
pub(crate) fn rows_times_vector(c: &mut [f32], rows: &[f32], b: &[f32]) {
    let of = format_args!("numbers of a matrix of {}, times a vector of {}", rows.len(), b.len());
    assert_eq!(rows.len(), product([c.len(), b.len()], of), "{of}");
    let piece = rows_at_once(c.len(), b.len());
    for_each_piece(c, piece, |at, c| {
        let rows = &rows[at * piece * b.len()..][..c.len() * b.len()];
        run(Dots { c, rows, b });
    });
}

/// Adds to `c` the rows of the matrix `rows`, each times its number of `b`: `c_j += sum_k b_k rows_kj`,
/// in this order, with fused multiply-adds. If there are many, a sum is made in four parts, which are then
/// added to `c` one after the other.
pub(crate) fn vector_times_rows(c: &mut [f32], b: &[f32], rows: &[f32]) {
    let of = format_args!("numbers of a matrix of {}, times a vector of {}", rows.len(), b.len());
    assert_eq!(rows.len(), product([c.len(), b.len()], of), "{of}");
    let width = c.len();
    let piece = rows_at_once(b.len(), width);
    if piece >= b.len() {
        return run(Combination { c, b, rows });
    }
    let mut parts = zeros(product([b.len().div_ceil(piece), width], of), of);
    for_each_piece(&mut parts, width, |at, c| {
        let from = at * piece;
        let to = b.len().min(from + piece);
        run(Combination { c, b: &b[from..to], rows: &rows[from * width..to * width] });
    });
    for part in parts.chunks(width) {
        each(|| c.iter_mut().zip(part).for_each(|(c, part)| *c += part));
    }
}

/// The sum of a term for each pair of a number of `x` and of `b`. That of pair `k` is added to part `k % 64`
/// of the sum, and then the second half of the parts to the first, until there is one.
///
/// The term of two zeros has to be 0, for vectors that are not full. To add that changes nothing: a part is never -0.
#[inline(always)]
pub(crate) fn sum_in_parts<S: Simd>(
    simd: S,
    x: &[f32],
    b: &[f32],
    term: impl Fn(S, S::f32s, S::f32s) -> S::f32s,
) -> f32 {
    // As vectors, and in the processor's registers: each loop over them is unrolled.
    let count = const { PARTS / S::F32_LANES };
    let mut parts = [simd.splat_f32s(0.0); PARTS];
    let ((x, x_last), (b, b_last)) = (S::as_simd_f32s(x), S::as_simd_f32s(b));
    let (mut x_blocks, mut b_blocks) = (x.chunks_exact(count), b.chunks_exact(count));
    for (x, b) in x_blocks.by_ref().zip(b_blocks.by_ref()) {
        for k in 0..count {
            parts[k] = simd.add_f32s(parts[k], term(simd, x[k], b[k]));
        }
    }
    let (x, b) = (x_blocks.remainder(), b_blocks.remainder());
    for k in 0..count {
        if k < x.len() {
            parts[k] = simd.add_f32s(parts[k], term(simd, x[k], b[k]));
        } else if k == x.len() && !x_last.is_empty() {
            let [x, b] = [x_last, b_last].map(|last| simd.partial_load_f32s(last));
            parts[k] = simd.add_f32s(parts[k], term(simd, x, b));
        }
    }
    let mut sums = [0.0; PARTS];
    S::as_mut_simd_f32s(&mut sums).0.copy_from_slice(&parts[..count]);
    let mut half = PARTS / 2;
    while half > 0 {
        let (low, high) = sums.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
        half /= 2;
    }
    sums[0]
}

/// Some rows for one thread, each to be multiplied by `b`.
struct Dots<'a> {
    c: &'a mut [f32],
    rows: &'a [f32],
    b: &'a [f32],
}

impl Kernel for Dots<'_> {
    #[inline(always)]
    fn vectors<S: Simd>(self, simd: S) {
        for (c, row) in self.c.iter_mut().zip(self.rows.chunks_exact(self.b.len().max(1))) {
            *c += sum_in_parts(simd, row, self.b, S::mul_f32s);
        }
    }

    fn plain(self) {
        self.vectors(pulp::Scalar::new());
    }
}

/// Some rows for one thread, to be added to `c`, each times its number of `b`.
pub(crate) struct Combination<'a> {
    pub c: &'a mut [f32],
    pub b: &'a [f32],
    pub rows: &'a [f32],
}

/// How many rows are added in one pass over the result.
const ROWS: usize = 4;

impl Kernel for Combination<'_> {
    #[inline(always)]
    fn vectors<S: Simd>(self, simd: S) {
        let Self { c, b, rows } = self;
        let width = c.len();
        let (c, c_rest) = S::as_mut_simd_f32s(c);
        let row = |k: usize| S::as_simd_f32s(&rows[k * width..][..width]);
        let (fours, others) = b.as_chunks::<ROWS>();
        for (at, b) in fours.iter().enumerate() {
            let of: [_; ROWS] = std::array::from_fn(|k| row(at * ROWS + k));
            let b = b.map(|b| simd.splat_f32s(b));
            let [r0, r1, r2, r3] = of.map(|(vectors, _)| vectors);
            for ((((c, r0), r1), r2), r3) in c.iter_mut().zip(r0).zip(r1).zip(r2).zip(r3) {
                let mut sum = *c;
                for (b, x) in b.into_iter().zip([r0, r1, r2, r3]) {
                    sum = simd.mul_add_f32s(b, *x, sum);
                }
                *c = sum;
            }
            let mut sum = simd.partial_load_f32s(c_rest);
            for (b, (_, rest)) in b.into_iter().zip(of) {
                sum = simd.mul_add_f32s(b, simd.partial_load_f32s(rest), sum);
            }
            simd.partial_store_f32s(c_rest, sum);
        }
        for (k, b) in others.iter().enumerate() {
            let (b, (vectors, rest)) = (simd.splat_f32s(*b), row(fours.len() * ROWS + k));
            for (c, x) in c.iter_mut().zip(vectors) {
                *c = simd.mul_add_f32s(b, *x, *c);
            }
            let x = simd.partial_load_f32s(rest);
            let sum = simd.mul_add_f32s(b, x, simd.partial_load_f32s(c_rest));
            simd.partial_store_f32s(c_rest, sum);
        }
    }

    fn plain(self) {
        let Self { c, b, rows } = self;
        let (depth, b_depth) = (b.len(), c.len());
        let pairs = &[(0, 0)];
        Products { a: b, a_depth: 1, b: rows, b_depth, pairs, depth }.add(0, c);
    }
}
