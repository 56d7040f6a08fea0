//! The training loop.

use dfdx::prelude::{Backward, ZeroGrads};
use dfdx::shapes::Rank0;
use dfdx::tensor::{AsArray, Trace};

use super::data::items;
use super::diagnosis::{Cause, broken_item, non_finite_weights};
use super::progress::Progress;
use super::step::{LateStep, Loss, Step};
use super::{
    Callback, Learner, LearnerError, Model, ParamScheduler, Position, Recorder, TracedPreds,
    Training, TrainingData,
};
use crate::data::Dataset;
use crate::fault;
use crate::host::Stopwatch;
use crate::ops;
use crate::optim::Optim;
use crate::shapes::{Grads, Traced};

impl<D, M, O, L> Learner<D, M, O, L>
where
    D: TrainingData,
    M: Model<D::Input>,
    O: Optim<M>,
    L: Fn(TracedPreds<D, M>, D::Target) -> Traced<Rank0>,
{
    /// Trains for a number of epochs with the learning rate `lr`.
    ///
    /// After each epoch it prints a row of the table: the smoothed training loss (see
    /// [`Recorder::losses`]), the validation loss and the metrics (means over the items of the
    /// validation set), and the time it took. In a terminal a bar shows how far the epoch is. Where the validation
    /// set has no items the table says `None`, as fastai's, and the record NaN.
    ///
    /// # Errors
    /// Before the first epoch: if there is no data, if the learning rate is negative or no finite number, or if a
    /// callback cannot work. Later: if the loss or the weights are no longer finite numbers (the message says
    /// whether it is the data, the weights or the rate), or if the device, the optimizer or a callback fails.
    /// Losses are looked at in each step, and weights after each epoch, before callbacks may save them. On a GPU a loss is
    /// looked at while the next step is under way. Neither of the two has changed the weights, if it is not finite; but the
    /// running statistics of batch norms have seen one batch more, and [`Adam`](crate::optim::Adam) has counted both.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let mut learn = Learner::new(dls, model, SGD::default(), loss).no_logging();
    /// learn.fit(3, 0.01)?;
    /// assert_eq!(learn.recorder.values.len(), 3);
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn fit(&mut self, epochs: usize, lr: impl Into<f64>) -> Result<(), LearnerError> {
        let result = ops::keeping_memory(|| self.train(epochs, lr.into()));
        // However it ended, the next training begins at the beginning.
        self.dls.set_pct_train(0.0);
        result
    }

    fn train(&mut self, epochs: usize, lr: f64) -> Result<(), LearnerError> {
        if self.dls.train().is_empty() {
            return Err(LearnerError::no_batches("training", self.dls.train()));
        }
        let mut at = Position::start(epochs, self.dls.train().len(), lr);
        at.validates = self.dls.valid().dataset().n_items() > 0;
        if at.validates && self.dls.valid().is_empty() {
            return Err(LearnerError::no_batches("validation", self.dls.valid()));
        }
        at.check_step()?;
        let names = ["train_loss", "valid_loss"].map(String::from).into_iter();
        self.recorder =
            Recorder::new(names.chain(self.metrics.iter().map(|m| m.name.clone())).collect());
        self.call(&mut at, |callback, training| callback.before_fit(training))?;
        let mut progress = Progress::start(self.verbosity, &self.recorder.metric_names);
        let mut grads = self.model.alloc_grads();
        for epoch in 0..epochs {
            let start = Stopwatch::start();
            (at.epoch, at.batch) = (epoch, 0);
            progress.start_epoch(epoch, epochs, at.batches);
            self.call(&mut at, |callback, training| callback.before_epoch(training))?;
            grads = self.train_epoch(&mut at, grads, &progress)?;
            self.check_weights(epoch)?;
            if at.cancelled {
                break;
            }
            let validated = match at.validates {
                true => self.validate()?,
                false => vec![f32::NAN; 1 + self.metrics.len()],
            };
            self.recorder.epoch(&validated);
            let row = self.recorder.values.last().expect("the row of this epoch");
            progress.end_epoch(epoch, row, start.elapsed());
            self.call(&mut at, |callback, training| callback.after_epoch(training))?;
            if at.stopped {
                break;
            }
        }
        self.call(&mut at, |callback, training| callback.after_fit(training))
    }

    /// Trains for a number of epochs with the one-cycle schedule: fastai's `learn.fit_one_cycle`. See
    /// [`ParamScheduler::one_cycle`]; [`Recorder::plot_sched`] shows it.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let opt = SGD::default().momentum(0.9);
    /// let mut learn = Learner::new(dls, model, opt, loss).no_logging();
    /// learn.fit_one_cycle(4, 0.01)?;
    /// // Four batches, at 0, 1/4, 1/2 and 3/4 of the training: the second has the highest rate.
    /// assert_eq!((learn.recorder.lrs.len(), learn.recorder.lrs[1]), (4, 0.01));
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn fit_one_cycle(
        &mut self,
        epochs: usize,
        lr_max: impl Into<f64>,
    ) -> Result<(), LearnerError> {
        let lr_max = lr_max.into();
        // First, so that a callback of the reader's has the last word.
        self.callbacks.insert(0, Box::new(ParamScheduler::one_cycle(lr_max)));
        let result = self.fit(epochs, lr_max);
        self.callbacks.remove(0);
        result
    }

    /// One pass through the training set.
    fn train_epoch(
        &mut self,
        at: &mut Position,
        grads: Grads,
        progress: &Progress,
    ) -> Result<Grads, LearnerError> {
        let mut late = None;
        let result = self.train_batches(at, grads, progress, &mut late);
        // Of two steps with which something is wrong, the first one is told of.
        if let Some(step) = late {
            step.settle(&self.dls, &self.model, &mut self.recorder, progress)?;
        }
        result
    }

    /// The same. The step whose loss is still on its way is in `late` in the end.
    fn train_batches(
        &mut self,
        at: &mut Position,
        mut grads: Grads,
        progress: &Progress,
        late: &mut Option<LateStep<D>>,
    ) -> Result<Grads, LearnerError> {
        // Apart, so that the model can change while the loader is in use.
        let Self { dls, model, opt, loss_func, recorder, callbacks, .. } = self;
        let no_clones = callbacks.iter().all(|callback| callback.keeps_no_clones());
        let is_late = ops::LOSSES_COME_LATE
            && opt.heeds_losses()
            && callbacks.iter().all(|callback| callback.reads_no_losses());
        let mut batches = dls.train().iter();
        for batch in 0..at.batches {
            at.batch = batch;
            dls.set_pct_train(at.pct_train());
            let Some((x, y)) = batches.next() else { break };
            call(callbacks, model, recorder, at, |c, training| c.before_batch(training))?;
            at.check_step()?;

            // Predict, loss, gradient, step: the last four of the seven steps.
            let predict = || -> Result<(Loss, Option<Grads>), LearnerError> {
                let loss = loss_func(model.forward_train(x.clone().traced(grads))?, y.clone());
                if is_late {
                    return Ok((Loss::late(&loss)?, Some(loss.backward())));
                }
                let value = loss.array();
                // Without a gradient if there is nothing to learn from it.
                Ok((Loss::Known(value), value.is_finite().then(|| loss.backward())))
            };
            // In the first epoch each target comes up.
            let predict = || fault::with_targets_checked(at.epoch == 0, predict);
            let predict = || fault::catch(|| ops::without_gradient(&x, predict));
            // Since the first step all parameters are the model's alone.
            let alone = no_clones && (at.epoch, at.batch) != (0, 0);
            let (loss, found) = if alone { ops::without_copies(predict) } else { predict() };
            if let Some(problem) = found {
                let (set, epoch, batch) = ("training", Some(at.epoch), at.batch);
                return Err(LearnerError::Batch { problem, set, epoch, batch });
            }
            let (loss, gradients) = loss?;
            let step = Step { x, y, epoch: at.epoch, batch, lr: at.lr, momentum: at.momentum };
            if let Loss::Known(value) = loss {
                step.check(value, dls, model)?;
            }
            grads = gradients.expect("the gradients of a finite loss");
            opt.set_lr(at.lr);
            if let Some(momentum) = at.momentum {
                opt.set_momentum(momentum);
            }
            let mut make_step = || opt.step_and_zero_grads(model, &mut grads);
            let make_step = || if alone { ops::without_copies(make_step) } else { make_step() };
            match loss {
                Loss::Known(value) => {
                    make_step()?;
                    step.note(value, recorder, progress);
                }
                Loss::Late(loss) => {
                    let before = late.as_ref().map(|step| &step.loss);
                    ops::if_finite([before, Some(&loss)], make_step)?;
                    // The GPU has this step to do; meanwhile the loss of the one before is looked at.
                    if let Some(before) = late.take() {
                        before.settle(dls, model, recorder, progress)?;
                    }
                    *late = Some(LateStep { loss, step });
                }
            }
            call(callbacks, model, recorder, at, |c, training| c.after_batch(training))?;
            if at.cancelled {
                break;
            }
        }
        Ok(grads)
    }

    /// After an epoch, before anything is saved: a loss can be finite where a gradient is not, if a layer hides
    /// it, and the last step of an epoch has no loss after it. A pass over the weights in each step would show
    /// in the times.
    fn check_weights(&self, epoch: usize) -> Result<(), LearnerError> {
        let numbers = non_finite_weights(&self.model);
        if numbers.is_empty() {
            return Ok(());
        }
        let batch = self.dls.train().iter().next().map_or(1, |(x, _)| items(&x));
        let cause = match broken_item("training", self.dls.train(), batch) {
            Some(item) => Cause::Data(item),
            None => Cause::WeightsDiverged(numbers),
        };
        Err(LearnerError::NonFiniteWeights { epoch, cause })
    }

    fn call(
        &mut self,
        at: &mut Position,
        event: impl Fn(&mut dyn Callback<M>, &mut Training<M>) -> anyhow::Result<()>,
    ) -> Result<(), LearnerError> {
        call(&mut self.callbacks, &mut self.model, &self.recorder, at, event)
    }
}

/// Tells all callbacks of an event.
fn call<M>(
    callbacks: &mut [Box<dyn Callback<M> + Send>],
    model: &mut M,
    recorder: &Recorder,
    position: &mut Position,
    event: impl Fn(&mut dyn Callback<M>, &mut Training<M>) -> anyhow::Result<()>,
) -> Result<(), LearnerError> {
    let mut training = Training { model, recorder, position };
    for callback in callbacks {
        event(callback.as_mut(), &mut training).map_err(LearnerError::Callback)?;
    }
    Ok(())
}
