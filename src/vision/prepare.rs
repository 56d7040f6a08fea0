//! What becomes of a picture before a net sees it: the same in training and in predictions.

use image::{DynamicImage, Rgb};

use super::error::VisionError;
use super::photo::DigitSteps;
use super::resize::{ItemTransform, resize};
use super::source::PictureSource;
use crate::tensor::WHITE_PAPER;

/// How pictures are opened: [`ItemTransform`] and the ground below transparent ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preparation {
    pub(super) item_tfms: ItemTransform,
    pub(super) ground: Rgb<u8>,
}

/// Pictures of the right size, white paper below transparent ones.
impl Default for Preparation {
    fn default() -> Self {
        Self { item_tfms: ItemTransform::Exact, ground: WHITE_PAPER }
    }
}

impl Preparation {
    /// The bytes of a picture of `[channels, rows, columns]`, pixel by pixel.
    pub(super) fn pixels(
        &self,
        source: &PictureSource,
        [channels, rows, columns]: [usize; 3],
    ) -> Result<Vec<u8>, VisionError> {
        let picture = source.open(self.ground)?;
        self.pixels_of(picture, || source.name(), [channels, rows, columns])
    }

    /// The same of an open picture; messages call it `name`.
    pub(super) fn pixels_of(
        &self,
        mut picture: DynamicImage,
        name: impl Fn() -> String,
        [channels, rows, columns]: [usize; 3],
    ) -> Result<Vec<u8>, VisionError> {
        match self.item_tfms {
            ItemTransform::Exact => {}
            ItemTransform::Resize(method) => picture = resize(&picture, [rows, columns], method),
            ItemTransform::Digit => {
                let steps = DigitSteps::of_picture(&picture);
                let digit = steps.ok_or_else(|| VisionError::NoInk { name: name() })?.digit;
                picture = DynamicImage::from(digit);
            }
        }
        let found = [picture.height() as usize, picture.width() as usize];
        if found != [rows, columns] {
            let (name, expected) = (name(), [rows, columns]);
            return Err(VisionError::Size { name, found, expected });
        }
        Ok(if channels == 1 {
            picture.into_luma8().into_raw()
        } else {
            picture.into_rgb8().into_raw()
        })
    }
}
