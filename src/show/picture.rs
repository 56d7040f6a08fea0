//! Pictures: an image, or a tensor drawn as one.

use std::fmt::Write as _;
use std::io::{self, Cursor};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dfdx::shapes::Dim;
use dfdx::tensor::{Storage, Tensor};
use image::{GrayImage, ImageFormat, Luma, imageops};
use mdbook_literate::display::{Figure, is_recording, show};

use super::print::print_line;
use crate::shapes::as_vec;

/// Width of a picture on the page, in CSS pixels: five for each pixel of a 28x28 digit.
const WIDTH: u32 = 140;
/// Width of a picture in a grid on the page, and how many are in a row of a file.
const GRID_WIDTH: u32 = 84;
const GRID_COLUMNS: usize = 10;
/// In a file each pixel becomes a square of this many, so that a digit can be seen.
const ENLARGED: u32 = 8;
/// White space between the pictures of a row, in pixels of the pictures.
const GAP: u32 = 4;

/// What can be shown as a picture.
///
/// A [`GrayImage`] is shown as it is stored, where 0 is black. A tensor of rank 2 is shown as the
/// notebook shows it, with matplotlib's colour map `Greys`: its smallest number is white, its
/// largest black, whatever they are; if all are equal, all are white.
///
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::show::Picture;
///
/// let dev = AutoDevice::default();
/// let picture = dev.tensor([[0.0f32, 0.5, 1.0]]).picture();
/// assert_eq!(picture.as_raw(), &[255, 149, 0]);
/// ```
pub trait Picture {
    /// The picture, one pixel for each number.
    fn picture(&self) -> GrayImage;
}

impl Picture for GrayImage {
    fn picture(&self) -> GrayImage {
        self.clone()
    }
}

impl<T: Picture + ?Sized> Picture for &T {
    fn picture(&self) -> GrayImage {
        (**self).picture()
    }
}

/// The element types of tensors that can be shown as pictures: `u8` and `f32`.
pub trait Intensity: Copy {
    /// How dark the pixel is, in the tensor's own units.
    fn intensity(self) -> f32;
}

impl Intensity for u8 {
    fn intensity(self) -> f32 {
        f32::from(self)
    }
}

impl Intensity for f32 {
    fn intensity(self) -> f32 {
        self
    }
}

impl<H: Dim, W: Dim, E: Intensity, D: Storage<E>, T> Picture for Tensor<(H, W), E, D, T> {
    fn picture(&self) -> GrayImage {
        use dfdx::shapes::{HasShape, Shape};
        let [rows, columns] = self.shape().concrete();
        let values: Vec<f32> = as_vec(self).into_iter().map(E::intensity).collect();
        let smallest = values.iter().copied().fold(f32::INFINITY, f32::min);
        let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let range = if largest > smallest { largest - smallest } else { 1.0 };
        let pixels = values.iter().map(|value| grey((value - smallest) / range)).collect();
        GrayImage::from_raw(columns as u32, rows as u32, pixels).expect("one pixel for each number")
    }
}

/// The brightness of an `intensity` from 0 (white, 255) to 1 (black, 0) in the colour map `Greys`
/// of ColorBrewer and matplotlib: nine greys and straight lines between them, in 256 steps.
pub(super) fn grey(intensity: f32) -> u8 {
    const GREYS: [usize; 9] = [255, 240, 217, 189, 150, 115, 82, 37, 0];
    // A float that is too large or too small for the integer becomes the nearest one that is not.
    let step = usize::from((intensity * 256.0) as u8);
    // The step lies between two of the nine; `part` of 255 says how far from the left one.
    let (left, part) = (step * 8 / 255, step * 8 % 255);
    let right = (left + 1).min(8);
    ((GREYS[left] * (255 - part) + GREYS[right] * part) / 255) as u8
}

/// Shows a picture: an image as it is stored, a tensor in shades from white to black (see
/// [`Picture`]).
///
/// In the book it is part of the cell's output. In a program run by hand it is written to a file,
/// eight times as large, and the path is printed.
///
/// # Errors
/// If the file cannot be written; the message names it.
///
/// # Example
/// ```no_run
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::show::show_image;
///
/// let dev = AutoDevice::default();
/// let noise: Tensor<Rank2<28, 28>, f32, _> = dev.sample_uniform();
/// show_image(&noise)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn show_image(image: &impl Picture) -> io::Result<()> {
    show_picture(&image.picture())
}

/// Shows several pictures side by side, each with a title below it.
///
/// # Errors
/// If the file cannot be written; the message names it.
///
/// # Example
/// ```no_run
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::show::show_images;
///
/// let dev = AutoDevice::default();
/// let white: Tensor<Rank2<28, 28>, f32, _> = dev.zeros();
/// let black: Tensor<Rank2<28, 28>, f32, _> = dev.ones();
/// show_images(&[("white", &white), ("black", &black)])?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn show_images(images: &[(&str, &dyn Picture)]) -> io::Result<()> {
    let pictures: Vec<(&str, GrayImage)> =
        images.iter().map(|(title, image)| (*title, image.picture())).collect();
    if is_recording() {
        return show(
            "images",
            Figure::Html { html: &row_html(&pictures, "images", WIDTH)?, text: "" },
        );
    }
    let titles: Vec<&str> = pictures.iter().map(|(title, _)| *title).collect();
    print_line(&titles.join(" | "));
    show_picture(&side_by_side(&pictures))
}

