//! Callbacks that watch a column of the table.

use std::path::PathBuf;

use anyhow::{Result, bail};
use dfdx::nn::TensorCollection;
use dfdx::tensor::AutoDevice;

use super::callback::Callback;
use super::position::Training;
use super::recorder::Recorder;
use crate::nn::save_weights;

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

    /// Begins a training.
    fn start<M>(&mut self, training: &Training<M>) -> Result<()> {
        self.value = None;
        let names = &training.recorder.metric_names;
        if !names.contains(&self.monitor) {
            let (monitor, names) = (&self.monitor, names.join(", "));
            bail!("there is no column `{monitor}` to watch; the columns are {names}");
        }
        if self.monitor != "train_loss" && !training.validates {
            bail!("there is no validation set, so nothing for `{}` to show", self.monitor);
        }
        Ok(())
    }

    /// Whether the last epoch was the best so far.
    fn improved(&mut self, recorder: &Recorder) -> bool {
        let column = recorder.column(&self.monitor).unwrap_or_default();
        let Some(&last) = column.last() else { return false };
        let improved = match self.value {
            None => !last.is_nan(),
            Some(best) if self.increasing => last - self.min_delta > best,
            Some(best) => last + self.min_delta < best,
        };
        if improved {
            self.value = Some(last);
        }
        improved
    }
}

/// Ends the training when a column of the table no longer gets better: fastai's
/// `EarlyStoppingCallback`.
///
/// A column with `loss` in its name is better when it is smaller, any other when it is larger. If there is no
/// such column, the training ends with an error before its first epoch.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// // Wait for two epochs without an improvement of at least 0.001.
/// let stop = EarlyStoppingCallback::new("valid_loss").patience(2).min_delta(0.001);
/// ```
#[derive(Debug, Clone)]
pub struct EarlyStoppingCallback {
    best: Best,
    patience: usize,
    waited: usize,
}

impl EarlyStoppingCallback {
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

impl<M> Callback<M> for EarlyStoppingCallback {
    fn keeps_no_clones(&self) -> bool {
        true
    }

    fn reads_no_losses(&self) -> bool {
        true
    }

    fn before_fit(&mut self, training: &mut Training<M>) -> Result<()> {
        self.waited = 0;
        self.best.start(training)
    }

    fn after_epoch(&mut self, training: &mut Training<M>) -> Result<()> {
        if self.best.improved(training.recorder) {
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
/// If there is no such column or no such folder, the training ends with an error before its first epoch.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let save = SaveModelCallback::new("valid_loss", "best.safetensors");
/// ```
#[derive(Debug, Clone)]
pub struct SaveModelCallback {
    best: Best,
    path: PathBuf,
}

impl SaveModelCallback {
    /// Saves to `path` when the column `monitor` is at its best.
    pub fn new(monitor: &str, path: impl Into<PathBuf>) -> Self {
        Self { best: Best::new(monitor), path: path.into() }
    }
}

impl<M: TensorCollection<f32, AutoDevice>> Callback<M> for SaveModelCallback {
    fn keeps_no_clones(&self) -> bool {
        true
    }

    fn reads_no_losses(&self) -> bool {
        true
    }

    fn before_fit(&mut self, training: &mut Training<M>) -> Result<()> {
        let path = self.path.display();
        if self.path.is_dir() || self.path.file_name().is_none() {
            bail!(
                "`SaveModelCallback` cannot save the weights to {path}: that is a folder; name a file in it"
            );
        }
        match self.path.parent() {
            Some(folder) if folder.as_os_str().is_empty() || folder.is_dir() => {}
            folder => {
                let folder = folder.unwrap_or(&self.path).display();
                bail!(
                    "`SaveModelCallback` cannot save the weights to {path}: make the folder {folder} first"
                );
            }
        }
        self.best.start(training)
    }

    fn after_epoch(&mut self, training: &mut Training<M>) -> Result<()> {
        if self.best.improved(training.recorder) {
            save_weights(training.model, &self.path)?;
        }
        Ok(())
    }
}
