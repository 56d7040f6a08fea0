//! A net with all that it takes to predict, in one file.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::path::Path;

use dfdx::shapes::HasShape;
use dfdx::tensor::AutoDevice;
use image::Rgb;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::error::VisionError;
use super::predict::{PictureData, PictureShape, Predictor, outputs};
use super::prepare::Preparation;
use super::resize::{ItemTransform, ResizeMethod};
use crate::device;
use crate::learner::{Learner, Model};
use crate::nn::{WeightsFile, save_weights_with, tensors_of};
use crate::parameters::SavedTensor;

/// The name of the note in the file's metadata.
const NOTE: &str = "mnist_from_scratch";

/// Raised when older versions of this crate cannot read the note.
const FORMAT: u64 = 1;

impl<D, M, O, L> Learner<D, M, O, L>
where
    D: PictureData,
    D::Input: PictureShape,
    M: Model<D::Input>,
{
    /// Saves the net with all that it takes to predict: fastai's `learn.export`. [`load_learner`] loads it, in
    /// another program too; the code of the net is not in the file.
    ///
    /// It is a safetensors file with the weights, as [`save_weights`](crate::nn::save_weights) writes them, and a
    /// note with the names of the classes, how pictures are prepared, what the net answers to a picture made
    /// up for it, and a checksum. What an optimizer remembers is not in it.
    ///
    /// # Errors
    /// If a weight is infinite or NaN, or the file cannot be written. A file that is there already is replaced
    /// only when the new one is complete.
    ///
    /// See the example of [`load_learner`].
    pub fn export(&self, path: impl AsRef<Path>) -> Result<(), VisionError> {
        let answer = outputs::<D::Input, M>(&self.model, &made_up(D::Input::SIZES))?;
        let Preparation { item_tfms, ground } = self.dls.preparation();
        let note = json!({
            "format": FORMAT,
            "version": crate::VERSION,
            "vocab": self.dls.vocab(),
            "sizes": D::Input::SIZES,
            "item_tfms": name_of(item_tfms),
            "ground": ground.0,
            "net": net_of::<M>(),
            "answer": answer,
        })
        .to_string();
        let sha256 = checksum(&note, &tensors_of(&self.model));
        let text = json!({ "note": note, "sha256": sha256 }).to_string();
        save_weights_with(&self.model, path, Some(HashMap::from([(NOTE.to_string(), text)])))?;
        Ok(())
    }
}

/// Loads what [`Learner::export`] has saved: fastai's `load_learner`.
///
/// The file does not hold the code of the net: `net` makes one, and the type says which batches it takes, for
/// example [`PictureBatch<3, 28, 28>`](super::PictureBatch) or `Rows<784>`.
///
/// # Errors
/// If the file cannot be read, is damaged or another kind of file; if the net has other parameters, takes other
/// pictures, or answers otherwise than the one that was exported. The message says what differs.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// type Net = (Linear<784, 30>, ReLU, Linear<30, 1>);
///
/// let dev = AutoDevice::default();
/// let (dset, valid_dset) = threes_and_sevens(&dev)?;
/// let dls = DataLoaders::new(DataLoader::new(dset), DataLoader::new(valid_dset)).vocab(["7", "3"]);
/// let learn = Learner::new(dls, Net::build(&dev), SGD::default(), mnist_loss);
/// let file = std::env::temp_dir().join(format!("exported-{}.safetensors", std::process::id()));
/// learn.export(&file)?;
///
/// // In another program:
/// let learn2 = load_learner::<Rows<784>, _>(&file, Net::build)?;
/// let picture = untar_data(Urls::MNIST_SAMPLE)?.join("valid/3/1020.png");
/// assert_eq!(learn2.predict(&picture)?, learn.predict(&picture)?);
/// # std::fs::remove_file(file)?;
/// # mnist_from_scratch::anyhow::Ok(())
/// ```
pub fn load_learner<X, M>(
    path: impl AsRef<Path>,
    net: impl FnOnce(&AutoDevice) -> M,
) -> Result<Predictor<X::Shape, M>, VisionError>
where
    X: HasShape,
    X::Shape: PictureShape,
    M: Model<X::Shape>,
{
    crate::stdout::ends_quietly();
    let path = path.as_ref();
    let error = |problem| VisionError::Exported { path: path.into(), problem };
    let file = WeightsFile::open(path)?;
    let (note, sha256) = read_note(&file).map_err(error)?;
    let sizes = <X::Shape as PictureShape>::SIZES;
    if note.sizes != sizes {
        let [found, expected] = [note.sizes, sizes].map(|[c, h, w]| format!("{c}x{h}x{w}"));
        return Err(error(format!(
            "its net takes images of {found} (channels, rows, columns), and this program's of \
             {expected}: change the type of the batch in `load_learner`"
        )));
    }
    let mut model = net(&device::shared());
    file.load_into(&mut model)?;
    if checksum(&note.text, &tensors_of(&model)) != sha256 {
        return Err(error(
            "it has been damaged or changed since it was exported: its checksum differs; take a copy, or \
             export it once more"
                .into(),
        ));
    }
    let answer = outputs::<X::Shape, M>(&model, &made_up(sizes))?;
    if !alike(&note.answer, &answer) {
        return Err(error(format!(
            "its net has the same parameters, but answers otherwise, {:?} where this one says {answer:?}: \
             are the layers without parameters the same? That net was\n  {}\nand this one is\n  {}",
            note.answer,
            note.net,
            net_of::<M>()
        )));
    }
    let Note { vocab, preparation, .. } = note;
    Ok(Predictor { model, vocab, preparation, input: PhantomData })
}

