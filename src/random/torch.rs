//! PyTorch's generator for the CPU.

use samebits::{MersenneTwister, fma};

use super::cephes;

/// The seed of PyTorch's default generator before anyone calls `manual_seed`.
pub const DEFAULT_SEED: u64 = 67_280_421_310_721;

/// How many normal numbers PyTorch makes at once.
const BLOCK: usize = 16;

/// Draws the numbers that `torch.Generator` draws on the CPU.
///
/// All are equal to the last bit to those of PyTorch's builds for Linux on x86 processors with AVX2
/// (any of the last ten years), and they are the same bits on every computer here. PyTorch's own
/// are not: on other processors its uniform and normal numbers differ in the last bits, since it
/// rounds at other steps there.
///
/// ```
/// use mnist_from_scratch::random::Generator;
///
/// let mut generator = Generator::new(42);
/// // torch.manual_seed(42); torch.rand(2)
/// assert_eq!([generator.uniform(), generator.uniform()], [0.88226926, 0.91500396]);
/// ```
#[derive(Debug, Clone)]
pub struct Generator {
    bits: MersenneTwister,
    /// Normal numbers come in pairs; this is the one that nobody has asked for yet.
    second: Option<f64>,
}

impl Generator {
    /// A generator with a seed, like `torch.Generator().manual_seed(seed)`.
    ///
    /// As in PyTorch, seeds whose lower 32 bits are equal draw the same numbers.
    pub fn new(seed: u64) -> Self {
        // The lower half is all that PyTorch hands to its Mersenne Twister.
        Self { bits: MersenneTwister::new(seed as u32), second: None }
    }

    /// 32 random bits.
    fn random(&mut self) -> u32 {
        self.bits.next_u32()
    }

    /// 64 random bits, the upper half drawn first.
    fn random64(&mut self) -> u64 {
        let high = u64::from(self.random());
        high << 32 | u64::from(self.random())
    }

    /// A number from 0 (included) to 1 (excluded), made of 24 bits: as many as an `f32` holds.
    pub fn uniform(&mut self) -> f32 {
        (self.random() & 0xff_ffff) as f32 / (1 << 24) as f32
    }

