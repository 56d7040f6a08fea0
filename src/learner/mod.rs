//! The training loop in one object, fastai's `Learner`.
//!
//! A [`Learner`] puts together data, a model, an optimizer, a loss function and metrics. Any of them
//! can be yours:
//!
//! | part | is |
//! | --- | --- |
//! | data | [`DataLoaders`](crate::data::DataLoaders) of pairs (x, y) |
//! | model | any module of dfdx, also a tuple of modules; see [`Model`] |
//! | optimizer | [`SGD`](crate::optim::SGD), dfdx's optimizers, your own; see [`Optim`] |
//! | loss function | a function of predictions and targets that returns one number, with its tape |
//! | metric | the same without a tape |
//! | [`Callback`] | what else should happen while it trains |
//!
//! # If it does not compile
//! The parts have to fit, and the compiler checks it where [`Learner::new`] is called.
//!
//! | the message has | do |
//! | --- | --- |
//! | *does not fit a layer with 20 inputs* | give the layer as many inputs as the one before has outputs |
//! | *is not an optimizer for the model* | pass an optimizer, `SGD::default()`, not a learning rate |
//! | *expected function signature* with `OwnedTape`, *found* with `NoneTape` | let the loss function take and return tensors with a tape: write it for any `T: Tape<f32, AutoDevice>`, as [`mnist_loss`](crate::loss::mnist_loss) |
//! | *expected function signature* with another `Const` | the model's predictions have another shape than the loss function's targets |
//! | *type mismatch resolving `Dataset::Batch`* | the batches have to be pairs (x, y): `zip(x, y)?` |

mod callback;
mod data;
mod diagram;
mod error;
mod lr_find;
mod progress;
mod recorder;
mod schedule;
mod summary;

pub use callback::{Callback, EarlyStopping, SaveModel, Training};
pub use data::{Concat, Model, TrainingData};
pub use error::LearnerError;
pub use lr_find::LrFind;
pub use recorder::Recorder;
pub use schedule::{ParamScheduler, combined_cos, sched_cos};
pub use summary::Summary;

use std::path::Path;
use std::time::Instant;

use dfdx::prelude::{Backward, NumParams, ZeroGrads};
use dfdx::shapes::{HasShape, Rank0, Shape};
use dfdx::tensor::{AsArray, AutoDevice, PutTape, SplitTape, Tensor, Trace};

use self::callback::pct_train;
use crate::nn::{WeightsError, layers, load_weights, save_weights};
use crate::ops::{InputKernel, Kernels, ZeroGradsKernel};
use crate::optim::{Optim, OptimError};
use crate::shapes::{Grads, Recorded, Traced};
use data::items;
use progress::{Progress, Verbosity};

type Preds<D, M> = Tensor<<M as Model<<D as TrainingData>::Input>>::Output, f32, AutoDevice>;
type TracedPreds<D, M> = Traced<<M as Model<<D as TrainingData>::Input>>::Output>;
type MetricFn<P, Y> = dyn Fn(P, Y) -> Tensor<Rank0, f32, AutoDevice>;

/// A named metric.
struct Metric<P, Y> {
    name: String,
    of_batch: Box<MetricFn<P, Y>>,
}

/// Trains a model: fastai's `Learner`.
///
/// # Example
/// A model that learns to double:
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
/// let dset = zip(x.clone(), x * 2.)?;
/// let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
///
/// // The loss function is dfdx's.
/// let loss = dfdx::losses::mse_loss;
/// let mut learn = Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), loss).silent();
/// learn.fit(200, 0.05)?;
/// assert!(learn.recorder.values.last().unwrap()[0] < 0.1);
/// # Ok::<(), anyhow::Error>(())
/// ```
///
/// A model that does not fit the data does not compile. Here the batches have one number a row, and
/// the model wants two:
/// ```compile_fail,E0277
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
/// let dset = zip(x.clone(), x * 2.)?;
/// let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
/// let loss = dfdx::losses::mse_loss;
/// let learn = Learner::new(dls, Linear::<2, 1>::new(&dev), SGD::default(), loss);
/// # Ok::<(), anyhow::Error>(())
/// ```
pub struct Learner<D: TrainingData, M: Model<D::Input>, O, L> {
    /// The loaders of the training and the validation set.
    pub dls: D,
    /// The model.
    pub model: M,
    /// The optimizer.
    pub opt: O,
    /// The loss function.
    pub loss_func: L,
    /// What was noted in the last [`fit`](Self::fit).
    pub recorder: Recorder,
    metrics: Vec<Metric<Preds<D, M>, D::Target>>,
    callbacks: Vec<Box<dyn Callback<M>>>,
    verbosity: Verbosity,
}

