//! Sums of products in plain Rust, for processors without fused multiply-adds as well, and for WebAssembly.
//!
//! The fused multiply-add that [`fma`] makes of other operations takes many of them. Nearly always two do: the product
//! of two `f32` is exact in `f64`; the sum is rounded to `f64`, and then to `f32`. Two roundings give another number than
//! one only where the first has ended halfway between two `f32`, or where the result is below the normal numbers, whose
//! last bit is worth more. So sums are made the short way, which the compiler makes vectors of, and it is noted
//! whether such a number came up. If one did, which is rare, all terms are added again, the long way.

mod rows;

use crate::fma::fma;

/// The bits of an `f64` that an `f32` has not, and those of a number halfway between two `f32`.
const CUT: u64 = (1 << 29) - 1;
const HALFWAY: u64 = 1 << 28;

/// Products to be added to the numbers of one row of a result, side by side:
/// `sum_p sum_k a[pairs[p].0 + k * a_depth] * b[pairs[p].1 + k * b_depth + j]`, in this order.
#[derive(Clone, Copy)]
pub(crate) struct Products<'a> {
    pub a: &'a [f32],
    pub a_depth: usize,
    pub b: &'a [f32],
    pub b_depth: usize,
    /// Where `a` and `b` start in their slices.
    pub pairs: &'a [(usize, usize)],
    /// How many `k` there are.
    pub depth: usize,
}

impl Products<'_> {
    /// Adds the products for the columns from 0 on, at most as many as `c` has, where the row starts `a` further on.
    pub fn add(&self, a: usize, c: &mut [f32]) {
        match c.len() {
            0 => {}
            1..8 => self.add_single(a, c),
            8..16 => self.add_blocks::<8>(a, c),
            _ => self.add_blocks::<16>(a, c),
        }
    }

    /// A number after the other: few columns make no vector.
    fn add_single(&self, a: usize, c: &mut [f32]) {
        for (column, c) in c.iter_mut().enumerate() {
            let mut sum = [*c];
            self.each(a, column, |a, b| sum = long(sum, a, b));
            [*c] = sum;
        }
    }

    /// `W` columns at a time. The last block may begin in the one before: of what it works out, it keeps what is new.
    fn add_blocks<const W: usize>(&self, a: usize, c: &mut [f32]) {
        let columns = c.len();
        let mut done = 0;
        while done < columns {
            let from = done.min(columns - W);
            let start = *c[from..].first_chunk().expect("a block is not longer than the row");
            let sums: [f32; W] = self.sums(a, from, start);
            c[done..from + W].copy_from_slice(&sums[done - from..]);
            done = from + W;
        }
    }

    fn sums<const W: usize>(&self, a: usize, column: usize, start: [f32; W]) -> [f32; W] {
        if !cfg!(any(target_feature = "fma", target_arch = "aarch64"))
            && let Some(sums) = self.short_sums(a, column, start)
        {
            return sums;
        }
        let mut sums = start;
        self.each(a, column, |a, b| sums = long(sums, a, b));
        sums
    }

    /// `None` if a number came up of which the short way might have other bits.
    fn short_sums<const W: usize>(
        &self,
        a: usize,
        column: usize,
        start: [f32; W],
    ) -> Option<[f32; W]> {
        const INFINITY: u32 = f32::INFINITY.to_bits();
        // What 0 is added to, its sign can only change where it was -0.
        let minus_zero = (-0.0f32).to_bits();
        if start.iter().any(|c| c.to_bits() == minus_zero) {
            return None;
        }
        let mut sums = start.map(f64::from);
        let mut odd = [0; 2];
        self.each(a, column, |a, b| {
            // Much of a picture is 0, and times a finite number, 0 changes no sum.
            let any = b.iter().fold(0, |any, b| any | b.to_bits());
            let is_zero = any << 1 == 0;
            let are_finite = any & INFINITY != INFINITY;
            if !(is_zero && a.is_finite() || a == 0.0 && are_finite) {
                short(&mut sums, f64::from(a), b, &mut odd);
            }
        });
        (odd == [0; 2]).then(|| sums.map(|sum| sum as f32))
    }

    /// Calls `term` with each number of `a` and the numbers of `b` that it is multiplied by.
    #[inline(always)]
    fn each<const W: usize>(&self, a: usize, column: usize, mut term: impl FnMut(f32, &[f32; W])) {
        for &(a_start, b_start) in self.pairs {
            for k in 0..self.depth {
                let b = &self.b[b_start + k * self.b_depth + column..];
                term(self.a[a_start + a + k * self.a_depth], b.first_chunk().expect("a block"));
            }
        }
    }
}

