//! Pictures turned, resized, slanted and moved at random: more different pictures than there are.

use std::ops::RangeInclusive;

use rayon::prelude::*;

use crate::random::uniform_numbers;

/// Turns, resizes, slants and moves each picture at random, torchvision's `RandomAffine` with bilinear
/// interpolation. What comes in at the edges is black.
///
/// The numbers are drawn from this thread's generator ([`manual_seed`](crate::random::manual_seed)), each
/// evenly from its range.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// // By up to 10 degrees, up to a tenth of the width and height, and from 90 % to 110 % of the size.
/// let tfms = RandomAffine::new(10.).translate(0.1).scale(0.9..=1.1);
/// let path = untar_data(Urls::MNIST_SAMPLE)?;
/// let dls = ImageDataLoaders::<3, 28, 28>::from_folder(&path)?.batch_tfms(tfms);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RandomAffine {
    degrees: f64,
    translate: f64,
    scale: RangeInclusive<f64>,
    shear: f64,
    fade: bool,
}

impl RandomAffine {
    /// Turns by up to `degrees`, to the left or to the right.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// let turned = RandomAffine::new(10.);
    /// ```
    pub fn new(degrees: f64) -> Self {
        Self { degrees, translate: 0.0, scale: 1.0..=1.0, shear: 0.0, fade: false }
    }

    /// Also moves by up to `fraction` of the width and of the height, rounded to whole pixels.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// let moved = RandomAffine::new(0.).translate(0.1);
    /// ```
    pub fn translate(mut self, fraction: f64) -> Self {
        self.translate = fraction;
        self
    }

    /// Also resizes by a factor from this range.
    ///
    /// # Panics
    /// If it has factors that are not positive, or none at all.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// let resized = RandomAffine::new(0.).scale(0.9..=1.1);
    /// ```
    pub fn scale(mut self, factors: RangeInclusive<f64>) -> Self {
        assert!(
            *factors.start() > 0.0 && factors.start() <= factors.end(),
            "factors from a positive number to one that is not smaller: `scale({factors:?})`"
        );
        self.scale = factors;
        self
    }

    /// Also slants by up to `degrees`, as handwriting is.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// let slanted = RandomAffine::new(0.).shear(10.);
    /// ```
    pub fn shear(mut self, degrees: f64) -> Self {
        self.shear = degrees;
        self
    }

    /// Less and less of it in the course of a training: all of it at the first batch, nearly nothing at
    /// the last. So the model first sees very different pictures, and in the end those that it will be
    /// asked about. The next training begins with all of it again.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// let less_and_less = RandomAffine::new(15.).translate(0.1).fade();
    /// ```
    pub fn fade(mut self) -> Self {
        self.fade = true;
        self
    }

    /// The transforms when this share of a training is done.
    pub(super) fn at(&self, done: f64) -> Self {
        let left = if self.fade { 1.0 - done } else { 1.0 };
        let (smallest, largest) = (*self.scale.start(), *self.scale.end());
        Self {
            degrees: self.degrees * left,
            translate: self.translate * left,
            scale: 1.0 - left * (1.0 - smallest)..=1.0 + left * (largest - 1.0),
            shear: self.shear * left,
            fade: self.fade,
        }
    }

    /// Draws what happens to each of `n` pictures with so many rows and columns.
    pub(super) fn draw(&self, n: usize, [rows, columns]: [usize; 2]) -> Vec<Map> {
        let draw = |from: f64, to: f64| -> Vec<f64> {
            uniform_numbers(n, from, to).into_iter().map(f64::from).collect()
        };
        let plus_minus = |most: f64| draw(-most, most);
        // By whole pixels, as in torchvision.
        let moves = |most: f64| plus_minus(most).into_iter().map(libm::rint).collect::<Vec<_>>();
        let (angles, shears) = (plus_minus(self.degrees), plus_minus(self.shear));
        let scales = draw(*self.scale.start(), *self.scale.end());
        let downs = moves(self.translate * rows as f64);
        let rights = moves(self.translate * columns as f64);
        (0..n)
            .map(|at| {
                let moved = [downs[at], rights[at]];
                Map::new([rows, columns], angles[at], moved, scales[at], shears[at])
            })
            .collect()
    }
}

