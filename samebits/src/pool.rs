//! Pooling: one number for several pixels.
//!
//! Activations lie in memory as for a [convolution](Conv2d): for each pixel all the numbers of a batch
//! at that pixel. Which pixels belong together does not depend on picture and channel, so whole pixels
//! are compared, or added up, at once.

use crate::conv::Conv2d;
use crate::simd::each;
use crate::sizes::{product, room};
use crate::threads::{for_each_piece, share};

/// Which input pixels each output pixel looks at.
///
/// # Example
/// The largest and the mean of a picture of 2x2, whose pixels have one number each:
/// ```
/// use samebits::Windows;
///
/// let windows = Windows::adaptive([2, 2], [1, 1]);
/// let (x, mut y) = ([1.0, 4.0, 3.0, 2.0], [0.0]);
/// let largest = windows.max(&x, &mut y);
/// assert_eq!(y, [4.0]);
/// windows.mean(&x, &mut y);
/// assert_eq!(y, [2.5]);
///
/// let mut dx = [0.0; 4];
/// windows.max_gradient(&largest, &[10.0], &mut dx);
/// assert_eq!(dx, [0.0, 10.0, 0.0, 0.0]);
/// ```
#[derive(Debug, Clone)]
pub struct Windows {
    /// The input pixels of each output pixel, in order.
    inputs: Vec<Vec<usize>>,
    /// For each input pixel the output pixels that look at it, and as which of their pixels.
    outputs: Vec<Vec<(usize, usize)>>,
    /// What all of it follows from.
    #[cfg_attr(not(feature = "cuda"), expect(dead_code, reason = "a GPU keeps the lists by it"))]
    key: WindowsKey,
}

/// The sizes from which windows follow.
pub(crate) type WindowsKey = [usize; 6];

impl Windows {
    /// The windows of a kernel that moves over a picture. Padding is in none of them. Its batch and channels are not
    /// looked at.
    ///
    /// # Panics
    /// If there is a window that meets only padding, or has more than 65535 pixels; if the picture has no pixels, or the
    /// sizes make no sense: see [`Conv2d::out_height`]; or if there is no memory for so many windows.
    pub fn of(kernel: &Conv2d) -> Self {
        let window = |output| kernel.taps(output).map(|(_, input)| input);
        let Conv2d { height, width, kernel_size, stride, padding, .. } = *kernel;
        let key = [height, width, kernel_size, stride, padding, 0];
        Self::new(kernel.pixels(), kernel.out_pixels(), window, key, format_args!("{kernel:?}"))
    }

    /// Windows that divide a picture of `from` rows and columns to as many as `to` says, as PyTorch's
    /// adaptive pooling does: along each axis number `i` of `n` reaches from `floor(i size / n)` to
    /// `ceil((i + 1) size / n)`.
    ///
    /// # Panics
    /// If the picture has no pixels, a window has more than 65535 pixels, or there is no memory for so many windows.
    pub fn adaptive(from: [usize; 2], to: [usize; 2]) -> Self {
        // The products may be too large for a `usize`, the quotients are not.
        let range = |axis: usize, at: usize| {
            let [at, size, n] = [at, from[axis], to[axis]].map(|number| number as u128);
            (at * size / n) as usize..((at + 1) * size).div_ceil(n) as usize
        };
        let window = |output: usize| {
            let (row, column) = (output / to[1], output % to[1]);
            range(0, row).flat_map(move |y| range(1, column).map(move |x| y * from[1] + x))
        };
        let of = format_args!("a picture of {}x{} to {}x{}", from[0], from[1], to[0], to[1]);
        // Unlike those of a kernel, whose size is not 0.
        let key = [from[0], from[1], 0, to[0], to[1], 0];
        Self::new(product(from, of), product(to, of), window, key, of)
    }

    /// The windows of so many output pixels on a picture with so many; `of` says whose they are.
    fn new<W: Iterator<Item = usize>>(
        pixels: usize,
        windows: usize,
        window: impl Fn(usize) -> W,
        key: WindowsKey,
        of: std::fmt::Arguments,
    ) -> Self {
        assert!(pixels > 0, "a picture without pixels: {of}");
        let mut outputs: Vec<Vec<(usize, usize)>> = room(pixels, of);
        let mut inputs: Vec<Vec<usize>> = room(windows, of);
        outputs.resize_with(pixels, Vec::new);
        for output in 0..windows {
            const MOST: usize = u16::MAX as usize;
            let window: Vec<_> = window(output).take(MOST + 1).collect();
            assert!(!window.is_empty(), "a window without a pixel: {of}");
            assert!(window.len() <= MOST, "a window of more than {MOST} pixels: {of}");
            for (place, &input) in window.iter().enumerate() {
                outputs[input].push((output, place));
            }
            inputs.push(window);
        }
        Self { inputs, outputs, key }
    }

