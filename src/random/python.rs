//! Python's `random.Random`.

use samebits::MersenneTwister;

/// Draws the numbers that Python's `random.Random` draws for the same seed; fastai's `DataLoader`
/// shuffles with it.
///
/// ```
/// use mnist_from_scratch::random::Random;
///
/// let mut rng = Random::new(42);
/// assert_eq!(rng.random(), 0.6394267984578837);
/// let mut items = [0, 1, 2, 3, 4, 5];
/// rng.shuffle(&mut items);
/// assert_eq!(items, [3, 4, 5, 1, 2, 0]);
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    bits: MersenneTwister,
}

impl Random {
    /// `random.Random(seed)`; Python takes a negative seed without its sign.
    ///
    /// ```
    /// use mnist_from_scratch::random::Random;
    ///
    /// assert_eq!(Random::new(42).random(), 0.6394267984578837);
    /// ```
    pub fn new(seed: u64) -> Self {
        // Python seeds with as many 32-bit words as the number has, the lowest first.
        let (low, high) = (seed as u32, (seed >> 32) as u32);
        let words: &[u32] = if high == 0 { &[low] } else { &[low, high] };
        Self { bits: MersenneTwister::with_key(words) }
    }

    /// A number from 0 (included) to 1 (excluded), made of 53 bits.
    ///
    /// ```
    /// use mnist_from_scratch::random::Random;
    ///
    /// assert!((0.0..1.0).contains(&Random::new(7).random()));
    /// ```
    pub fn random(&mut self) -> f64 {
        let (high, low) = (self.bits.next_u32() >> 5, self.bits.next_u32() >> 6);
        (f64::from(high) * f64::from(1 << 26) + f64::from(low)) / (1u64 << 53) as f64
    }

    /// A number of `k` random bits.
    ///
    /// # Panics
    /// If `k` is more than 64.
    ///
    /// ```
    /// use mnist_from_scratch::random::Random;
    ///
    /// assert_eq!(Random::new(42).getrandbits(32), 2746317213);
    /// ```
    pub fn getrandbits(&mut self, k: u32) -> u64 {
        assert!(k <= 64, "getrandbits: {k} bits, but a u64 has 64");
        let mut number = 0;
        // The lowest word is drawn first; the highest gives only as many bits as are needed.
        for start in (0..k).step_by(32) {
            let bits = (k - start).min(32);
            number |= u64::from(self.bits.next_u32() >> (32 - bits)) << start;
        }
        number
    }

    /// A number from `a` to `b`, both included.
    ///
    /// # Panics
    /// If `b` is less than `a`.
    ///
    /// ```
    /// use mnist_from_scratch::random::Random;
    ///
    /// assert_eq!(Random::new(42).randint(1, 6), 6);
    /// ```
    pub fn randint(&mut self, a: u64, b: u64) -> u64 {
        assert!(a <= b, "randint: {a} is more than {b}");
        match (b - a).checked_add(1) {
            Some(n) => a + self.below(n),
            None => self.getrandbits(64),
        }
    }

    /// A number from `start` (included) to `stop` (excluded).
    ///
    /// # Panics
    /// If there is none.
    ///
    /// ```
    /// use mnist_from_scratch::random::Random;
    ///
    /// assert_eq!(Random::new(42).randrange(1, 7), 6);
    /// ```
    pub fn randrange(&mut self, start: u64, stop: u64) -> u64 {
        assert!(start < stop, "randrange: there is no number from {start} to {stop} (excluded)");
        start + self.below(stop - start)
    }

    /// A number less than `n`, which is at least 1: draws as many bits as `n` has until it fits.
    fn below(&mut self, n: u64) -> u64 {
        let bits = u64::BITS - n.leading_zeros();
        loop {
            let number = self.getrandbits(bits);
            if number < n {
                return number;
            }
        }
    }

    /// Brings `items` into random order.
    ///
    /// ```
    /// use mnist_from_scratch::random::Random;
    ///
    /// let mut items = [0, 1, 2, 3, 4, 5];
    /// Random::new(42).shuffle(&mut items);
    /// items.sort();
    /// assert_eq!(items, [0, 1, 2, 3, 4, 5]);
    /// ```
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let other = self.below(i as u64 + 1) as usize;
            items.swap(i, other);
        }
    }

    /// `k` of `items`, each at most once, in random order.
    ///
    /// # Panics
    /// If there are fewer than `k`.
    ///
    /// ```
    /// use mnist_from_scratch::random::Random;
    ///
    /// let items: Vec<u32> = (0..100).collect();
    /// assert_eq!(Random::new(42).sample(&items, 4), [81, 14, 3, 94]);
    /// ```
    pub fn sample<T: Clone>(&mut self, items: &[T], k: usize) -> Vec<T> {
        assert!(k <= items.len(), "sample: {k} of only {} items", items.len());
        let n = items.len();
        // CPython keeps a list of what is left, unless few of many are asked for: then a set of
        // what is gone takes less room. The two draw differently.
        let mut room_of_set = 21;
        if k > 5 {
            // The least power of 4 that is 3k or more.
            let two = (3 * k).next_power_of_two();
            room_of_set += if two.ilog2().is_multiple_of(2) { two } else { 2 * two };
        }
        if n <= room_of_set {
            let mut left: Vec<usize> = (0..n).collect();
            let mut pick = |i: usize| {
                let at = self.below((n - i) as u64) as usize;
                items[left.swap_remove(at)].clone()
            };
            return (0..k).map(&mut pick).collect();
        }
        let mut gone = std::collections::HashSet::new();
        let mut pick = || loop {
            let at = self.below(n as u64) as usize;
            if gone.insert(at) {
                return items[at].clone();
            }
        };
        (0..k).map(|_| pick()).collect()
    }
}
