//! Random sizes and numbers for the tests.

use samebits::Conv2d;

/// Numbers in no particular order, the same ones each time (Marsaglia's xorshift).
pub struct Random {
    state: u64,
    special: &'static [u32],
}

/// Bits of numbers that are not like others.
pub struct Special;

impl Special {
    pub const INFINITIES: &[u32] = &[0x7f80_0000, 0xff80_0000];
    /// Quiet and signalling ones, with either sign and different payloads.
    pub const NAN_AND_INFINITIES: &[u32] = &[
        0x7fc0_0000,
        0xffc0_0000,
        0xffc0_1234,
        0x7f80_0001,
        0xff92_3456,
        0x7f80_0000,
        0xff80_0000,
    ];
    /// Both zeros, the smallest and largest subnormal number and normal number, one whose square is about to
    /// vanish, and so on.
    pub const ZEROS_TINY_AND_HUGE: &[u32] = &[
        0,
        0x8000_0000,
        1,
        0x8000_0001,
        0x007f_ffff,
        0x807f_ffff,
        0x0080_0000,
        0x8080_0000,
        0x1f80_0000,
        0x7f7f_ffff,
        0xff7f_ffff,
        0x5f80_0000,
    ];
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, special: &[] }
    }

    /// About one number in twenty is one of these.
    pub fn with_special_numbers(seed: u64, special: &'static [u32]) -> Self {
        Self { special, ..Self::new(seed) }
    }

    fn bits(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    /// A whole number from `low` to `high`, both included.
    pub fn size(&mut self, low: usize, high: usize) -> usize {
        low + (self.bits() >> 33) as usize % (high - low + 1)
    }

    /// Numbers from -1 to 1, and special ones, if there are any.
    pub fn numbers(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.number()).collect()
    }

    fn number(&mut self) -> f32 {
        if !self.special.is_empty() && self.size(0, 19) == 0 {
            return f32::from_bits(self.special[self.size(0, self.special.len() - 1)]);
        }
        (self.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// A convolution of any sizes; some are those that ResNet18 has.
    pub fn convolution(&mut self) -> Conv2d {
        loop {
            let few = self.size(0, 2) > 0;
            let conv = Conv2d {
                batch: self.size(1, 13),
                height: self.size(1, 9),
                width: self.size(1, 9),
                in_channels: if few { self.size(1, 7) } else { self.size(16, 70) },
                out_channels: if few { self.size(1, 40) } else { self.size(30, 70) },
                kernel_size: self.size(1, 7),
                stride: self.size(1, 3),
                padding: self.size(0, 3),
            };
            let smallest = conv.height.min(conv.width) + 2 * conv.padding;
            if conv.kernel_size <= smallest {
                return conv;
            }
        }
    }
}

/// Calls `visit` with the places of `x`, `weight` and `y` in each product that a convolution adds up.
pub fn for_each_product(conv: &Conv2d, mut visit: impl FnMut(usize, usize, usize)) {
    let Conv2d { batch, height, width, in_channels, out_channels, kernel_size, .. } = *conv;
    let input = |out: usize, tap: usize, size: usize| {
        (out * conv.stride + tap).checked_sub(conv.padding).filter(|&at| at < size)
    };
    for row in 0..conv.out_height() {
        for column in 0..conv.out_width() {
            for tap in 0..kernel_size * kernel_size {
                let Some(y) = input(row, tap / kernel_size, height) else { continue };
                let Some(x) = input(column, tap % kernel_size, width) else { continue };
                for picture in 0..batch {
                    for i in 0..in_channels {
                        for o in 0..out_channels {
                            let pixel = row * conv.out_width() + column;
                            visit(
                                ((y * width + x) * batch + picture) * in_channels + i,
                                (tap * in_channels + i) * out_channels + o,
                                (pixel * batch + picture) * out_channels + o,
                            );
                        }
                    }
                }
            }
        }
    }
}
