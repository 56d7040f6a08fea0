//! Digits drawn by code, and all digits of the validation set, moved, scaled, inverted and unevenly lit.

use super::*;
use crate::random::Random;
use image::{GrayAlphaImage, LumaA, RgbImage};

#[cfg(feature = "mnist-sample")]
mod kinds;

/// A seven of this size, whose strokes are so thick, at a place on paper of 300x200 pixels.
fn seven(paper: u8, ink: u8, [left, top]: [u32; 2], size: u32, thick: u32) -> GrayImage {
    GrayImage::from_fn(300, 200, |x, y| {
        let (x, y) = (i64::from(x) - i64::from(left), i64::from(y) - i64::from(top));
        let (size, thick) = (i64::from(size), i64::from(thick));
        let bar = (0..size / 2 + thick).contains(&x) && (0..thick).contains(&y);
        // From the right end of the bar down to the left.
        let stem = (0..size).contains(&y) && (0..thick).contains(&(x - size / 2 + y / 3));
        Luma([if bar || stem { ink } else { paper }])
    })
}

/// How much two pictures differ, on average over the ink of the first.
fn difference(a: &GrayImage, b: &GrayImage) -> f64 {
    let pairs = a.pixels().zip(b.pixels());
    let apart: u64 = pairs.map(|(a, b)| u64::from(a[0].abs_diff(b[0]))).sum();
    let ink: u64 = a.pixels().map(|pixel| u64::from(pixel[0])).sum();
    apart as f64 / ink as f64
}

fn digit(picture: &GrayImage) -> GrayImage {
    digit_from_photo(picture).unwrap()
}

#[test]
fn it_has_mnists_size_and_place() {
    let found = digit(&seven(255, 0, [200, 20], 120, 14));
    assert_eq!(found.dimensions(), (28, 28));
    let Part { height, width, .. } = Mask::over(&found, 20).bounds().unwrap();
    assert_eq!((height, width < 20), (20, true));
    let (mut mass, mut right, mut down) = (0.0, 0.0, 0.0);
    for (x, y, Luma([ink])) in found.enumerate_pixels() {
        let ink = f64::from(*ink);
        (mass, right, down) = (mass + ink, right + ink * f64::from(x), down + ink * f64::from(y));
    }
    assert!((right / mass - 14.0).abs() < 0.6 && (down / mass - 14.0).abs() < 0.6);
    assert_eq!(found.get_pixel(0, 0)[0], 0);
}

#[test]
fn place_size_ink_and_paper_make_little_difference() {
    let expected = digit(&seven(255, 0, [100, 40], 120, 14));
    for (picture, what) in [
        (seven(255, 0, [3, 2], 120, 14), "in a corner"),
        (seven(255, 0, [100, 40], 60, 7), "half the size"),
        (seven(0, 255, [100, 40], 120, 14), "white on black"),
        (seven(200, 120, [100, 40], 120, 14), "pencil on grey"),
        (seven(60, 210, [100, 40], 120, 14), "chalk on a blackboard"),
        (seven(255, 0, [100, 40], 120, 2), "a thin pen"),
    ] {
        let apart = difference(&expected, &digit(&picture));
        // A thin pen's seven is a little narrower once its strokes are thickened.
        assert!(apart < 0.45, "{what}: {apart}");
    }
}

#[test]
fn uneven_light_a_shadow_and_the_grain_of_paper_make_little_difference() {
    let even = seven(255, 60, [100, 40], 120, 14);
    let expected = digit(&even);
    let mut random = Random::new(42);
    let mut lit = |light: &dyn Fn(f64, f64) -> f64, grain: f64| {
        let mut picture = even.clone();
        for (x, y, Luma([pixel])) in picture.enumerate_pixels_mut() {
            let noise = grain * (random.random() - 0.5);
            let light = light(f64::from(x) / 300.0, f64::from(y) / 200.0);
            *pixel = (f64::from(*pixel) * light + noise).clamp(0.0, 255.0) as u8;
        }
        picture
    };
    for (picture, what) in [
        (lit(&|x, _| 0.3 + 0.7 * x, 0.0), "lit from the right"),
        (lit(&|x, y| 1.0 - 0.6 * ((x - 0.5).powi(2) + (y - 0.5).powi(2)), 12.0), "dark corners"),
        (lit(&|x, _| 0.45 + 0.5 / (1.0 + (-(x - 0.4) * 12.0).exp()), 0.0), "a soft shadow"),
        (lit(&|_, _| 0.8, 24.0), "grain"),
    ] {
        let apart = difference(&expected, &digit(&picture));
        assert!(apart < 0.35, "{what}: {apart}");
    }
}

