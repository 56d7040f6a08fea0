//! Pictures with few channels, such as the red, green and blue of an input.
//!
//! A product with so few terms, or rows, would leave most of a processor idle. So here a pair is a
//! whole row of the kernel, whose taps lie one after the other in memory if the picture does, too.

use super::Conv2d;
use crate::product::{Start, Sum};
use crate::simd::each;
use crate::sizes::{product, zeros};
use crate::threads::for_each_piece;

impl Conv2d {
    pub(crate) fn has_few_channels(&self) -> bool {
        self.in_channels < 16 && self.kernel_size > 1
    }

    /// How many numbers a row of a padded picture has.
    fn padded_row(&self) -> usize {
        (self.width + 2 * self.padding) * self.in_channels
    }

    /// The input as (height, batch, padded width, channel).
    pub(super) fn padded_rows(&self, x: &[f32]) -> Vec<f32> {
        let Self { batch, width, in_channels, padding, .. } = *self;
        let of = format_args!("the padded input of {self:?}");
        let sizes = [self.height, batch, width + 2 * padding, in_channels];
        let mut rows = zeros(product(sizes, of), of);
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

    pub(super) fn forward_by_rows(&self, x: &[f32], weight: &[f32], y: &mut [f32]) {
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

    /// How many pictures each part of the weights' gradient is made of, but for the last one.
    pub(crate) fn pictures_of_part(&self) -> usize {
        const PARTS: usize = 8;
        self.batch.div_ceil(PARTS)
    }

    /// The sum over all pictures is made in parts of some pictures each. So several threads have
    /// something to do, and each row of `dy` is used for all rows of the kernel while it is at hand.
    pub(super) fn weight_gradient_by_rows(&self, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        let Self { batch, in_channels, out_channels, kernel_size, .. } = *self;
        let rows = kernel_size * in_channels;
        let out_width = self.out_width();
        let pictures = self.pictures_of_part();
        let of = format_args!("parts of the weights' gradient of {self:?}");
        let mut parts = zeros(product([batch.div_ceil(pictures), dw.len()], of), of);
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
