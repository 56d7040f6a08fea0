//! The pixels of an image as plain numbers, before there are any tensors.

use std::fmt;
use std::ops::Range;

use image::GrayImage;

use crate::show::{Show, array_text};

/// Rows of bytes, printed as NumPy prints an array. See [`array()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelArray {
    rows: usize,
    columns: usize,
    values: Vec<u8>,
}

/// The pixels of an image as an array of numbers: the first index counts rows from the top, the
/// second one columns from the left.
///
/// ```
/// use mnist_from_scratch::image::GrayImage;
/// use mnist_from_scratch::tensor::array;
///
/// let image = GrayImage::from_raw(3, 2, vec![0, 0, 29, 48, 166, 224]).unwrap();
/// assert_eq!(array(&image).shape(), [2, 3]);
/// assert_eq!(
///     array(&image).slice(0..2, 1..3).to_string(),
///     "array([[  0,  29],\n       [166, 224]], dtype=u8)"
/// );
/// ```
pub fn array(image: &GrayImage) -> PixelArray {
    PixelArray {
        rows: image.height() as usize,
        columns: image.width() as usize,
        values: image.as_raw().clone(),
    }
}

impl PixelArray {
    /// Rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// The numbers of some rows and columns, as NumPy's `a[4:10, 4:10]`.
    ///
    /// # Panics
    /// If a range ends beyond the array.
    pub fn slice(&self, rows: Range<usize>, columns: Range<usize>) -> PixelArray {
        let mut values = Vec::new();
        for row in rows.clone() {
            let row = &self.values[row * self.columns..(row + 1) * self.columns];
            values.extend_from_slice(&row[columns.clone()]);
        }
        PixelArray { rows: rows.len(), columns: columns.len(), values }
    }
}

impl fmt::Display for PixelArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&array_text(&self.values, &self.shape()))
    }
}

impl Show for PixelArray {
    fn text(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_as_numpy_does() {
        let image = GrayImage::from_raw(4, 3, (0..12).collect()).unwrap();
        // numpy.arange(12, dtype=numpy.uint8).reshape(3, 4)[1:3, 0:2]
        assert_eq!(
            array(&image).slice(1..3, 0..2).to_string(),
            "array([[4, 5],\n       [8, 9]], dtype=u8)"
        );
    }

    #[test]
    #[should_panic(expected = "range end index 5 out of range")]
    fn a_slice_stays_inside() {
        let _ = array(&GrayImage::new(4, 4)).slice(0..4, 0..5);
    }
}
