//! Digits that the preparation was not made with: those of the validation set on paper of many kinds. The course's
//! baseline, made of training digits, tells them apart.

use image::{DynamicImage, GrayImage, Rgb, RgbImage};
use rayon::prelude::*;

use super::digit_from_photo;
use crate::data::{PathExt as _, Urls, untar_data};
use crate::random::Random;
use crate::tensor::open_images;

fn digits(folder: &str) -> Vec<GrayImage> {
    open_images(&untar_data(Urls::MNIST_SAMPLE).unwrap().join(folder).ls().unwrap()).unwrap()
}

/// The digits of the validation set and their classes, 0 for threes.
pub(super) fn valid() -> Vec<(usize, GrayImage)> {
    let both = ["valid/3", "valid/7"].into_iter().enumerate();
    both.flat_map(|(class, folder)| digits(folder).into_iter().map(move |digit| (class, digit)))
        .collect()
}

/// The mean of all training digits of each class: a digit is of the class that it is nearer to.
pub(super) struct Baseline(Vec<Vec<f64>>);

impl Baseline {
    pub(super) fn new() -> Self {
        let mean = |folder: &str| {
            let digits = digits(folder);
            let sum =
                |at: usize| digits.iter().map(|digit| f64::from(digit.as_raw()[at])).sum::<f64>();
            (0..784).map(|at| sum(at) / digits.len() as f64).collect()
        };
        Self(["train/3", "train/7"].map(mean).to_vec())
    }

    fn class(&self, digit: &GrayImage) -> usize {
        let far = |mean: &Vec<f64>| -> f64 {
            mean.iter().zip(digit.as_raw()).map(|(m, byte)| (m - f64::from(*byte)).abs()).sum()
        };
        usize::from(far(&self.0[1]) < far(&self.0[0]))
    }

    /// The share of the digits that are told right after a change, which is given a number for each.
    pub(super) fn accuracy(
        &self,
        digits: &[(usize, GrayImage)],
        change: impl Fn(&GrayImage, u64) -> Option<GrayImage> + Sync,
    ) -> f64 {
        let is_right = |(i, (class, digit)): &(usize, &(usize, GrayImage))| {
            change(digit, *i as u64).is_some_and(|digit| self.class(&digit) == *class)
        };
        digits.par_iter().enumerate().filter(is_right).count() as f64 / digits.len() as f64
    }
}

/// A kind of photo: its paper, and what the light and the pen make of it.
#[derive(Clone, Copy)]
struct Kind {
    paper: [f64; 3],
    ink: [f64; 3],
    /// How far from the paper the ink is, from 0 to 1.
    strength: f64,
    /// Printed lines: how far apart, and how strong; across and down.
    lines: [Option<(u32, f64)>; 2],
    /// Right of a place in the picture there is so much light.
    shadow: f64,
    /// Up to so many degrees.
    tilt: f64,
    grain: f64,
    /// So much of a dark table can be seen around the paper.
    table: u32,
}

const PLAIN: Kind = Kind {
    paper: [245.0, 243.0, 238.0],
    ink: [25.0, 25.0, 35.0],
    strength: 1.0,
    lines: [None, None],
    shadow: 1.0,
    tilt: 0.0,
    grain: 4.0,
    table: 0,
};

const WIDTH: u32 = 170;
const HEIGHT: u32 = 150;