impl<D, M, O, L> Learner<D, M, O, L>
where
    D: TrainingData,
    M: Model<D::Input>,
    O: Optim<M>,
    L: Fn(TracedPreds<D, M>, D::Target) -> Traced<Rank0>,
{
    /// A learner without metrics.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn new(dls: D, model: M, opt: O, loss_func: L) -> Self {
        Self {
            dls,
            model,
            opt,
            loss_func,
            recorder: Recorder::default(),
            metrics: Vec::new(),
            callbacks: Vec::new(),
            verbosity: Verbosity::Bar,
        }
    }

    /// Adds a metric: a function of predictions and targets of a batch. The table has a column with
    /// the function's name. In it stands the mean over all items of the validation set: the batches'
    /// values, each with the weight of its size.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// fn mean_error(preds: Rows<1>, targets: Rows<1>) -> Tensor<Rank0, f32, AutoDevice> {
    ///     (preds - targets).abs().mean_all()
    /// }
    /// let mut learn = Learner::new(dls, model, SGD::default(), loss).metrics(mean_error).silent();
    /// learn.fit(1, 0.01)?;
    /// assert_eq!(learn.recorder.metric_names[2], "mean_error");
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn metrics<F>(self, metric: F) -> Self
    where
        F: Fn(Preds<D, M>, D::Target) -> Tensor<Rank0, f32, AutoDevice> + 'static,
    {
        let path = std::any::type_name::<F>();
        // Without its module and, for a generic function, without its types.
        let name = path.split('<').next().unwrap_or(path);
        let name = name.rsplit("::").find(|part| !part.is_empty()).unwrap_or(name);
        let name = if name.starts_with('{') { "metric" } else { name };
        self.named_metric(name, metric)
    }

    /// As [`metrics`](Self::metrics), with a name of your choice.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss)
    ///     .named_metric("largest", |preds: Rows<1>, _| preds.max());
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn named_metric<F>(mut self, name: &str, metric: F) -> Self
    where
        F: Fn(Preds<D, M>, D::Target) -> Tensor<Rank0, f32, AutoDevice> + 'static,
    {
        self.metrics.push(Metric { name: name.to_string(), of_batch: Box::new(metric) });
        self
    }

    /// Adds a callback; they are called in the order in which they were added.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss)
    ///     .callback(EarlyStopping::new("valid_loss"));
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn callback(mut self, callback: impl Callback<M> + 'static) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Shows the table, but no bar: fastai's `learn.no_bar()`.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss).no_bar();
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn no_bar(mut self) -> Self {
        self.verbosity = Verbosity::Table;
        self
    }

    /// Shows nothing.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss).silent();
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn silent(mut self) -> Self {
        self.verbosity = Verbosity::Silent;
        self
    }

    /// Trains for a number of epochs with the learning rate `lr`.
    ///
    /// After each epoch it prints a row of the table: the smoothed training loss (see
    /// [`Recorder::losses`]), the validation loss and the metrics (means over the items of the
    /// validation set), and the time it took. In a terminal a bar shows how far the epoch is.
    ///
    /// # Errors
    /// If there is no data, if the loss is no longer a finite number, or if the device, the optimizer
    /// or a callback fails.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let mut learn = Learner::new(dls, model, SGD::default(), loss).silent();
    /// learn.fit(3, 0.01)?;
    /// assert_eq!(learn.recorder.values.len(), 3);
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn fit(&mut self, epochs: usize, lr: impl Into<f64>) -> Result<(), LearnerError> {
        let result = self.train(epochs, lr.into());
        // However it ended, the next training begins at the beginning.
        self.dls.set_pct_train(0.0);
        result
    }

    fn train(&mut self, epochs: usize, lr: f64) -> Result<(), LearnerError> {
        if self.dls.train().is_empty() {
            return Err(LearnerError::NoBatches("training"));
        }
        let names = ["train_loss", "valid_loss"].map(String::from).into_iter();
        self.recorder =
            Recorder::new(names.chain(self.metrics.iter().map(|m| m.name.clone())).collect());
        let mut progress = Progress::start(self.verbosity, &self.recorder.metric_names);
        let batches = self.dls.train().len();
        let mut at = Position {
            epoch: 0,
            epochs,
            batch: 0,
            batches,
            lr,
            momentum: None,
            stopped: false,
            cancelled: false,
        };

        self.call(&mut at, |callback, training| callback.before_fit(training))?;
        let mut grads = self.model.alloc_grads();
        for epoch in 0..epochs {
            let start = Instant::now();
            (at.epoch, at.batch) = (epoch, 0);
            progress.start_epoch(epoch, epochs, at.batches);
            self.call(&mut at, |callback, training| callback.before_epoch(training))?;
            grads = self.train_epoch(&mut at, grads, &progress)?;
            if at.cancelled {
                break;
            }
            let validated = self.validate()?;
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
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let opt = SGD::default().momentum(0.9);
    /// let mut learn = Learner::new(dls, model, opt, loss).silent();
    /// learn.fit_one_cycle(4, 0.01)?;
    /// // Four batches, at 0, 1/4, 1/2 and 3/4 of the training: the second has the highest rate.
    /// assert_eq!((learn.recorder.lrs.len(), learn.recorder.lrs[1]), (4, 0.01));
    /// # Ok::<(), anyhow::Error>(())
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
        mut grads: Grads,
        progress: &Progress,
    ) -> Result<Grads, LearnerError> {
        // Apart, so that the model can change while the loader is in use.
        let Self { dls, model, opt, loss_func, recorder, callbacks, .. } = self;
        let mut batches = dls.train().iter();
        for batch in 0..at.batches {
            at.batch = batch;
            dls.set_pct_train(pct_train([at.epoch, at.epochs], [at.batch, at.batches]));
            let Some((x, y)) = batches.next() else { break };
            call(callbacks, model, recorder, at, |c, training| c.before_batch(training))?;

            // The seven steps: predict, loss, gradient, step.
            let loss = Kernels::without_gradient(&x, || {
                let preds = model.forward_train(x.clone().traced(grads))?;
                let loss = loss_func(preds, y);
                let value = loss.array();
                if !value.is_finite() {
                    let Position { epoch, batch, lr, .. } = *at;
                    return Err(LearnerError::NonFinite { loss: value, epoch, batch, lr });
                }
                Ok((value, loss.backward()))
            });
            let value;
            (value, grads) = loss?;
            opt.set_lr(at.lr);
            if let Some(momentum) = at.momentum {
                opt.set_momentum(momentum);
            }
            opt.step(model, &mut grads)?;
            Kernels::zero_grads(model, &mut grads).map_err(OptimError::Device)?;

            recorder.batch(value, at.lr, at.momentum);
            progress.batch(recorder.losses[recorder.losses.len() - 1]);
            call(callbacks, model, recorder, at, |c, training| c.after_batch(training))?;
            if at.cancelled {
                break;
            }
        }
        Ok(grads)
    }

    /// The validation loss and the metrics of the model as it is: means over the items of the
    /// validation set, fastai's `learn.validate()`.
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
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// let [valid_loss] = learn.validate()?[..] else { unreachable!("there are no metrics") };
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn validate(&self) -> Result<Vec<f32>, LearnerError> {
        let mut sums = vec![0.0; 1 + self.metrics.len()];
        let mut count = 0.0;
        for (x, y) in self.dls.valid() {
            let weight = items(&x) as f32;
            let preds = self.model.forward_eval(x)?;
            let traced = preds.clone().put_tape(Recorded::default());
            let loss = (self.loss_func)(traced, y.clone()).split_tape().0;
            let metrics = self.metrics.iter().map(|m| (m.of_batch)(preds.clone(), y.clone()));
            for (sum, value) in sums.iter_mut().zip(std::iter::once(loss).chain(metrics)) {
                *sum += value.array() * weight;
            }
            count += weight;
        }
        if count == 0.0 {
            return Err(LearnerError::NoBatches("validation"));
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
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// let (preds, targets) = learn.get_preds()?;
    /// assert_eq!(targets.as_vec(), [2., 4., 6., 8.]);
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn get_preds(&self) -> Result<(Preds<D, M>, D::Target), LearnerError>
    where
        D::Target: Concat,
    {
        let (mut preds, mut targets) = (Vec::new(), Vec::new());
        for (x, y) in self.dls.valid() {
            preds.push(self.model.forward_eval(x)?);
            targets.push(y);
        }
        if preds.is_empty() {
            return Err(LearnerError::NoBatches("validation"));
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
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// assert_eq!(learn.summary()?.layers[0].parameters, 2);
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn summary(&self) -> Result<Summary, LearnerError> {
        let (x, _) = self.dls.valid().iter().next().ok_or(LearnerError::NoBatches("validation"))?;
        let input = x.shape().concrete().into();
        let (preds, layers) = layers(|| self.model.forward_eval(x));
        preds?;
        Ok(Summary { input, layers, parameters: self.model.num_trainable_params() })
    }

    /// Saves the model's parameters; see [`save_weights`].
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let learn = Learner::new(dls, model, SGD::default(), loss);
    /// let folder = tempfile::tempdir()?;
    /// learn.save(folder.path().join("model.safetensors"))?;
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        save_weights(&self.model, path)
    }

    /// Loads parameters that were saved; see [`load_weights`].
    ///
    /// # Errors
    /// If the file cannot be read, or holds the weights of another model.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), dfdx::losses::mse_loss);
    /// let mut learn = Learner::new(dls, model, SGD::default(), loss);
    /// let error = learn.load("no-such-file.safetensors").unwrap_err();
    /// assert!(error.to_string().starts_with("reading the weights from no-such-file.safetensors"));
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        load_weights(&mut self.model, path)
    }

    fn call(
        &mut self,
        at: &mut Position,
        event: impl Fn(&mut dyn Callback<M>, &mut Training<M>) -> anyhow::Result<()>,
    ) -> Result<(), LearnerError> {
        call(&mut self.callbacks, &mut self.model, &self.recorder, at, event)
    }
}

/// Where a `fit` stands.
struct Position {
    epoch: usize,
    epochs: usize,
    batch: usize,
    batches: usize,
    lr: f64,
    momentum: Option<f64>,
    stopped: bool,
    cancelled: bool,
}

/// Tells all callbacks of an event, and takes over what they set.
fn call<M>(
    callbacks: &mut [Box<dyn Callback<M>>],
    model: &mut M,
    recorder: &Recorder,
    at: &mut Position,
    event: impl Fn(&mut dyn Callback<M>, &mut Training<M>) -> anyhow::Result<()>,
) -> Result<(), LearnerError> {
    let Position { epoch, epochs, batch, batches, lr, momentum, stopped, cancelled } = *at;
    let mut training = Training {
        model,
        recorder,
        epoch,
        epochs,
        batch,
        batches,
        lr,
        momentum,
        stopped,
        cancelled,
    };
    for callback in callbacks {
        event(callback.as_mut(), &mut training).map_err(LearnerError::Callback)?;
    }
    (at.lr, at.momentum) = (training.lr, training.momentum);
    (at.stopped, at.cancelled) = (training.stopped, training.cancelled);
    Ok(())
}
