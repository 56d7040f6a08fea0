//! Which files in a folder are pictures, of which class, and for which set.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use image::Rgb;

use super::error::VisionError;
use super::idx_set::{IdxFiles, IdxSet};
use super::prepare::Preparation;
use super::resize::ItemTransform;
use crate::random::{Generator, randperm};

/// What [`ImageDataLoaders::from_folder`](super::ImageDataLoaders::from_folder) of fastai takes besides a path;
/// see [`from_folder_with`](super::ImageDataLoaders::from_folder_with).
///
/// # Example
/// A fifth of all pictures to validate with, the same ones each time, and pictures of any size:
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let options = FolderOptions::new().valid_pct(0.2).seed(42).item_tfms(ResizeMethod::Pad);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FolderOptions {
    split: Split,
    seed: Option<u64>,
    pub(super) preparation: Preparation,
}

/// How pictures are divided into a training and a validation set.
#[derive(Debug, Clone, PartialEq)]
enum Split {
    /// By the folders above those of the classes.
    Folders { train: String, valid: String },
    /// At random: this share is the validation set.
    Random(f64),
    /// All to learn from.
    NoValid,
}

impl Default for FolderOptions {
    fn default() -> Self {
        Self {
            split: Split::Folders { train: "train".into(), valid: "valid".into() },
            seed: None,
            preparation: Preparation::default(),
        }
    }
}

impl FolderOptions {
    /// The folders `train` and `valid`, pictures of the right size, white paper below transparent ones.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the folder with the training set, for example `training`.
    pub fn train(mut self, name: &str) -> Self {
        let valid = match self.split {
            Split::Folders { valid, .. } => valid,
            _ => "valid".into(),
        };
        self.split = Split::Folders { train: name.into(), valid };
        self
    }

    /// The name of the folder with the validation set, for example `testing`.
    pub fn valid(mut self, name: &str) -> Self {
        let train = match self.split {
            Split::Folders { train, .. } => train,
            _ => "train".into(),
        };
        self.split = Split::Folders { train, valid: name.into() };
        self
    }

    /// Takes all pictures below the path, however deep, whose class is the name of the folder they are in, and
    /// puts this share of them, drawn at random, into the validation set: fastai's `RandomSplitter`.
    pub fn valid_pct(mut self, share: f64) -> Self {
        self.split = Split::Random(share);
        self
    }

    /// For [`valid_pct`](Self::valid_pct): draws the same pictures each time, those that fastai draws with this
    /// seed from the same list of files, sorted by path. Without a seed, [`randperm`] draws.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Takes all pictures below the path, as [`valid_pct`](Self::valid_pct) does, to learn from: there is no
    /// validation set. That is for a loop of your own over `dls.train`; [`Learner::fit`](crate::learner::Learner::fit)
    /// wants a validation set, and says so before the first epoch.
    pub fn no_valid(mut self) -> Self {
        self.split = Split::NoValid;
        self
    }

    /// What happens to each picture when it is opened, for example [`ResizeMethod::Crop`](super::ResizeMethod) or
    /// [`ItemTransform::Digit`].
    pub fn item_tfms(mut self, transform: impl Into<ItemTransform>) -> Self {
        self.preparation.item_tfms = transform.into();
        self
    }

    /// The colour below transparent pictures; white paper unless you say otherwise.
    pub fn ground(mut self, ground: Rgb<u8>) -> Self {
        self.preparation.ground = ground;
        self
    }

    /// The pictures of both sets, and the names of the classes, sorted.
    pub(super) fn find(&self, path: &Path) -> Result<Found, VisionError> {
        match &self.split {
            Split::Folders { train, valid } => from_two(path, [train, valid]),
            Split::Random(share) => {
                if !(0.0..1.0).contains(share) {
                    return Err(VisionError::ValidPct { share: *share });
                }
                let Found { train: all, vocab, files, .. } = from_one(path)?;
                let order = match self.seed {
                    Some(seed) => Generator::new(seed).randperm(all.len()),
                    None => randperm(all.len()),
                };
                let cut = (share * all.len() as f64) as usize;
                if cut == 0 && *share > 0.0 {
                    let (path, pictures) = (path.into(), all.len());
                    return Err(VisionError::NoneToValidate { path, pictures, share: *share });
                }
                let take = |order: &[usize]| order.iter().map(|&i| all[i].clone()).collect();
                Ok(Found { valid: take(&order[..cut]), train: take(&order[cut..]), vocab, files })
            }
            Split::NoValid => from_one(path),
        }
    }
}

/// What is in a folder.
pub(super) struct Found {
    pub(super) train: Vec<Item>,
    pub(super) valid: Vec<Item>,
    pub(super) vocab: Vec<String>,
    /// MNIST's own files, if the pictures are in those.
    pub(super) files: IdxFiles,
}

/// A file, and the number of its class; in one of MNIST's own files, its path and the number of the picture.
pub(super) type Item = (PathBuf, i64);

/// The places of classes in a vocabulary; the path is named where one is none of it.
pub(super) fn places(
    classes: Vec<String>,
    vocab: &[String],
    path: &Path,
) -> Result<Vec<i64>, VisionError> {
    let place = |class: String| match vocab.iter().position(|known| *known == class) {
        Some(place) => Ok(place as i64),
        None => Err(VisionError::Class { path: path.into(), class, vocab: vocab.to_vec() }),
    };
    classes.into_iter().map(place).collect()
}

