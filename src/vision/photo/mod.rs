//! A digit on a picture as people have it, made into one as MNIST has it.

mod ink;
mod paper;

use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, Luma};

use super::error::VisionError;
use super::source::PictureSource;
use ink::{Mask, Part};
use paper::Contrast;

/// The side of MNIST's pictures, and that of the square that a digit fills in them.
const SIDE: u32 = 28;
const DIGIT: u32 = 20;

/// Larger pictures are made smaller first, to about twice as many pixels as a digit needs in each direction if
/// it fills a tenth of the sheet.
const WORK_SIDE: u32 = 400;

/// A picture of one digit, in whatever way it came about, as MNIST's pictures were made: white ink on black, 28
/// rows and columns; the digit fits a square of 20, keeps its proportions, and its centre of mass is in the
/// middle.
///
/// It takes dark ink on light paper and light ink on dark, grey or in colour, lit from one side or lying in a
/// shadow. Only one digit may be on it. What touches the edge of the picture, such as the table on which the
/// paper lies, is left out if there is other ink; so are printed lines and squares, if the ink is stronger than
/// they are: a faint pencil on strongly ruled paper is not told from the lines.
///
/// # Errors
/// If the picture cannot be opened, or there is no ink on it.
///
/// # Example
/// A one, black on white, near the corner:
/// ```
/// use mnist_from_scratch::image::{GrayImage, Luma};
/// use mnist_from_scratch::prelude::*;
///
/// let paper = GrayImage::from_fn(100, 80, |x, y| {
///     Luma([if (12..17).contains(&x) && (10..50).contains(&y) { 0 } else { 255 }])
/// });
/// let one = digit_from_photo(&paper)?;
/// assert_eq!(one.dimensions(), (28, 28));
/// assert!(one.get_pixel(14, 14)[0] > 200 && one.get_pixel(5, 14)[0] == 0);
/// # mnist_from_scratch::anyhow::Ok(())
/// ```
pub fn digit_from_photo(picture: impl Into<PictureSource>) -> Result<GrayImage, VisionError> {
    Ok(DigitSteps::of(picture)?.digit)
}

/// What [`digit_from_photo`] does, step by step, to be looked at: [`show`](Self::show) shows all of them.
#[derive(Debug, Clone)]
pub struct DigitSteps {
    /// The picture in grey, upright, not larger than is needed.
    pub grey: GrayImage,
    /// How much each pixel stands out against the paper around it, however that is lit: black is paper.
    pub contrast: GrayImage,
    /// Where there is ink (white): more contrast than Otsu's threshold; no table, no printed lines and no specks.
    pub ink: GrayImage,
    /// The part with the digit; nothing is left but its ink.
    pub cropped: GrayImage,
    /// The longer side made 20 pixels long.
    pub scaled: GrayImage,
    /// In a picture of 28x28, the centre of mass in its middle.
    pub digit: GrayImage,
}

impl DigitSteps {
    /// Goes through all steps.
    ///
    /// # Errors
    /// As [`digit_from_photo`].
    ///
    /// ```no_run
    /// use mnist_from_scratch::prelude::*;
    ///
    /// DigitSteps::of("my_seven.png")?.show()?;
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn of(picture: impl Into<PictureSource>) -> Result<Self, VisionError> {
        let source = picture.into();
        let picture = source.open(crate::tensor::WHITE_PAPER)?;
        Self::of_picture(&picture).ok_or_else(|| VisionError::NoInk { name: source.name() })
    }

    /// `None` if there is no ink.
    pub(super) fn of_picture(picture: &DynamicImage) -> Option<Self> {
        Self::of_grey(picture.to_luma8())
    }

    /// Goes through all steps of a picture in grey. `None` if there is no ink on it.
    ///
    /// ```
    /// use mnist_from_scratch::image::GrayImage;
    /// use mnist_from_scratch::prelude::*;
    ///
    /// assert!(DigitSteps::of_grey(GrayImage::new(40, 30)).is_none());
    /// ```
    pub fn of_grey(picture: GrayImage) -> Option<Self> {
        let grey = smaller(picture);
        let Contrast { contrast, strength } = paper::contrast(&grey)?;
        let mask = Mask::of(&contrast).without_what_touches_the_edge();
        let whole = mask.bounds()?;
        let cropped = crop(&contrast, &mask.bold(whole), strength)?;
        let scaled = fit(&cropped, DIGIT);
        let digit = centred(&scaled);
        Some(Self { grey, contrast, ink: mask.picture(), cropped, scaled, digit })
    }

