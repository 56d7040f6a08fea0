//! Why a picture cannot be used.

use std::path::PathBuf;

use crate::device::{DeviceError, ModuleError, remedy};

use super::limits::{MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_SIDE};

/// Why an image could not be read, or not be made into a tensor.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file cannot be opened.
    #[error("opening the image {}: is it there, and may you read it?", path.display())]
    Open {
        /// The image file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is a picture, as its first bytes say, but what follows cannot be decoded.
    #[error(
        "decoding the image {}: the file is cut off or damaged; look at it in an image viewer, and \
         copy or save it once more",
        path.display()
    )]
    Decode {
        /// The image file.
        path: PathBuf,
        /// What the decoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is no picture, or one of a format that is not read.
    #[error("decoding the image {}: {problem}", path.display())]
    Format {
        /// The image file.
        path: PathBuf,
        /// What the file is, and what to do.
        problem: String,
    },
    /// The picture, or what it claims to be, is too large.
    #[error(
        "decoding the image {}: it has {what}; at most {MAX_IMAGE_PIXELS} pixels, {MAX_SIDE} in a \
         row or column, and {} MiB are read: make it smaller with an image editor",
        path.display(), MAX_IMAGE_BYTES >> 20
    )]
    TooLarge {
        /// The image file.
        path: PathBuf,
        /// How large it is.
        what: String,
    },
    /// Laid on its ground, nothing is to be seen of a transparent picture.
    #[error(
        "opening the image {}: it is drawn on a transparent ground, and laid on the colour \
         {ground:?} nothing of it can be seen; choose another ground",
        path.display()
    )]
    Invisible {
        /// The image file.
        path: PathBuf,
        /// Red, green and blue of the ground.
        ground: [u8; 3],
    },
    /// The image has not the size that the tensor's type asks for.
    #[error(
        "making a {rows}x{columns} tensor from an image of {image_rows} rows and \
         {image_columns} columns: resize the image, or change the tensor's type"
    )]
    Size {
        /// Rows of the tensor.
        rows: usize,
        /// Columns of the tensor.
        columns: usize,
        /// Rows of the image.
        image_rows: usize,
        /// Columns of the image.
        image_columns: usize,
    },
    /// The device has no room for the tensor.
    #[error("copying an image to the device{}", remedy(.0))]
    Device(#[source] ModuleError),
}

impl ImageError {
    /// The device has no room.
    pub(crate) fn device(error: DeviceError) -> Self {
        Self::Device(ModuleError::new(error))
    }
}