/// `path/train/CLASS/PICTURE` and `path/valid/CLASS/PICTURE`.
fn from_two(path: &Path, [train, valid]: [&str; 2]) -> Result<Found, VisionError> {
    if let Some(train) = IdxSet::open(path, train)? {
        let sets = IdxSet::open(path, valid)?.map(|valid| train.and_valid(valid));
        return sets.unwrap_or_else(|| {
            Err(VisionError::NoSet { path: path.into(), name: valid.into(), folders: Vec::new() })
        });
    }
    for name in [train, valid] {
        if !path.join(name).is_dir() {
            let folders = list(path)?.folders.iter().map(|folder| name_of(folder)).collect();
            return Err(VisionError::NoSet { path: path.into(), name: name.into(), folders });
        }
    }
    let [train, valid] = [train, valid].map(|name| path.join(name));
    let folders = list(&train)?;
    if folders.folders.is_empty() {
        return Err(VisionError::NoClasses { path: train, pictures: folders.pictures.len() });
    }
    let vocab =
        folders.folders.iter().map(|folder| class(folder)).collect::<Result<Vec<_>, _>>()?;
    let items = |path: &Path| -> Result<Vec<Item>, VisionError> {
        let mut items = Vec::new();
        for (label, class) in vocab.iter().enumerate() {
            let folder = path.join(class);
            let pictures = pictures_of_class(&folder)?;
            items.extend(pictures.into_iter().map(|path| (path, label as i64)));
        }
        Ok(items)
    };
    // First, since a class that has none at all is not to be divided.
    let training = items(&train)?;
    let of_valid: Vec<String> =
        list(&valid)?.folders.iter().map(|folder| name_of(folder)).collect();
    if let Some(class) = of_valid.iter().find(|class| !vocab.contains(class)) {
        return Err(VisionError::Class { path: valid, class: class.clone(), vocab });
    }
    if let Some(class) = vocab.iter().find(|class| !of_valid.contains(class)) {
        return Err(VisionError::NotInValid { path: valid, class: class.clone(), found: of_valid });
    }
    Ok(Found { train: training, valid: items(&valid)?, vocab, files: IdxFiles::default() })
}

/// All pictures below `path`, of the classes that the folders they are in are named after.
pub(super) fn from_one(path: &Path) -> Result<Found, VisionError> {
    if let Some(set) = IdxSet::in_folder(path, "")? {
        return Ok(set.alone());
    }
    let mut files = Vec::new();
    let top = list(path)?;
    if top.folders.is_empty() {
        return Err(VisionError::NoClasses { path: path.into(), pictures: top.pictures.len() });
    }
    for folder in &top.folders {
        walk(folder, &mut vec![canonical(path)?], &mut files)?;
    }
    files.sort();
    let folders: BTreeSet<&Path> = files.iter().filter_map(|path| path.parent()).collect();
    let vocab: BTreeSet<String> =
        folders.into_iter().map(class).collect::<Result<_, VisionError>>()?;
    let vocab: Vec<String> = vocab.into_iter().collect();
    let label = |path: &PathBuf| {
        let class = path.parent().map(name_of).unwrap_or_default();
        vocab.iter().position(|name| *name == class).expect("the class of an image") as i64
    };
    let train = files.iter().map(|path| (path.clone(), label(path))).collect();
    Ok(Found { train, valid: Vec::new(), vocab, files: IdxFiles::default() })
}

/// Adds the pictures in a folder and in those below. `above` are the folders that it lies in.
fn walk(
    folder: &Path,
    above: &mut Vec<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> Result<(), VisionError> {
    let here = canonical(folder)?;
    // A link that leads back up.
    if above.contains(&here) {
        return Ok(());
    }
    let Listing { pictures, folders, .. } = list(folder)?;
    if folders.is_empty() {
        files.extend(pictures_of_class(folder)?);
        return Ok(());
    }
    files.extend(pictures);
    above.push(here);
    for folder in folders {
        walk(&folder, above, files)?;
    }
    above.pop();
    Ok(())
}

fn canonical(path: &Path) -> Result<PathBuf, VisionError> {
    fs::canonicalize(path).map_err(|source| VisionError::List { path: path.into(), source })
}

/// The pictures in the folder of a class, of which there must be some.
fn pictures_of_class(folder: &Path) -> Result<Vec<PathBuf>, VisionError> {
    let Listing { pictures, folders, others } = list(folder)?;
    if pictures.is_empty() {
        let folders = folders.len();
        return Err(VisionError::NoPictures { path: folder.into(), folders, others });
    }
    Ok(pictures)
}

/// What is in a folder, but for what is hidden: sorted by name.
struct Listing {
    pictures: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// The names of the first files that are no pictures.
    others: Vec<String>,
}

/// Hidden files and folders begin with a dot; pictures are known by the ending of their names.
fn list(path: &Path) -> Result<Listing, VisionError> {
    let error = |source| VisionError::List { path: path.into(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(error)? {
        found.push(entry.map_err(error)?.path());
    }
    found.retain(|path| !name_of(path).starts_with('.'));
    found.sort();
    let (folders, files): (Vec<_>, Vec<_>) = found.into_iter().partition(|path| path.is_dir());
    let (pictures, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_picture(path));
    let others = others.iter().map(|path| name_of(path)).take(3).collect();
    Ok(Listing { pictures, folders, others })
}

/// Those of the endings that fastai takes for a picture's which people's pictures have. Some of these formats
/// are not read; then it is better to say so than to leave the picture out.
const ENDINGS: [&str; 20] = [
    "apng", "avif", "bmp", "dib", "gif", "heic", "heif", "ico", "jfif", "jpe", "jpeg", "jpg",
    "pbm", "pgm", "png", "pnm", "ppm", "tif", "tiff", "webp",
];

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The last part of a path.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The class that a folder is named after.
fn class(folder: &Path) -> Result<String, VisionError> {
    match folder.file_name().unwrap_or_default().to_str() {
        Some(name) => Ok(name.into()),
        None => Err(VisionError::Name { path: folder.into() }),
    }
}
