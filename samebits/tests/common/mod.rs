//! Random sizes and numbers for the tests.

use samebits::Conv2d;

/// Numbers in no particular order, the same ones each time (Marsaglia's xorshift).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A whole number from `low` to `high`, both included.
    pub fn size(&mut self, low: usize, high: usize) -> usize {
        low + (self.bits() >> 33) as usize % (high - low + 1)
    }

    /// Numbers from -1 to 1.
    pub fn numbers(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| (self.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
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
