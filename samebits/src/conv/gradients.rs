//! The gradients of a convolution.

use std::cell::Cell;

use super::Conv2d;
use crate::product::{Start, Sum};
use crate::threads::share;
use crate::transpose::{columns_to_rows, transpose_each, with_kept};

impl Conv2d {
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
        let pixels = self.pixels();
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
        if x.is_empty() || dy.is_empty() || dw.is_empty() {
            return;
        }
        if self.has_few_channels() {
            return self.weight_gradient_by_rows(&self.padded_rows(x), dy, dw);
        }
        let Self { batch, in_channels, out_channels, .. } = *self;
        // For each tap the pairs of an input and an output pixel that it joins.
        let mut pixels = vec![Vec::new(); self.taps_of_kernel()];
        for output in 0..self.out_pixels() {
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
}