    /// Shows the steps side by side.
    ///
    /// # Errors
    /// If the picture file cannot be written.
    pub fn show(&self) -> std::io::Result<()> {
        let steps = [
            ("the image", &self.grey),
            ("against its paper", &self.contrast),
            ("its ink", &self.ink),
            ("cropped", &self.cropped),
            ("20 pixels long", &self.scaled),
            ("centred in 28x28", &self.digit),
        ];
        // In frames of one size, so that they stand in a row.
        let framed: Vec<(String, GrayImage)> =
            steps.iter().map(|(title, step)| (title.to_string(), framed(step))).collect();
        crate::show::show_image_grid(&framed)
    }
}

/// In grey, each side at most [`WORK_SIDE`].
fn smaller(picture: GrayImage) -> GrayImage {
    let longer = picture.width().max(picture.height());
    if longer <= WORK_SIDE {
        return picture;
    }
    let side = |side: u32| {
        ((f64::from(side) * f64::from(WORK_SIDE) / f64::from(longer)).round() as u32).max(1)
    };
    let (width, height) = (side(picture.width()), side(picture.height()));
    imageops::resize(&picture, width, height, FilterType::Triangle)
}

/// The ink within the mask and a pixel around it, which has the soft edges of the strokes.
fn crop(contrast: &GrayImage, mask: &Mask, strength: u8) -> Option<GrayImage> {
    let wider = mask.wider(1);
    let inked = |x: u32, y: u32| {
        let here = u32::from(contrast.get_pixel(x, y)[0]) * 255 / u32::from(strength).max(1);
        // Thickened strokes have no ink of their own.
        if mask.thickened && mask.at(x, y) { 255 } else { here.min(255) as u8 }
    };
    let ink = GrayImage::from_fn(contrast.width(), contrast.height(), |x, y| {
        Luma([if wider.at(x, y) { inked(x, y) } else { 0 }])
    });
    let Part { x, y, width, height } = Mask::over(&ink, FAINT).bounds()?;
    Some(imageops::crop_imm(&ink, x, y, width, height).to_image())
}

/// The least ink that counts for the size of a digit: the blur around a stroke does not.
const FAINT: u8 = 60;

/// Scaled so that the longer side has `side` pixels.
fn fit(picture: &GrayImage, side: u32) -> GrayImage {
    let longer = f64::from(picture.width().max(picture.height()));
    let scaled = |n: u32| ((f64::from(n) * f64::from(side) / longer).round() as u32).max(1);
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    if (width, height) == picture.dimensions() {
        return picture.clone();
    }
    let mut picture = imageops::resize(picture, width, height, FilterType::Triangle);
    // Strokes that were thinner than a pixel have become grey.
    let lightest = picture.pixels().map(|pixel| pixel[0]).max().unwrap_or(0);
    if lightest > 0 {
        for Luma([ink]) in picture.pixels_mut() {
            *ink = (u32::from(*ink) * 255 / u32::from(lightest)) as u8;
        }
    }
    picture
}

/// Where MNIST's digits have their centre of mass, on average and to half a pixel: the middle of the pixel in row
/// 14 and column 14, counted from 0.
const CENTRE: f64 = 14.5;

/// On black, with the centre of mass in its place, as far as the digit does not leave the picture.
fn centred(digit: &GrayImage) -> GrayImage {
    let (mut mass, mut right, mut down) = (0.0, 0.0, 0.0);
    for (x, y, Luma([ink])) in digit.enumerate_pixels() {
        mass += f64::from(*ink);
        right += f64::from(*ink) * (f64::from(x) + 0.5);
        down += f64::from(*ink) * (f64::from(y) + 0.5);
    }
    let place = |moment: f64, size: u32| {
        let middle = if mass > 0.0 { moment / mass } else { f64::from(size) / 2.0 };
        ((CENTRE - middle).round() as i64).clamp(0, i64::from(SIDE - size))
    };
    let mut picture = GrayImage::new(SIDE, SIDE);
    let (x, y) = (place(right, digit.width()), place(down, digit.height()));
    imageops::replace(&mut picture, digit, x, y);
    picture
}

/// In the middle of a square of 112 pixels.
fn framed(step: &GrayImage) -> GrayImage {
    const FRAME: u32 = 112;
    let longer = step.width().max(step.height());
    let filter = if longer < FRAME { FilterType::Nearest } else { FilterType::Triangle };
    let side = |n: u32| (n * FRAME / longer).max(1);
    let step = imageops::resize(step, side(step.width()), side(step.height()), filter);
    let mut frame = GrayImage::from_pixel(FRAME, FRAME, Luma([128]));
    let (x, y) = ((FRAME - step.width()) / 2, (FRAME - step.height()) / 2);
    imageops::replace(&mut frame, &step, i64::from(x), i64::from(y));
    frame
}

#[cfg(test)]
mod tests;
