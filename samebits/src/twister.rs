//! Random bits: the Mersenne Twister MT19937, which PyTorch, NumPy and Python draw from.

use std::fmt;

use crate::fma::fma;
use crate::simd::each;

/// How many numbers the generator makes at once, and how far apart two are that it joins.
const N: usize = 624;
const M: usize = 397;

/// How many random bits an `f32` from 0 to 1 is made of.
const BITS: u32 = 24;

/// The Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM Transactions on Modeling and Computer
/// Simulation 8(1), 1998). It makes 624 numbers of 32 bits at once, here with vectors.
///
/// ```
/// use samebits::MersenneTwister;
///
/// let mut random = MersenneTwister::new(42);
/// // torch.manual_seed(42); torch.rand(2)
/// let mut numbers = [0.0; 2];
/// random.fill_uniform(&mut numbers, 0.0, 1.0);
/// assert_eq!(numbers, [0.88226926, 0.91500396]);
/// ```
#[derive(Clone)]
pub struct MersenneTwister {
    state: [u32; N],
    /// The numbers that the state stands for, and how many of them are drawn.
    numbers: [u32; N],
    drawn: usize,
}

impl MersenneTwister {
    /// Starts from a seed (`init_genrand`), as `torch.manual_seed` does.
    ///
    /// ```
    /// assert_eq!(samebits::MersenneTwister::new(5489).next_u32(), 3499211612);
    /// ```
    pub fn new(seed: u32) -> Self {
        let mut state = [seed; N];
        for i in 1..N {
            state[i] = scrambled(state[i - 1], 1_812_433_253).wrapping_add(i as u32);
        }
        Self { state, numbers: [0; N], drawn: N }
    }

    /// Starts from several seeds (`init_by_array`), as Python's `random.seed` does.
    ///
    /// # Panics
    /// If there are none.
    ///
    /// ```
    /// let mut random = samebits::MersenneTwister::with_key(&[0x123, 0x234, 0x345, 0x456]);
    /// assert_eq!(random.next_u32(), 1067595299);
    /// ```
    pub fn with_key(key: &[u32]) -> Self {
        assert!(!key.is_empty(), "a generator without a seed");
        let mut random = Self::new(19_650_218);
        let state = &mut random.state;
        let mut i = 1;
        let mut change = |factor: u32, summand: &dyn Fn(usize) -> u32| {
            state[i] = (state[i] ^ scrambled(state[i - 1], factor)).wrapping_add(summand(i));
            i += 1;
            if i == N {
                state[0] = state[N - 1];
                i = 1;
            }
        };
        for at in 0..N.max(key.len()) {
            let j = at % key.len();
            change(1_664_525, &|_| key[j].wrapping_add(j as u32));
        }
        for _ in 1..N {
            change(1_566_083_941, &|i| (i as u32).wrapping_neg());
        }
        state[0] = 1 << 31;
        random
    }

    /// The next 32 bits.
    ///
    /// ```
    /// assert_eq!(samebits::MersenneTwister::new(42).next_u32(), 1608637542);
    /// ```
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.next_numbers(1)[0]
    }

    /// The next numbers, as many as are ready: at least one, at most so many.
    fn next_numbers(&mut self, most: usize) -> &[u32] {
        if self.drawn == N {
            self.make_numbers();
        }
        let from = self.drawn;
        self.drawn = N.min(from + most);
        &self.numbers[from..self.drawn]
    }

    /// The next state, and its numbers. What an entry is made of lies at least 227 entries away or is of the state
    /// before, so that vectors of them can be made at once.
    fn make_numbers(&mut self) {
        let Self { state, numbers, drawn } = self;
        each(
            #[inline(always)]
            || {
                let last = *state;
                let twist = |new: &mut [u32], from: usize, others: &[u32]| {
                    let (own, next) = (&last[from..], &last[from + 1..]);
                    for (((new, own), next), other) in new.iter_mut().zip(own).zip(next).zip(others)
                    {
                        *new = twisted(*own, *next, *other);
                    }
                };
                twist(&mut state[..N - M], 0, &last[M..]);
                let (done, rest) = state.split_at_mut(N - M);
                twist(&mut rest[..N - M], N - M, done);
                let (done, rest) = state.split_at_mut(2 * (N - M));
                twist(rest, 2 * (N - M), &done[N - M..]);
                state[N - 1] = twisted(last[N - 1], state[0], state[M - 1]);
                numbers
                    .iter_mut()
                    .zip(&*state)
                    .for_each(|(number, entry)| *number = tempered(*entry));
            },
        );
        *drawn = 0;
    }

    /// Fills `numbers` uniformly from `from` (included) to `to` (excluded), each from 24 bits, as PyTorch's `uniform_` does on
    /// a CPU: `u (to - from) + from`, rounded once, with `u` from 0 to 1.
    ///
    /// ```
    /// let mut numbers = [0.0; 100];
    /// samebits::MersenneTwister::new(7).fill_uniform(&mut numbers, -1.0, 1.0);
    /// assert!(numbers.iter().all(|x| (-1.0..1.0).contains(x)));
    /// ```
    pub fn fill_uniform(&mut self, numbers: &mut [f32], from: f32, to: f32) {
        let mut rest = numbers;
        while !rest.is_empty() {
            let bits = self.next_numbers(rest.len());
            let (now, later) = rest.split_at_mut(bits.len());
            let pairs = now.iter_mut().zip(bits);
            if from == 0.0 && to == 1.0 {
                each(|| pairs.for_each(|(number, bits)| *number = unit(*bits)));
            } else {
                each(
                    #[inline(always)]
                    || {
                        pairs.for_each(|(number, bits)| {
                            let scaled = fma(unit(*bits), to - from, from);
                            // Rounding may have reached the end, which is excluded.
                            *number = if scaled == to { from } else { scaled };
                        });
                    },
                );
            }
            rest = later;
        }
    }

    /// Draws `n` numbers from 0 to 1 as [`fill_uniform`](Self::fill_uniform) does, and says of each whether it is at least
    /// `p`: number `i` in bit `i % 32` of word `i / 32`. Dropout keeps these.
    ///
    /// ```
    /// let mut random = samebits::MersenneTwister::new(42);
    /// // 0.88, 0.91, 0.38, 0.96
    /// assert_eq!(random.bits_from(0.5, 4), [0b1011]);
    /// ```
    pub fn bits_from(&mut self, p: f64, n: usize) -> Vec<u32> {
        // u / 2^24 < p exactly where u is less than this.
        let least = (p * f64::from(1 << BITS)).ceil() as u32;
        let mut words = vec![0; n.div_ceil(32)];
        let mut at = 0;
        while at < n {
            let numbers = self.next_numbers(n - at);
            let mut numbers_left = numbers;
            // To the end of a word that has been begun.
            let (begun, rest) = numbers_left.split_at(numbers_left.len().min((32 - at % 32) % 32));
            for (i, number) in begun.iter().enumerate() {
                words[at / 32] |= bit(*number, least) << ((at + i) % 32);
            }
            at += begun.len();
            numbers_left = rest;
            let (whole, others) = numbers_left.as_chunks::<32>();
            let to = &mut words[at / 32..];
            each(|| {
                to.iter_mut().zip(whole).for_each(|(word, numbers)| *word = packed(numbers, least))
            });
            at += 32 * whole.len();
            for (i, number) in others.iter().enumerate() {
                words[at / 32] |= bit(*number, least) << i;
            }
            at += others.len();
        }
        words
    }
}

