//! What readers add to a training loop without writing it anew.

use anyhow::Result;

use super::position::Training;

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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a callback for the model `{M}`",
    note = "a type of your own becomes one with `impl<M> Callback<M>`; all of its functions have a default"
)]
pub trait Callback<M> {
    /// Whether it keeps no clone of the model, or of a part of it, beyond its functions' ends.
    ///
    /// Nothing has to be written for it: without a word from the callback, its clones are safe from the training.
    /// On a GPU that takes a copy of all parameters before the step that follows, which `true` saves.
    fn keeps_no_clones(&self) -> bool {
        false
    }
    /// Whether its functions for batches leave the losses of the [record](Training::recorder) alone, and what else is
    /// noted there of each batch.
    ///
    /// Nothing has to be written for it: without a word from the callback, it finds the loss of each batch. On a GPU that
    /// takes a wait in each step, which `true` saves: then the record is a batch behind until the epoch has ended.
    fn reads_no_losses(&self) -> bool {
        false
    }
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
