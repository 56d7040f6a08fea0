//! What a learner's model is worth: validation, predictions, a summary.

use dfdx::prelude::NumParams;
use dfdx::shapes::{HasShape, Rank0, Shape};
use dfdx::tensor::{AsArray, PutTape, SplitTape};

use super::data::{Concat, items};
use super::diagnosis::{Cause, broken_item, is_broken, non_finite_weights};
use super::{Learner, LearnerError, Model, Preds, Summary, TracedPreds, TrainingData};
use crate::data::DataLoader;
use crate::fault;
use crate::nn::layers;
use crate::optim::Optim;
use crate::shapes::{Recorded, Traced};

impl<D, M, O, L> Learner<D, M, O, L>
where
    D: TrainingData,
    M: Model<D::Input>,
    O: Optim<M>,
    L: Fn(TracedPreds<D, M>, D::Target) -> Traced<Rank0>,
{
    /// The validation loss and the metrics of the model as it is: means over the items of the
    /// validation set, fastai's `learn.validate()`.
    ///
    /// # Errors
    /// If the validation set has no batches, if the loss is no finite number, if a metric cannot work with the
    /// targets, or if the device fails.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// let [valid_loss] = learn.validate()?[..] else { unreachable!("there are no metrics") };
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn validate(&self) -> Result<Vec<f32>, LearnerError> {
        self.validate_on(self.dls.valid())
    }

    /// [`validate`](Self::validate) with other data, for example a test set that was kept back: fastai's
    /// `learn.validate(dl=test_dl)`.
    ///
    /// # Errors
    /// As there.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let test_dl = DataLoader::new(dset.clone());
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// assert_eq!(learn.validate_on(&test_dl)?, learn.validate()?);
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn validate_on(&self, dl: &DataLoader<D::Valid>) -> Result<Vec<f32>, LearnerError> {
        let mut sums = vec![0.0; 1 + self.metrics.len()];
        let mut count = 0.0;
        for (batch, (x, y)) in dl.iter().enumerate() {
            let weight = items(&x) as f32;
            let work = || -> Result<Vec<f32>, LearnerError> {
                let preds = self.model.forward_eval(x.clone())?;
                let traced = preds.clone().put_tape(Recorded::default());
                let loss = (self.loss_func)(traced, y.clone()).split_tape().0;
                let metrics = self.metrics.iter().map(|m| (m.of_batch)(preds.clone(), y.clone()));
                Ok(std::iter::once(loss).chain(metrics).map(|value| value.array()).collect())
            };
            let (values, found) = fault::catch(|| fault::with_targets_checked(true, work));
            if let Some(problem) = found {
                let set = "validation";
                return Err(LearnerError::Batch { problem, set, epoch: None, batch });
            }
            let values = values?;
            if !values[0].is_finite() {
                let cause = self.cause_in_validation(dl, is_broken(&x, &y), items(&x));
                return Err(LearnerError::NonFiniteValidation { loss: values[0], batch, cause });
            }
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value * weight;
            }
            count += weight;
        }
        if count == 0.0 {
            return Err(LearnerError::no_batches("validation", dl));
        }
        Ok(sums.into_iter().map(|sum| sum / count).collect())
    }

    /// The predictions for the whole validation set, and its targets, in the order of the loader:
    /// fastai's `learn.get_preds()`. The predictions are the model's, as the loss function gets them.
    ///
    /// # Errors
    /// If the validation set has no batches, if the number of rows is part of the tensors' types, or
    /// if the device fails.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// let (preds, targets) = learn.get_preds()?;
    /// assert_eq!(targets.as_vec(), [2., 4., 6., 8.]);
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn get_preds(&self) -> Result<(Preds<D, M>, D::Target), LearnerError>
    where
        D::Target: Concat,
    {
        self.get_preds_on(self.dls.valid())
    }

    /// [`get_preds`](Self::get_preds) for other data: fastai's `learn.get_preds(dl=test_dl)`.
    ///
    /// # Errors
    /// As there.
    pub fn get_preds_on(
        &self,
        dl: &DataLoader<D::Valid>,
    ) -> Result<(Preds<D, M>, D::Target), LearnerError>
    where
        D::Target: Concat,
    {
        let (mut preds, mut targets) = (Vec::new(), Vec::new());
        for (x, y) in dl {
            preds.push(self.model.forward_eval(x)?);
            targets.push(y);
        }
        if preds.is_empty() {
            return Err(LearnerError::no_batches("validation", dl));
        }
        let preds = Concat::concat(preds).ok_or(LearnerError::Concat("predictions"))?;
        let targets = Concat::concat(targets).ok_or(LearnerError::Concat("targets"))?;
        Ok((preds, targets))
    }

    /// The layers of this crate that the model consists of, with the shapes of their outputs for one
    /// batch and the numbers of their parameters: fastai's `learn.summary()`. They come from a pass of a
    /// batch of the validation set, in the order of their work.
    ///
    /// # Errors
    /// If the validation set has no batches, or the device fails.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// assert_eq!(learn.summary()?.layers[0].parameters, 2);
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn summary(&self) -> Result<Summary, LearnerError> {
        let (x, _) = self
            .dls
            .valid()
            .iter()
            .next()
            .ok_or_else(|| LearnerError::no_batches("validation", self.dls.valid()))?;
        let input = x.shape().concrete().into();
        let (preds, layers) = layers(|| self.model.forward_eval(x));
        preds?;
        Ok(Summary { input, layers, parameters: self.model.num_trainable_params() })
    }

    fn cause_in_validation(
        &self,
        dl: &DataLoader<D::Valid>,
        broken_batch: bool,
        batch: usize,
    ) -> Cause {
        if broken_batch && let Some(item) = broken_item("validation", dl, batch) {
            return Cause::Data(item);
        }
        let numbers = non_finite_weights(&self.model);
        if numbers.is_empty() { Cause::Function } else { Cause::WeightsDiverged(numbers) }
    }
}
