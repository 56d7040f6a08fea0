//! A picture, wherever it is.

use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, Rgb, RgbImage, RgbaImage};

use crate::tensor::{ImageError, lay_on, open_picture};

/// The path of a picture's file, or the picture itself. Functions that take `impl Into<PictureSource>` take any of
/// them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PictureSource {
    /// A file.
    Path(PathBuf),
    /// A picture in memory.
    Picture(DynamicImage),
}

impl PictureSource {
    /// The picture with 8 bits a channel, grey or in colour, on a ground.
    pub(super) fn open(&self, ground: Rgb<u8>) -> Result<DynamicImage, ImageError> {
        match self {
            Self::Path(path) => open_picture(path, ground),
            Self::Picture(picture) => lay_on(picture.clone(), ground).ok_or_else(|| {
                let path = self.name().into();
                ImageError::Invisible { path, ground: ground.0 }
            }),
        }
    }

    /// What messages call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Picture(picture) => {
                format!("(in memory, {}x{} pixels)", picture.width(), picture.height())
            }
        }
    }
}

macro_rules! from {
    ($variant:ident: $($type:ty),*) => {$(
        impl From<$type> for PictureSource {
            fn from(source: $type) -> Self {
                Self::$variant(source.into())
            }
        }
    )*};
}

from!(Path: &str, &String, String, &Path, &PathBuf, PathBuf);
from!(Picture: DynamicImage, GrayImage, RgbImage, RgbaImage);

macro_rules! from_borrowed {
    ($($type:ty),*) => {$(
        impl From<&$type> for PictureSource {
            fn from(picture: &$type) -> Self {
                Self::Picture(picture.clone().into())
            }
        }
    )*};
}

from_borrowed!(DynamicImage, GrayImage, RgbImage, RgbaImage);