/// Where the pixels of a picture come from: `(row, column) -> matrix (row, column) + start`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Map {
    matrix: [[f32; 2]; 2],
    start: [f32; 2],
}

impl Map {
    /// Turns by `angle` degrees, clockwise, around the middle of a picture with so many rows and columns,
    /// slants by `shear` degrees, resizes, and moves down and to the right: the inverse matrix of
    /// torchvision's `affine`.
    fn new(
        [rows, columns]: [usize; 2],
        angle: f64,
        moved: [f64; 2],
        scale: f64,
        shear: f64,
    ) -> Self {
        let (sin, cos) = libm::sincos(angle.to_radians());
        let slant = libm::tan(shear.to_radians());
        // A pixel of the result is turned back, then slanted back, then resized back.
        let matrix = [[cos, -sin], [sin + slant * cos, cos - slant * sin]];
        let matrix = matrix.map(|row| row.map(|x| x / scale));
        let middle = [rows, columns].map(|n| (n as f64 - 1.0) / 2.0);
        let start = [0, 1].map(|i| {
            let from = |j: usize| matrix[i][j] * (middle[j] + moved[j]);
            (middle[i] - from(0) - from(1)) as f32
        });
        Self { matrix: matrix.map(|row| row.map(|x| x as f32)), start }
    }

    /// The part of a picture that begins at `start` (row, column) and is `scale` times as high and as wide as
    /// the picture, enlarged to all of it. Pixels are squares, whose edges meet the edges of the picture.
    pub(super) fn enlarging(start: [f64; 2], scale: [f64; 2]) -> Self {
        let matrix = [[scale[0] as f32, 0.0], [0.0, scale[1] as f32]];
        let start = [0, 1].map(|i| (start[i] + 0.5 * scale[i] - 0.5) as f32);
        Self { matrix, start }
    }

    /// This first, and then `next`.
    pub(super) fn then(&self, next: &Self) -> Self {
        // The pixels of the result come from those between, and these from the first picture.
        if *self == Self::IDENTITY {
            return *next;
        }
        if *next == Self::IDENTITY {
            return *self;
        }
        let apply = |i: usize, [row, column]: [f32; 2]| {
            self.matrix[i][0] * row + self.matrix[i][1] * column
        };
        let column = |j: usize| [next.matrix[0][j], next.matrix[1][j]];
        let matrix = [0, 1].map(|i| [apply(i, column(0)), apply(i, column(1))]);
        let start = [0, 1].map(|i| apply(i, next.start) + self.start[i]);
        Self { matrix, start }
    }

    /// Where an edge of the result comes from: of a row, or of a column.
    #[cfg(test)]
    pub(super) fn edge(&self, axis: usize, edge: f64) -> f64 {
        let scale = f64::from(self.matrix[axis][axis]);
        f64::from(self.start[axis]) + 0.5 + scale * (edge - 0.5)
    }

    /// Leaves a picture as it is.
    pub(super) const IDENTITY: Self = Self { matrix: [[1.0, 0.0], [0.0, 1.0]], start: [0.0, 0.0] };
}

