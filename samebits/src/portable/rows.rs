//! Sums for many rows and columns, whose numbers are looked at beforehand.
//!
//! Nearly always their sizes alone say that no sum will be too large for an `f32`, nor below the normal numbers. Then
//! one thing is left to watch, a sum that ends halfway between two `f32`, and a sum in `f64` is rounded to an `f32` by
//! three operations that vectors have (T. J. Dekker, "A floating-point technique for extending the available
//! precision", Numerische Mathematik 18, 1971, splits a number that way). It is also known that no number is infinite, so
//! a term that is 0 changes nothing: of the two sides, that with more zeros is walked, past its zeros, and the other one
//! gives the vectors.

use super::{CUT, HALFWAY, Products, long};

/// So many numbers at a time.
const W: usize = 16;
/// More terms would need a proof of their own that the sums stay below the largest `f32`.
const MOST_TERMS: usize = 1 << 22;

/// The sizes of some numbers.
struct Sizes {
    /// The exponents, as an `f32` has them in its bits, of the smallest number but 0, and of the largest.
    exponents: (u32, u32),
    zeros: usize,
}

impl Sizes {
    fn of(numbers: &[f32]) -> Self {
        const LANES: usize = 4;
        let (mut least, mut most, mut zeros) = ([u32::MAX; LANES], [0; LANES], [0; LANES]);
        let mut look = |lane: usize, number: f32| {
            // Without the sign. Less 1, zeros are the largest.
            let bits = number.to_bits() << 1;
            least[lane] = least[lane].min(bits.wrapping_sub(1));
            most[lane] = most[lane].max(bits);
            zeros[lane] += usize::from(bits == 0);
        };
        let (blocks, rest) = numbers.as_chunks::<LANES>();
        blocks.iter().for_each(|block| (0..LANES).for_each(|lane| look(lane, block[lane])));
        rest.iter().for_each(|number| look(0, *number));
        let [least, most] = [least.into_iter().min(), most.into_iter().max()].map(Option::unwrap);
        let exponents = (least.saturating_add(1) >> 24, most >> 24);
        Self { exponents, zeros: zeros.into_iter().sum() }
    }
}

/// Whether sums of so many products of numbers of these sizes, which start from such numbers, are 0 or normal, whatever the
/// numbers are.
fn are_ordinary(a: &Sizes, b: &Sizes, start: &Sizes, terms: usize) -> bool {
    let [(a_least, a_most), (b_least, b_most), (start_least, start_most)] =
        [a, b, start].map(|sizes| sizes.exponents);
    // An exponent of e is a number from 2^(e-127) to 2^(e-126), and a multiple of 2^(e-150). A sum is a multiple of what
    // its terms are multiples of, and so is what it is rounded to: if that is 2^-126, the smallest normal number, then
    // the sum is not below it.
    let normal = a_least > 0 && b_least > 0 && a_least + b_least >= 174 && start_least >= 24;
    // All terms together are below 2^125, and rounding, no more than `MOST_TERMS` times, does not double that.
    let terms_log = terms.next_power_of_two().ilog2();
    let finite = a_most + b_most + terms_log <= 252 + 124 && start_most <= 126 + 124;
    normal && finite && a_most < 255 && b_most < 255 && terms <= MOST_TERMS
}

