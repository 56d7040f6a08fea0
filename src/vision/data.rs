//! Folders of pictures as data to learn from.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dfdx::shapes::{Const, Rank3};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use rayon::prelude::*;

use super::affine::{Map, by_pixel, number};
use super::crop::BatchTransform;
use super::error::VisionError;
use super::folder::{FolderOptions, Found, Item, from_one, places};
use super::idx_set::{self, IdxFiles};
use super::predict::PictureBatch;
use super::prepare::Preparation;
use super::resize::ItemTransform;
use crate::data::{DataLoader, Dataset};
use crate::device;
use crate::learner::{LearnerError, TrainingData};
#[cfg(feature = "cuda")]
use crate::ops::{Gather, PictureSet, select_pictures};
use crate::shapes::Channels;
use crate::show::show_image_grid;
#[cfg(feature = "cuda")]
use crate::tensor::ImageError;

/// Pictures whose class is the name of the folder they are in, as numbers from 0 to 1: `C` channels (1
/// for greyscale, 3 for red, green and blue), `H` rows, `W` columns. The label is the number of the class
/// in the vocabulary.
///
/// They are kept in memory as bytes.
#[derive(Debug, Clone)]
pub struct ImageFolder<const C: usize, const H: usize, const W: usize> {
    /// The files, class by class, sorted by name. In one of MNIST's own files: its path, and the number of the
    /// picture.
    pub items: Vec<PathBuf>,
    /// The number of each one's class.
    pub labels: Vec<i64>,
    /// For each picture its pixels, row by row, with all channels of a pixel together.
    pixels: Arc<[u8]>,
    /// What is done to each picture of a batch, in this order.
    batch_tfms: Vec<BatchTransform>,
    /// The share of a training that is done, the bits of an `f64`. A learner says so while a loader
    /// has lent the data set.
    pct_train: Arc<AtomicU64>,
    dev: AutoDevice,
    /// The same pixels on the device, as numbers, channel by channel, and the labels; they go there once.
    #[cfg(feature = "cuda")]
    on_device: (PictureSet<C, H, W>, Tensor<(usize,), i64, AutoDevice>),
}

impl<const C: usize, const H: usize, const W: usize> ImageFolder<C, H, W> {
    /// Opens these pictures.
    fn open(
        items: Vec<Item>,
        files: &IdxFiles,
        preparation: Preparation,
    ) -> Result<Self, VisionError> {
        const { assert!(C == 1 || C == 3, "images have 1 channel, or 3") };
        let (items, labels): (Vec<PathBuf>, Vec<i64>) = items.into_iter().unzip();
        let decode = |path: &PathBuf| -> Result<Cow<'_, [u8]>, VisionError> {
            let Some((bytes, sizes)) = idx_set::picture(files, path) else {
                return Ok(preparation.pixels(&path.into(), [C, H, W])?.into());
            };
            if C == 1 && sizes == [H, W] && preparation.item_tfms == ItemTransform::Exact {
                return Ok(bytes.into());
            }
            let picture = idx_set::to_image(bytes, sizes).into();
            Ok(preparation.pixels_of(picture, || path.display().to_string(), [C, H, W])?.into())
        };
        let pictures: Vec<_> = items.par_iter().map(decode).collect();
        // A second pass, since collecting in parallel would report any of the errors, not the first.
        let pictures: Vec<Cow<'_, [u8]>> = pictures.into_iter().collect::<Result<_, _>>()?;
        let dev = device::shared();
        let pixels: Arc<[u8]> = pictures.concat().into();
        #[cfg(feature = "cuda")]
        let on_device = {
            let (n, pixel) = (items.len(), |at: usize| number(pixels[at]));
            let numbers = (0..n * C * H * W).map(|at| {
                let (picture, of_picture) = (at / (C * H * W), at % (C * H * W));
                pixel((picture * H * W + of_picture % (H * W)) * C + of_picture / (H * W))
            });
            let pictures = dev.try_tensor_from_vec(numbers.collect(), (n, Const, Const, Const));
            let labels = dev.try_tensor_from_vec(labels.clone(), (n,));
            (pictures.map_err(ImageError::device)?, labels.map_err(ImageError::device)?)
        };
        Ok(Self {
            items,
            labels,
            pixels,
            batch_tfms: Vec::new(),
            pct_train: Arc::default(),
            dev,
            #[cfg(feature = "cuda")]
            on_device,
        })
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no pictures at all.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The picture with this number as it is in the file, and its label.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn get(&self, index: usize) -> <Self as Dataset>::Item {
        self.getitem(index)
    }

