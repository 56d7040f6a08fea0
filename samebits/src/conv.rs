//! Convolution of pictures.

use std::cell::Cell;

use crate::product::{Start, Sum};
use crate::simd::each;
use crate::threads::{for_each_piece, share};
use crate::transpose::{columns_to_rows, with_kept};

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
    /// Rows of an output picture.
    ///
    /// # Panics
    /// If the kernel is larger than the padded picture.
    pub fn out_height(&self) -> usize {
        self.out_size(self.height)
    }

    /// Columns of an output picture.
    ///
    /// # Panics
    /// If the kernel is larger than the padded picture.
    pub fn out_width(&self) -> usize {
        self.out_size(self.width)
    }

    fn out_size(&self, size: usize) -> usize {
        let Self { kernel_size, stride, padding, .. } = *self;
        let padded = size + 2 * padding;
        assert!(padded >= kernel_size, "a kernel of {kernel_size} on a picture of {padded}");
        (padded - kernel_size) / stride + 1
    }

    /// How many numbers the input has.
    pub fn input_len(&self) -> usize {
        self.height * self.width * self.batch * self.in_channels
    }

    /// How many numbers the weights have.
    pub fn weight_len(&self) -> usize {
        self.kernel_size * self.kernel_size * self.tap_len()
    }

    /// How many numbers the output has.
    ///
    /// # Panics
    /// If the kernel is larger than the padded picture.
    pub fn output_len(&self) -> usize {
        self.out_height() * self.out_width() * self.batch * self.out_channels
    }

    /// How many numbers the weights of one tap have.
    fn tap_len(&self) -> usize {
        self.in_channels * self.out_channels
    }

    /// How many multiplications and additions the forward pass takes.
    pub fn multiply_adds(&self) -> usize {
        let pixels = self.out_height() * self.out_width();
        let taps: usize = (0..pixels).map(|pixel| self.taps(pixel).count()).sum();
        taps * self.tap_len() * self.batch
    }

    /// Which taps of the kernel meet at least one pixel, row after row. The others meet only padding:
    /// their weights have no influence, and no gradient.
    ///
    /// ```
    /// # use samebits::Conv2d;
    /// // On a picture of one pixel a 3x3 kernel is its centre.
    /// let conv = Conv2d {
    ///     batch: 1, height: 1, width: 1, in_channels: 1, out_channels: 1,
    ///     kernel_size: 3, stride: 1, padding: 1,
    /// };
    /// let (yes, no) = (true, false);
    /// assert_eq!(conv.taps_that_meet(), [no, no, no, no, yes, no, no, no, no]);
    /// ```
    pub fn taps_that_meet(&self) -> Vec<bool> {
        let rows = self.meeting(self.height);
        let columns = self.meeting(self.width);
        rows.iter().flat_map(|row| columns.iter().map(move |column| *row && *column)).collect()
    }

    /// The same along one axis.
    fn meeting(&self, size: usize) -> Vec<bool> {
        let at = |tap| (0..self.out_size(size)).any(|out| self.input(out, tap, size).is_some());
        (0..self.kernel_size).map(at).collect()
    }

    /// Where a tap of the output at `out` reads, along one axis; `None` if it meets padding.
    fn input(&self, out: usize, tap: usize, size: usize) -> Option<usize> {
        (out * self.stride + tap).checked_sub(self.padding).filter(|&at| at < size)
    }

    /// The taps that meet a pixel at the output pixel number `pixel`, with the number of the input
    /// pixel that each meets.
    ///
    /// ```
    /// # use samebits::Conv2d;
    /// // On a row of three pixels, the first output pixel meets the padding, the first and the second.
    /// let conv = Conv2d {
    ///     batch: 1, height: 1, width: 3, in_channels: 1, out_channels: 1,
    ///     kernel_size: 3, stride: 1, padding: 1,
    /// };
    /// assert_eq!(conv.taps(0).collect::<Vec<_>>(), [(4, 0), (5, 1)]);
    /// ```
    pub fn taps(&self, pixel: usize) -> impl Iterator<Item = (usize, usize)> {
        let Self { kernel_size, height, width, .. } = *self;
        let (row, column) = (pixel / self.out_width(), pixel % self.out_width());
        let conv = *self;
        (0..kernel_size * kernel_size).filter_map(move |tap| {
            let input_row = conv.input(row, tap / kernel_size, height)?;
            let input_column = conv.input(column, tap % kernel_size, width)?;
            Some((tap, input_row * width + input_column))
        })
    }

    /// For each input pixel the taps that meet it, with the number of the output pixel.
    pub(crate) fn outputs_by_input(&self) -> Vec<Vec<(usize, usize)>> {
        let mut outputs = vec![Vec::new(); self.height * self.width];
        for output in 0..self.out_height() * self.out_width() {
            for (tap, input) in self.taps(output) {
                outputs[input].push((tap, output));
            }
        }
        outputs
    }

    /// The output `y` for the input `x`.
    ///
    /// # Panics
    /// If a slice has not the length that the sizes say.
    pub fn forward(&self, x: &[f32], weight: &[f32], y: &mut [f32]) {
        self.check(x, weight, y);
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

    /// Adds the gradient of the input to `dx`, given that of the output: `dx[q] = sum_t dy[p] w[t]^T`
    /// over the taps with which an output pixel `p` meets `q`.
    ///
    /// # Panics
    /// If a slice has not the length that the sizes say.
    pub fn input_gradient(&self, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        self.check(dx, weight, dy);
        if dx.is_empty() || dy.is_empty() {
            return;
        }
        // One side of the product has to be transposed: what is less to move. The sums are the same.
        let meet = self.taps_that_meet().iter().filter(|meet| **meet).count();
        if meet * self.tap_len() <= dy.len() + 2 * dx.len() {
            self.input_gradient_by_rows(dy, weight, dx);
        } else {
            self.input_gradient_by_columns(dy, weight, dx);
        }
    }

    /// The input's gradient with the weights transposed.
    fn input_gradient_by_rows(&self, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        let Self { batch, in_channels, out_channels, .. } = *self;
        let pixels = self.height * self.width;
        let taps = self.outputs_by_input();
        self.with_transposed(weight, |weight| {
            self.for_each_part(dx, pixels, in_channels, |pixel, first_row, dx| {
                let pairs: Vec<_> = taps[pixel]
                    .iter()
                    .map(|(tap, output)| {
                        ((output * batch + first_row) * out_channels, tap * self.tap_len())
                    })
                    .collect();
                let sum = Sum {
                    a: dy,
                    a_row: out_channels,
                    a_depth: 1,
                    b: weight,
                    b_depth: in_channels,
                    pairs: &pairs,
                    depth: out_channels,
                };
                sum.work_out(Start::Given, dx, in_channels, dx.len() / in_channels, in_channels);
            });
        });
    }

    /// The input's gradient with the activations transposed, `dx[q]^T = sum_t w[t] dy[p]^T`: deep in a
    /// net pictures are small, and the weights many.
    fn input_gradient_by_columns(&self, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        thread_local! {
            static DY_COLUMNS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
            static DX_COLUMNS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
        }
        let Self { batch, in_channels, out_channels, .. } = *self;
        with_kept(&DX_COLUMNS, dx.len(), |dx_columns| {
            transpose_each(dx, batch * in_channels, in_channels, dx_columns);
            with_kept(&DY_COLUMNS, dy.len(), |dy_columns| {
                transpose_each(dy, batch * out_channels, out_channels, dy_columns);
                self.add_by_columns(dy_columns, weight, dx_columns);
            });
            transpose_each(dx_columns, batch * in_channels, batch, dx);
        });
    }

    /// The same where the activations are transposed already.
    fn add_by_columns(&self, dy_columns: &[f32], weight: &[f32], dx_columns: &mut [f32]) {
        let Self { batch, in_channels, out_channels, .. } = *self;
        let taps = self.outputs_by_input();
        // Some rows, which are channels now, of the matrix of a pixel.
        let rows = in_channels.div_ceil(in_channels.div_ceil(48));
        let pixels = dx_columns.chunks_mut(batch * in_channels).zip(&taps);
        let pieces = pixels.flat_map(|(dx, taps)| {
            dx.chunks_mut(rows * batch).enumerate().map(move |(at, dx)| (taps, at * rows, dx))
        });
        share(pieces, |(taps, first_channel, dx)| {
            let pairs: Vec<_> = taps
                .iter()
                .map(|(tap, output)| {
                    let first = tap * self.tap_len() + first_channel * out_channels;
                    (first, output * batch * out_channels)
                })
                .collect();
            let sum = Sum {
                a: weight,
                a_row: out_channels,
                a_depth: 1,
                b: dy_columns,
                b_depth: batch,
                pairs: &pairs,
                depth: out_channels,
            };
            sum.work_out(Start::Given, dx, batch, dx.len() / batch, batch);
        });
    }

    /// Adds the gradient of the weights to `dw`: `dw[t] = sum_p x[stride p + t - padding]^T dy[p]`.
    ///
    /// # Panics
    /// If a slice has not the length that the sizes say.
    pub fn weight_gradient(&self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        self.check(x, dw, dy);
        if self.has_few_channels() {
            return self.weight_gradient_by_rows(&self.padded_rows(x), dy, dw);
        }
        let Self { batch, in_channels, out_channels, kernel_size, .. } = *self;
        // For each tap the pairs of an input and an output pixel that it joins.
        let mut pixels = vec![Vec::new(); kernel_size * kernel_size];
        for output in 0..self.out_height() * self.out_width() {
            for (tap, input) in self.taps(output) {
                pixels[tap].push((input, output));
            }
        }
        // Some rows of the matrix of a tap.
        let rows = in_channels.div_ceil(in_channels.div_ceil(32));
        let taps = dw.chunks_mut(self.tap_len()).zip(&pixels);
        let taps = taps.filter(|(_, pixels)| !pixels.is_empty());
        let pieces = taps.flat_map(|(dw, pixels)| {
            dw.chunks_mut(rows * out_channels).enumerate().map(move |(at, dw)| (pixels, at, dw))
        });
        share(pieces, |(pixels, piece, dw)| {
            let pairs: Vec<_> = pixels
                .iter()
                .map(|(input, output)| {
                    (input * batch * in_channels + piece * rows, output * batch * out_channels)
                })
                .collect();
            let sum = Sum {
                a: x,
                a_row: 1,
                a_depth: in_channels,
                b: dy,
                b_depth: out_channels,
                pairs: &pairs,
                depth: batch,
            };
            sum.work_out(Start::Given, dw, out_channels, dw.len() / out_channels, out_channels);
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

    /// Calls `work` with the matrix of each tap transposed; what it gets for taps that meet no pixel
    /// means nothing.
    fn with_transposed(&self, weight: &[f32], work: impl FnOnce(&[f32])) {
        thread_local! {
            static TRANSPOSED: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
        }
        let Self { in_channels, out_channels, .. } = *self;
        let meet = self.taps_that_meet();
        with_kept(&TRANSPOSED, weight.len(), |transposed| {
            let taps = transposed.chunks_mut(self.tap_len()).zip(weight.chunks(self.tap_len()));
            let taps = taps.zip(&meet).filter(|(_, meet)| **meet);
            let pieces = taps.flat_map(|((to, from), _)| {
                to.chunks_mut(64 * in_channels).enumerate().map(move |(at, to)| (from, 64 * at, to))
            });
            share(pieces, |(from, first, to)| columns_to_rows(from, out_channels, first, to));
            work(transposed);
        });
    }

    fn check(&self, x: &[f32], weight: &[f32], y: &[f32]) {
        assert_eq!(x.len(), self.input_len(), "numbers of the input of {self:?}");
        assert_eq!(weight.len(), self.weight_len(), "numbers of the weights of {self:?}");
        assert_eq!(y.len(), self.output_len(), "numbers of the output of {self:?}");
    }
}

/// Transposes each of the matrices of `size` numbers in `from`, whose rows have `width` numbers.
fn transpose_each(from: &[f32], size: usize, width: usize, to: &mut [f32]) {
    let matrices = from.chunks(size).zip(to.chunks_mut(size));
    let pieces = matrices.flat_map(|(from, to)| {
        let pieces = to.chunks_mut(64 * (size / width)).enumerate();
        pieces.map(move |(at, to)| (from, 64 * at, to))
    });
    share(pieces, |(from, first, to)| columns_to_rows(from, width, first, to));
}

/// Pictures with few channels, such as the red, green and blue of an input.
///
/// A product with so few terms, or rows, would leave most of a processor idle. So here a pair is a
/// whole row of the kernel, whose taps lie one after the other in memory if the picture does, too.
impl Conv2d {
    fn has_few_channels(&self) -> bool {
        self.in_channels < 16 && self.kernel_size > 1
    }

    /// How many numbers a row of a padded picture has.
    fn padded_row(&self) -> usize {
        (self.width + 2 * self.padding) * self.in_channels
    }

    /// The input as (height, batch, padded width, channel).
    fn padded_rows(&self, x: &[f32]) -> Vec<f32> {
        let Self { batch, width, in_channels, padding, .. } = *self;
        let mut rows = vec![0.0; self.height * batch * self.padded_row()];
        for (row, x) in
            rows.chunks_mut(batch * self.padded_row()).zip(x.chunks(width * batch * in_channels))
        {
            for (column, x) in x.chunks(batch * in_channels).enumerate() {
                for (picture, x) in x.chunks(in_channels).enumerate() {
                    let at = picture * self.padded_row() + (padding + column) * in_channels;
                    row[at..at + in_channels].copy_from_slice(x);
                }
            }
        }
        rows
    }

    fn forward_by_rows(&self, x: &[f32], weight: &[f32], y: &mut [f32]) {
        let Self { batch, in_channels, out_channels, kernel_size, .. } = *self;
        let depth = kernel_size * in_channels;
        let out_width = self.out_width();
        for_each_piece(y, batch * out_channels, |pixel, y| {
            let (row, column) = (pixel / out_width, pixel % out_width);
            let pairs: Vec<_> = (0..kernel_size)
                .filter_map(|kernel_row| {
                    let input_row = self.input(row, kernel_row, self.height)?;
                    let start = input_row * batch * self.padded_row();
                    let column = column * self.stride * in_channels;
                    Some((start + column, kernel_row * depth * out_channels))
                })
                .collect();
            let sum = Sum {
                a: x,
                a_row: self.padded_row(),
                a_depth: 1,
                b: weight,
                b_depth: out_channels,
                pairs: &pairs,
                depth,
            };
            sum.work_out(Start::Zero, y, out_channels, batch, out_channels);
        });
    }

    /// The sum over all pictures is made in parts of some pictures each. So several threads have
    /// something to do, and each row of `dy` is used for all rows of the kernel while it is at hand.
    fn weight_gradient_by_rows(&self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        const PARTS: usize = 8;
        let Self { batch, in_channels, out_channels, kernel_size, .. } = *self;
        if batch == 0 {
            return;
        }
        let rows = kernel_size * in_channels;
        let out_width = self.out_width();
        let pictures = batch.div_ceil(PARTS);
        let mut parts = vec![0.0; batch.div_ceil(pictures) * dw.len()];
        for_each_piece(&mut parts, dw.len(), |part, dw| {
            let first = part * pictures;
            for row in 0..self.out_height() {
                for (kernel_row, dw) in dw.chunks_mut(rows * out_channels).enumerate() {
                    let Some(input_row) = self.input(row, kernel_row, self.height) else {
                        continue;
                    };
                    let pairs: Vec<_> = (0..out_width)
                        .map(|column| {
                            let input = (input_row * batch + first) * self.padded_row();
                            let output = (row * out_width + column) * batch + first;
                            (input + column * self.stride * in_channels, output * out_channels)
                        })
                        .collect();
                    let sum = Sum {
                        a: x,
                        a_row: 1,
                        a_depth: self.padded_row(),
                        b: dy,
                        b_depth: out_channels,
                        pairs: &pairs,
                        depth: pictures.min(batch - first),
                    };
                    sum.work_out(Start::Given, dw, out_channels, rows, out_channels);
                }
            }
        });
        for part in parts.chunks(dw.len()) {
            each(|| dw.iter_mut().zip(part).for_each(|(dw, part)| *dw += part));
        }
    }
}