#[test]
fn colours_and_transparent_grounds_are_fine() {
    let grey = seven(255, 0, [100, 40], 120, 14);
    let expected = digit(&grey);
    let ink = GrayAlphaImage::from_fn(300, 200, |x, y| LumaA([0, 255 - grey.get_pixel(x, y)[0]]));
    assert_eq!(digit_from_photo(DynamicImage::from(ink)).unwrap(), expected);
    let blue = RgbImage::from_fn(300, 200, |x, y| {
        image::Rgb(if grey.get_pixel(x, y)[0] == 0 { [20, 40, 160] } else { [250, 240, 210] })
    });
    assert!(difference(&expected, &digit_from_photo(blue).unwrap()) < 0.2);
}

#[test]
fn a_sheet_without_ink_is_an_error() {
    let error = digit_from_photo(GrayImage::from_pixel(30, 20, Luma([250]))).unwrap_err();
    assert!(error.to_string().contains("(in memory, 30x20 pixels): there is no ink"), "{error}");
    let nothing = digit_from_photo(GrayImage::new(0, 0)).unwrap_err().to_string();
    assert!(nothing.contains("there is no ink"), "{nothing}");
}

#[test]
fn strips_and_single_pixels_are_no_trouble() {
    for (width, height) in [(1, 1), (1, 90), (90, 1), (2, 2), (3, 1000)] {
        let picture =
            GrayImage::from_fn(width, height, |x, y| Luma([if x + y == 0 { 0 } else { 255 }]));
        if let Ok(digit) = digit_from_photo(picture) {
            assert_eq!(digit.dimensions(), (28, 28));
        }
    }
}

#[cfg(feature = "mnist-sample")]
#[test]
fn the_validation_set_is_told_apart_as_well_after_the_preparation() {
    let baseline = kinds::Baseline::new();
    let valid = kinds::valid();
    assert_eq!(valid.len(), 2038);
    let accuracy = |change: fn(&GrayImage, u64) -> GrayImage| {
        baseline.accuracy(&valid, |digit, seed| Some(change(digit, seed)))
    };
    let straight = accuracy(|digit, _| digit.clone());
    // Every second one is inverted: black on paper that is lit from one side.
    let prepared = accuracy(|digit, seed| {
        let digit = elsewhere(digit, seed);
        digit_from_photo(if seed % 2 == 0 { digit } else { on_paper(&digit) }).unwrap()
    });
    println!("straight {straight:.4}, prepared {prepared:.4}");
    assert!(straight > 0.95 && prepared > straight - 0.01, "{prepared}, straight {straight}");
}

fn inverted(digit: &GrayImage) -> GrayImage {
    let mut digit = digit.clone();
    imageops::invert(&mut digit);
    digit
}

/// Larger or smaller by up to a half, somewhere on a larger picture.
fn elsewhere(digit: &GrayImage, seed: u64) -> GrayImage {
    let mut random = Random::new(seed);
    let side = random.randint(18, 44) as u32;
    let digit = imageops::resize(digit, side, side, FilterType::Triangle);
    let mut picture = GrayImage::new(60, 50);
    let (x, y) = (random.randint(0, u64::from(60 - side)), random.randint(0, u64::from(50 - side)));
    imageops::replace(&mut picture, &digit, x as i64, y as i64);
    picture
}

/// Black on paper that is half as light at the left as at the right.
fn on_paper(digit: &GrayImage) -> GrayImage {
    let mut paper = inverted(digit);
    let width = paper.width();
    for (x, _, Luma([pixel])) in paper.enumerate_pixels_mut() {
        let light = 128 + 127 * x / width;
        *pixel = ((40 + u32::from(*pixel) * 200 / 255) * light / 255) as u8;
    }
    paper
}