/// The numbers of some pictures in the order (row, column, picture, channel), each mapped. `sizes` are
/// channels, rows and columns.
pub(super) fn by_pixel(pictures: &[&[u8]], sizes: [usize; 3], maps: &[Map]) -> Vec<f32> {
    let [channels, rows, columns] = sizes;
    let mut numbers = vec![0.0; pictures.len() * channels * rows * columns];
    let row_len = columns * pictures.len() * channels;
    if row_len == 0 {
        return numbers;
    }
    numbers.par_chunks_exact_mut(row_len).enumerate().for_each(|(row, numbers)| {
        for (column, numbers) in numbers.chunks_exact_mut(pictures.len() * channels).enumerate() {
            let pixels = numbers.chunks_exact_mut(channels);
            for ((pixel, picture), map) in pixels.zip(pictures).zip(maps) {
                if *map == Map::IDENTITY {
                    let from = &picture[(row * columns + column) * channels..][..channels];
                    pixel.iter_mut().zip(from).for_each(|(to, byte)| *to = number(*byte));
                } else {
                    let [r, c] = [0, 1].map(|i| {
                        map.matrix[i][0] * row as f32
                            + map.matrix[i][1] * column as f32
                            + map.start[i]
                    });
                    sample(pixel, picture, [rows, columns], [r, c]);
                }
            }
        }
    });
    numbers
}

/// The pixel at a place between pixels: the mean of the four around it, each with the weight of how near
/// it is.
fn sample(pixel: &mut [f32], picture: &[u8], [rows, columns]: [usize; 2], [r, c]: [f32; 2]) {
    let (top, left) = (r.floor(), c.floor());
    let (down, right) = (r - top, c - left);
    for (row, row_weight) in [(top, 1.0 - down), (top + 1.0, down)] {
        for (column, column_weight) in [(left, 1.0 - right), (left + 1.0, right)] {
            if row >= 0.0 && row < rows as f32 && column >= 0.0 && column < columns as f32 {
                let from = (row as usize * columns + column as usize) * pixel.len();
                let weight = row_weight * column_weight;
                for (to, byte) in pixel.iter_mut().zip(&picture[from..]) {
                    *to += weight * number(*byte);
                }
            }
        }
    }
}

