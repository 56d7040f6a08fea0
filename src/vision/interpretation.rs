//! Where a learner is wrong: fastai's `ClassificationInterpretation`.

use std::io;

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};

use super::error::VisionError;
use super::predict::{PictureData, PictureShape, most_probable, probabilities};
use crate::data::Dataset;
use crate::device;
use crate::learner::{Learner, LearnerError, Model, TrainingData};
use crate::metrics::ConfusionMatrix;
use crate::show::show_image_grid;

/// What a learner says of each picture of its validation set, beside what the picture is.
///
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let (dset, valid_dset) = threes_and_sevens(&dev)?;
/// let dls = DataLoaders::new(DataLoader::new(dset), DataLoader::new(valid_dset)).vocab(["7", "3"]);
/// let mut learn = Learner::new(dls, Linear::<784, 1>::new(&dev), SGD::default(), mnist_loss);
/// learn = learn.no_logging();
/// learn.fit(1, 0.1)?;
///
/// let interp = ClassificationInterpretation::from_learner(&learn)?;
/// let (loss, index) = interp.top_losses(1)[0];
/// assert!(interp.predicted[index] != interp.actual[index] && loss > 0.6);
/// interp.plot_confusion_matrix()?;
/// # mnist_from_scratch::anyhow::Ok(())
/// ```
#[derive(Debug, Clone)]
pub struct ClassificationInterpretation {
    /// The names of the classes.
    pub vocab: Vec<String>,
    /// For each picture the place of its class in the vocabulary.
    pub actual: Vec<usize>,
    /// For each picture the place of the class that the net takes it for.
    pub predicted: Vec<usize>,
    /// For each picture the probabilities that the net gives to the classes.
    pub probabilities: Vec<Vec<f32>>,
    /// For each picture the cross-entropy: the negative logarithm of the probability of the right class.
    pub losses: Vec<f32>,
    /// For each picture how bright its pixels are, row by row.
    pictures: Vec<Vec<f32>>,
    /// Rows and columns of a picture.
    size: [usize; 2],
}

impl ClassificationInterpretation {
    /// Goes through the learner's validation set once, in its order.
    ///
    /// Where the net has an output for each class, the probabilities are their softmax; where it has a single one,
    /// its sigmoid is the probability of the second class, the one with the label 1. Losses are cross-entropy,
    /// whatever the learner's loss function is: another loss might put the pictures into another order.
    ///
    /// # Errors
    /// If the validation set has no batches, if the net has not an output for each class, if a target is no
    /// class, if what the net predicts is not a number, or if the device fails.
    pub fn from_learner<D, M, O, L, Y: Shape>(
        learn: &Learner<D, M, O, L>,
    ) -> Result<Self, VisionError>
    where
        D: PictureData + TrainingData<Target = Tensor<Y, i64, AutoDevice>>,
        D::Input: PictureShape,
        D::Valid: Dataset<Batch = (Tensor<D::Input, f32, AutoDevice>, Tensor<Y, i64, AutoDevice>)>,
        M: Model<D::Input>,
    {
        let [channels, rows, columns] = D::Input::SIZES;
        let area = rows * columns;
        let mut interp = Self {
            vocab: learn.dls.vocab().to_vec(),
            actual: Vec::new(),
            predicted: Vec::new(),
            probabilities: Vec::new(),
            losses: Vec::new(),
            pictures: Vec::new(),
            size: [rows, columns],
        };
        for (x, y) in learn.dls.valid() {
            let pixels = x.as_vec();
            let preds = learn.model.forward_eval(x)?;
            let outputs = preds.shape().num_elements() / y.shape().num_elements().max(1);
            let preds = preds.as_vec();
            for ((picture, outputs), label) in
                pixels.chunks(channels * area).zip(preds.chunks(outputs)).zip(y.as_vec())
            {
                let bright = |at: usize| {
                    let channels_of_it = (0..channels).map(|channel| picture[channel * area + at]);
                    channels_of_it.sum::<f32>() / channels as f32
                };
                interp.pictures.push((0..area).map(bright).collect());
                interp.add(outputs, label)?;
            }
        }
        if interp.actual.is_empty() {
            return Err(LearnerError::no_batches("validation", learn.dls.valid()).into());
        }
        Ok(interp)
    }

    /// Adds what the net puts out for a picture, and what it is.
    fn add(&mut self, outputs: &[f32], label: i64) -> Result<(), VisionError> {
        if outputs.iter().any(|output| !output.is_finite()) {
            let name = format!("image {} of the validation set", self.actual.len());
            return Err(VisionError::Prediction { name, outputs: outputs.to_vec() });
        }
        let p = probabilities(outputs);
        if self.vocab.is_empty() {
            self.vocab = (0..p.len()).map(|class| class.to_string()).collect();
        }
        let classes = self.vocab.len();
        if p.len() != classes {
            let (vocab, outputs) = (self.vocab.clone(), p.len());
            return Err(VisionError::Outputs { classes, vocab, outputs });
        }
        let actual = usize::try_from(label).ok().filter(|class| *class < classes);
        let Some(actual) = actual else {
            return Err(VisionError::Label { picture: self.actual.len(), label, classes });
        };
        self.actual.push(actual);
        self.predicted.push(most_probable(&p));
        // libm's, so that it is the same number everywhere.
        self.losses.push(-libm::log(f64::from(p[actual])) as f32);
        self.probabilities.push(p);
        Ok(())
    }

