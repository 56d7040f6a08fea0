//! What can go wrong while a model learns.

use crate::optim::OptimError;

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
pub enum LearnerError {
    /// There is nothing to learn from.
    #[error(
        "the {0} set has no batches: is its folder empty, or `drop_last` on with a large batch size?"
    )]
    NoBatches(&'static str),
    /// The loss is infinite or not a number.
    #[error(
        "the loss is {loss} in epoch {epoch}, batch {batch}, with a learning rate of {lr}: training has \
         diverged. The model is as it was before this batch; start anew with a smaller learning rate"
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
    },
    /// The model could not make its predictions.
    #[error("making predictions: {0}")]
    Model(String),
    /// The optimizer could not make its step.
    #[error(transparent)]
    Optim(#[from] OptimError),
    /// A callback reported an error.
    #[error("in a callback: {0:#}")]
    Callback(anyhow::Error),
    /// Predictions or targets of several batches cannot be one tensor.
    #[error(
        "joining the {0} of all batches: the number of rows is part of their type; use a type such as \
         `Rows<1>`, whose first axis is `usize`"
    )]
    Concat(&'static str),
}
