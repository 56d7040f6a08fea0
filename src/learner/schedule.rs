//! Learning-rate schedules: hyperparameters that change while a model learns.

use std::f64::consts::PI;
use std::fmt;

use anyhow::Result;

use super::callback::Callback;
use super::position::Training;

/// A hyperparameter as a function of how much of the training is done, from 0 to 1.
type Schedule = Box<dyn Fn(f64) -> f64 + Send>;

/// Sets the learning rate, and if you like the momentum, before each batch: fastai's
/// `ParamScheduler`. Both are functions of how much of the training is done, from 0 to 1.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// // From 0.1 down to 0 in a straight line.
/// let schedule = ParamScheduler::lr(|done| 0.1 * (1. - done));
/// ```
pub struct ParamScheduler {
    lr: Schedule,
    momentum: Option<Schedule>,
}

impl fmt::Debug for ParamScheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let momentum = self.momentum.is_some();
        f.debug_struct("ParamScheduler").field("momentum", &momentum).finish_non_exhaustive()
    }
}

impl ParamScheduler {
    /// A schedule for the learning rate.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// // 0.1 at first, and a tenth of it in the second half.
    /// let schedule = ParamScheduler::lr(|done| if done < 0.5 { 0.1 } else { 0.01 });
    /// ```
    pub fn lr(lr: impl Fn(f64) -> f64 + Send + 'static) -> Self {
        Self { lr: Box::new(lr), momentum: None }
    }

    /// A schedule for the momentum as well. An optimizer without momentum pays no attention.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let schedule = ParamScheduler::lr(|_| 0.1).momentum(|done| 0.9 + 0.05 * done);
    /// ```
    pub fn momentum(mut self, momentum: impl Fn(f64) -> f64 + Send + 'static) -> Self {
        self.momentum = Some(Box::new(momentum));
        self
    }

    /// The schedule of fastai's `fit_one_cycle`: the learning rate rises from `lr_max / 25` to `lr_max`
    /// during the first quarter, and falls to `lr_max / 100000` during the rest, both along a cosine;
    /// the momentum goes from 0.95 to 0.85 and back.
    ///
    /// The idea is from Leslie N. Smith, *Super-Convergence* (2017): large steps in the middle of the
    /// training, careful ones at its start and at its end.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let schedule = ParamScheduler::one_cycle(0.1);
    /// ```
    pub fn one_cycle(lr_max: f64) -> Self {
        Self::lr(combined_cos(0.25, lr_max / 25.0, lr_max, lr_max / 1e5))
            .momentum(combined_cos(0.25, 0.95, 0.85, 0.95))
    }
}

impl<M> Callback<M> for ParamScheduler {
    fn keeps_no_clones(&self) -> bool {
        true
    }

    fn reads_no_losses(&self) -> bool {
        true
    }

    fn before_batch(&mut self, training: &mut Training<M>) -> Result<()> {
        let done = training.pct_train();
        training.lr = (self.lr)(done);
        if let Some(momentum) = &self.momentum {
            training.momentum = Some(momentum(done));
        }
        Ok(())
    }
}

/// From `start` to `end` along half a wave of the cosine, as `pos` goes from 0 to 1: fastai's
/// `SchedCos`, `start + (1 + cos(pi (1 - pos))) (end - start) / 2`.
///
/// ```
/// use mnist_from_scratch::prelude::*;
/// assert_eq!([0., 0.5, 1.].map(|pos| sched_cos(1., 3., pos)), [1., 2., 3.]);
/// ```
pub fn sched_cos(start: f64, end: f64, pos: f64) -> f64 {
    start + (1.0 + libm::cos(PI * (1.0 - pos))) * (end - start) / 2.0
}

/// From `start` to `middle` during the first part of the training, `pct` of it, and on to `end`
/// during the rest, each along a cosine: fastai's `combined_cos`.
///
/// ```
/// use mnist_from_scratch::prelude::*;
/// let lr = combined_cos(0.25, 0.1, 1., 0.);
/// assert_eq!((lr(0.), lr(0.25), lr(1.)), (0.1, 1., 0.));
/// ```
pub fn combined_cos(
    pct: f64,
    start: f64,
    middle: f64,
    end: f64,
) -> impl Fn(f64) -> f64 + Send + 'static {
    move |done| {
        if done < pct {
            sched_cos(start, middle, done / pct)
        } else {
            sched_cos(middle, end, (done - pct) / (1.0 - pct))
        }
    }
}