    /// The same in double precision, made of 53 bits.
    fn uniform64(&mut self) -> f64 {
        (self.random64() & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
    }

    /// Fills `numbers` uniformly from `from` (included) to `to` (excluded), as `uniform_` does.
    ///
    /// # Panics
    /// If `from` is more than `to`.
    ///
    /// ```
    /// use mnist_from_scratch::random::Generator;
    ///
    /// let mut numbers = [0.0; 100];
    /// Generator::new(7).fill_uniform(&mut numbers, -1.0, 1.0);
    /// assert!(numbers.iter().all(|x| (-1.0..1.0).contains(x)));
    /// ```
    pub fn fill_uniform(&mut self, numbers: &mut [f32], from: f64, to: f64) {
        assert!(from <= to, "uniform numbers from {from} to {to}: the first must not be larger");
        self.bits.fill_uniform(numbers, from as f32, to as f32);
    }

    /// A bit for each of `n` uniform numbers: whether it is at least `p`; see [`MersenneTwister::bits_from`].
    pub(super) fn bits_from(&mut self, p: f64, n: usize) -> Vec<u32> {
        self.bits.bits_from(p, n)
    }

    /// Fills `numbers` from the normal distribution, as `normal_` and `randn` do.
    ///
    /// PyTorch has two ways to do it: one for fewer than 16 numbers, in double precision, and one
    /// for 16 and more. Both are Box and Muller's (1958), which makes two normal numbers of two
    /// uniform ones.
    ///
    /// # Panics
    /// If `std` is negative.
    ///
    /// ```
    /// use mnist_from_scratch::random::Generator;
    ///
    /// let mut numbers = [0.0; 3];
    /// Generator::new(42).fill_normal(&mut numbers, 0.0, 1.0);
    /// // torch.manual_seed(42); torch.randn(3)
    /// assert_eq!(numbers, [0.33669037, 0.1288094, 0.23446237]);
    /// ```
    pub fn fill_normal(&mut self, numbers: &mut [f32], mean: f64, std: f64) {
        assert!(std >= 0.0, "normal numbers with standard deviation {std}: it must be 0 or more");
        let Some(tail) = numbers.len().checked_sub(BLOCK) else {
            for number in numbers {
                *number = (self.normal64() * std + mean) as f32;
            }
            return;
        };
        let (mean, std) = (mean as f32, std as f32);
        self.fill_uniform(numbers, 0.0, 1.0);
        for block in numbers.chunks_exact_mut(BLOCK) {
            box_muller(block, mean, std);
        }
        if !numbers.len().is_multiple_of(BLOCK) {
            // The last block starts anew, and overlaps with the one before.
            let block = &mut numbers[tail..];
            self.fill_uniform(block, 0.0, 1.0);
            box_muller(block, mean, std);
        }
    }

    /// One normal number in double precision; the second of the pair is kept for the next call.
    fn normal64(&mut self) -> f64 {
        if let Some(second) = self.second.take() {
            return second;
        }
        let (angle, length) = (self.uniform64(), self.uniform64());
        let radius = (-2.0 * libm::log1p(-length)).sqrt();
        let angle = std::f64::consts::TAU * angle;
        self.second = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// Whole numbers from `low` (included) to `high` (excluded): `torch.randint(low, high, (n,))`.
    ///
    /// # Panics
    /// If there is no number from `low` to `high`.
    ///
    /// ```
    /// use mnist_from_scratch::random::Generator;
    ///
    /// // torch.manual_seed(42); torch.randint(0, 10, (5,))
    /// assert_eq!(Generator::new(42).randint(0, 10, 5), [2, 7, 6, 4, 6]);
    /// ```
    pub fn randint(&mut self, low: i64, high: i64, n: usize) -> Vec<i64> {
        assert!(low < high, "randint: there is no number from {low} to {high} (excluded)");
        let range = high.abs_diff(low);
        let mut draw = || match range < 1 << 28 {
            true => u64::from(self.random()) % range,
            // The rest of a division would favour small numbers here, were there but 32 bits.
            false => self.random64() % range,
        };
        (0..n).map(|_| low.wrapping_add_unsigned(draw())).collect()
    }

    /// A whole number from 0 to 2⁶³ (excluded): `torch.empty((), dtype=torch.int64).random_()`.
    ///
    /// PyTorch's `DataLoader`, on which fastai's rests, draws one at the start of each pass over
    /// its batches, as a seed for its workers, even where there are none. Whoever compares what is
    /// drawn after such a pass has to draw it, too.
    ///
    /// ```
    /// use mnist_from_scratch::random::Generator;
    ///
    /// assert_eq!(Generator::new(42).random_(), 6_909_045_637_428_952_499);
    /// ```
    pub fn random_(&mut self) -> i64 {
        // The highest bit is the sign's.
        (self.random64() & (u64::MAX >> 1)) as i64
    }

    /// The numbers from 0 to `n` (excluded) in random order, as `torch.randperm` has them.
    ///
    /// # Panics
    /// If `n` is 2³²/20 or more: PyTorch draws those another way.
    ///
    /// ```
    /// use mnist_from_scratch::random::Generator;
    ///
    /// // torch.manual_seed(42); torch.randperm(10)
    /// assert_eq!(Generator::new(42).randperm(10), [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
    /// ```
    pub fn randperm(&mut self, n: usize) -> Vec<usize> {
        let few = u32::MAX / 20;
        assert!(n < few as usize, "randperm: n is {n}, but must be less than {few}");
        let mut numbers: Vec<usize> = (0..n).collect();
        for i in 0..n.saturating_sub(1) {
            let other = self.random() as usize % (n - i);
            numbers.swap(i, i + other);
        }
        numbers
    }
}

/// Makes normal numbers of 16 uniform ones: the first eight give the lengths, the others the
/// angles.
fn box_muller(block: &mut [f32], mean: f32, std: f32) {
    let (lengths, angles) = block.split_at_mut(BLOCK / 2);
    for (length, angle) in lengths.iter_mut().zip(angles) {
        // From (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * cephes::ln(1.0 - *length)).sqrt();
        let (sin, cos) = cephes::sin_cos(std::f32::consts::TAU * *angle);
        *length = fma(radius * cos, std, mean);
        *angle = fma(radius * sin, std, mean);
    }
}