    /// How many pictures the net takes for another class.
    pub fn wrong(&self) -> usize {
        self.actual.iter().zip(&self.predicted).filter(|(is, said)| is != said).count()
    }

    /// How often each class was taken for each.
    pub fn confusion_matrix(&self) -> ConfusionMatrix {
        let classes: Vec<&str> = self.vocab.iter().map(String::as_str).collect();
        ConfusionMatrix::new(&classes, &self.actual, &self.predicted)
    }

    /// Shows the confusion matrix as a table.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn plot_confusion_matrix(&self) -> io::Result<()> {
        self.confusion_matrix().show()
    }

    /// Which classes were taken for which at least `min_val` times: what it is, what the net says, how often; the
    /// most frequent first.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # fn of(interp: ClassificationInterpretation) {
    /// for (is, said, times) in interp.most_confused(2) {
    ///     println!("{times} times a {is} was taken for a {said}");
    /// }
    /// # }
    /// ```
    pub fn most_confused(&self, min_val: usize) -> Vec<(String, String, usize)> {
        let owned = |(is, said, times): (&str, &str, usize)| (is.into(), said.into(), times);
        self.confusion_matrix().most_confused(min_val).into_iter().map(owned).collect()
    }

    /// The `k` largest losses and the numbers of their pictures, the largest first; of equal ones the first comes
    /// first.
    pub fn top_losses(&self, k: usize) -> Vec<(f32, usize)> {
        let mut all: Vec<(f32, usize)> = self.losses.iter().copied().zip(0..).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.truncate(k);
        all
    }

    /// Shows the `k` pictures with the largest losses. Under each stands what the net says, what it is, and the
    /// probability of what the net says.
    ///
    /// # Errors
    /// If the file cannot be written; the message names it.
    pub fn plot_top_losses(&self, k: usize) -> io::Result<()> {
        let [rows, columns] = self.size;
        let dev = device::shared();
        let picture = |(_, index): (f32, usize)| {
            let (said, is) = (self.predicted[index], self.actual[index]);
            let sure = self.probabilities[index][said];
            let title = format!("{}, is {} ({sure:.2})", self.vocab[said], self.vocab[is]);
            (title, dev.tensor_from_vec(self.pictures[index].clone(), (rows, columns)))
        };
        let pictures: Vec<_> = self.top_losses(k).into_iter().map(picture).collect();
        show_image_grid(&pictures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three classes, and what a net made up of eight pictures.
    fn interpretation() -> ClassificationInterpretation {
        let mut interp = ClassificationInterpretation {
            vocab: ["a", "b", "c"].map(String::from).to_vec(),
            actual: Vec::new(),
            predicted: Vec::new(),
            probabilities: Vec::new(),
            losses: Vec::new(),
            pictures: vec![vec![0.0; 4]; 5],
            size: [2, 2],
        };
        for (outputs, label) in [
            ([9.0, 0.0, 0.0], 0),
            ([0.0, 2.0, 0.0], 0),
            ([0.0, 2.0, 0.0], 0),
            ([0.0, 0.0, 3.0], 1),
            ([0.0, 1.0, 0.0], 1),
        ] {
            interp.add(&outputs, label).unwrap();
        }
        interp
    }

    #[test]
    fn the_worst_come_first_and_of_equal_ones_the_first() {
        let interp = interpretation();
        assert_eq!(interp.wrong(), 3);
        let order: Vec<usize> = interp.top_losses(4).iter().map(|(_, index)| *index).collect();
        assert_eq!(order, [3, 1, 2, 4]);
        // torch.nn.functional.cross_entropy(torch.tensor([[0., 0., 3.]]), torch.tensor([1]))
        assert!((interp.top_losses(1)[0].0 - 3.094_918).abs() < 1e-5);
        assert_eq!(interp.top_losses(99).len(), 5);
    }

    #[test]
    fn the_most_frequent_mistake_comes_first() {
        let is = |a: &str, b: &str, n| (a.to_string(), b.to_string(), n);
        let interp = interpretation();
        assert_eq!(interp.most_confused(1), [is("a", "b", 2), is("b", "c", 1)]);
        assert_eq!(interp.most_confused(2), [is("a", "b", 2)]);
        assert_eq!(interp.confusion_matrix().counts(), [[1, 2, 0], [0, 1, 1], [0, 0, 0]]);
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mut interp = interpretation();
        let error = |result: Result<(), VisionError>| result.unwrap_err().to_string();
        assert_eq!(
            error(interp.add(&[0.0; 3], 3)),
            "image 5 of the validation set has the label 3, and there are 3 classes: labels are 0 to 2"
        );
        assert!(error(interp.add(&[0.0; 2], 0)).contains('2'));
        assert!(error(interp.add(&[f32::NAN; 3], 0)).contains("image 5 of the validation set"));
        assert_eq!(interp.actual.len(), 5);
    }
}
