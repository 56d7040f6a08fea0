//! Convolution of pictures.

mod few_channels;
mod gradients;
mod window;

use crate::product::{Start, Sum};
use crate::sizes::product;
use crate::threads::share;

/// The sizes of a two-dimensional convolution, under PyTorch's names; kernel, stride and padding are
/// square.
///
/// # Layout
/// Activations lie in memory as (height, width, batch, channel): for each pixel a matrix with a row
/// for each picture. Weights lie as (kernel row, kernel column, input channel, output channel): for
/// each *tap* of the kernel a matrix. So a convolution is a sum of products of matrices,
///
/// ```text
/// y[p] = sum_t x[stride p + t - padding] w[t]
/// ```
///
/// over the taps `t` of the kernel. Those that meet padding are left out; they cost nothing.
///
/// # Example
/// A 3x3 kernel that adds up what is around a pixel, on a picture of 2x2:
/// ```
/// use samebits::Conv2d;
///
/// let conv = Conv2d {
///     batch: 1, height: 2, width: 2, in_channels: 1, out_channels: 1,
///     kernel_size: 3, stride: 1, padding: 1,
/// };
/// let mut y = [0.0; 4];
/// conv.forward(&[1.0, 2.0, 3.0, 4.0], &[1.0; 9], &mut y);
/// assert_eq!(y, [10.0; 4]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    /// How many pictures there are.
    pub batch: usize,
    /// Rows of an input picture.
    pub height: usize,
    /// Columns of an input picture.
    pub width: usize,
    /// Numbers at each pixel of the input.
    pub in_channels: usize,
    /// Numbers at each pixel of the output.
    pub out_channels: usize,
    /// Rows, and columns, of the kernel.
    pub kernel_size: usize,
    /// How far the kernel moves from one output pixel to the next.
    pub stride: usize,
    /// How many rows and columns of zeros surround the input.
    pub padding: usize,
}

impl Conv2d {
    /// How many numbers the input has.
    ///
    /// # Panics
    /// If they are too many to be counted, as in [`weight_len`](Self::weight_len) and
    /// [`output_len`](Self::output_len).
    pub fn input_len(&self) -> usize {
        let Self { batch, height, width, in_channels, .. } = *self;
        product([height, width, batch, in_channels], format_args!("the input of {self:?}"))
    }

    /// How many numbers the weights have.
    pub fn weight_len(&self) -> usize {
        let Self { in_channels, out_channels, kernel_size, .. } = *self;
        let sizes = [kernel_size, kernel_size, in_channels, out_channels];
        product(sizes, format_args!("the weights of {self:?}"))
    }

    /// How many numbers the output has.
    ///
    /// # Panics
    /// Also if the kernel is larger than the padded picture, or the kernel or the stride is 0.
    pub fn output_len(&self) -> usize {
        let sizes = [self.out_height(), self.out_width(), self.batch, self.out_channels];
        product(sizes, format_args!("the output of {self:?}"))
    }

    /// How many numbers the weights of one tap have.
    fn tap_len(&self) -> usize {
        product([self.in_channels, self.out_channels], format_args!("the weights of {self:?}"))
    }

    /// How many multiplications and additions the forward pass takes.
    ///
    /// # Panics
    /// As [`output_len`](Self::output_len) and [`weight_len`](Self::weight_len), or if they are too many to be counted.
    pub fn multiply_adds(&self) -> u64 {
        let (_, _) = (self.output_len(), self.weight_len());
        let products =
            product([self.tap_len(), self.batch], format_args!("the products of {self:?}"));
        if products == 0 {
            return 0;
        }
        let all = self.pairs().and_then(|pairs| pairs.checked_mul(products as u64));
        all.unwrap_or_else(|| panic!("too many products: {self:?}"))
    }

    /// The output `y` for the input `x`.
    ///
    /// # Panics
    /// If a slice has not the length that the sizes say, or the sizes make no sense: see
    /// [`output_len`](Self::output_len). So it is with the gradients.
    pub fn forward(&self, x: &[f32], weight: &[f32], y: &mut [f32]) {
        self.check(x, weight, y);
        if x.is_empty() || weight.is_empty() {
            return y.fill(0.0);
        }
        if self.has_few_channels() {
            return self.forward_by_rows(&self.padded_rows(x), weight, y);
        }
        let Self { batch, in_channels, out_channels, .. } = *self;
        let pixels = y.len() / (batch * out_channels).max(1);
        self.for_each_part(y, pixels, out_channels, |pixel, first_row, y| {
            let pairs: Vec<_> = self
                .taps(pixel)
                .map(|(tap, input)| {
                    ((input * batch + first_row) * in_channels, tap * self.tap_len())
                })
                .collect();
            let sum = Sum {
                a: x,
                a_row: in_channels,
                a_depth: 1,
                b: weight,
                b_depth: out_channels,
                pairs: &pairs,
                depth: in_channels,
            };
            sum.work_out(Start::Zero, y, out_channels, y.len() / out_channels, out_channels);
        });
    }

    /// Splits activations with `pixels` pixels and calls `work` for parts of a pixel: with the number
    /// of the pixel, of the part's first picture, and its numbers.
    fn for_each_part(
        &self,
        values: &mut [f32],
        pixels: usize,
        channels: usize,
        work: impl Fn(usize, usize, &mut [f32]) + Sync,
    ) {
        if values.is_empty() {
            return;
        }
        // The fewer pixels, the more parts, so that several threads have something to do. More than
        // a few of them would read the weights too often.
        let parts = 8usize.div_ceil(pixels.max(1)).min(4);
        let rows = self.batch.div_ceil(parts);
        let pixels = values.chunks_mut(self.batch * channels).enumerate();
        let pieces = pixels.flat_map(|(pixel, values)| {
            let parts = values.chunks_mut(rows * channels).enumerate();
            parts.map(move |(part, values)| (pixel, part * rows, values))
        });
        share(pieces, |(pixel, first_row, values)| work(pixel, first_row, values));
    }

    fn check(&self, x: &[f32], weight: &[f32], y: &[f32]) {
        assert_eq!(x.len(), self.input_len(), "numbers of the input of {self:?}");
        assert_eq!(weight.len(), self.weight_len(), "numbers of the weights of {self:?}");
        assert_eq!(y.len(), self.output_len(), "numbers of the output of {self:?}");
    }
}
