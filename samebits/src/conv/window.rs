//! Where the kernel of a convolution, or the window of a pool, meets pixels.

use std::ops::Range;

use super::Conv2d;
use crate::sizes::{product, room};

impl Conv2d {
    /// Rows of an output picture.
    ///
    /// # Panics
    /// If the kernel is larger than the padded picture, or the kernel or the stride is 0.
    pub fn out_height(&self) -> usize {
        self.out_size(self.height)
    }

    /// Columns of an output picture.
    ///
    /// # Panics
    /// If the kernel is larger than the padded picture, or the kernel or the stride is 0.
    pub fn out_width(&self) -> usize {
        self.out_size(self.width)
    }

    /// Pixels of an output picture.
    ///
    /// # Panics
    /// As [`out_height`](Self::out_height), and if they are too many to be counted.
    pub fn out_pixels(&self) -> usize {
        product([self.out_height(), self.out_width()], format_args!("the output of {self:?}"))
    }

    /// Pixels of an input picture.
    ///
    /// # Panics
    /// If they are too many to be counted.
    pub fn pixels(&self) -> usize {
        product([self.height, self.width], format_args!("the input of {self:?}"))
    }

    fn out_size(&self, size: usize) -> usize {
        let Self { kernel_size, stride, padding, .. } = *self;
        assert!(kernel_size > 0, "a kernel of 0: {self:?}");
        assert!(stride > 0, "a stride of 0: {self:?}");
        let padded = padding.checked_mul(2).and_then(|padding| padding.checked_add(size));
        let Some(padded) = padded else { panic!("too large a padding: {self:?}") };
        assert!(
            padded >= kernel_size,
            "a kernel of {kernel_size} on a picture of {padded}: {self:?}"
        );
        (padded - kernel_size) / stride + 1
    }

    /// The taps that meet a pixel for the output at `out`, along one axis. The tap `t` reads at
    /// `out * stride + t - padding`.
    fn reach(&self, out: usize, size: usize) -> Range<usize> {
        let start = out * self.stride;
        let first = self.padding.saturating_sub(start);
        let end = (size + self.padding).saturating_sub(start).min(self.kernel_size);
        first.min(end)..end
    }

    /// The outputs for which a tap meets a pixel, along one axis.
    fn meetings(&self, tap: usize, size: usize) -> Range<usize> {
        let Self { stride, padding, .. } = *self;
        let first = padding.saturating_sub(tap).div_ceil(stride);
        let end = (size + padding).saturating_sub(tap).div_ceil(stride).min(self.out_size(size));
        first.min(end)..end
    }

    /// Where a tap of the output at `out` reads, along one axis; `None` if it meets padding.
    pub(super) fn input(&self, out: usize, tap: usize, size: usize) -> Option<usize> {
        (out * self.stride + tap).checked_sub(self.padding).filter(|&at| at < size)
    }

    /// The taps that meet a pixel at the output pixel number `pixel`, with the number of the input pixel that each
    /// meets, in the order of the taps. All of them count row after row.
    ///
    /// # Panics
    /// If there is no such output pixel.
    ///
    /// ```
    /// # use samebits::Conv2d;
    /// // The upper left corner of a picture of 4x4, under a 3x3 kernel that reaches one pixel over the edge.
    /// let conv = Conv2d {
    ///     batch: 1, height: 4, width: 4, in_channels: 1, out_channels: 1,
    ///     kernel_size: 3, stride: 1, padding: 1,
    /// };
    /// let taps: Vec<_> = conv.taps(0).collect();
    /// assert_eq!(taps, [(4, 0), (5, 1), (7, 4), (8, 5)]);
    /// ```
    pub fn taps(&self, pixel: usize) -> impl Iterator<Item = (usize, usize)> {
        let Self { kernel_size, height, width, stride, padding, .. } = *self;
        let (out_width, pixels) = (self.out_width(), self.out_pixels());
        assert!(pixel < pixels, "output pixel {pixel} of {pixels}: {self:?}");
        let (row, column) = (pixel / out_width, pixel % out_width);
        let columns = self.reach(column, width);
        self.reach(row, height).flat_map(move |tap_row| {
            let input_row = row * stride + tap_row - padding;
            columns.clone().map(move |tap_column| {
                let input_column = column * stride + tap_column - padding;
                (tap_row * kernel_size + tap_column, input_row * width + input_column)
            })
        })
    }

    /// Which taps of the kernel meet at least one pixel, row after row. The others meet only padding:
    /// their weights have no influence, and no gradient.
    ///
    /// # Panics
    /// As [`out_height`](Self::out_height), and if there is no memory for so many taps.
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
        self.out_pixels();
        let mut meet = room(self.taps_of_kernel(), format_args!("the taps of {self:?}"));
        let along =
            |size| (0..self.kernel_size).map(move |tap| !self.meetings(tap, size).is_empty());
        let columns: Vec<_> = along(self.width).collect();
        for row in along(self.height) {
            meet.extend(columns.iter().map(|column| row && *column));
        }
        meet
    }

    /// How many taps the kernel has.
    pub(super) fn taps_of_kernel(&self) -> usize {
        product([self.kernel_size; 2], format_args!("the taps of {self:?}"))
    }

    /// How many pairs of an output pixel and a tap meet an input pixel.
    pub(super) fn pairs(&self) -> Option<u64> {
        let along = |size| {
            // Counted by taps, or by outputs, if these are fewer.
            let (taps, outputs) = (self.kernel_size, self.out_size(size));
            let pairs = |at| match taps <= outputs {
                true => self.meetings(at, size).len() as u64,
                false => self.reach(at, size).len() as u64,
            };
            (0..taps.min(outputs)).map(pairs).try_fold(0, u64::checked_add)
        };
        along(self.height)?.checked_mul(along(self.width)?)
    }

    /// For each input pixel the taps that meet it, with the number of the output pixel.
    pub(super) fn outputs_by_input(&self) -> Vec<Vec<(usize, usize)>> {
        let mut outputs = vec![Vec::new(); self.pixels()];
        for output in 0..self.out_pixels() {
            for (tap, input) in self.taps(output) {
                outputs[input].push((tap, output));
            }
        }
        outputs
    }
}
