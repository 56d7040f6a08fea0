//! Putting a learner together.

use dfdx::shapes::Rank0;
use dfdx::tensor::{AutoDevice, Tensor};

use super::progress::Verbosity;
use super::{Callback, Learner, Metric, Model, Preds, Recorder, TracedPreds, TrainingData};
use crate::optim::Optim;
use crate::shapes::Traced;

impl<D, M, O, L> Learner<D, M, O, L>
where
    D: TrainingData,
    M: Model<D::Input>,
    O: Optim<M>,
    L: Fn(TracedPreds<D, M>, D::Target) -> Traced<Rank0>,
{
    /// A learner without metrics.
    pub fn new(dls: D, model: M, opt: O, loss_func: L) -> Self {
        crate::stdout::ends_quietly();
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
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// fn mean_error(preds: Rows<1>, targets: Rows<1>) -> Tensor<Rank0, f32, AutoDevice> {
    ///     (preds - targets).abs().mean_all()
    /// }
    /// let mut learn = Learner::new(dls, model, SGD::default(), loss).metrics(mean_error).no_logging();
    /// learn.fit(1, 0.01)?;
    /// assert_eq!(learn.recorder.metric_names[2], "mean_error");
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn metrics<F>(self, metric: F) -> Self
    where
        F: Fn(Preds<D, M>, D::Target) -> Tensor<Rank0, f32, AutoDevice> + Send + 'static,
    {
        let path = std::any::type_name::<F>();
        // Without its module and, for a generic function, without its types.
        let name = path.split('<').next().unwrap_or(path);
        let name = name.rsplit("::").find(|part| !part.is_empty()).unwrap_or(name);
        let name = if name.starts_with('{') { "metric" } else { name };
        self.named_metric(name, metric)
    }

    /// As [`metrics`](Self::metrics), with a name of your choice.
    pub fn named_metric<F>(mut self, name: &str, metric: F) -> Self
    where
        F: Fn(Preds<D, M>, D::Target) -> Tensor<Rank0, f32, AutoDevice> + Send + 'static,
    {
        self.metrics.push(Metric { name: name.to_string(), of_batch: Box::new(metric) });
        self
    }

    /// Adds a callback; they are called in the order in which they were added.
    pub fn callback(mut self, callback: impl Callback<M> + Send + 'static) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Shows the table, but no bar: fastai's `learn.no_bar()`.
    pub fn no_bar(mut self) -> Self {
        self.verbosity = Verbosity::Table;
        self
    }

    /// Shows neither the table nor the bar: fastai's `learn.no_logging()`.
    pub fn no_logging(mut self) -> Self {
        self.verbosity = Verbosity::Silent;
        self
    }
}
