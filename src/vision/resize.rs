//! Pictures of any size, brought to the size that a net wants.

use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, RgbImage};

/// How a picture of other proportions is brought to a size: fastai's `ResizeMethod`. Pixels are averaged, by
/// the triangle filter (fastai's bilinear).
///
/// fastai crops the pictures of a training set at a random place, each time anew; here they are cropped once,
/// in the middle, as a validation set is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResizeMethod {
    /// Its shorter side gets the size, and what is too much of the longer one is cut off at both ends.
    Crop,
    /// Its longer side gets the size, and beside the shorter one the picture is continued by its reflection.
    Pad,
    /// Both sides get the size: it is distorted.
    Squash,
}

/// What happens to each picture when it is opened: fastai's `item_tfms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ItemTransform {
    /// Nothing; a picture of another size is an error.
    #[default]
    Exact,
    /// It is brought to the size of the type.
    Resize(ResizeMethod),
    /// It becomes a digit as MNIST has them, whatever it was drawn on; see
    /// [`digit_from_photo`](super::digit_from_photo). The type must be of 28 rows and 28 columns.
    Digit,
}

impl From<ResizeMethod> for ItemTransform {
    fn from(method: ResizeMethod) -> Self {
        Self::Resize(method)
    }
}

/// Brings a picture, grey or in colour, to this many rows and columns. One of this size stays as it is.
pub(crate) fn resize(
    picture: &DynamicImage,
    [rows, columns]: [usize; 2],
    method: ResizeMethod,
) -> DynamicImage {
    let to = [columns as u32, rows as u32];
    if [picture.width(), picture.height()] == to || picture.width() == 0 || picture.height() == 0 {
        return picture.clone();
    }
    let squash = |picture: &DynamicImage, [width, height]: [u32; 2]| {
        picture.resize_exact(width, height, FilterType::Triangle)
    };
    match method {
        ResizeMethod::Squash => squash(picture, to),
        ResizeMethod::Crop => {
            // The largest part that has the right proportions.
            let [width, height] = fitting(to, [picture.width(), picture.height()]);
            let (left, top) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
            squash(&picture.crop_imm(left, top, width, height), to)
        }
        ResizeMethod::Pad => {
            let inner = fitting([picture.width(), picture.height()], to);
            continued(&squash(picture, inner), to)
        }
    }
}

/// The largest size within `outer` that has the proportions of `shape`; no side is 0.
fn fitting(shape: [u32; 2], outer: [u32; 2]) -> [u32; 2] {
    let scale = |i: usize| f64::from(outer[i]) / f64::from(shape[i]);
    let scale = scale(0).min(scale(1));
    let side = |i: usize| ((f64::from(shape[i]) * scale).round() as u32).clamp(1, outer[i]);
    [side(0), side(1)]
}

/// The picture in the middle of a larger one, which continues it by its reflection.
fn continued(picture: &DynamicImage, [width, height]: [u32; 2]) -> DynamicImage {
    let before = [(width - picture.width()) / 2, (height - picture.height()) / 2];
    let from = |x: u32, y: u32| {
        let x = reflected(i64::from(x) - i64::from(before[0]), picture.width());
        (x, reflected(i64::from(y) - i64::from(before[1]), picture.height()))
    };
    if let DynamicImage::ImageLuma8(grey) = picture {
        return GrayImage::from_fn(width, height, |x, y| {
            let (x, y) = from(x, y);
            *grey.get_pixel(x, y)
        })
        .into();
    }
    let colours = picture.to_rgb8();
    let continued = RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = from(x, y);
        *colours.get_pixel(x, y)
    });
    continued.into()
}

/// The place in a row of `n` pixels that is seen at `at` between two mirrors, which stand on the first pixel and
/// on the last.
fn reflected(at: i64, n: u32) -> u32 {
    let last = i64::from(n) - 1;
    if last == 0 {
        return 0;
    }
    let at = at.rem_euclid(2 * last);
    at.min(2 * last - at) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of `columns` pixels that get lighter from left to right.
    fn ramp(columns: u32, rows: u32) -> DynamicImage {
        GrayImage::from_fn(columns, rows, |x, _| image::Luma([10 * x as u8])).into()
    }

    fn row(picture: &DynamicImage) -> &[u8] {
        &picture.as_bytes()[..picture.width() as usize]
    }

    #[test]
    fn a_picture_of_the_size_stays_as_it_is() {
        for method in [ResizeMethod::Crop, ResizeMethod::Pad, ResizeMethod::Squash] {
            assert_eq!(resize(&ramp(4, 3), [3, 4], method), ramp(4, 3));
        }
    }

    #[test]
    fn crop_leaves_the_ends_away() {
        let found = resize(&ramp(8, 4), [4, 4], ResizeMethod::Crop);
        assert_eq!(row(&found), [20, 30, 40, 50]);
        let found = resize(&ramp(4, 8), [4, 4], ResizeMethod::Crop);
        assert_eq!((row(&found), found.height()), (&[0, 10, 20, 30][..], 4));
    }

    #[test]
    fn pad_continues_the_picture_by_its_reflection() {
        let found = resize(&ramp(4, 8), [8, 8], ResizeMethod::Pad);
        assert_eq!(row(&found), [20, 10, 0, 10, 20, 30, 20, 10]);
        let line = resize(&ramp(8, 1), [8, 8], ResizeMethod::Pad);
        assert_eq!((row(&line), line.height()), (&[0, 10, 20, 30, 40, 50, 60, 70][..], 8));
    }

    #[test]
    fn squash_averages() {
        let found = resize(&ramp(8, 8), [4, 4], ResizeMethod::Squash);
        // The ends of a filter of two pixels' width are averaged with what there is.
        assert_eq!(row(&found), [7, 25, 45, 63]);
    }

    #[test]
    fn all_methods_take_thin_pictures_and_keep_colours() {
        for (columns, rows) in [(1, 1), (1, 500), (500, 1), (3, 2), (29, 28), (200, 300)] {
            for method in [ResizeMethod::Crop, ResizeMethod::Pad, ResizeMethod::Squash] {
                let picture = RgbImage::from_pixel(columns, rows, image::Rgb([9, 99, 199]));
                let found = resize(&picture.into(), [28, 20], method).to_rgb8();
                assert_eq!(found.dimensions(), (20, 28));
                assert!(found.pixels().all(|pixel| pixel.0 == [9, 99, 199]));
            }
        }
    }
}
