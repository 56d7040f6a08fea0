//! What a learner writes down.

#[cfg(not(target_family = "wasm"))]
use crate::show::{Plot, Plots};

/// What the exponential average of the training loss keeps of itself at each batch, as in fastai.
const BETA: f32 = 0.98;

/// The training record, fastai's `learn.recorder`. It is that of the last
/// [`fit`](super::Learner::fit).
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    /// The names of the columns of `values`: `train_loss`, `valid_loss`, then the metrics.
    pub metric_names: Vec<String>,
    /// For each epoch the numbers of the table, without the epoch's number and the time.
    pub values: Vec<Vec<f32>>,
    /// After each batch the smoothed training loss: an exponential average of the batches' losses,
    /// corrected for its start (fastai's `AvgSmoothLoss`).
    pub losses: Vec<f32>,
    /// The learning rate of each batch.
    pub lrs: Vec<f64>,
    /// The momentum of each batch, if a schedule set it.
    pub moms: Vec<f64>,
    /// After each epoch the number of batches so far.
    pub iters: Vec<usize>,
    smooth: SmoothLoss,
}

impl Recorder {
    /// An empty record with these columns.
    pub(super) fn new(metric_names: Vec<String>) -> Self {
        Self { metric_names, ..Self::default() }
    }

    /// Notes the loss of a batch.
    pub(super) fn batch(&mut self, loss: f32, lr: f64, momentum: Option<f64>) {
        self.losses.push(self.smooth.add(loss));
        self.lrs.push(lr);
        self.moms.extend(momentum);
    }

    /// Notes the end of an epoch: validation loss and metrics.
    pub(super) fn epoch(&mut self, validated: &[f32]) {
        let train_loss = self.losses.last().copied().unwrap_or(f32::NAN);
        self.values.push([&[train_loss], validated].concat());
        self.iters.push(self.losses.len());
    }

    /// The column with this name: one number an epoch; `None` if there is no such column.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// assert!(Recorder::default().column("accuracy").is_none());
    /// ```
    pub fn column(&self, name: &str) -> Option<Vec<f32>> {
        let at = self.metric_names.iter().position(|column| column == name)?;
        Some(self.values.iter().map(|row| row[at]).collect())
    }

    /// The losses as a plot: the smoothed training loss after each batch, and the validation loss
    /// after each epoch, fastai's `recorder.plot_loss()`.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let plot: Plot = Recorder::default().plot_loss();
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn plot_loss(&self) -> Plot {
        let batches: Vec<f32> = (1..=self.losses.len()).map(|batch| batch as f32).collect();
        let epochs: Vec<f32> = self.iters.iter().map(|&batch| batch as f32).collect();
        let valid: Vec<f32> = self.values.iter().map(|row| row[1]).collect();
        let plot = Plot::new().line("train", &batches, &self.losses);
        let plot = match valid.iter().all(|loss| loss.is_nan()) {
            true => plot,
            false => plot.line("valid", &epochs, &valid),
        };
        plot.x_label("batch").y_label("loss")
    }

    /// The learning rate and, if a schedule set it, the momentum of each batch, side by side: fastai's
    /// `recorder.plot_sched()`.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let plots: Plots = Recorder::default().plot_sched();
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn plot_sched(&self) -> Plots {
        let plot = |name: &str, values: &[f64]| {
            let batches: Vec<f32> = (0..values.len()).map(|batch| batch as f32).collect();
            let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
            Plot::new().line(name, &batches, &values).x_label("batch").y_label(name)
        };
        let momentum = (!self.moms.is_empty()).then(|| plot("momentum", &self.moms));
        Plots::row(std::iter::once(plot("learning rate", &self.lrs)).chain(momentum))
    }

    /// A column over the epochs as a plot; `None` if there is no such column.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// assert!(Recorder::default().plot("accuracy").is_none());
    /// ```
    #[cfg(not(target_family = "wasm"))]
    pub fn plot(&self, name: &str) -> Option<Plot> {
        let values = self.column(name)?;
        let epochs: Vec<f32> = (0..values.len()).map(|epoch| epoch as f32).collect();
        Some(Plot::new().line(name, &epochs, &values).x_label("epoch").y_label(name))
    }
}

/// The exponential average of `fastai/learner.py`.
#[derive(Debug, Clone, Default)]
struct SmoothLoss {
    count: i32,
    average: f32,
}

impl SmoothLoss {
    fn add(&mut self, loss: f32) -> f32 {
        self.count += 1;
        // torch.lerp(loss, average, BETA), which goes from the nearer end.
        self.average -= (self.average - loss) * (1.0 - BETA);
        self.average / (1.0 - BETA.powi(self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smoothed_loss_of_fastai() {
        // m = AvgSmoothLoss(); m.reset(); for each loss: m.accumulate(learn); m.value
        let mut smooth = SmoothLoss::default();
        let values: Vec<f32> = [0.5, 0.25, 1.0].map(|loss| smooth.add(loss)).into();
        let expected = [0.499_999_5, 0.373_737_04, 0.586_722_3];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value}, fastai {expected}");
        }
    }

    #[test]
    fn columns_have_names() {
        let names = ["train_loss", "valid_loss", "accuracy"].map(String::from).to_vec();
        let mut recorder = Recorder::new(names);
        recorder.batch(0.5, 1.0, None);
        recorder.epoch(&[0.25, 0.75]);
        recorder.batch(0.5, 0.1, Some(0.9));
        recorder.epoch(&[0.125, 0.875]);
        assert_eq!(recorder.column("accuracy").unwrap(), [0.75, 0.875]);
        assert_eq!(recorder.values[1][1..], [0.125, 0.875]);
        assert_eq!((recorder.iters, recorder.lrs), (vec![1, 2], vec![1.0, 0.1]));
        assert_eq!(recorder.moms, [0.9]);
    }
}
