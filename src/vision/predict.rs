//! What a net says about one picture.

use std::fmt;
use std::marker::PhantomData;

use dfdx::shapes::{Const, Shape};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};

use super::data::ImageDataLoaders;
use super::error::VisionError;
use super::prepare::Preparation;
use super::source::PictureSource;
use crate::data::{DataLoaders, Dataset};
use crate::device;
use crate::learner::{Learner, Model, TrainingData};

/// What a net takes a picture for.
///
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let seven = Prediction { class: "7".into(), index: 1, probabilities: vec![0.1, 0.9] };
/// assert_eq!(seven.to_string(), "7 (0.9000)");
/// let Prediction { class, index, probabilities } = seven;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The name of the class.
    pub class: String,
    /// Its place in the vocabulary.
    pub index: usize,
    /// For each class of the vocabulary how probable the net thinks it; together 1.
    pub probabilities: Vec<f32>,
}

/// The class, and its probability.
impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:.4})", self.class, self.probabilities[self.index])
    }
}

/// The shapes of batches that a picture can be made into: `(usize, Const<C>, Const<H>, Const<W>)`, and rows of
/// 784 pixels, which are grey pictures of 28x28.
pub trait PictureShape: Shape {
    /// Channels, rows and columns of a picture.
    const SIZES: [usize; 3];

    /// The shape of a batch of one picture.
    fn of_one() -> Self;
}

impl<const C: usize, const H: usize, const W: usize> PictureShape
    for (usize, Const<C>, Const<H>, Const<W>)
{
    const SIZES: [usize; 3] = [C, H, W];

    fn of_one() -> Self {
        (1, Const, Const, Const)
    }
}

impl PictureShape for (usize, Const<784>) {
    const SIZES: [usize; 3] = [1, 28, 28];

    fn of_one() -> Self {
        (1, Const)
    }
}

/// A batch of pictures with `C` channels, `H` rows and `W` columns.
pub type PictureBatch<const C: usize, const H: usize, const W: usize> =
    Tensor<(usize, Const<C>, Const<H>, Const<W>), f32, AutoDevice>;

/// Data whose items are pictures of classes.
pub trait PictureData: TrainingData {
    /// The names of the classes; empty if they have none.
    fn vocab(&self) -> &[String];
    /// How the pictures were opened.
    fn preparation(&self) -> Preparation;
}

impl<const C: usize, const H: usize, const W: usize> PictureData for ImageDataLoaders<C, H, W> {
    fn vocab(&self) -> &[String] {
        &self.vocab
    }

    fn preparation(&self) -> Preparation {
        self.preparation
    }
}

/// Such as those of the course's rows of 784 pixels; [`DataLoaders::vocab`] names their classes.
impl<T: Dataset, V: Dataset> PictureData for DataLoaders<T, V>
where
    Self: TrainingData,
{
    fn vocab(&self) -> &[String] {
        &self.vocab
    }

    fn preparation(&self) -> Preparation {
        Preparation::default()
    }
}

impl<D, M, O, L> Learner<D, M, O, L>
where
    D: PictureData,
    D::Input: PictureShape,
    M: Model<D::Input>,
{
    /// What the net takes a picture for, which is prepared as those of the training set were: fastai's
    /// `learn.predict`. The picture is a path or in memory.
    ///
    /// Where the net has an output for each class, the probabilities are their softmax; where it has a single
    /// one, its sigmoid is the probability of the second class, the one with the label 1.
    ///
    /// # Errors
    /// If the picture cannot be opened or prepared, if the net has not an output for each class, or if what
    /// it predicts is not a number.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let dev = AutoDevice::default();
    /// let (dset, valid_dset) = threes_and_sevens(&dev)?;
    /// let dls = DataLoaders::new(DataLoader::new(dset), DataLoader::new(valid_dset)).vocab(["7", "3"]);
    /// let learn = Learner::new(dls, Linear::<784, 1>::new(&dev), SGD::default(), mnist_loss);
    ///
    /// let path = untar_data(Urls::MNIST_SAMPLE)?;
    /// let prediction = learn.predict(path.join("valid/3/1020.png"))?;
    /// assert_eq!(prediction.class, ["7", "3"][prediction.index]);
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn predict(&self, picture: impl Into<PictureSource>) -> Result<Prediction, VisionError> {
        let (vocab, preparation) = (self.dls.vocab(), self.dls.preparation());
        predict(&self.model, vocab, preparation, &picture.into())
    }
}

