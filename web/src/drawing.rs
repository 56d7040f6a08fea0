//! A drawing, prepared as MNIST's pictures were.

use mnist_from_scratch::image::{GrayImage, Luma, imageops};
use mnist_from_scratch::prelude::*;

/// Paper around the drawing: what touches the edge of a photo is taken for the table.
const MARGIN: u32 = 8;

/// The steps from a drawing to a digit of MNIST's kind. `None` if there is no ink.
pub fn prepare(drawing: &GrayImage) -> Option<DigitSteps> {
    let (width, height) = drawing.dimensions();
    let paper = paper_of(drawing);
    let mut sheet = GrayImage::from_pixel(width + 2 * MARGIN, height + 2 * MARGIN, Luma([paper]));
    imageops::replace(&mut sheet, drawing, MARGIN.into(), MARGIN.into());
    DigitSteps::of_grey(sheet)
}

/// The drawing made small, and nothing else: what a program does that knows nothing of MNIST.
pub fn made_small(drawing: &GrayImage) -> GrayImage {
    imageops::resize(drawing, 28, 28, imageops::FilterType::Triangle)
}

/// Black or white, whichever most of it is nearer to.
fn paper_of(drawing: &GrayImage) -> u8 {
    let light = drawing.pixels().filter(|pixel| pixel[0] > 127).count();
    if 2 * light > drawing.pixels().len() { 255 } else { 0 }
}