    /// The images of one class, each pixel from 0 to 1. Colours become their mean.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let path = untar_data(Urls::MNIST_SAMPLE)?;
    /// let dls: ImageDataLoaders<1, 28, 28> = ImageDataLoaders::from_folder(&path)?;
    /// let sevens = dls.valid.dataset().images_of(1);
    /// assert_eq!(sevens.size(), [1028, 28, 28]);
    /// # anyhow::Ok(())
    /// ```
    pub fn images_of(&self, label: i64) -> Tensor<(usize, Const<H>, Const<W>), f32, AutoDevice> {
        let of_class = (0..self.len()).filter(|index| self.labels[*index] == label);
        let (mut numbers, mut count) = (Vec::new(), 0);
        for index in of_class {
            let pixels = self.picture(index).chunks_exact(C);
            numbers.extend(
                pixels.map(|pixel| pixel.iter().map(|&byte| number(byte)).sum::<f32>() / C as f32),
            );
            count += 1;
        }
        self.dev.tensor_from_vec(numbers, (count, Const, Const))
    }

    /// The bytes of a picture.
    fn picture(&self, index: usize) -> &[u8] {
        let size = C * H * W;
        self.pixels
            .get(index * size..(index + 1) * size)
            .unwrap_or_else(|| panic!("image {index} of a folder with {}", self.items.len()))
    }
}

impl<const C: usize, const H: usize, const W: usize> Dataset for ImageFolder<C, H, W> {
    type Item = (Tensor<Rank3<C, H, W>, f32, AutoDevice>, i64);
    type Batch = (PictureBatch<C, H, W>, Tensor<(usize,), i64, AutoDevice>);

    fn n_items(&self) -> usize {
        self.len()
    }

    /// The picture as it is in the file, and its label.
    fn getitem(&self, index: usize) -> Self::Item {
        let picture = self.picture(index);
        let numbers = (0..C * H * W).map(|at| number(picture[at % (H * W) * C + at / (H * W)]));
        let picture = self.dev.tensor_from_vec(numbers.collect(), Default::default());
        (picture, self.labels[index])
    }

    /// The pictures, perhaps transformed, and their labels.
    fn batch(&self, indices: &[usize]) -> Self::Batch {
        let pictures: Vec<&[u8]> = indices.iter().map(|&index| self.picture(index)).collect();
        #[cfg(not(feature = "cuda"))]
        let labels = {
            let labels = indices.iter().map(|&index| self.labels[index]).collect();
            self.dev.tensor_from_vec(labels, (indices.len(),))
        };
        // On a GPU labels, and pictures as they are, are there already.
        #[cfg(feature = "cuda")]
        let labels = {
            let n = indices.len();
            let failed = |error| panic!("a batch of {n} pictures: {error}");
            let labels = Gather::gather(&self.on_device.1, indices, &(n,)).unwrap_or_else(failed);
            if self.batch_tfms.is_empty() {
                let failed = |error| panic!("a batch of {n} pictures: {error}");
                let pictures = select_pictures(&self.on_device.0, indices).unwrap_or_else(failed);
                return (pictures, labels);
            }
            labels
        };
        let done = f64::from_bits(self.pct_train.load(Ordering::Relaxed));
        let mut maps = vec![Map::IDENTITY; pictures.len()];
        for tfms in &self.batch_tfms {
            let next = tfms.draw(pictures.len(), [H, W], done);
            maps.iter_mut().zip(&next).for_each(|(map, next)| *map = map.then(next));
        }
        let numbers = by_pixel(&pictures, [C, H, W], &maps);
        let shape = (Const::<H>, Const::<W>, indices.len(), Const::<C>);
        let pictures = (self.dev.try_tensor_from_vec(numbers, shape))
            .unwrap_or_else(|error| panic!("a batch of {} pictures: {error}", indices.len()));
        (Channels::from_pixels(pictures), labels)
    }
}