#[inline(always)]
fn long<const W: usize>(sums: [f32; W], a: f32, b: &[f32; W]) -> [f32; W] {
    std::array::from_fn(|j| fma(a, b[j], sums[j]))
}

/// Adds `a` times `b` to sums, each of them rounded to an `f32`. `odd` is no longer 0 where that might have other bits
/// than one rounding.
#[inline(always)]
fn short<const W: usize>(sums: &mut [f64; W], a: f64, b: &[f32; W], odd: &mut [u64; 2]) {
    /// Twice the smallest normal `f32`.
    const SMALL: f64 = 2.0 * f32::MIN_POSITIVE as f64;
    for (pair, b) in sums.as_chunks_mut::<2>().0.iter_mut().zip(b.as_chunks::<2>().0) {
        for lane in 0..2 {
            let sum = a * f64::from(b[lane]) + pair[lane];
            let halfway = sum.to_bits() & CUT == HALFWAY;
            let small = sum.abs() < SMALL && sum != 0.0;
            odd[lane] |= u64::from(halfway | small);
            pair[lane] = f64::from(sum as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fma::tests::exact;

    /// The sums, one fused multiply-add after the other.
    fn expected(a: &[f32], b: &[f32], c: &[f32]) -> Vec<f32> {
        let sum = |(j, start): (usize, &f32)| {
            let terms = a.iter().zip(b[j..].iter().step_by(c.len()));
            terms.fold(*start, |sum, (a, b)| exact(*a, *b, sum))
        };
        c.iter().enumerate().map(sum).collect()
    }

    fn assert_fused(a: &[f32], b: &[f32], c: &[f32]) {
        let mut found = c.to_vec();
        let (depth, b_depth) = (a.len(), c.len());
        Products { a, a_depth: 1, b, b_depth, pairs: &[(0, 0)], depth }.add(0, &mut found);
        for (j, (found, expected)) in found.iter().zip(expected(a, b, c)).enumerate() {
            let same = found.to_bits() == expected.to_bits();
            assert!(same || found.is_nan() && expected.is_nan(), "{j}: {found:e}, {expected:e}");
        }
    }

    /// Marsaglia's xorshift.
    pub(super) fn bits_in_no_order() -> impl FnMut() -> u32 {
        let mut state = 42u32;
        move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        }
    }

    #[test]
    fn rows_of_any_length_and_numbers_of_all_kinds() {
        let mut next = bits_in_no_order();
        let odd = [0.0, -0.0, 1.0, f32::INFINITY, f32::NAN, f32::MIN_POSITIVE, 4097.0, f32::MAX];
        for round in 0..4000 {
            let mut number = || match (round % 4, next() % 3) {
                // A picture, most of it 0.
                (0, 0) => (next() % 256) as f32 / 255.0,
                (0, _) => 0.0,
                // Few bits, so that many sums end halfway.
                (1, _) => (next() % 4096) as f32 * [1.0, 1.0 / 4096.0][next() as usize % 2],
                (2, _) => f32::from_bits(next()),
                (_, 0) => odd[next() as usize % odd.len()],
                _ => (next() % 2000) as f32 / 1000.0 - 1.0,
            };
            let (columns, depth) = (1 + round % 40, 1 + round % 7);
            let a: Vec<f32> = (0..depth).map(|_| number()).collect();
            let b: Vec<f32> = (0..depth * columns).map(|_| number()).collect();
            let c: Vec<f32> = (0..columns).map(|_| number()).collect();
            assert_fused(&a, &b, &c);
        }
    }

    #[test]
    fn numbers_halfway_and_below_the_normal_ones() {
        let columns = 16;
        for tiny in [f32::MIN_POSITIVE, -f32::MIN_POSITIVE, 1e-30, -1e-30, 1e-45] {
            for c in [tiny, 1.0, -1.0, 1.0 + tiny] {
                let [b, c] = [1.0 + f32::EPSILON, c].map(|number| vec![number; columns]);
                assert_fused(&[1.0 + f32::EPSILON], &b, &c);
                assert_fused(&[0.5 * f32::EPSILON], &vec![1.0; columns], &c);
                assert_fused(&[tiny], &vec![0.75; columns], &c);
            }
        }
    }

    #[test]
    fn zeros_keep_and_lose_their_sign_as_in_a_sum() {
        for (a, b) in [(0.0, 1.0), (-0.0, 1.0), (0.0, -1.0), (1.0, 0.0), (-1.0, 0.0), (1.0, -0.0)] {
            for c in [0.0, -0.0] {
                assert_fused(&[a], &[b; 20], &[c; 20]);
                assert_fused(&[a], &[[b; 19].as_slice(), &[f32::INFINITY]].concat(), &[c; 20]);
            }
        }
    }
}