/// A digit on this kind of paper, at any place and two to four times as large.
fn photo(digit: &GrayImage, kind: &Kind, seed: u64) -> RgbImage {
    let mut random = Random::new(seed);
    let mut between = |low: f64, high: f64| low + (high - low) * random.random();
    let scale = between(2.5, 4.0);
    let reach = 14.0 * scale + f64::from(kind.table);
    let middle =
        [between(reach, f64::from(WIDTH) - reach), between(reach, f64::from(HEIGHT) - reach)];
    let (sin, cos) = between(-kind.tilt, kind.tilt).to_radians().sin_cos();
    let edge = between(0.3, 0.7) * f64::from(WIDTH);
    let mut noise = Random::new(seed + 10_000);
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let near = |n: u32, of: u32| n < kind.table || n + kind.table >= of;
        if near(x, WIDTH) || near(y, HEIGHT) {
            return Rgb([70, 50, 40]);
        }
        let (right, down) = (f64::from(x) - middle[0], f64::from(y) - middle[1]);
        let from =
            [(right * cos + down * sin) / scale + 13.5, (down * cos - right * sin) / scale + 13.5];
        let inked = kind.strength * sample(digit, from);
        let line = |at: u32, lines: Option<(u32, f64)>| match lines {
            Some((apart, strong)) if at % apart == apart / 2 => 1.0 - strong,
            _ => 1.0,
        };
        let printed = line(y, kind.lines[0]).min(line(x, kind.lines[1]));
        // The edge of a shadow is some pixels wide.
        let lit = 1.0 - (1.0 - kind.shadow) * ((f64::from(x) - edge) / 4.0).clamp(0.0, 1.0);
        let grain = kind.grain * (noise.random() - 0.5);
        let channel = |i: usize| {
            let paper = kind.paper[i] * printed;
            ((paper + (kind.ink[i] - paper) * inked) * lit + grain).clamp(0.0, 255.0) as u8
        };
        Rgb([channel(0), channel(1), channel(2)])
    })
}

/// How much ink a digit has between its pixels, from 0 to 1.
fn sample(digit: &GrayImage, [x, y]: [f64; 2]) -> f64 {
    let at = |x: f64, y: f64| match (0.0..28.0).contains(&x) && (0.0..28.0).contains(&y) {
        true => f64::from(digit.get_pixel(x as u32, y as u32)[0]) / 255.0,
        false => 0.0,
    };
    let (left, top) = (x.floor(), y.floor());
    let (right, down) = (x - left, y - top);
    let row = |y: f64| (1.0 - right) * at(left, y) + right * at(left + 1.0, y);
    (1.0 - down) * row(top) + down * row(top + 1.0)
}

/// The bounds were set before the first look.
#[test]
fn digits_on_paper_of_many_kinds_are_told_apart() {
    let baseline = Baseline::new();
    let some: Vec<_> = valid().into_iter().step_by(40).collect();
    let straight = baseline.accuracy(&some, |digit, _| Some(digit.clone()));
    let ruled = [Some((18, 0.25)), None];
    let squared = [Some((14, 0.15)), Some((14, 0.15))];
    let kinds = [
        ("plain", PLAIN, 0.02),
        ("ruled", Kind { lines: ruled, ..PLAIN }, 0.02),
        ("squared", Kind { lines: squared, ..PLAIN }, 0.02),
        (
            "yellow paper, blue pen",
            Kind { paper: [250.0, 230.0, 120.0], ink: [30.0, 40.0, 150.0], ..PLAIN },
            0.02,
        ),
        (
            "pink paper, red pen",
            Kind { paper: [250.0, 190.0, 200.0], ink: [190.0, 20.0, 30.0], ..PLAIN },
            0.02,
        ),
        ("the edge of a shadow", Kind { shadow: 0.55, ..PLAIN }, 0.02),
        ("pencil", Kind { strength: 0.35, grain: 12.0, ..PLAIN }, 0.02),
        ("chalk", Kind { paper: [40.0, 60.0, 50.0], ink: [225.0, 225.0, 215.0], ..PLAIN }, 0.02),
        ("a table around it", Kind { table: 12, ..PLAIN }, 0.02),
        ("a table around ruled paper", Kind { lines: ruled, table: 12, ..PLAIN }, 0.02),
        ("tilted", Kind { tilt: 15.0, ..PLAIN }, 0.05),
    ];
    let mut missed = Vec::new();
    println!("straight {straight:.4}");
    for (name, kind, bound) in kinds {
        let accuracy = baseline.accuracy(&some, |digit, seed| {
            digit_from_photo(DynamicImage::from(photo(digit, &kind, seed))).ok()
        });
        println!("{name}: {accuracy:.4}");
        if accuracy < straight - bound {
            missed.push(format!("{name}: {accuracy:.4}, straight {straight:.4}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