/// Its 624 numbers would fill a screen.
impl fmt::Debug for MersenneTwister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MersenneTwister").finish_non_exhaustive()
    }
}

/// An entry of a new seed, from the one before.
fn scrambled(entry: u32, factor: u32) -> u32 {
    (entry ^ (entry >> 30)).wrapping_mul(factor)
}

/// An entry of the next state.
#[inline(always)]
fn twisted(own: u32, next: u32, other: u32) -> u32 {
    let joined = (own & 0x8000_0000) | (next & 0x7fff_ffff);
    other ^ (joined >> 1) ^ ((joined & 1) * 0x9908_b0df)
}

/// The number that an entry of the state stands for.
#[inline(always)]
fn tempered(entry: u32) -> u32 {
    let x = entry ^ entry >> 11;
    let x = x ^ x << 7 & 0x9d2c_5680;
    let x = x ^ x << 15 & 0xefc6_0000;
    x ^ x >> 18
}

/// A number from 0 to 1.
#[inline(always)]
fn unit(bits: u32) -> f32 {
    (bits & ((1 << BITS) - 1)) as f32 / (1 << BITS) as f32
}

#[inline(always)]
fn bit(number: u32, least: u32) -> u32 {
    u32::from(number & ((1 << BITS) - 1) >= least)
}

#[inline(always)]
fn packed(numbers: &[u32; 32], least: u32) -> u32 {
    let mut word = 0;
    for (i, number) in numbers.iter().enumerate() {
        word |= bit(*number, least) << i;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `mt19937ar.out`, which came with the authors' program.
    #[test]
    fn the_numbers_of_its_authors() {
        let mut random = MersenneTwister::with_key(&[0x123, 0x234, 0x345, 0x456]);
        let numbers: Vec<u32> = (0..1000).map(|_| random.next_u32()).collect();
        assert_eq!(numbers[..5], [1067595299, 955945823, 477289528, 4107218783, 4228976476]);
        assert_eq!(numbers[999], 3460025646);
        // The standard of C++ names this one: [rand.predef].
        let mut random = MersenneTwister::new(5489);
        assert_eq!((0..10_000).map(|_| random.next_u32()).last(), Some(4123659995));
    }

    /// However many are drawn at once, across the ends of blocks and words.
    #[test]
    fn one_by_one_and_many_at_once() {
        let mut one = MersenneTwister::new(1);
        let mut many = one.clone();
        for n in [1, 31, 32, 33, 623, 624, 625, 2000, 5] {
            let expected: Vec<f32> = (0..n).map(|_| unit(one.next_u32())).collect();
            let mut numbers = vec![5.0; n];
            many.clone().fill_uniform(&mut numbers, 0.0, 1.0);
            assert_eq!(numbers, expected);
            for p in [0.0, 0.25, 0.3, 1.0] {
                let words = many.clone().bits_from(p, n);
                assert_eq!(words.len(), n.div_ceil(32));
                for (i, number) in expected.iter().enumerate() {
                    assert_eq!(
                        words[i / 32] >> (i % 32) & 1 == 1,
                        f64::from(*number) >= p,
                        "{i} of {n}"
                    );
                }
            }
            many.fill_uniform(&mut numbers, -3.0, 0.5);
            for (ours, unit) in numbers.iter().zip(expected) {
                assert_eq!(*ours, unit.mul_add(3.5, -3.0));
            }
        }
    }
}
