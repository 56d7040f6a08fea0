//! A training with settings of the reader's, on the library's `Learner`.

use anyhow::{Result, bail, ensure};
use mnist_from_scratch::prelude::*;

use crate::models::SimpleNet;

mod by_hand;
mod drawn;

pub use drawn::{Drawn, Learned, learn_on};

/// What is trained, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// 0 for the linear model, 1 for the net, 2 for the linear model with the loop that its chapter writes by hand.
    pub model: u32,
    /// The learning rate.
    pub lr: f64,
    /// How many digits a batch has.
    pub batch_size: usize,
    /// How many epochs there are.
    pub epochs: usize,
    /// The seed of PyTorch's generator.
    pub seed: u64,
}

/// Whoever wants to know how far a training is.
pub trait Watch: Send + 'static {
    /// A batch is done, the last one of the epoch if its number, from 1, is `batches`.
    fn batch(&mut self, epoch: usize, batch: usize, batches: usize, smooth_loss: f32);
    /// An epoch is done. `row` has the numbers of the table (of the loop by hand, the accuracy alone), `weights` those of
    /// the first layer: 784 for each of its outputs.
    fn epoch(&mut self, epoch: usize, row: &[f32], weights: &[f32]);
}

/// What a training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The fingerprint of the weights, as the chapters print it.
    pub fingerprint: String,
    /// The digits of the validation set with the largest loss, and how sure the model was of each that it is a 3.
    pub worst: Vec<(usize, f32)>,
}

/// A model whose first layer can be shown.
pub trait FirstLayer {
    /// Its weights, 784 for each output.
    fn weights(&self) -> Vec<f32>;
}

impl FirstLayer for Linear<784, 1> {
    fn weights(&self) -> Vec<f32> {
        self.weight.as_vec()
    }
}

impl FirstLayer for SimpleNet {
    fn weights(&self) -> Vec<f32> {
        self.0.weight.as_vec()
    }
}

/// Trains, as the chapters do: the linear model as that on the `Learner`, the net as that on neural nets.
///
/// # Errors
/// If the settings make no sense, or the loss is no longer a finite number.
pub fn train(
    (train, valid): &(Digits, Digits),
    settings: &Settings,
    watch: impl Watch,
) -> Result<Trained> {
    let Settings { model, lr, batch_size, epochs, seed } = *settings;
    ensure!(batch_size > 0, "a batch has at least one digit");
    ensure!(epochs > 0, "there has to be an epoch");
    let loader = |digits: &Digits| DataLoader::new(digits.clone()).batch_size(batch_size);
    let dls = DataLoaders::new(loader(train), loader(valid));
    match model {
        0 => Ok(fit(dls, linear_model(seed), epochs, lr, watch)?.1),
        1 => {
            let net = simple_net(seed, &dls)?;
            Ok(fit(dls, net, epochs, lr, watch)?.1)
        }
        2 => by_hand::train(&dls, seed, epochs, lr as f32, watch),
        _ => bail!("model {model}: there are 0, 1 and 2"),
    }
}

/// The linear model before its training.
pub fn linear_model(seed: u64) -> Linear<784, 1> {
    manual_seed(seed);
    Linear::new(&AutoDevice::default())
}

/// The net before its training. In its chapter one by hand comes first, whose parameters are drawn before, and which twice
/// looks at a batch: to go through a loader draws, too, as in PyTorch.
///
/// # Errors
/// If there are no digits.
pub fn simple_net(seed: u64, dls: &DataLoaders<Digits>) -> Result<SimpleNet> {
    let dev = AutoDevice::default();
    manual_seed(seed);
    let _by_hand: (Tensor<Rank2<784, 30>, f32, _>, Tensor<Rank1<30>, f32, _>) =
        (init_params(&dev, 1.0), init_params(&dev, 1.0));
    let _by_hand: (Tensor<Rank2<30, 1>, f32, _>, Tensor<Rank1<1>, f32, _>) =
        (init_params(&dev, 1.0), init_params(&dev, 1.0));
    for _ in 0..2 {
        first(&dls.valid)?;
    }
    Ok((Linear::new(&dev), ReLU, Linear::new(&dev)))
}

/// Trains a model, and returns it with what the training came to.
///
/// # Errors
/// If the loss is no longer a finite number.
pub fn fit<M>(
    dls: DataLoaders<Digits>,
    model: M,
    epochs: usize,
    lr: f64,
    watch: impl Watch,
) -> Result<(M, Trained)>
where
    M: Model<(usize, Const<784>), Output = (usize, Const<1>)> + FirstLayer,
    SGD: Optim<M>,
{
    let mut learn = Learner::new(dls, model, SGD::default(), mnist_loss)
        .metrics(batch_accuracy)
        .callback(Watched(watch))
        .no_logging();
    learn.fit(epochs, lr)?;
    let (preds, targets) = learn.get_preds()?;
    let trained = Trained { fingerprint: fingerprint(&learn.model), worst: worst(preds, &targets) };
    Ok((learn.model, trained))
}

/// The digits with the largest loss, and how sure the model is of each that it is a 3.
fn worst(preds: Rows<1>, targets: &Labels) -> Vec<(usize, f32)> {
    let p = sigmoid(preds);
    let losses = targets.eq(1).choose(-p.clone() + 1.0, p.clone());
    let sure = p.as_vec();
    topk(&losses, 9).into_iter().map(|(_, index)| (index, sure[index])).collect()
}

struct Watched<W>(W);

impl<M: FirstLayer, W: Watch> Callback<M> for Watched<W> {
    fn keeps_no_clones(&self) -> bool {
        true
    }

    fn after_batch(&mut self, training: &mut Training<M>) -> Result<()> {
        let loss = training.recorder.losses.last().copied().unwrap_or(f32::NAN);
        self.0.batch(training.epoch, training.batch + 1, training.batches, loss);
        Ok(())
    }

    fn after_epoch(&mut self, training: &mut Training<M>) -> Result<()> {
        let row = training.recorder.values.last().map_or(&[][..], Vec::as_slice);
        self.0.epoch(training.epoch, row, &training.model.weights());
        Ok(())
    }
}
