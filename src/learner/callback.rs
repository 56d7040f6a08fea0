//! What readers add to a training loop without writing it anew.

use std::path::PathBuf;

use anyhow::{Result, bail};
use dfdx::nn::TensorCollection;
use dfdx::tensor::AutoDevice;

use super::recorder::Recorder;
use crate::nn::save_weights;

/// Where training stands, and what a callback can change.
pub struct Training<'a, M> {
    /// The model.
    pub model: &'a mut M,
    /// What has been noted so far.
    pub recorder: &'a Recorder,
    /// The number of the epoch, from 0.
    pub epoch: usize,
    /// How many epochs there will be.
    pub epochs: usize,
    /// The number of the batch in this epoch, from 0.
    pub batch: usize,
    /// How many batches an epoch has.
    pub batches: usize,
    /// The learning rate of the next step; a callback may set it.
    pub lr: f64,
    /// The momentum of the next step, if a callback sets it; at first it is the optimizer's own.
    pub momentum: Option<f64>,
    /// Set by [`stop`](Self::stop).
    pub(super) stopped: bool,
    /// Set by [`cancel`](Self::cancel).
    pub(super) cancelled: bool,
}

/// How much of a training is done, given the number of the epoch among all epochs, and of the batch among
/// those of an epoch.
pub(super) fn pct_train([epoch, epochs]: [usize; 2], [batch, batches]: [usize; 2]) -> f64 {
    (epoch as f64 + batch as f64 / batches as f64) / epochs as f64
}

impl<M> Training<'_, M> {
    /// How much of the training is done, from 0 to 1: fastai's `pct_train`.
    pub fn pct_train(&self) -> f64 {
        pct_train([self.epoch, self.epochs], [self.batch, self.batches])
    }

    /// Ends the training after this epoch.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Ends the training after this batch, without validation: fastai's `CancelFitException`.
    pub fn cancel(&mut self) {
        self.cancelled = true;
    }
}

/// Something that happens at certain points of the training loop. Each function does nothing unless
/// you write it.
///
/// An error that one of them returns ends the training.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// /// Prints a line every epoch.
/// struct Cheer;
///
/// impl<M> Callback<M> for Cheer {
///     fn after_epoch(&mut self, training: &mut Training<M>) -> Result<()> {
///         println!("epoch {} of {} done", training.epoch + 1, training.epochs);
///         Ok(())
///     }
/// }
/// ```
pub trait Callback<M> {
    /// Before the first epoch.
    ///
    /// # Errors
    /// If training cannot go on; so for all functions of a callback.
    fn before_fit(&mut self, _training: &mut Training<M>) -> Result<()> {
        Ok(())
    }
    /// Before each epoch.
    fn before_epoch(&mut self, _training: &mut Training<M>) -> Result<()> {
        Ok(())
    }
    /// Before each batch of the training set; the place to set the learning rate.
    fn before_batch(&mut self, _training: &mut Training<M>) -> Result<()> {
        Ok(())
    }
    /// After the step of each batch of the training set.
    fn after_batch(&mut self, _training: &mut Training<M>) -> Result<()> {
        Ok(())
    }
    /// After each epoch: the recorder has its numbers.
    fn after_epoch(&mut self, _training: &mut Training<M>) -> Result<()> {
        Ok(())
    }
    /// After the last epoch.
    fn after_fit(&mut self, _training: &mut Training<M>) -> Result<()> {
        Ok(())
    }
}

/// A column of the table, watched for its best value so far.
#[derive(Debug, Clone)]
struct Best {
    monitor: String,
    /// Whether larger is better.
    increasing: bool,
    min_delta: f32,
    value: Option<f32>,
}

impl Best {
    /// As in fastai a column with `loss` in its name is to fall, any other to rise.
    fn new(monitor: &str) -> Self {
        let increasing = !monitor.contains("loss");
        Self { monitor: monitor.to_string(), increasing, min_delta: 0.0, value: None }
    }

    /// Whether the last epoch was the best so far.
    fn improved(&mut self, recorder: &Recorder) -> Result<bool> {
        let Some(column) = recorder.column(&self.monitor) else {
            bail!(
                "there is no column `{}` to watch; the columns are {}",
                self.monitor,
                recorder.metric_names.join(", ")
            );
        };
        let Some(&last) = column.last() else { return Ok(false) };
        let improved = match self.value {
            None => !last.is_nan(),
            Some(best) if self.increasing => last - self.min_delta > best,
            Some(best) => last + self.min_delta < best,
        };
        if improved {
            self.value = Some(last);
        }
        Ok(improved)
    }
}

/// Ends the training when a column of the table no longer gets better: fastai's
/// `EarlyStoppingCallback`.
///
/// A column with `loss` in its name is better when it is smaller, any other when it is larger.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// // Wait for two epochs without an improvement of at least 0.001.
/// let stop = EarlyStopping::new("valid_loss").patience(2).min_delta(0.001);
/// ```
#[derive(Debug, Clone)]
pub struct EarlyStopping {
    best: Best,
    patience: usize,
    waited: usize,
}

impl EarlyStopping {
    /// Stops at the first epoch in which the column `monitor` does not get better.
    pub fn new(monitor: &str) -> Self {
        Self { best: Best::new(monitor), patience: 1, waited: 0 }
    }

    /// How many epochs in a row may bring no improvement before the training ends.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// How much better counts as better.
    pub fn min_delta(mut self, delta: f32) -> Self {
        self.best.min_delta = delta;
        self
    }
}

impl<M> Callback<M> for EarlyStopping {
    fn before_fit(&mut self, _training: &mut Training<M>) -> Result<()> {
        self.best.value = None;
        self.waited = 0;
        Ok(())
    }

    fn after_epoch(&mut self, training: &mut Training<M>) -> Result<()> {
        if self.best.improved(training.recorder)? {
            self.waited = 0;
            return Ok(());
        }
        self.waited += 1;
        if self.waited >= self.patience {
            training.stop();
        }
        Ok(())
    }
}

/// Saves the weights whenever a column of the table is better than ever before: fastai's
/// `SaveModelCallback`. [`load_weights`](crate::nn::load_weights) brings them back.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let save = SaveModel::new("valid_loss", "best.safetensors");
/// ```
#[derive(Debug, Clone)]
pub struct SaveModel {
    best: Best,
    path: PathBuf,
}

impl SaveModel {
    /// Saves to `path` when the column `monitor` is at its best.
    pub fn new(monitor: &str, path: impl Into<PathBuf>) -> Self {
        Self { best: Best::new(monitor), path: path.into() }
    }
}

impl<M: TensorCollection<f32, AutoDevice>> Callback<M> for SaveModel {
    fn before_fit(&mut self, _training: &mut Training<M>) -> Result<()> {
        self.best.value = None;
        Ok(())
    }

    fn after_epoch(&mut self, training: &mut Training<M>) -> Result<()> {
        if self.best.improved(training.recorder)? {
            save_weights(training.model, &self.path)?;
        }
        Ok(())
    }
}