    /// The input pixels of each window, in order: a row for each output pixel.
    ///
    /// ```
    /// use samebits::Windows;
    /// assert_eq!(Windows::adaptive([1, 3], [1, 2]).pixels(), [[0, 1], [1, 2]]);
    /// ```
    pub fn pixels(&self) -> &[Vec<usize>] {
        &self.inputs
    }

    /// For each input pixel the windows that it is in, and as which of their pixels.
    #[cfg(feature = "cuda")]
    pub(crate) fn outputs(&self) -> &[Vec<(usize, usize)>] {
        &self.outputs
    }

    /// What tells these windows from others.
    #[cfg(feature = "cuda")]
    pub(crate) fn key(&self) -> WindowsKey {
        self.key
    }

    /// The largest number of each window to `y`. Returns at which pixel of its window each was: of
    /// equal ones the first. A NaN is larger than any number, as in PyTorch.
    ///
    /// # Panics
    /// If the slices do not have a whole number of numbers for each pixel.
    pub fn max(&self, x: &[f32], y: &mut [f32]) -> Vec<u16> {
        let size = self.numbers_of_pixel(x.len(), y.len());
        let mut places = vec![0; y.len()];
        if size == 0 {
            return places;
        }
        let pixels = y.chunks_mut(size).zip(places.chunks_mut(size));
        share(pixels.zip(&self.inputs), |((y, places), inputs)| {
            y.copy_from_slice(&x[inputs[0] * size..][..size]);
            for (place, input) in inputs.iter().enumerate().skip(1) {
                let x = &x[input * size..][..size];
                each(|| {
                    for ((x, y), at) in x.iter().zip(&mut *y).zip(&mut *places) {
                        let larger = *x > *y || (x.is_nan() && !y.is_nan());
                        *y = if larger { *x } else { *y };
                        *at = if larger { place as u16 } else { *at };
                    }
                });
            }
        });
        places
    }

    /// Adds the gradient of the input to `dx`, given that of the output and what [`max`](Self::max)
    /// has returned.
    ///
    /// # Panics
    /// If the slices do not have a whole number of numbers for each pixel.
    pub fn max_gradient(&self, places: &[u16], dy: &[f32], dx: &mut [f32]) {
        let size = self.numbers_of_pixel(dx.len(), dy.len());
        assert_eq!(places.len(), dy.len(), "places of the largest numbers, and numbers of dy");
        for_each_piece(dx, size, |input, dx| {
            for &(output, place) in &self.outputs[input] {
                let range = output * size..(output + 1) * size;
                let (dy, places) = (&dy[range.clone()], &places[range]);
                each(|| {
                    for ((dx, dy), at) in dx.iter_mut().zip(dy).zip(places) {
                        *dx += if *at == place as u16 { *dy } else { 0.0 };
                    }
                });
            }
        });
    }

    /// The mean of each window to `y`.
    ///
    /// # Panics
    /// If the slices do not have a whole number of numbers for each pixel.
    pub fn mean(&self, x: &[f32], y: &mut [f32]) {
        let size = self.numbers_of_pixel(x.len(), y.len());
        for_each_piece(y, size, |output, y| {
            let inputs = &self.inputs[output];
            y.fill(0.0);
            for input in inputs {
                let x = &x[input * size..][..size];
                each(|| y.iter_mut().zip(x).for_each(|(y, x)| *y += x));
            }
            let n = inputs.len() as f32;
            each(|| y.iter_mut().for_each(|y| *y /= n));
        });
    }

    /// Adds the gradient of the input to `dx`, given that of the output.
    ///
    /// # Panics
    /// If the slices do not have a whole number of numbers for each pixel.
    pub fn mean_gradient(&self, dy: &[f32], dx: &mut [f32]) {
        let size = self.numbers_of_pixel(dx.len(), dy.len());
        for_each_piece(dx, size, |input, dx| {
            for &(output, _) in &self.outputs[input] {
                let n = self.inputs[output].len() as f32;
                let dy = &dy[output * size..][..size];
                each(|| dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy / n));
            }
        });
    }

    /// How many numbers each pixel has; 0 if there are none at all.
    pub(crate) fn numbers_of_pixel(&self, x: usize, y: usize) -> usize {
        let (inputs, outputs) = (self.outputs.len(), self.inputs.len());
        let of = format_args!("{x} numbers of {inputs} pixels to {y} of {outputs}");
        let size = x / inputs;
        assert!(x == size * inputs && y == product([size, outputs], of), "{of}");
        size
    }
}
