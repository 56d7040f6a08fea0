//! What callbacks and data are told, and what they can change.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use mnist_from_scratch::prelude::*;

use crate::{Pairs, fresh, line, loaders, mse};

/// Notes what it is told.
struct Notes(Arc<Mutex<Vec<String>>>);

impl<M> Callback<M> for Notes {
    fn before_fit(&mut self, training: &mut Training<M>) -> Result<()> {
        self.note("before_fit", training)
    }
    fn before_epoch(&mut self, training: &mut Training<M>) -> Result<()> {
        self.note("before_epoch", training)
    }
    fn before_batch(&mut self, training: &mut Training<M>) -> Result<()> {
        self.note("before_batch", training)
    }
    fn after_batch(&mut self, training: &mut Training<M>) -> Result<()> {
        self.note("after_batch", training)
    }
    fn after_epoch(&mut self, training: &mut Training<M>) -> Result<()> {
        self.note("after_epoch", training)
    }
    fn after_fit(&mut self, training: &mut Training<M>) -> Result<()> {
        self.note("after_fit", training)
    }
}

impl Notes {
    fn note<M>(&mut self, event: &str, training: &Training<M>) -> Result<()> {
        let (epoch, batch, pct) = (training.epoch, training.batch, training.pct_train());
        self.0.lock().unwrap().push(format!("{event} {epoch} {batch} {pct}"));
        Ok(())
    }
}

#[test]
fn callbacks_are_told_of_everything_in_order() {
    let dev = AutoDevice::default();
    let notes = Arc::new(Mutex::new(Vec::new()));
    let loader = || DataLoader::new(line(4, &dev)).batch_size(2);
    let dls = DataLoaders::new(loader(), loader());
    let mut learn = Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .callback(Notes(Arc::clone(&notes)))
        .no_logging();
    learn.fit(2, 0.1).unwrap();
    assert_eq!(
        *notes.lock().unwrap(),
        [
            "before_fit 0 0 0",
            "before_epoch 0 0 0",
            "before_batch 0 0 0",
            "after_batch 0 0 0",
            "before_batch 0 1 0.25",
            "after_batch 0 1 0.25",
            "after_epoch 0 1 0.25",
            "before_epoch 1 0 0.5",
            "before_batch 1 0 0.5",
            "after_batch 1 0 0.5",
            "before_batch 1 1 0.75",
            "after_batch 1 1 0.75",
            "after_epoch 1 1 0.75",
            "after_fit 1 1 0.75",
        ]
    );
}

#[test]
fn a_schedule_sets_the_learning_rate_of_each_batch() {
    let dev = AutoDevice::default();
    let mut learn = Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .callback(ParamScheduler::lr(|done| 1. - done))
        .no_logging();
    learn.fit(1, 100.).unwrap();
    assert_eq!(learn.recorder.lrs, [1., 0.75, 0.5, 0.25]);
}

/// Loaders that note what they are told.
struct Told {
    dls: DataLoaders<Pairs>,
    pct_train: RefCell<Vec<f64>>,
}

impl TrainingData for Told {
    type Input = (usize, Const<1>);
    type Target = Rows<1>;
    type Train = Pairs;
    type Valid = Pairs;

    fn train(&self) -> &DataLoader<Pairs> {
        &self.dls.train
    }

    fn valid(&self) -> &DataLoader<Pairs> {
        &self.dls.valid
    }

    fn set_pct_train(&self, pct_train: f64) {
        self.pct_train.borrow_mut().push(pct_train);
    }
}

#[test]
fn data_are_told_how_much_of_the_training_is_done() {
    let dev = AutoDevice::default();
    let dls = Told { dls: loaders(&dev), pct_train: RefCell::default() };
    let mut learn = Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), mse).no_logging();
    learn.fit(2, 0.1).unwrap();
    // Four batches an epoch, and back to the beginning.
    let eighths = (0..8).map(|step| f64::from(step) / 8.).chain([0.]);
    assert_eq!(learn.dls.pct_train.take(), eighths.collect::<Vec<_>>());
    // Also if it is broken off.
    assert!(learn.fit(1, f64::NAN).is_err());
    assert_eq!(learn.dls.pct_train.take().last(), Some(&0.));
}

#[test]
fn training_stops_when_it_no_longer_gets_better() {
    let dev = AutoDevice::default();
    let mut learn = Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .callback(EarlyStoppingCallback::new("valid_loss").patience(2).min_delta(1000.))
        .no_logging();
    learn.fit(10, 0.01).unwrap();
    // The first epoch is the best, and two bring nothing.
    assert_eq!(learn.recorder.values.len(), 3);
}

#[test]
fn the_best_weights_are_kept() {
    let dev = AutoDevice::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    let mut learn = Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .callback(SaveModelCallback::new("valid_loss", &path))
        // The last epochs make it worse.
        .callback(ParamScheduler::lr(|done| if done < 0.5 { 0.1 } else { 2. }))
        .no_logging();
    learn.fit(10, 0.1).unwrap();
    let losses = learn.recorder.column("valid_loss").unwrap();
    let best = losses.iter().copied().fold(f32::INFINITY, f32::min);
    assert!(losses[9] > best);
    learn.load(&path).unwrap();
    assert!((learn.validate().unwrap()[0] - best).abs() < 1e-6);
}

#[test]
fn a_column_that_does_not_exist() {
    let dev = AutoDevice::default();
    let mut learn = Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .callback(EarlyStoppingCallback::new("acuracy"))
        .no_logging();
    assert_eq!(
        learn.fit(1, 0.1).unwrap_err().to_string(),
        "there is no column `acuracy` to watch; the columns are train_loss, valid_loss"
    );
    // Before the first epoch.
    assert!(learn.recorder.losses.is_empty());
}

/// Keeps the last loss of the record after each batch, if it reads it.
struct Reads(Option<Arc<Mutex<Vec<f32>>>>);

impl<M> Callback<M> for Reads {
    fn reads_no_losses(&self) -> bool {
        self.0.is_none()
    }

    fn after_batch(&mut self, training: &mut Training<M>) -> Result<()> {
        if let Some(seen) = &self.0 {
            let losses = &training.recorder.losses;
            seen.lock().unwrap().extend(losses.last());
        }
        Ok(())
    }
}

/// On a GPU a loss that nobody reads in the same step is read one step later.
#[test]
fn losses_are_the_same_whether_a_callback_reads_them_or_not() {
    let dev = AutoDevice::default();
    let losses = |callback: Reads| {
        manual_seed(42);
        let mut learn = fresh(&dev).callback(callback);
        learn.fit_one_cycle(3, 0.1).unwrap();
        (learn.recorder.losses, learn.recorder.values, learn.model.weight.as_vec())
    };
    let seen = Arc::new(Mutex::new(Vec::new()));
    let read = losses(Reads(Some(seen.clone())));
    assert_eq!(*seen.lock().unwrap(), read.0);
    assert_eq!(read, losses(Reads(None)));
}