/// Loaders of a training and a validation set of pictures, fastai's `ImageDataLoaders`; the sizes of the
/// pictures are part of the type.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let path = untar_data(Urls::MNIST_SAMPLE)?;
/// let dls: ImageDataLoaders<3, 28, 28> = ImageDataLoaders::from_folder(&path)?;
/// assert_eq!(dls.vocab, ["3", "7"]);
/// let (x, y) = first(&dls.train)?;
/// assert_eq!((x.size(), y.size()), ([64, 3, 28, 28], [64]));
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug)]
pub struct ImageDataLoaders<const C: usize, const H: usize, const W: usize> {
    /// The training set, in a new order each time, in full batches.
    pub train: DataLoader<ImageFolder<C, H, W>>,
    /// The validation set, in order.
    pub valid: DataLoader<ImageFolder<C, H, W>>,
    /// The names of the classes; a label is the place in this list.
    pub vocab: Vec<String>,
    pub(super) preparation: Preparation,
}

impl<const C: usize, const H: usize, const W: usize> ImageDataLoaders<C, H, W> {
    /// The pictures in `path/train/CLASS` and `path/valid/CLASS`, in batches of 64. Hidden files and folders, and
    /// files that are no pictures by their names' endings, are left out.
    ///
    /// # Errors
    /// If a folder is missing or has no pictures, or a picture cannot be read or has another size than the type
    /// says; the message names it. Of several pictures it is the first, always the same one.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let error = ImageDataLoaders::<3, 28, 28>::from_folder("no-such-folder").unwrap_err();
    /// assert!(error.to_string().contains("no-such-folder"));
    /// ```
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Self, VisionError> {
        Self::from_folder_with(path, &FolderOptions::new())
    }

    /// As [`from_folder`](Self::from_folder), for folders with other names, for one folder without a validation
    /// set, for pictures of other sizes. In place of the classes' folders, MNIST's own two files may lie in a folder:
    /// `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, or those of any data set in this format. Then the classes
    /// are named after the labels.
    ///
    /// # Errors
    /// As [`from_folder`](Self::from_folder).
    ///
    /// ```no_run
    /// use mnist_from_scratch::prelude::*;
    ///
    /// // my_digits/3/a.png, my_digits/7/b.png ...: a fifth of them to validate with.
    /// let options = FolderOptions::new().valid_pct(0.2).seed(42).item_tfms(ResizeMethod::Squash);
    /// let dls = ImageDataLoaders::<1, 28, 28>::from_folder_with("my_digits", &options)?;
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn from_folder_with(
        path: impl AsRef<Path>,
        options: &FolderOptions,
    ) -> Result<Self, VisionError> {
        crate::stdout::ends_quietly();
        let Found { train, valid, vocab, files } = options.find(path.as_ref())?;
        let preparation = options.preparation;
        Ok(Self {
            train: DataLoader::new(ImageFolder::open(train, &files, preparation)?)
                .shuffle(true)
                .drop_last(true),
            valid: DataLoader::new(ImageFolder::open(valid, &files, preparation)?),
            vocab,
            preparation,
        })
    }