/// A net that predicts, without what it learned from; [`load_learner`](super::load_learner) makes it.
#[derive(Debug)]
pub struct Predictor<S, M> {
    /// The net.
    pub model: M,
    /// The names of the classes; empty if they have none.
    pub vocab: Vec<String>,
    pub(super) preparation: Preparation,
    pub(super) input: PhantomData<fn() -> S>,
}

impl<S: PictureShape, M: Model<S>> Predictor<S, M> {
    /// As [`Learner::predict`].
    ///
    /// # Errors
    /// As there.
    pub fn predict(&self, picture: impl Into<PictureSource>) -> Result<Prediction, VisionError> {
        predict(&self.model, &self.vocab, self.preparation, &picture.into())
    }
}

fn predict<S: PictureShape, M: Model<S>>(
    model: &M,
    vocab: &[String],
    preparation: Preparation,
    picture: &PictureSource,
) -> Result<Prediction, VisionError> {
    let pixels = preparation.pixels(picture, S::SIZES)?;
    let outputs = outputs(model, &pixels)?;
    if outputs.iter().any(|output| !output.is_finite()) {
        return Err(VisionError::Prediction { name: picture.name(), outputs });
    }
    let probabilities = probabilities(&outputs);
    if !vocab.is_empty() && vocab.len() != probabilities.len() {
        let (classes, vocab, outputs) = (vocab.len(), vocab.to_vec(), outputs.len());
        return Err(VisionError::Outputs { classes, vocab, outputs });
    }
    let index = most_probable(&probabilities);
    let class = vocab.get(index).cloned().unwrap_or_else(|| index.to_string());
    Ok(Prediction { class, index, probabilities })
}

/// What the net puts out for a picture, whose bytes come pixel by pixel.
pub(super) fn outputs<S: PictureShape, M: Model<S>>(
    model: &M,
    pixels: &[u8],
) -> Result<Vec<f32>, VisionError> {
    let [channels, rows, columns] = S::SIZES;
    let area = rows * columns;
    let number = |at: usize| f32::from(pixels[at % area * channels + at / area]) / 255.0;
    let numbers = (0..channels * area).map(number).collect();
    let x = device::shared().try_tensor_from_vec(numbers, S::of_one());
    let x = x.map_err(crate::tensor::ImageError::device)?;
    Ok(model.forward_eval(x)?.as_vec())
}

/// The first of the most probable classes, as PyTorch's `argmax`.
pub(super) fn most_probable(probabilities: &[f32]) -> usize {
    (1..probabilities.len())
        .fold(0, |best, i| if probabilities[i] > probabilities[best] { i } else { best })
}

/// Softmax, or for a single output sigmoid: of class 0, of class 1.
pub(super) fn probabilities(outputs: &[f32]) -> Vec<f32> {
    // A sigmoid is the softmax of 0 and the output.
    let outputs = if let [output] = outputs { &[0.0, *output] } else { outputs };
    let largest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // libm's, so that it is the same number everywhere.
    let powers: Vec<f64> =
        outputs.iter().map(|output| libm::exp(f64::from(output - largest))).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| (power / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_output_is_the_second_class() {
        // torch.sigmoid(torch.tensor(2.)), torch.tensor([1., 3., 2.]).softmax(0)
        assert_eq!(probabilities(&[2.0]), [0.11920292, 0.880_797_1]);
        assert_eq!(probabilities(&[1.0, 3.0, 2.0]), [0.09003057, 0.66524096, 0.24472847]);
        assert_eq!(probabilities(&[1000.0]), [0.0, 1.0]);
        assert_eq!(probabilities(&[-1000.0, 1000.0]), [0.0, 1.0]);
    }
}
