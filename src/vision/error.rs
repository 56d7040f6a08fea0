//! What can go wrong with folders of pictures.

use std::path::PathBuf;

use crate::tensor::ImageError;

/// Why pictures could not be loaded, or not be put together with a net.
#[derive(Debug, thiserror::Error)]
pub enum VisionError {
    /// A folder cannot be read.
    #[error("listing the pictures in {}: {source}; has the data been unpacked (`untar_data`)?", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A folder has no pictures.
    #[error(
        "there are no pictures in {}: put them into folders named after their classes, for example {}",
        path.display(), path.join("3").join("10.png").display()
    )]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A picture cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A picture has not the size that the type says.
    #[error(
        "the picture {} has {rows} rows and {columns} columns, not {expected_rows} and {expected_columns}: \
         resize it, or change the type `ImageDataLoaders<CHANNELS, HEIGHT, WIDTH>`", path.display()
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// The rows that the type says.
        expected_rows: usize,
        /// The columns that the type says.
        expected_columns: usize,
    },
    /// The validation set has a class that the training set does not have.
    #[error(
        "the class `{class}` of {} is none of the training set's: {vocab:?}", path.display()
    )]
    Class {
        /// The folder.
        path: PathBuf,
        /// The class.
        class: String,
        /// The classes of the training set.
        vocab: Vec<String>,
    },
    /// The net has not one output for each class.
    #[error(
        "the pictures are of {classes} classes, {vocab:?}, but the net has {outputs} outputs: \
         make it with `resnet18::<{classes}>`"
    )]
    Outputs {
        /// How many classes there are.
        classes: usize,
        /// Their names.
        vocab: Vec<String>,
        /// How many outputs the net has.
        outputs: usize,
    },
}