    /// A loader of other pictures of the same classes, opened as these were: fastai's `dls.test_dl(files,
    /// with_labels=True)`. All pictures below the path are taken, of the classes that the folders they are in are named
    /// after.
    ///
    /// # Errors
    /// As [`from_folder`](Self::from_folder), and if a class is not in the vocabulary.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let path = untar_data(Urls::MNIST_SAMPLE)?;
    /// let dls: ImageDataLoaders<1, 28, 28> = ImageDataLoaders::from_folder(&path)?;
    /// let test_dl = dls.test_dl(path.join("valid"))?;
    /// assert_eq!(test_dl.dataset().len(), 2038);
    /// # anyhow::Ok(())
    /// ```
    pub fn test_dl(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<DataLoader<ImageFolder<C, H, W>>, VisionError> {
        let path = path.as_ref();
        let Found { train: mut items, vocab, files, .. } = from_one(path)?;
        let places = places(vocab, &self.vocab, path)?;
        items.iter_mut().for_each(|(_, label)| *label = places[*label as usize]);
        let pictures = ImageFolder::open(items, &files, self.preparation)?;
        Ok(DataLoader::new(pictures).batch_size(self.valid.bs()))
    }

    /// How many pictures a batch has.
    ///
    /// # Panics
    /// If it is 0.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.train = self.train.batch_size(batch_size);
        self.valid = self.valid.batch_size(batch_size);
        self
    }

    /// Does this to each picture of the training set, each time anew: data augmentation, by a
    /// [`RandomAffine`](super::RandomAffine) or a [`RandomResizedCrop`](super::RandomResizedCrop). A second
    /// call adds to the first.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let path = untar_data(Urls::MNIST_SAMPLE)?;
    /// let dls = ImageDataLoaders::<3, 28, 28>::from_folder(&path)?;
    /// let dls = dls.batch_tfms(RandomAffine::new(10.));
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn batch_tfms(mut self, tfms: impl Into<BatchTransform>) -> Self {
        self.train = self.train.map_dataset(|mut pictures| {
            pictures.batch_tfms.push(tfms.into());
            pictures
        });
        self
    }

    /// Shows the first nine pictures of a batch of the training set with their classes, fastai's
    /// `dls.show_batch()`. Colours become their brightness.
    ///
    /// # Errors
    /// If the training set has fewer pictures than a batch, or the picture file cannot be written.
    ///
    /// ```no_run
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let path = untar_data(Urls::MNIST_SAMPLE)?;
    /// ImageDataLoaders::<3, 28, 28>::from_folder(&path)?.show_batch()?;
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn show_batch(&self) -> anyhow::Result<()> {
        let Some((pictures, labels)) = self.train.iter().next() else {
            return Err(LearnerError::no_batches("training", &self.train).into());
        };
        let numbers = pictures.as_vec();
        let shown = numbers.chunks(C * H * W).zip(labels.as_vec()).take(9);
        let shown: Vec<(String, image::GrayImage)> = shown
            .map(|(picture, label)| {
                let brightness = |at: usize| {
                    let channels = (0..C).map(|channel| picture[channel * H * W + at]);
                    (channels.sum::<f32>() / C as f32 * 255.0).round() as u8
                };
                let bytes = (0..H * W).map(brightness).collect();
                let picture = image::GrayImage::from_raw(W as u32, H as u32, bytes);
                (self.vocab[label as usize].clone(), picture.expect("a byte for each pixel"))
            })
            .collect();
        Ok(show_image_grid(&shown)?)
    }
}

impl<const C: usize, const H: usize, const W: usize> TrainingData for ImageDataLoaders<C, H, W> {
    type Input = (usize, Const<C>, Const<H>, Const<W>);
    type Target = Tensor<(usize,), i64, AutoDevice>;
    type Train = ImageFolder<C, H, W>;
    type Valid = ImageFolder<C, H, W>;

    fn train(&self) -> &DataLoader<ImageFolder<C, H, W>> {
        &self.train
    }

    fn valid(&self) -> &DataLoader<ImageFolder<C, H, W>> {
        &self.valid
    }

    fn set_pct_train(&self, pct_train: f64) {
        self.train.dataset().pct_train.store(pct_train.to_bits(), Ordering::Relaxed);
    }
}
