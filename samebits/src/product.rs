//! The one kernel under all products: a sum of products of matrices.
//!
//! This file has nearly all `unsafe` code of the crate (`select.rs` has a line). [`Sum::work_out`] checks
//! all sizes before any of it runs.

use std::ops::Range;

use pulp::Simd;

use crate::portable::Products;
use crate::simd::{Kernel, run};
use crate::sizes::last;

/// About how many bytes the first cache of a processor holds. Only the speed depends on it.
const FASTEST_CACHE: usize = 24 << 10;

/// How many rows of the result are worked on before the next ones.
const ROWS_AT_ONCE: usize = 72;

/// A sum of products of matrices that lie in two slices: `c_ij = sum_p sum_k a_p(i, k) b_p(k, j)`,
/// where `a_p(i, k) = a[pairs[p].0 + i * a_row + k * a_depth]` and
/// `b_p(k, j) = b[pairs[p].1 + k * b_depth + j]`.
///
/// A product of two matrices is a sum with one pair; a convolution is one with a pair for each tap.
///
/// Each `c_ij` is worked out in one order, that of the formula, with one fused multiply-add a term:
/// `c = fma(a, b, c)`. Vectors go along `j`, so they have no part in the order.
pub(crate) struct Sum<'a> {
    pub a: &'a [f32],
    pub a_row: usize,
    pub a_depth: usize,
    pub b: &'a [f32],
    pub b_depth: usize,
    /// Where the matrices of each pair start.
    pub pairs: &'a [(usize, usize)],
    /// How many `k` there are.
    pub depth: usize,
}

/// What a sum starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// 0: what was there is overwritten.
    Zero,
    /// What is there.
    Given,
}

impl Sum<'_> {
    /// Works out the `rows` times `columns` sums in `c`, whose rows are `c_row` apart.
    ///
    /// # Panics
    /// If one of the slices is too short.
    pub fn work_out(&self, start: Start, c: &mut [f32], c_row: usize, rows: usize, columns: usize) {
        if rows == 0 || columns == 0 {
            return;
        }
        assert!(columns <= c_row || rows == 1, "rows of the result overlap");
        let c_last = last([(rows, c_row), (columns, 1)]);
        assert!(c_last.is_some_and(|last| last < c.len()), "the result is too short");
        if self.depth == 0 || self.pairs.is_empty() {
            if start == Start::Zero {
                c.chunks_mut(c_row.max(columns))
                    .take(rows)
                    .for_each(|row| row[..columns].fill(0.0));
            }
            return;
        }
        let a_last = last([(rows, self.a_row), (self.depth, self.a_depth)]);
        let b_last = last([(self.depth, self.b_depth), (columns, 1)]);
        let fits = |start: usize, last: Option<usize>, slice: &[f32]| {
            last.and_then(|last| start.checked_add(last)).is_some_and(|last| last < slice.len())
        };
        for &(a, b) in self.pairs {
            assert!(fits(a, a_last, self.a), "the left matrices are too short");
            assert!(fits(b, b_last, self.b), "the right matrices are too short");
        }
        run(Tiles { sum: self, start, c, c_row, rows, columns });
    }
}

/// A [`Sum`] whose sizes have been checked.
struct Tiles<'a> {
    sum: &'a Sum<'a>,
    start: Start,
    c: &'a mut [f32],
    c_row: usize,
    rows: usize,
    columns: usize,
}

impl Kernel for Tiles<'_> {
    #[inline(always)]
    fn vectors<S: Simd>(mut self, simd: S) {
        let width = 2 * S::F32_LANES;
        // As many rows as leave registers for two vectors of `b` and one of `a`.
        let most_rows = if S::REGISTER_COUNT >= 32 { 12 } else { 6 };
        for column in (0..self.columns).step_by(width) {
            let width = width.min(self.columns - column);
            for first_row in (0..self.rows).step_by(ROWS_AT_ONCE) {
                let rows = ROWS_AT_ONCE.min(self.rows - first_row);
                // So much of the sum at once that its numbers stay in the fastest cache for all tiles:
                // some pairs, or a part of one.
                let terms = FASTEST_CACHE / size_of::<f32>() / (rows + width);
                let pairs_at_once = (terms / self.sum.depth).max(1);
                let depth_at_once = terms.min(self.sum.depth);
                let tiles = rows.div_ceil(most_rows);
                // Only the first part of the sum may start from 0.
                let mut start = self.start;
                for pairs in self.sum.pairs.chunks(pairs_at_once) {
                    for from in (0..self.sum.depth).step_by(depth_at_once) {
                        let depth = from..self.sum.depth.min(from + depth_at_once);
                        for tile in 0..tiles {
                            // Tiles of about the same height.
                            let (row, end) = (rows * tile / tiles, rows * (tile + 1) / tiles);
                            let (row, rows) = (first_row + row, end - row);
                            let depth = depth.clone();
                            let tile = Tile { start, pairs, depth, row, rows, column, width };
                            self.tile_of_width(simd, tile);
                        }
                        start = Start::Given;
                    }
                }
            }
        }
    }

    fn plain(self) {
        let Sum { a, a_row, a_depth, b, b_depth, pairs, depth } = *self.sum;
        let products = Products { a, a_depth, b, b_depth, pairs, depth };
        let Self { c, c_row, rows, columns, .. } = self;
        if self.start == Start::Zero {
            (0..rows).for_each(|row| c[row * c_row..][..columns].fill(0.0));
        }
        if !products.add_rows(a_row, c, c_row, rows, columns) {
            (0..rows).for_each(|row| products.add(row * a_row, &mut c[row * c_row..][..columns]));
        }
    }
}

