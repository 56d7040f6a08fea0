//! The training loop in one object, fastai's `Learner`.
//!
//! A [`Learner`] puts together data, a model, an optimizer, a loss function and metrics. Any of them
//! can be yours:
//!
//! | part | is |
//! | --- | --- |
//! | data | [`DataLoaders`](crate::data::DataLoaders) of pairs (x, y) |
//! | model | any module of dfdx, also a tuple of modules; see [`Model`] |
//! | optimizer | [`SGD`](crate::optim::SGD), dfdx's optimizers, your own; see [`Optim`](crate::optim::Optim) |
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

mod build;
mod callback;
mod data;
mod debug;
mod diagnosis;
mod diagram;
mod error;
mod fit;
mod lr_find;
mod position;
mod progress;
mod recorder;
mod schedule;
mod step;
mod summary;
mod validate;
mod watch;
mod weights;

pub use crate::device::ModuleError;
pub use callback::Callback;
pub use data::{Concat, Model, TrainingData};
pub use diagnosis::{BrokenItem, Cause};
pub use error::LearnerError;
pub use lr_find::LrFind;
pub use position::{Position, Training};
pub use recorder::Recorder;
pub use schedule::{ParamScheduler, combined_cos, sched_cos};
pub use summary::Summary;
pub use watch::{EarlyStoppingCallback, SaveModelCallback};

use dfdx::shapes::Rank0;
use dfdx::tensor::{AutoDevice, Tensor};

use crate::shapes::Traced;
use progress::Verbosity;

type Preds<D, M> = Tensor<<M as Model<<D as TrainingData>::Input>>::Output, f32, AutoDevice>;
type TracedPreds<D, M> = Traced<<M as Model<<D as TrainingData>::Input>>::Output>;
type MetricFn<P, Y> = dyn Fn(P, Y) -> Tensor<Rank0, f32, AutoDevice> + Send;

/// A named metric.
struct Metric<P, Y> {
    name: String,
    of_batch: Box<MetricFn<P, Y>>,
}

/// Trains a model: fastai's `Learner`.
///
/// Where its parts are `Send` it can be handed to another thread, so callbacks and metrics have to be `Send`, too:
/// share what they note by an `Arc<Mutex<_>>`.
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
/// let loss = mnist_from_scratch::dfdx::losses::mse_loss;
/// let mut learn = Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), loss).no_logging();
/// learn.fit(200, 0.05)?;
/// assert!(learn.recorder.values.last().unwrap()[0] < 0.1);
/// # mnist_from_scratch::anyhow::Ok(())
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
/// let loss = mnist_from_scratch::dfdx::losses::mse_loss;
/// let learn = Learner::new(dls, Linear::<2, 1>::new(&dev), SGD::default(), loss);
/// # mnist_from_scratch::anyhow::Ok(())
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
    callbacks: Vec<Box<dyn Callback<M> + Send>>,
    verbosity: Verbosity,
}