/// What is in the file besides the weights.
struct Note {
    text: String,
    vocab: Vec<String>,
    sizes: [usize; 3],
    preparation: Preparation,
    net: String,
    answer: Vec<f32>,
}

fn read_note(file: &WeightsFile) -> Result<(Note, String), String> {
    let Some(text) = file.metadata().and_then(|mut metadata| metadata.remove(NOTE)) else {
        return Err(
            "it has weights, but was not written by `export`: load it with `learn.load` or \
                    `load_weights`"
                .into(),
        );
    };
    let all: Value = serde_json::from_str(&text).map_err(|_| damaged("JSON"))?;
    let text = all["note"].as_str().ok_or(damaged("note"))?;
    let value: Value = serde_json::from_str(text).map_err(|_| damaged("note"))?;
    match value["format"].as_u64() {
        Some(FORMAT) => {}
        Some(other) => {
            let version = value["version"].as_str().unwrap_or("another version");
            return Err(format!(
                "it was exported by {version} of this crate, in the format {other}, and this version, {}, \
                 reads the format {FORMAT}",
                crate::VERSION
            ));
        }
        None => return Err(damaged("format")),
    }
    let vocab = list(&value, "vocab", |name| name.as_str().map(String::from))?;
    let sizes = list(&value, "sizes", |size| size.as_u64().map(|size| size as usize))?;
    let ground =
        list(&value, "ground", |byte| byte.as_u64().and_then(|byte| byte.try_into().ok()))?;
    let answer = list(&value, "answer", |number| number.as_f64().map(|number| number as f32))?;
    let item_tfms = value["item_tfms"].as_str().and_then(transform).ok_or(damaged("item_tfms"))?;
    let ground = Rgb(ground.try_into().map_err(|_| damaged("ground"))?);
    let net = value["net"].as_str().ok_or(damaged("net"))?.into();
    let sha256 = all["sha256"].as_str().ok_or(damaged("sha256"))?.into();
    let note = Note {
        vocab,
        sizes: sizes.try_into().map_err(|_| damaged("sizes"))?,
        preparation: Preparation { item_tfms, ground },
        net,
        answer,
        text: text.into(),
    };
    Ok((note, sha256))
}

fn damaged(part: &str) -> String {
    format!("what it says of `{part}` cannot be read; take a copy, or export it once more")
}

fn list<T>(note: &Value, name: &str, item: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    let items = note[name].as_array().and_then(|items| items.iter().map(item).collect());
    items.ok_or_else(|| damaged(name))
}

/// Of the note and of all weights.
fn checksum(note: &str, tensors: &[SavedTensor]) -> String {
    let mut sha256 = Sha256::new();
    sha256.update(note);
    for SavedTensor { name, sizes, numbers } in tensors {
        sha256.update(format!("\n{name} {sizes:?}\n"));
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        sha256.update(bytes);
    }
    sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a picture on which nets differ: not flat, and the same always.
fn made_up(sizes: [usize; 3]) -> Vec<u8> {
    (0..sizes.iter().product()).map(|i: usize| (i * i / 7 + 37 * i) as u8).collect()
}

/// The layers of this course give the same bits everywhere; some of dfdx's operations add in another order on a GPU.
fn alike(expected: &[f32], found: &[f32]) -> bool {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-3 * (1.0 + a.abs());
    expected.len() == found.len() && expected.iter().zip(found).all(near)
}

/// The type of a net without the modules it is from and the device.
fn net_of<M>() -> String {
    let mut net = String::new();
    for part in std::any::type_name::<M>().split_inclusive(|c: char| "<>(), ".contains(c)) {
        net.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    net.replace(", f32, Cpu>", ">").replace(", f32, Cuda>", ">")
}

fn name_of(transform: ItemTransform) -> &'static str {
    match transform {
        ItemTransform::Exact => "exact",
        ItemTransform::Resize(ResizeMethod::Crop) => "crop",
        ItemTransform::Resize(ResizeMethod::Pad) => "pad",
        ItemTransform::Resize(ResizeMethod::Squash) => "squash",
        ItemTransform::Digit => "digit",
    }
}

fn transform(name: &str) -> Option<ItemTransform> {
    let resize = [ResizeMethod::Crop, ResizeMethod::Pad, ResizeMethod::Squash];
    let all = resize.map(ItemTransform::Resize).into_iter();
    let mut all = all.chain([ItemTransform::Exact, ItemTransform::Digit]);
    all.find(|transform| name_of(*transform) == name)
}