impl Products<'_> {
    /// Adds the products for rows that lie `a_row` apart in `a`, and `c_row` apart in `c`. Returns whether it has: where the
    /// numbers are not ordinary ones, or few, nothing is done.
    pub fn add_rows(
        &self,
        a_row: usize,
        c: &mut [f32],
        c_row: usize,
        rows: usize,
        columns: usize,
    ) -> bool {
        let fused = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
        if fused || rows < 4 || columns < 4 || self.depth == 0 {
            return false;
        }
        // All that is multiplied, and perhaps more.
        let used = |starts: [usize; 2], last: usize| starts[0]..starts[1] + last + 1;
        let ends = |side: fn(&(usize, usize)) -> usize| {
            let starts = self.pairs.iter().map(side);
            starts.fold([usize::MAX, 0], |[min, max], start| [min.min(start), max.max(start)])
        };
        let a_last = (rows - 1) * a_row + (self.depth - 1) * self.a_depth;
        let b_last = (self.depth - 1) * self.b_depth + columns - 1;
        let [a, b] = [(self.a, ends(|p| p.0), a_last), (self.b, ends(|p| p.1), b_last)]
            .map(|(side, starts, last)| Sizes::of(&side[used(starts, last)]));
        let c_used = &c[..(rows - 1) * c_row + columns];
        // A sum that starts from -0 is one that a 0 may change.
        if c_used.iter().any(|c| c.to_bits() == (-0.0f32).to_bits())
            || !are_ordinary(&a, &b, &Sizes::of(c_used), self.depth * self.pairs.len())
        {
            return false;
        }
        let share = |zeros: usize, side: &[f32]| zeros as f64 / side.len() as f64;
        let walks_b = share(b.zeros, self.b) > share(a.zeros, self.a) || columns < W;
        let pairs = self.pairs.iter();
        let (walk, pairs): (_, Vec<_>) = if walks_b && a_row == 1 && rows >= W {
            let walk = Walk {
                numbers: self.b,
                steps: [1, self.b_depth],
                others: self.a,
                others_depth: self.a_depth,
                lines: columns,
                width: rows,
                c_steps: [1, c_row],
            };
            (walk, pairs.map(|(a, b)| (*b, *a)).collect())
        } else if columns >= W {
            let walk = Walk {
                numbers: self.a,
                steps: [a_row, self.a_depth],
                others: self.b,
                others_depth: self.b_depth,
                lines: rows,
                width: columns,
                c_steps: [c_row, 1],
            };
            (walk, pairs.copied().collect())
        } else {
            return false;
        };
        walk.add_blocks(&pairs, self.depth, c);
        true
    }
}

/// The side that is walked, line by line, and the one that gives the vectors.
struct Walk<'a> {
    numbers: &'a [f32],
    /// How far the next line, and the next number of a line, is away.
    steps: [usize; 2],
    others: &'a [f32],
    others_depth: usize,
    lines: usize,
    /// How many of the others lie side by side.
    width: usize,
    /// How far the next line's number, and the next one in a line, is away in the result.
    c_steps: [usize; 2],
}

/// A number, and where the numbers lie that it is multiplied by.
type Term = (f32, usize);

impl Walk<'_> {
    /// `W` numbers of a line at a time. The last block may begin in the one before: of what it works out, it keeps what is
    /// new.
    fn add_blocks(&self, pairs: &[(usize, usize)], depth: usize, c: &mut [f32]) {
        let mut terms: Vec<Term> = Vec::with_capacity(pairs.len() * depth);
        for line in 0..self.lines {
            terms.clear();
            for &(start, others) in pairs {
                let numbers = self.numbers[start + line * self.steps[0]..].iter();
                let places = (0..depth).map(|k| others + k * self.others_depth);
                let all = numbers.step_by(self.steps[1]).zip(places);
                terms.extend(all.filter(|(by, _)| **by != 0.0).map(|(by, at)| (*by, at)));
            }
            let c_at = |place: usize| line * self.c_steps[0] + place * self.c_steps[1];
            let mut done = 0;
            while done < self.width {
                let from = done.min(self.width - W);
                let start: [f32; W] = std::array::from_fn(|place| c[c_at(from + place)]);
                let sums = block(&terms, &self.others[from..], start);
                for (place, sum) in sums.into_iter().enumerate().skip(done - from) {
                    c[c_at(from + place)] = sum;
                }
                done = from + W;
            }
        }
    }
}

fn block(terms: &[Term], others: &[f32], start: [f32; W]) -> [f32; W] {
    let at = |at: usize| others[at..].first_chunk::<W>().expect("a block");
    let mut sums = start.map(f64::from);
    let mut halfway = [0; 2];
    for (by, place) in terms {
        short(&mut sums, f64::from(*by), at(*place), &mut halfway);
    }
    if halfway == [0; 2] {
        return sums.map(|sum| sum as f32);
    }
    terms.iter().fold(start, |sums, (by, place)| long(sums, *by, at(*place)))
}