/// A byte as a number from 0 to 1.
pub(super) fn number(byte: u8) -> f32 {
    /// Looked up: to divide takes longer.
    const NUMBERS: [f32; 256] = {
        let mut numbers = [0.0; 256];
        let mut byte = 0;
        while byte < 256 {
            numbers[byte] = byte as f32 / 255.0;
            byte += 1;
        }
        numbers
    };
    NUMBERS[usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [usize; 3] = [1, 3, 4];

    fn picture() -> Vec<u8> {
        (0..12).map(|i| 20 * i).collect()
    }

    #[test]
    fn the_values_of_torchvision() {
        // x = (torch.arange(12.).view(1, 3, 4) * 20) / 255
        // F.affine(x, 30., [0, 0], 1., [0., 0.], InterpolationMode.BILINEAR)
        // F.affine(x, -20., [1, 2], 1.25, [10., 0.], InterpolationMode.BILINEAR)
        let turned = [
            [0.194395, 0.164932, 0.099353, 0.069237],
            [0.564781, 0.475842, 0.386903, 0.297964],
            [0.262035, 0.663292, 0.697813, 0.410357],
        ];
        let all = [
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.003930, 0.038990, 0.108387],
            [0.0, 0.028983, 0.132299, 0.280885],
        ];
        let maps = [
            Map::new([3, 4], 30.0, [0.0, 0.0], 1.0, 0.0),
            Map::new([3, 4], -20.0, [2.0, 1.0], 1.25, 10.0),
        ];
        for (map, expected) in maps.into_iter().zip([turned, all]) {
            let found = by_pixel(&[&picture()], SIZES, &[map]);
            for (found, expected) in found.iter().zip(expected.as_flattened()) {
                assert!((found - expected).abs() < 2e-6, "{found}, torchvision {expected}");
            }
        }
    }

    #[test]
    fn nothing_to_do() {
        // Both ways, with and without the shortcut.
        let nearly = Map { start: [0.0, 1e-9], ..Map::IDENTITY };
        let same = by_pixel(&[&picture()], SIZES, &[Map::IDENTITY]);
        assert_eq!(same, picture().into_iter().map(number).collect::<Vec<_>>());
        let found = by_pixel(&[&picture()], SIZES, &[nearly]);
        assert!(same.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-6));
        let none = RandomAffine::new(0.0).draw(3, [3, 4]);
        assert_eq!(none, [Map::IDENTITY; 3]);
    }

    #[test]
    fn one_after_the_other() {
        let turn = Map::new([3, 4], 30.0, [0.0, 0.0], 1.0, 0.0);
        let back = turn.then(&Map::new([3, 4], -30.0, [0.0, 0.0], 1.0, 0.0));
        for (i, row) in back.matrix.iter().enumerate() {
            assert!((row[i] - 1.0).abs() < 1e-6 && row[1 - i].abs() < 1e-6);
            assert!(back.start[i].abs() < 1e-6);
        }
        assert_eq!(turn.then(&Map::IDENTITY), turn);
        assert_eq!(Map::IDENTITY.then(&turn), turn);
        // Moved down, then enlarged: not the same as the other way round.
        let down = Map::new([3, 4], 0.0, [1.0, 0.0], 1.0, 0.0);
        let half = Map::enlarging([0.0, 0.0], [0.5, 0.5]);
        assert_eq!(down.then(&half).start[0], half.start[0] - 1.0);
        assert_eq!(half.then(&down).start[0], half.start[0] - 0.5);
    }

    #[test]
    fn each_picture_by_itself() {
        // Two pictures with three channels: the second one a row down, the first as it is.
        let pixels: Vec<u8> = (0..36).collect();
        let down = Map::new([3, 4], 0.0, [1.0, 0.0], 1.0, 0.0);
        let found = by_pixel(&[&pixels, &pixels], [3, 3, 4], &[Map::IDENTITY, down]);
        // (row, column, picture, channel)
        let at = |row: usize, column: usize, picture: usize| {
            let at = ((row * 4 + column) * 2 + picture) * 3;
            found[at..at + 3].to_vec()
        };
        let expected = |row: usize, column: usize| {
            (0..3)
                .map(|channel| number(pixels[(row * 4 + column) * 3 + channel]))
                .collect::<Vec<_>>()
        };
        assert_eq!(at(1, 2, 0), expected(1, 2));
        assert_eq!(at(1, 2, 1), expected(0, 2));
        assert_eq!(at(0, 2, 1), [0.0; 3]);
    }

    #[test]
    fn drawn_from_the_whole_range() {
        crate::random::manual_seed(42);
        let maps = RandomAffine::new(0.0).scale(0.5..=2.0).translate(0.25).draw(1000, [8, 8]);
        let scales = maps.iter().map(|map| 1.0 / map.matrix[0][0]);
        let (low, high) = scales.fold((f32::MAX, 0.0f32), |(l, h), x| (l.min(x), h.max(x)));
        assert!((0.5..0.51).contains(&low) && (1.98..=2.0).contains(&high), "{low} to {high}");
        // How far the middle of the picture is moved.
        let downs = maps.iter().map(|map| 3.5 - (map.start[0] + 3.5 * map.matrix[0][0]));
        let downs: Vec<f32> = downs.zip(&maps).map(|(x, map)| x / map.matrix[0][0]).collect();
        assert!(downs.iter().all(|x| x.abs() < 2.001 && (x - x.round()).abs() < 1e-4));
        assert!(downs.iter().any(|x| *x > 1.9) && downs.iter().any(|x| *x < -1.9));
    }

    #[test]
    fn less_and_less() {
        let all = RandomAffine::new(20.0).translate(0.5).scale(0.5..=3.0).shear(10.0);
        assert_eq!(all.at(0.75), all);
        let fading = all.fade();
        assert_eq!(fading.at(0.0), fading);
        let half = RandomAffine::new(10.0).translate(0.25).scale(0.75..=2.0).shear(5.0).fade();
        assert_eq!(fading.at(0.5), half);
        assert_eq!(fading.at(1.0).draw(3, [28, 28]), [Map::IDENTITY; 3]);
    }

    #[test]
    #[should_panic = "factors from a positive number"]
    fn a_scale_that_is_none() {
        let _ = RandomAffine::new(0.0).scale(0.0..=1.0);
    }
}
