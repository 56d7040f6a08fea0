//! A part of a picture, drawn at random, in place of the whole.

use std::ops::RangeInclusive;

use super::affine::{Map, RandomAffine};
use crate::random::uniform_numbers;

/// Takes a part of each picture at random and enlarges it to the whole size, fastai's and torchvision's
/// `RandomResizedCrop`: the net sees things at other sizes, in other places, and cut off.
///
/// For handwritten digits the parts have to be large, since a 7 without its foot may be a 1.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// // Parts of 70 % of the area and more.
/// let tfms = RandomResizedCrop::new(0.7);
/// let path = untar_data(Urls::MNIST_SAMPLE)?;
/// let dls = ImageDataLoaders::<1, 28, 28>::from_folder(&path)?.batch_tfms(tfms);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RandomResizedCrop {
    min_scale: f64,
    ratio: RangeInclusive<f64>,
}

/// How often a part is drawn anew that is too high or too wide, as in fastai. Then it is the whole picture.
const TRIES: usize = 10;

impl RandomResizedCrop {
    /// Parts with at least this share of the picture's area.
    ///
    /// # Panics
    /// If it is not above 0 and at most 1.
    pub fn new(min_scale: f64) -> Self {
        assert!(
            min_scale > 0.0 && min_scale <= 1.0,
            "a share of the area from above 0 to 1: `RandomResizedCrop::new({min_scale})`"
        );
        Self { min_scale, ratio: 3.0 / 4.0..=4.0 / 3.0 }
    }

    /// The width of a part, divided by its height, comes from this range: 3/4 to 4/3 if nothing is said.
    ///
    /// # Panics
    /// If the range has numbers that are not positive, or none at all.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// let squares = RandomResizedCrop::new(0.5).ratio(1.0..=1.0);
    /// ```
    pub fn ratio(mut self, ratio: RangeInclusive<f64>) -> Self {
        assert!(
            *ratio.start() > 0.0 && ratio.start() <= ratio.end(),
            "ratios from a positive number to one that is not smaller: `ratio({ratio:?})`"
        );
        self.ratio = ratio;
        self
    }

    /// Draws a part of a picture with so many rows and columns.
    fn draw(&self, [rows, columns]: [usize; 2]) -> Map {
        let draw = |from: f64, to: f64| f64::from(uniform_numbers(1, from, to)[0]);
        let [rows, columns] = [rows as f64, columns as f64];
        for _ in 0..TRIES {
            let area = rows * columns * draw(self.min_scale, 1.0);
            // So that half as wide is as likely as twice as wide.
            let ratio =
                libm::exp(draw(libm::log(*self.ratio.start()), libm::log(*self.ratio.end())));
            let [height, width] = [(area / ratio).sqrt().round(), (area * ratio).sqrt().round()];
            if (1.0..=rows).contains(&height) && (1.0..=columns).contains(&width) {
                let start = [draw(0.0, rows - height).round(), draw(0.0, columns - width).round()];
                return Map::enlarging(start, [height / rows, width / columns]);
            }
        }
        Map::IDENTITY
    }
}

/// What [`batch_tfms`](super::ImageDataLoaders::batch_tfms) takes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BatchTransform {
    /// Turned, resized, slanted and moved.
    Affine(RandomAffine),
    /// A part of it.
    Crop(RandomResizedCrop),
}

impl From<RandomAffine> for BatchTransform {
    fn from(tfms: RandomAffine) -> Self {
        Self::Affine(tfms)
    }
}

impl From<RandomResizedCrop> for BatchTransform {
    fn from(tfms: RandomResizedCrop) -> Self {
        Self::Crop(tfms)
    }
}

impl BatchTransform {
    /// Draws what happens to each of `n` pictures with so many rows and columns, when the share `done` of the
    /// training is done.
    pub(super) fn draw(&self, n: usize, sizes: [usize; 2], done: f64) -> Vec<Map> {
        match self {
            Self::Affine(tfms) => tfms.at(done).draw(n, sizes),
            Self::Crop(tfms) => (0..n).map(|_| tfms.draw(sizes)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::affine::by_pixel;
    use super::*;

    /// Four rows and columns, each pixel with a number of its own.
    fn picture() -> Vec<u8> {
        (0..16).map(|i| 10 * i).collect()
    }

    fn seen(map: Map) -> Vec<f32> {
        by_pixel(&[&picture()], [1, 4, 4], &[map]).iter().map(|x| x * 255.0).collect()
    }

    #[test]
    fn all_of_it_is_the_picture() {
        let all = RandomResizedCrop::new(1.0).ratio(1.0..=1.0);
        assert_eq!(all.draw([4, 4]), Map::IDENTITY);
        assert_eq!(seen(Map::enlarging([0.0; 2], [1.0; 2])), seen(Map::IDENTITY));
    }

    #[test]
    fn a_quarter_is_enlarged_as_pytorch_does_it() {
        // x = (torch.arange(16.) * 10).view(1, 1, 4, 4)
        // F.interpolate(x[..., 2:, 1:3], (4, 4), mode="bilinear", align_corners=False)
        let lower = seen(Map::enlarging([2.0, 1.0], [0.5, 0.5]));
        // Within the part; at its edges this one knows the pixels around it.
        for (at, expected) in [(5, 102.5), (6, 107.5), (9, 122.5), (10, 127.5)] {
            assert!((lower[at] - expected).abs() < 1e-3, "{lower:?}");
        }
    }

    #[test]
    fn parts_are_as_large_as_was_said_and_lie_within() {
        crate::random::manual_seed(42);
        let crop = RandomResizedCrop::new(0.3);
        let [mut smallest, mut widest, mut highest] = [f64::MAX, 0.0f64, 0.0f64];
        for _ in 0..500 {
            let map = crop.draw([40, 40]);
            // Where the outer edges come from.
            let at = |i: usize, edge: f64| Map::edge(&map, i, edge);
            let [top, bottom] = [at(0, 0.0), at(0, 40.0)];
            let [left, right] = [at(1, 0.0), at(1, 40.0)];
            assert!(top > -1e-4 && left > -1e-4 && bottom < 40.0001 && right < 40.0001);
            let (height, width) = (bottom - top, right - left);
            smallest = smallest.min(height * width / 1600.0);
            widest = widest.max(width / height);
            highest = highest.max(height / width);
        }
        // Rounded to whole pixels.
        assert!((0.27..0.36).contains(&smallest), "{smallest}");
        assert!((1.25..1.4).contains(&widest) && (1.25..1.4).contains(&highest));
    }

    #[test]
    #[should_panic = "a share of the area"]
    fn a_share_that_is_none() {
        let _ = RandomResizedCrop::new(0.0);
    }
}