/// Shows many pictures in rows, each with a title below it: as [`show_images`], but small, so that
/// thirty of them can be seen at once.
///
/// # Errors
/// If the file cannot be written; the message names it.
///
/// # Example
/// ```no_run
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::show::show_image_grid;
///
/// let dev = AutoDevice::default();
/// let noise: Tensor<Rank2<28, 28>, f32, _> = dev.sample_uniform();
/// let pictures: Vec<(String, _)> = (0..30).map(|i| (format!("noise {i}"), noise.clone())).collect();
/// show_image_grid(&pictures)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn show_image_grid<P: Picture>(images: &[(String, P)]) -> io::Result<()> {
    let pictures: Vec<(&str, GrayImage)> =
        images.iter().map(|(title, image)| (title.as_str(), image.picture())).collect();
    if is_recording() {
        let html = row_html(&pictures, "images grid", GRID_WIDTH)?;
        return show("images", Figure::Html { html: &html, text: "" });
    }
    for row in pictures.chunks(GRID_COLUMNS) {
        let titles: Vec<&str> = row.iter().map(|(title, _)| *title).collect();
        print_line(&titles.join(" | "));
    }
    let rows: Vec<(&str, GrayImage)> =
        pictures.chunks(GRID_COLUMNS).map(|row| ("", side_by_side(row))).collect();
    show_picture(&one_below_the_other(&rows))
}

fn show_picture(picture: &GrayImage) -> io::Result<()> {
    if is_recording() {
        return show("image", Figure::Png { bytes: &png(picture)?, width: WIDTH });
    }
    let (width, height) = (picture.width() * ENLARGED, picture.height() * ENLARGED);
    let large = imageops::resize(picture, width, height, imageops::FilterType::Nearest);
    show("image", Figure::Png { bytes: &png(&large)?, width })
}

fn png(picture: &GrayImage) -> io::Result<Vec<u8>> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).map_err(io::Error::other)?;
    Ok(file.into_inner())
}

/// A row of pictures as HTML. The titles are the pictures' names for screen readers, too.
fn row_html(pictures: &[(&str, GrayImage)], class: &str, width: u32) -> io::Result<String> {
    let mut html = format!("<div class=\"{class}\">\n");
    for (title, picture) in pictures {
        let data = BASE64_STANDARD.encode(png(picture)?);
        let title = escape(title);
        // Writing to a string cannot fail.
        let _ = writeln!(
            html,
            "<figure><img class=\"pixelated\" src=\"data:image/png;base64,{data}\" \
             width=\"{width}\" alt=\"{title}\"><figcaption aria-hidden=\"true\">{title}\
             </figcaption></figure>"
        );
    }
    html.push_str("</div>\n");
    Ok(html)
}

fn side_by_side(pictures: &[(&str, GrayImage)]) -> GrayImage {
    let width: u32 = pictures.iter().map(|(_, picture)| picture.width() + GAP).sum();
    let height = pictures.iter().map(|(_, picture)| picture.height()).max().unwrap_or(1);
    let mut row = GrayImage::from_pixel(width.saturating_sub(GAP).max(1), height, Luma([255]));
    let mut left = 0;
    for (_, picture) in pictures {
        imageops::replace(&mut row, picture, i64::from(left), 0);
        left += picture.width() + GAP;
    }
    row
}

fn one_below_the_other(rows: &[(&str, GrayImage)]) -> GrayImage {
    let height: u32 = rows.iter().map(|(_, row)| row.height() + GAP).sum();
    let width = rows.iter().map(|(_, row)| row.width()).max().unwrap_or(1);
    let mut grid = GrayImage::from_pixel(width, height.saturating_sub(GAP).max(1), Luma([255]));
    let mut top = 0;
    for (_, row) in rows {
        imageops::replace(&mut grid, row, 0, i64::from(top));
        top += row.height() + GAP;
    }
    grid
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{AutoDevice, TensorFrom};

    #[test]
    fn greys_of_matplotlib() {
        // [matplotlib.colormaps["Greys"](x, bytes=True)[0] for x in (0.0, 0.125, 0.5, 0.9, 1.0)]
        assert_eq!([0.0, 0.125, 0.5, 0.9, 1.0].map(grey), [255, 239, 149, 29, 0]);
    }

    #[test]
    fn tensors_use_the_whole_range() {
        let dev = AutoDevice::default();
        assert_eq!(dev.tensor([[7u8, 9], [8, 7]]).picture().as_raw(), &[255, 0, 149, 255]);
        assert_eq!(dev.tensor([[0.5f32, 0.5]]).picture().as_raw(), &[255, 255]);
    }

    #[test]
    fn an_image_is_shown_as_stored() {
        let image = GrayImage::from_raw(2, 1, vec![0, 200]).unwrap();
        assert_eq!(image.picture(), image);
    }

    #[test]
    fn a_png_can_be_read_back() {
        let image = GrayImage::from_raw(2, 1, vec![0, 200]).unwrap();
        let read = image::load_from_memory(&png(&image).unwrap()).unwrap();
        assert_eq!(read.into_luma8(), image);
    }

    #[test]
    fn pictures_stand_side_by_side() {
        let black = GrayImage::new(1, 1);
        let row = side_by_side(&[("a", black.clone()), ("b", black)]);
        assert_eq!(row.as_raw(), &[0, 255, 255, 255, 255, 0]);
    }

    #[test]
    fn titles_are_escaped() {
        let html = row_html(&[("3 < \"7\"", GrayImage::new(1, 1))], "images", WIDTH).unwrap();
        assert!(html.contains("alt=\"3 &lt; &quot;7&quot;\""), "{html}");
    }
}
