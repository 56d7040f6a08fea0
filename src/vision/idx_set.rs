//! Pictures in MNIST's own files, `train-images-idx3-ubyte` and the like.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use image::GrayImage;

use super::error::VisionError;
use super::folder::{Found, Item, places};
use crate::data::Idx;

/// The files with the pictures, by their paths.
pub(super) type IdxFiles = HashMap<PathBuf, Idx>;

/// How the name of a file with pictures ends, and that of the one with their labels.
const ENDINGS: [[&str; 2]; 2] = [
    ["images-idx3-ubyte", "labels-idx1-ubyte"],
    // As some programs unpack them.
    ["images.idx3-ubyte", "labels.idx1-ubyte"],
];

/// A file with pictures and the one with their labels.
pub(super) struct IdxSet {
    path: PathBuf,
    images: Idx,
    labels: Idx,
}

impl IdxSet {
    /// The set `name` below a path: that in the folder of this name, or without one, that of the files whose names
    /// begin so. `None` if there is neither.
    pub(super) fn open(path: &Path, name: &str) -> Result<Option<Self>, VisionError> {
        let folder = path.join(name);
        if folder.is_dir() { Self::in_folder(&folder, "") } else { Self::in_folder(path, name) }
    }

    /// The set of the files in a folder whose names begin so, if there is one.
    pub(super) fn in_folder(folder: &Path, start: &str) -> Result<Option<Self>, VisionError> {
        // That it cannot be listed is told by whoever looks for other pictures in it.
        let names = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<(String, String)> = names
            .filter(|name| name.starts_with(start))
            .filter_map(|name| {
                let ends = |[images, _]: &&[&str; 2]| name.ends_with(images);
                let [images, labels] = ENDINGS.iter().find(ends)?;
                let labels = format!("{}{labels}", name.strip_suffix(images)?);
                Some((name, labels))
            })
            .collect();
        found.sort();
        match found.as_slice() {
            [] => Ok(None),
            [(images, labels)] => Self::of_files(folder, images, labels).map(Some),
            [(first, _), (second, _), ..] => Err(VisionError::IdxSet {
                path: folder.into(),
                problem: format!(
                    "it has several sets, `{first}`, `{second}`; say how their names begin, for example with \
                     `FolderOptions::new().train(\"train\").valid(\"t10k\")`"
                ),
            }),
        }
    }

    fn of_files(folder: &Path, images: &str, labels: &str) -> Result<Self, VisionError> {
        let path = folder.join(images);
        let error = |problem| VisionError::IdxSet { path: path.clone(), problem };
        let labels_path = folder.join(labels);
        if !labels_path.exists() {
            return Err(error(format!("there is no file `{labels}` beside it, with the labels")));
        }
        let (images, labels) = (Idx::open(&path)?, Idx::open(&labels_path)?);
        match (images.shape(), labels.shape()) {
            ([0, _, _], _) => Err(error("it has no images".into())),
            ([pictures, _, _], [count]) if pictures == count => Ok(Self { path, images, labels }),
            ([pictures, _, _], [count]) => Err(error(format!(
                "it has {pictures} images, but `{}` has {count} labels: take both from the same place",
                labels_path.display()
            ))),
            (images, labels) => Err(error(format!(
                "images have 3 dimensions (number, rows, columns) and labels 1, but these have {} and {}",
                images.len(),
                labels.len()
            ))),
        }
    }

    /// The classes, named after the labels, in the order of these.
    fn vocab(&self) -> BTreeSet<u8> {
        self.labels.bytes().iter().copied().collect()
    }

    /// The pictures, with the places of their labels among these.
    fn items(&self, vocab: &BTreeSet<u8>) -> Result<Vec<Item>, VisionError> {
        let own = self.vocab();
        let places = places(names(&own), &names(vocab), &self.path)?;
        let place: HashMap<u8, i64> = own.into_iter().zip(places).collect();
        let labels = self.labels.bytes().iter().enumerate();
        Ok(labels.map(|(index, label)| (self.path.join(index.to_string()), place[label])).collect())
    }

    /// A training set without another one.
    pub(super) fn alone(self) -> Found {
        let vocab = self.vocab();
        let train = self.items(&vocab).expect("they are its own labels");
        let files = IdxFiles::from([(self.path, self.images)]);
        Found { train, valid: Vec::new(), vocab: names(&vocab), files }
    }

    /// A training set with its validation set.
    pub(super) fn and_valid(self, valid: Self) -> Result<Found, VisionError> {
        let (vocab, of_valid) = (self.vocab(), valid.vocab());
        if let Some(class) = vocab.difference(&of_valid).next() {
            let (class, found) = (class.to_string(), names(&of_valid));
            return Err(VisionError::NotInValid { path: valid.path, class, found });
        }
        let (train, valid_items) = (self.items(&vocab)?, valid.items(&vocab)?);
        let files = IdxFiles::from([(self.path, self.images), (valid.path, valid.images)]);
        Ok(Found { train, valid: valid_items, vocab: names(&vocab), files })
    }
}

fn names(vocab: &BTreeSet<u8>) -> Vec<String> {
    vocab.iter().map(ToString::to_string).collect()
}

/// The picture that an item names, and its rows and columns; `None` if it is in a file of its own.
pub(super) fn picture<'a>(files: &'a IdxFiles, item: &Path) -> Option<(&'a [u8], [usize; 2])> {
    let images = files.get(item.parent()?)?;
    let index: usize = item.file_name()?.to_str()?.parse().ok()?;
    let [_, rows, columns] = *images.shape() else { return None };
    Some((images.item(index), [rows, columns]))
}

/// The same as a picture in memory.
pub(super) fn to_image(bytes: &[u8], [rows, columns]: [usize; 2]) -> GrayImage {
    GrayImage::from_raw(columns as u32, rows as u32, bytes.to_vec()).expect("a byte for each pixel")
}
