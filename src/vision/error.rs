//! What can go wrong with folders of pictures.

use std::path::PathBuf;

use crate::data::IdxError;
use crate::learner::LearnerError;
use crate::nn::WeightsError;
use crate::tensor::ImageError;

/// Why pictures could not be loaded, or not be put together with a net.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisionError {
    /// A folder cannot be read.
    #[error("listing the images in {}: is the folder there, and may you read it?", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// There is no folder for the training or the validation set.
    #[error(
        "listing the images in {}: it has no folder `{name}`{}; if a set has another name, say \
         so with `FolderOptions::train` or `valid`; to divide the folders of the classes at random, with \
         `valid_pct(0.2)`; to validate nothing, with `no_valid()`",
        path.display(), there_are(" but has", folders)
    )]
    NoSet {
        /// The folder.
        path: PathBuf,
        /// The folder that it should have.
        name: String,
        /// Those that it has.
        folders: Vec<String>,
    },
    /// A set has no folders.
    #[error(
        "listing the classes in {}: it has no folders, and {}; put the images into folders named after \
         their classes, for example {}",
        path.display(), count(*pictures, "image"), path.join("3").join("10.png").display()
    )]
    NoClasses {
        /// The folder.
        path: PathBuf,
        /// How many pictures lie in it directly.
        pictures: usize,
    },
    /// The folder of a class has no pictures.
    #[error(
        "there are no images of the class `{}` in {}{}; an image is a file whose name ends in .png, .jpg or the \
         like and does not begin with a dot",
        path.file_name().unwrap_or_default().display(), path.display(), instead(*folders, others)
    )]
    NoPictures {
        /// The folder.
        path: PathBuf,
        /// How many folders it has.
        folders: usize,
        /// Names of files in it that are no pictures.
        others: Vec<String>,
    },
    /// The validation set misses a class of the training set.
    #[error(
        "the class `{class}` has no folder in {}{}: put some of its images there, which then are not in \
         the training set",
        path.display(), there_are(", which has", found)
    )]
    NotInValid {
        /// The folder of the validation set.
        path: PathBuf,
        /// The class.
        class: String,
        /// The classes that it has.
        found: Vec<String>,
    },
    /// The name of a folder cannot be a class's.
    #[error("the folder {} cannot name a class: its name is not in UTF-8", path.display())]
    Name {
        /// The folder.
        path: PathBuf,
    },
    /// What is no share.
    #[error(
        "valid_pct({share}): the share of the validation set is at least 0 and less than 1, for example 0.2"
    )]
    ValidPct {
        /// The share asked for.
        share: f64,
    },
    /// There are too few pictures to put some aside.
    #[error(
        "valid_pct({share}) of the {} in {} is less than one picture: take a larger share, or `no_valid()`",
        count(*pictures, "image"), path.display()
    )]
    NoneToValidate {
        /// The folder.
        path: PathBuf,
        /// How many pictures it has.
        pictures: usize,
        /// The share asked for.
        share: f64,
    },
    /// MNIST's own files do not fit together.
    #[error("opening the images in {}: {problem}", path.display())]
    IdxSet {
        /// The file with the pictures, or their folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// One of them cannot be read.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// A picture cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A picture has not the size that the type says.
    #[error(
        "the image {name} has {} rows and {} columns, not {} and {}: \
         let all be resized with `FolderOptions::item_tfms(ResizeMethod::Squash)`, or change the type \
         `ImageDataLoaders<CHANNELS, HEIGHT, WIDTH>`",
        found[0], found[1], expected[0], expected[1]
    )]
    Size {
        /// The file, or what it is.
        name: String,
        /// Its rows and columns.
        found: [usize; 2],
        /// The rows and columns that the type says.
        expected: [usize; 2],
    },
    /// There is nothing on a picture.
    #[error(
        "looking for a digit on the image {name}: there is no ink on it; is it in the light, and written with a \
         pen that stands out?"
    )]
    NoInk {
        /// The file, or what it is.
        name: String,
    },
    /// A net predicts what is no number.
    #[error(
        "predicting the image {name}: the net's outputs are {outputs:?}; its weights are broken: has its training \
         diverged?"
    )]
    Prediction {
        /// The file, or what it is.
        name: String,
        /// What the net put out.
        outputs: Vec<f32>,
    },
    /// The net cannot predict.
    #[error(transparent)]
    Learner(#[from] LearnerError),
    /// Weights cannot be written or read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A file is none that `export` has written for this net.
    #[error("loading the exported net {}: {problem}", path.display())]
    Exported {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
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
    /// A picture's label is no class.
    #[error(
        "image {picture} of the validation set has the label {label}, and there are {classes} classes: labels are \
         0 to {}", classes.saturating_sub(1)
    )]
    Label {
        /// Which picture.
        picture: usize,
        /// Its label.
        label: i64,
        /// How many classes there are.
        classes: usize,
    },
    /// The net has not one output for each class.
    #[error(
        "the images are of {classes} classes, {vocab:?}, but the net has {outputs} outputs: \
         its last layer has to have {classes}, as that of `resnet18::<{classes}>`"
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

/// A number and what it counts.
fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// A list of names after what introduces it; nothing if there are none.
fn there_are(introduction: &str, names: &[String]) -> String {
    const LISTED: usize = 10;
    let mut listed: Vec<String> =
        names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    if names.len() > LISTED {
        listed.push(format!("and {} more", names.len() - LISTED));
    }
    if names.is_empty() { String::new() } else { format!("{introduction} {}", listed.join(", ")) }
}

/// What a folder has where pictures are looked for.
fn instead(folders: usize, others: &[String]) -> String {
    let files = there_are(", but files such as", others);
    match folders {
        0 => files,
        n => format!("{files}, but {}", count(n, "folder")),
    }
}