/// Adds `a` times `b` to sums, each of them rounded to an `f32`, but kept in an `f64`. `halfway` is no longer 0 where that
/// may have other bits than one rounding.
#[inline(always)]
fn short(sums: &mut [f64; W], a: f64, b: &[f32; W], halfway: &mut [u64; 2]) {
    /// 2 to the power of the bits that an `f64` has more than an `f32`, plus 1.
    const SPLIT: f64 = (CUT + 2) as f64;
    for (pair, b) in sums.as_chunks_mut::<2>().0.iter_mut().zip(b.as_chunks::<2>().0) {
        for lane in 0..2 {
            let sum = a * f64::from(b[lane]) + pair[lane];
            halfway[lane] |= u64::from(sum.to_bits() & CUT == HALFWAY);
            let large = sum * SPLIT;
            pair[lane] = large + (sum - large);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::bits_in_no_order;
    use super::*;
    use crate::fma::tests::exact;

    /// On a processor that fuses by itself, nothing is left to do here.
    const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

    /// Sums with two pairs, one fused multiply-add after the other, and what `add_rows` makes of them. Returns whether it
    /// did anything.
    fn compare(a: &[f32], b: &[f32], c: &[f32], rows: usize, by_columns: bool) -> bool {
        let columns = c.len() / rows;
        let depth = b.len() / columns / 2;
        let (a_row, a_depth) = if by_columns { (1, rows) } else { (depth, 1) };
        let pairs = [(0, 0), (rows * depth, depth * columns)];
        let mut expected = c.to_vec();
        for (a_start, b_start) in pairs {
            for (at, sum) in expected.iter_mut().enumerate() {
                let (i, j) = (at / columns, at % columns);
                for k in 0..depth {
                    let a = a[a_start + i * a_row + k * a_depth];
                    *sum = exact(a, b[b_start + k * columns + j], *sum);
                }
            }
        }
        let mut found = c.to_vec();
        let products = Products { a, a_depth, b, b_depth: columns, pairs: &pairs, depth };
        let done = products.add_rows(a_row, &mut found, columns, rows, columns);
        let bits = |numbers: &[f32]| numbers.iter().map(|c| c.to_bits()).collect::<Vec<_>>();
        let wanted = if done { &expected[..] } else { c };
        assert!(bits(&found) == bits(wanted), "{rows} rows, {columns} columns, {depth} deep");
        done
    }

    #[test]
    fn sums_of_ordinary_numbers_have_the_bits_of_fused_ones_and_others_are_left_alone() {
        let mut next = bits_in_no_order();
        let mut done = [0; 4];
        for round in 0..2000 {
            let mut number = |kind: usize| match (kind, next() % 3) {
                (0, 0) => (next() % 256) as f32 / 255.0,
                (0, _) => 0.0,
                // Few bits, so that many sums end halfway.
                (1, _) => (next() % 4096) as f32 * [1.0, 1.0 / 4096.0][next() as usize % 2],
                (2, _) => f32::from_bits(next()),
                // Sums that nearly vanish.
                (_, sort) => {
                    [1.0, -1.0, 1.0 + f32::EPSILON][sort as usize] * (1 + next() % 3) as f32
                }
            };
            let kind = round % 4;
            let kind_of_b = if kind == 2 { 2 } else { [0, 1, 3][round % 3] };
            let (rows, columns) = (4 + round * 7919 % 28, 4 + round * 104_729 % 40);
            let depth = 1 + round % 9;
            let a: Vec<f32> = (0..2 * rows * depth).map(|_| number(kind)).collect();
            let b: Vec<f32> = (0..2 * depth * columns).map(|_| number(kind_of_b)).collect();
            let c: Vec<f32> = (0..rows * columns).map(|_| number(kind)).collect();
            done[kind] += usize::from(compare(&a, &b, &c, rows, round % 3 == 0));
        }
        // Bits in no order are never ordinary; of the others, those with few columns are left.
        let some = |n| if FUSED { n == 0 } else { n > 100 };
        assert!(done[2] == 0 && [done[0], done[1], done[3]].into_iter().all(some), "{done:?}");
    }

    #[test]
    fn what_may_become_too_large_or_too_small_is_left_alone() {
        let of = |a: f32, b: f32, c: f32| compare(&[a; 64], &[b; 128], &[c; 128], 8, false);
        for [a, b, c] in [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [-1e-10, 1e-10, 1e-20]] {
            assert_eq!(of(a, b, c), !FUSED);
        }
        for strange in [f32::INFINITY, f32::NAN, f32::MAX, f32::MIN_POSITIVE, 1e-45] {
            assert!(!of(strange, 1.0, 1.0) && !of(1.0, strange, 1.0) && !of(1.0, 1.0, strange));
        }
        assert!(!of(1.0, 1.0, -0.0) && !of(1e-15, 1e-15, 1.0) && !of(1e19, 1e19, 1.0));
    }
}
