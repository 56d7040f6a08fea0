//! The loss of a step, and what comes of it.

use dfdx::shapes::Rank0;
use dfdx::tensor::{AutoDevice, Tensor};

use super::data::items;
use super::diagnosis::{Cause, broken_item, is_broken, non_finite_weights};
use super::progress::Progress;
use super::{LearnerError, Model, Recorder, TrainingData};
use crate::device::ModuleError;
use crate::ops::LateLoss;
use crate::shapes::Traced;

/// The loss of a step.
pub(super) enum Loss {
    /// It has been read.
    Known(f32),
    /// It is on its way from the GPU.
    Late(LateLoss),
}

impl Loss {
    /// Sends for a loss.
    pub fn late(loss: &Traced<Rank0>) -> Result<Self, LearnerError> {
        LateLoss::of(loss).map(Self::Late).map_err(failed)
    }
}

fn failed(error: crate::device::DeviceError) -> LearnerError {
    LearnerError::Model(ModuleError::new(error))
}

/// A step of a training: its batch, and where it stands.
pub(super) struct Step<D: TrainingData> {
    pub x: Tensor<D::Input, f32, AutoDevice>,
    pub y: D::Target,
    pub epoch: usize,
    pub batch: usize,
    pub lr: f64,
    pub momentum: Option<f64>,
}

impl<D: TrainingData> Step<D> {
    /// Whether the loss is a finite number; else why it is none.
    pub fn check<M: Model<D::Input>>(
        &self,
        loss: f32,
        dls: &D,
        model: &M,
    ) -> Result<(), LearnerError> {
        if loss.is_finite() {
            return Ok(());
        }
        let &Self { epoch, batch, lr, .. } = self;
        let cause = self.cause(dls, model);
        Err(LearnerError::NonFinite { loss, epoch, batch, lr, cause })
    }

    /// Notes the loss.
    pub fn note(&self, loss: f32, recorder: &mut Recorder, progress: &Progress) {
        recorder.batch(loss, self.lr, self.momentum);
        progress.batch(recorder.losses[recorder.losses.len() - 1]);
    }

    /// Why the loss is no finite number.
    fn cause<M: Model<D::Input>>(&self, dls: &D, model: &M) -> Cause {
        let is_first = (self.epoch, self.batch) == (0, 0);
        let numbers = non_finite_weights(model);
        if (is_broken(&self.x, &self.y) || !numbers.is_empty())
            && let Some(item) = broken_item("training", dls.train(), items(&self.x))
        {
            return Cause::Data(item);
        }
        match (numbers.is_empty(), is_first) {
            (false, true) => Cause::WeightsBefore(numbers),
            (false, false) => Cause::WeightsDiverged(numbers),
            (true, true) => Cause::Function,
            (true, false) => Cause::Diverged,
        }
    }
}

/// A step that a GPU has been asked for, while its loss is on its way. If that is not finite, neither this step nor the next
/// one has changed the weights.
pub(super) struct LateStep<D: TrainingData> {
    pub loss: LateLoss,
    pub step: Step<D>,
}

impl<D: TrainingData> LateStep<D> {
    /// Waits for the loss, and notes it if it is finite.
    pub fn settle<M: Model<D::Input>>(
        self,
        dls: &D,
        model: &M,
        recorder: &mut Recorder,
        progress: &Progress,
    ) -> Result<(), LearnerError> {
        let loss = self.loss.wait().map_err(failed)?;
        self.step.check(loss, dls, model)?;
        self.step.note(loss, recorder, progress);
        Ok(())
    }
}
