//! Where a training stands.

use std::ops::{Deref, DerefMut};

use super::error::LearnerError;
use super::recorder::Recorder;

/// Where a training stands, and what the next step will be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Position {
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
    /// Whether there is a validation set.
    pub validates: bool,
    /// Set by [`stop`](Self::stop).
    pub(super) stopped: bool,
    /// Set by [`cancel`](Self::cancel).
    pub(super) cancelled: bool,
}

impl Position {
    /// Before the first batch.
    pub(super) fn start(epochs: usize, batches: usize, lr: f64) -> Self {
        let (epoch, batch, momentum) = (0, 0, None);
        let (validates, stopped, cancelled) = (true, false, false);
        Self { epoch, epochs, batch, batches, lr, momentum, validates, stopped, cancelled }
    }

    /// How much of the training is done, from 0 to 1: fastai's `pct_train`.
    pub fn pct_train(&self) -> f64 {
        (self.epoch as f64 + self.batch as f64 / self.batches as f64) / self.epochs as f64
    }

    /// Ends the training after this epoch.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Ends the training after this batch, without validation: fastai's `CancelFitException`.
    pub fn cancel(&mut self) {
        self.cancelled = true;
    }

    /// Refuses a step that would ruin the model.
    pub(super) fn check_step(&self) -> Result<(), LearnerError> {
        let &Self { epoch, batch, lr, .. } = self;
        // As the weights will have it: 1e39 is infinite.
        if lr < 0.0 || !(lr as f32).is_finite() {
            return Err(LearnerError::LearningRate { lr, epoch, batch });
        }
        match self.momentum {
            Some(momentum) if !momentum.is_finite() => {
                Err(LearnerError::Momentum { momentum, epoch, batch })
            }
            _ => Ok(()),
        }
    }
}

/// What a callback sees of a training, and can change: its [`Position`], whose fields are also fields of this,
/// the model and the record.
#[derive(Debug)]
#[non_exhaustive]
pub struct Training<'a, M> {
    /// The model.
    pub model: &'a mut M,
    /// What has been noted so far.
    pub recorder: &'a Recorder,
    /// Where the training stands.
    pub position: &'a mut Position,
}

impl<M> Deref for Training<'_, M> {
    type Target = Position;

    fn deref(&self) -> &Position {
        self.position
    }
}

impl<M> DerefMut for Training<'_, M> {
    fn deref_mut(&mut self) -> &mut Position {
        self.position
    }
}
