//! What can go wrong while a model learns.

use super::diagnosis::Cause;
use crate::data::{DataLoader, Dataset};
use crate::device::{ModuleError, remedy};
use crate::optim::OptimError;

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnerError {
    /// There is nothing to learn from.
    #[error("the {set} set has {}", no_batch(*.items, *.batch_size))]
    NoBatches {
        /// `training` or `validation`.
        set: &'static str,
        /// How many items it has.
        items: usize,
        /// How many a batch has, where a smaller one at the end is left out.
        batch_size: usize,
    },
    /// The learning rate is negative, infinite or not a number.
    #[error(
        "the learning rate is {lr:?} in epoch {epoch}, batch {batch}: it has to be 0 or more, and finite as \
         `f32`. The model is as it was before this batch"
    )]
    LearningRate {
        /// The learning rate.
        lr: f64,
        /// The number of the epoch, from 0 as in the table.
        epoch: usize,
        /// The number of the batch in this epoch, from 0.
        batch: usize,
    },
    /// The momentum that a callback has set is infinite or not a number.
    #[error(
        "the momentum is {momentum} in epoch {epoch}, batch {batch}: it has to be from 0 to below 1. The \
         model is as it was before this batch"
    )]
    Momentum {
        /// The momentum.
        momentum: f64,
        /// The number of the epoch, from 0.
        epoch: usize,
        /// The number of the batch in this epoch, from 0.
        batch: usize,
    },
    /// The loss is infinite or not a number.
    #[error(
        "the loss is {loss} in epoch {epoch}, batch {batch}, with a learning rate of {lr}: {cause}"
    )]
    NonFinite {
        /// The loss.
        loss: f32,
        /// The number of the epoch, from 0 as in the table.
        epoch: usize,
        /// The number of the batch in this epoch, from 0.
        batch: usize,
        /// The learning rate of this batch.
        lr: f64,
        /// Where it comes from.
        cause: Cause,
    },
    /// After an epoch whose losses were finite, weights are infinite or not a number.
    #[error("after epoch {epoch}, though its losses were finite: {cause}")]
    NonFiniteWeights {
        /// The number of the epoch, from 0.
        epoch: usize,
        /// Where it comes from.
        cause: Cause,
    },
    /// The validation loss is infinite or not a number.
    #[error("the validation loss is {loss} in batch {batch}: {cause}")]
    NonFiniteValidation {
        /// The loss.
        loss: f32,
        /// The number of the batch of the validation set, from 0.
        batch: usize,
        /// Where it comes from.
        cause: Cause,
    },
    /// A layer, the loss function or a metric cannot work with a batch.
    #[error("{problem}; that was batch {batch} of the {set} set{}", in_epoch(*.epoch))]
    Batch {
        /// What is wrong with it.
        problem: String,
        /// `training` or `validation`.
        set: &'static str,
        /// While training the number of the epoch, from 0.
        epoch: Option<usize>,
        /// The number of the batch, from 0.
        batch: usize,
    },
    /// The model could not make its predictions.
    #[error("making predictions{}", remedy(.0))]
    Model(#[source] ModuleError),
    /// The optimizer could not make its step.
    #[error(transparent)]
    Optim(#[from] OptimError),
    /// A callback reported this error.
    #[error(transparent)]
    Callback(anyhow::Error),
    /// Predictions or targets of several batches cannot be one tensor.
    #[error(
        "joining the {0} of all batches: the number of rows is part of their type; use a type such as \
         `Rows<1>`, whose first axis is `usize`"
    )]
    Concat(&'static str),
}

impl LearnerError {
    /// There is nothing in this loader.
    pub(crate) fn no_batches<D: Dataset>(set: &'static str, loader: &DataLoader<D>) -> Self {
        Self::NoBatches { set, items: loader.dataset().n_items(), batch_size: loader.bs() }
    }
}

fn no_batch(items: usize, batch_size: usize) -> String {
    if items == 0 {
        return "no items: is its folder empty?".into();
    }
    // A power of two that gives at least two batches.
    let smaller = (items / 2).checked_ilog2().map_or(1, |power| 1 << power);
    let s = if items == 1 { "" } else { "s" };
    format!(
        "{items} item{s}, fewer than a batch of {batch_size}: make batches smaller, for example with \
         `batch_size({smaller})`"
    )
}

fn in_epoch(epoch: Option<usize>) -> String {
    epoch.map_or_else(String::new, |epoch| format!(" in epoch {epoch}"))
}