/// A part of the result that fits the registers, and some of the pairs to add to it.
struct Tile<'a> {
    start: Start,
    pairs: &'a [(usize, usize)],
    depth: Range<usize>,
    row: usize,
    rows: usize,
    column: usize,
    width: usize,
}

impl Tiles<'_> {
    /// Turns the number of vectors in a row into a constant.
    #[inline(always)]
    fn tile_of_width<S: Simd>(&mut self, simd: S, tile: Tile) {
        let lanes = S::F32_LANES;
        let vectors = tile.width.div_ceil(lanes);
        // Whole vectors of `b` may be read wherever they lie in its slice. What is beyond the columns of
        // the tile goes into lanes that nobody stores. `end` cannot wrap: without the lanes it is within a slice of
        // `f32`, which has no more than `isize::MAX` bytes.
        let Sum { b, b_depth, .. } = *self.sum;
        let end = (tile.depth.end - 1) * b_depth + tile.column + vectors * lanes;
        let in_slice = tile.pairs.iter().all(|(_, start)| start + end <= b.len());
        match (vectors, tile.width == vectors * lanes, in_slice) {
            (1, true, _) => self.tile_of_height::<S, 1, true, true>(simd, tile),
            (1, false, true) => self.tile_of_height::<S, 1, false, true>(simd, tile),
            (1, false, false) => self.tile_of_height::<S, 1, false, false>(simd, tile),
            (_, true, _) => self.tile_of_height::<S, 2, true, true>(simd, tile),
            (_, false, true) => self.tile_of_height::<S, 2, false, true>(simd, tile),
            (_, false, false) => self.tile_of_height::<S, 2, false, false>(simd, tile),
        }
    }

    /// Turns the number of rows into a constant.
    #[inline(always)]
    fn tile_of_height<S: Simd, const VECTORS: usize, const FULL: bool, const WHOLE: bool>(
        &mut self,
        simd: S,
        tile: Tile,
    ) {
        macro_rules! heights {
            ($($rows:literal)*) => {
                match tile.rows {
                    $($rows => self.tile::<S, $rows, VECTORS, FULL, WHOLE>(simd, tile),)*
                    _ => unreachable!("a tile has 1 to 12 rows"),
                }
            };
        }
        heights!(1 2 3 4 5 6 7 8 9 10 11 12);
    }

    /// A tile with `ROWS` rows, in `VECTORS` vectors a row; `FULL` if its columns fill them, `WHOLE` if
    /// whole vectors of `b` may be read even so.
    #[inline(always)]
    fn tile<
        S: Simd,
        const ROWS: usize,
        const VECTORS: usize,
        const FULL: bool,
        const WHOLE: bool,
    >(
        &mut self,
        simd: S,
        Tile { start, pairs, depth, row, column, width, .. }: Tile,
    ) {
        let Sum { a, a_row, a_depth, b, b_depth, .. } = *self.sum;
        let lanes = S::F32_LANES;
        // Those lanes of each vector that are columns.
        let columns: [_; VECTORS] = std::array::from_fn(|v| {
            simd.mask_between_m32s(0, width.saturating_sub(v * lanes).min(lanes) as u32)
        });

        // SAFETY: `work_out` has checked that each `a[a_start + i * a_row + k * a_depth]`, with `i`
        // below `rows` and `k` below `depth`, is in its slice (it is largest for the largest `i` and
        // `k`), and likewise each `b[b_start + k * b_depth + j]` and `c[i * c_row + j]` with `j`
        // below `columns`. A tile has the rows `row..row + ROWS` and the columns
        // `column..column + width` of these, and its vectors together have `width` columns:
        // the lanes `columns[v]` of those from `v * lanes` on, and no other is read or written. With
        // `WHOLE` the whole vectors of `b` are in its slice: `tile_of_width` has checked it, or the columns fill
        // them.
        unsafe {
            let vector = |whole: bool, start: *const f32, v: usize| -> S::f32s {
                if whole {
                    start.add(v * lanes).cast::<S::f32s>().read_unaligned()
                } else {
                    simd.mask_load_ptr_f32s(columns[v], start.wrapping_add(v * lanes))
                }
            };
            let c = self.c.as_mut_ptr().add(row * self.c_row + column);
            let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
            if start == Start::Given {
                for (i, sums) in sums.iter_mut().enumerate() {
                    *sums = std::array::from_fn(|v| vector(FULL, c.add(i * self.c_row), v));
                }
            }
            for &(a_start, b_start) in pairs {
                let mut a = a.as_ptr().add(a_start + row * a_row + depth.start * a_depth);
                let mut b = b.as_ptr().add(b_start + column + depth.start * b_depth);
                for _ in depth.clone() {
                    let b_row: [S::f32s; VECTORS] = std::array::from_fn(|v| vector(WHOLE, b, v));
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let a = simd.splat_f32s(*a.add(i * a_row));
                        for (sum, b) in sums.iter_mut().zip(b_row) {
                            *sum = simd.mul_add_f32s(a, b, *sum);
                        }
                    }
                    a = a.wrapping_add(a_depth);
                    b = b.wrapping_add(b_depth);
                }
            }
            for (i, sums) in sums.iter().enumerate() {
                for (v, &sum) in sums.iter().enumerate() {
                    let at = c.add(i * self.c_row).wrapping_add(v * lanes);
                    if FULL {
                        at.cast::<S::f32s>().write_unaligned(sum);
                    } else {
                        simd.mask_store_ptr_f32s(columns[v], at, sum);
                    }
                }
            }
        }
    }
}
