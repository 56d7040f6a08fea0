//! A learning rate to start with: fastai's `learn.lr_find()`.

use anyhow::Result;
use dfdx::shapes::Rank0;

use super::{
    Callback, Cause, Learner, LearnerError, Model, TracedPreds, Training, TrainingData, Verbosity,
};
use crate::optim::Optim;
use crate::shapes::Traced;
#[cfg(not(target_family = "wasm"))]
use crate::show::Plot;

/// The first learning rate that is tried, the last one, and how many there are; as in fastai.
const START: f64 = 1e-7;
const END: f64 = 10.0;
const STEPS: usize = 100;

/// How the loss depends on the learning rate; [`Learner::lr_find`] makes one.
#[derive(Debug, Clone)]
pub struct LrFind {
    /// The learning rates that were tried, without the first ones and the last ones.
    pub lrs: Vec<f64>,
    /// The smoothed loss at each of them.
    pub losses: Vec<f32>,
    /// The learning rate that fastai suggests: the middle of the longest valley.
    pub valley: f64,
}

impl LrFind {
    /// The loss over the learning rate, with the suggestion.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let found = LrFind { lrs: vec![0.001, 0.01, 0.1], losses: vec![0.7, 0.3, 0.9], valley: 0.01 };
    /// let plot: Plot = found.plot();
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn plot(&self) -> Plot {
        let lrs: Vec<f32> = self.lrs.iter().map(|lr| *lr as f32).collect();
        let at = self.lrs.iter().position(|lr| *lr == self.valley).unwrap_or(0);
        let plot = Plot::new().log_x().line("loss", &lrs, &self.losses);
        let plot = match lrs.get(at) {
            Some(lr) => plot.points("valley", &[*lr], &[self.losses[at]]),
            None => plot,
        };
        plot.x_label("learning rate").y_label("loss")
    }
}

impl<D, M, O, L> Learner<D, M, O, L>
where
    D: TrainingData,
    M: Model<D::Input> + Clone,
    O: Optim<M> + Clone,
    L: Fn(TracedPreds<D, M>, D::Target) -> Traced<Rank0>,
{
    /// Tries learning rates from 1e-7 to 10, a larger one for each batch, until the loss is four times
    /// as large as it was at best, and suggests one: fastai's `learn.lr_find()` (L. N. Smith, "Cyclical
    /// Learning Rates for Training Neural Networks", 2015). Model and optimizer are as before
    /// afterwards.
    ///
    /// # Errors
    /// If there is no data, or the device, the optimizer or a callback fails.
    ///
    /// ```
    /// # use mnist_from_scratch::prelude::*;
    /// # let dev = AutoDevice::default();
    /// # let x: Rows<1> = column(&[1., 2., 3., 4.], &dev);
    /// # let dset = zip(x.clone(), x * 2.)?;
    /// # let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    /// # let (model, loss) = (Linear::<1, 1>::new(&dev), mnist_from_scratch::dfdx::losses::mse_loss);
    /// let mut learn = Learner::new(dls, model, SGD::default(), loss);
    /// let found = learn.lr_find()?;
    /// assert!((1e-7..1.).contains(&found.valley));
    /// # mnist_from_scratch::anyhow::Ok(())
    /// ```
    pub fn lr_find(&mut self) -> Result<LrFind, LearnerError> {
        let batches = self.dls.train().len().max(1);
        let before = (self.model.clone(), self.opt.clone(), self.recorder.clone());
        let verbosity = std::mem::replace(&mut self.verbosity, Verbosity::Silent);
        let finder = Finder { batch: 0, best: f32::INFINITY };
        self.callbacks.insert(0, Box::new(finder));

        let result = self.fit(STEPS / batches + 1, START);

        self.callbacks.remove(0);
        self.verbosity = verbosity;
        let recorder = std::mem::replace(&mut self.recorder, before.2);
        (self.model, self.opt) = (before.0, before.1);
        match result {
            // The last rates may be too large for anything: that is what we want to know.
            Ok(()) => {}
            Err(
                LearnerError::NonFinite { cause, .. }
                | LearnerError::NonFiniteWeights { cause, .. },
            ) if matches!(cause, Cause::Diverged | Cause::WeightsDiverged(_)) => {}
            Err(error) => return Err(error),
        }
        let (skipped, n) = (STEPS / 10, recorder.losses.len());
        let kept = if n > skipped + 5 { skipped..n - 5 } else { 0..n };
        let (lrs, losses) = (recorder.lrs[kept.clone()].to_vec(), recorder.losses[kept].to_vec());
        let valley = lrs.get(valley(&losses)).copied().unwrap_or(START);
        Ok(LrFind { lrs, losses, valley })
    }
}

/// Sets the learning rate of each batch, and ends the training when the loss is too large.
struct Finder {
    batch: usize,
    best: f32,
}

impl<M> Callback<M> for Finder {
    fn keeps_no_clones(&self) -> bool {
        true
    }

    fn before_batch(&mut self, training: &mut Training<M>) -> Result<()> {
        training.lr = START * libm::pow(END / START, self.batch as f64 / STEPS as f64);
        Ok(())
    }

    fn after_batch(&mut self, training: &mut Training<M>) -> Result<()> {
        let loss = training.recorder.losses.last().copied().unwrap_or(f32::INFINITY);
        self.best = self.best.min(loss);
        self.batch += 1;
        if loss > 4.0 * self.best || self.batch >= STEPS {
            training.cancel();
        }
        Ok(())
    }
}

/// The place that fastai's `valley` suggests: the middle of the longest run of losses that get smaller, where others
/// may lie between. Its steps are those of `fastai/callback/schedule.py`.
fn valley(losses: &[f32]) -> usize {
    // The length of the longest run that ends at each loss.
    let mut lengths = vec![1_usize; losses.len()];
    let (mut start, mut end) = (0, 0);
    for i in 1..losses.len() {
        for j in 0..i {
            if losses[i] < losses[j] && lengths[i] < lengths[j] + 1 {
                lengths[i] = lengths[j] + 1;
            }
            if lengths[end] < lengths[i] {
                end = i;
                // One before the run if it has no gaps: -1 for a run of all losses.
                start = end as isize - lengths[end] as isize;
            }
        }
    }
    if losses.is_empty() {
        return 0;
    }
    let third = (end as isize - start) as f64 / 3.0;
    let at = start + third as isize + (third / 2.0) as isize;
    // A place before the first is one from the end, as in Python.
    at.rem_euclid(losses.len() as isize) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_a_curve() {
        // from fastai.callback.schedule import valley; valley(lrs, losses, 100)
        assert_eq!(valley(&[]), 0);
        assert_eq!(valley(&[1.0]), 0);
        let falling: Vec<f32> = (0..30).map(|i| 30.0 - i as f32).collect();
        assert_eq!(valley(&falling), 14);
        // Two losses that fall: the place -1, which is the last.
        assert_eq!(valley(&[2.0, 1.0]), 1);
        assert_eq!(valley(&[1.0, 2.0]), 0);
    }
}
