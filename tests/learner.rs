//! `Learner`: what can be put into it, what it writes down, when it stops.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use mnist_from_scratch::dfdx;
use mnist_from_scratch::prelude::*;

type Pairs = Zip<Rows<1>, Rows<1>>;

/// y = 2x + 1 for x from 0 to 1.
fn line(n: usize, dev: &AutoDevice) -> Pairs {
    let x: Vec<f32> = (0..n).map(|i| i as f32 / n as f32).collect();
    let y: Vec<f32> = x.iter().map(|x| 2. * x + 1.).collect();
    zip(column(&x, dev), column(&y, dev)).unwrap()
}

fn loaders(dev: &AutoDevice) -> DataLoaders<Pairs> {
    let loader = |n| DataLoader::new(line(n, dev)).batch_size(4);
    DataLoaders::new(loader(16), loader(6))
}

fn mse<T: Tape<f32, AutoDevice>>(
    preds: Rows<1, T>,
    targets: Rows<1>,
) -> Tensor<Rank0, f32, AutoDevice, T> {
    dfdx::losses::mse_loss(preds, targets)
}

fn mean_error(preds: Rows<1>, targets: Rows<1>) -> Tensor<Rank0, f32, AutoDevice> {
    (preds - targets).abs().mean_all()
}

#[test]
fn a_line_is_learned_with_any_optimizer() {
    let dev = AutoDevice::default();
    let model = || Linear::<1, 1>::new(&dev);
    let last = |losses: &Recorder| losses.values.last().unwrap()[1];

    let mut learn = Learner::new(loaders(&dev), model(), SGD::default(), mse).silent();
    learn.fit(100, 0.3).unwrap();
    assert!(last(&learn.recorder) < 1e-3);

    let mut learn = Learner::new(loaders(&dev), model(), BasicOptim::new(0.), mse).silent();
    learn.fit(100, 0.3).unwrap();
    assert!(last(&learn.recorder) < 1e-3);

    let start = model();
    let adam = dfdx::optim::Adam::new(&start, AdamConfig::default());
    let mut learn = Learner::new(loaders(&dev), start, adam, mse).silent();
    learn.fit(100, 0.05).unwrap();
    assert!(last(&learn.recorder) < 1e-3);

    let mut learn = Learner::new(loaders(&dev), model(), Adam::default(), mse).silent();
    learn.fit(100, 0.05).unwrap();
    assert!(last(&learn.recorder) < 1e-3);

    let start = model();
    let sgd = Sgd::new(&start, SgdConfig::default());
    let mut learn = Learner::new(loaders(&dev), start, sgd, mse).silent();
    learn.fit(100, 0.3).unwrap();
    assert!(last(&learn.recorder) < 1e-3);
}

/// dfdx's layers work out the gradient of the input, ours leave it out; the weights must not differ.
#[test]
fn layers_of_dfdx_and_ours_mix_and_learn_the_same() {
    let dev = AutoDevice::default();
    type Theirs = dfdx::nn::modules::Linear<1, 3, f32, AutoDevice>;
    manual_seed(42);
    let (first, second) = (Linear::<1, 3>::new(&dev), Linear::<3, 1>::new(&dev));
    let theirs = Theirs { weight: first.weight.clone(), bias: first.bias.clone() };

    let ours = (first, Tanh, second.clone());
    let mut ours = Learner::new(loaders(&dev), ours, SGD::default(), mse).silent();
    ours.fit(20, 0.1).unwrap();
    let mixed = (theirs, Tanh, second);
    let mut mixed = Learner::new(loaders(&dev), mixed, SGD::default(), mse).silent();
    mixed.fit(20, 0.1).unwrap();

    for (a, b) in ours.recorder.values.iter().zip(&mixed.recorder.values) {
        assert!((a[0] - b[0]).abs() < 1e-6 && (a[1] - b[1]).abs() < 1e-6, "{a:?}, {b:?}");
    }
    assert!(ours.recorder.values[19][1] < ours.recorder.values[0][1] / 5.);
}

/// Dropout is on while training, and off for predictions.
#[test]
fn a_layer_knows_whether_it_is_trained() {
    let dev = AutoDevice::default();
    let net = (Linear::<1, 8>::new(&dev), DropoutOneIn::<2>, Linear::<8, 1>::new(&dev));
    let mut learn = Learner::new(loaders(&dev), net, SGD::default(), mse).silent();
    learn.fit(3, 0.01).unwrap();
    assert_eq!(learn.validate().unwrap(), learn.validate().unwrap());
    assert_eq!(learn.get_preds().unwrap().0.as_vec(), learn.get_preds().unwrap().0.as_vec());
}

#[test]
fn validation_is_a_mean_over_items_not_over_batches() {
    let dev = AutoDevice::default();
    let learn = Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .metrics(mean_error)
        .silent();
    // Batches of 4 and 2 items.
    let (preds, targets) = learn.get_preds().unwrap();
    assert_eq!(preds.shape().0, 6);
    let all = [mse(preds.clone(), targets.clone()).array(), mean_error(preds, targets).array()];
    for (validated, all) in learn.validate().unwrap().iter().zip(all) {
        assert!((validated - all).abs() < 1e-6, "{validated}, {all}");
    }
}

#[test]
fn predictions_come_in_the_order_of_the_validation_set() {
    let dev = AutoDevice::default();
    let learn =
        Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse).silent();
    let (_, targets) = learn.get_preds().unwrap();
    let expected = learn.dls.valid.dataset().batch(&[0, 1, 2, 3, 4, 5]).1;
    assert_eq!(targets.as_vec(), expected.as_vec());
}

#[test]
fn the_recorder_is_that_of_the_last_fit() {
    let dev = AutoDevice::default();
    let mut learn = Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .metrics(mean_error)
        .metrics(|preds: Rows<1>, _| preds.mean_all())
        .named_metric("largest", |preds: Rows<1>, _| preds.max())
        .silent();
    learn.fit(2, 0.1).unwrap();
    learn.fit(3, 0.1).unwrap();
    let recorder = &learn.recorder;
    let names = ["train_loss", "valid_loss", "mean_error", "metric", "largest"];
    assert_eq!(recorder.metric_names, names);
    assert_eq!((recorder.values.len(), recorder.values[0].len()), (3, 5));
    assert_eq!((recorder.losses.len(), recorder.lrs.clone()), (12, vec![0.1; 12]));
    assert_eq!(recorder.iters, [4, 8, 12]);
    assert_eq!(recorder.column("mean_error").unwrap().len(), 3);
}

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
        .silent();
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
        .silent();
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
    let mut learn = Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), mse).silent();
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
        .callback(EarlyStopping::new("valid_loss").patience(2).min_delta(1000.))
        .silent();
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
        .callback(SaveModel::new("valid_loss", &path))
        // The last epochs make it worse.
        .callback(ParamScheduler::lr(|done| if done < 0.5 { 0.1 } else { 2. }))
        .silent();
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
        .callback(EarlyStopping::new("acuracy"))
        .silent();
    assert_eq!(
        learn.fit(1, 0.1).unwrap_err().to_string(),
        "there is no column `acuracy` to watch; the columns are train_loss, valid_loss"
    );
    // Before the first epoch.
    assert!(learn.recorder.losses.is_empty());
}

#[test]
fn a_loss_that_is_no_number_stops_the_training() {
    let dev = AutoDevice::default();
    let mut learn =
        Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse).silent();
    let error = learn.fit(1000, 1e9).unwrap_err();
    let LearnerError::NonFinite { epoch, batch, lr, ref cause, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((epoch, lr, cause), (0, 1e9, &Cause::Diverged));
    assert!(batch > 0);
    let text = error.to_string();
    assert!(text.contains(&format!("in epoch 0, batch {batch}, ")), "{text}");
    assert!(text.contains("learning rate of 1000000000: training has diverged"), "{text}");
    // The model was not touched by that batch.
    assert!(learn.model.weight.as_vec()[0].is_finite());
}

#[test]
fn nothing_to_learn_from() {
    let dev = AutoDevice::default();
    let empty = || DataLoader::new(line(0, &dev));
    let model = || Linear::<1, 1>::new(&dev);
    let dls = DataLoaders::new(empty(), DataLoader::new(line(4, &dev)));
    let error = Learner::new(dls, model(), SGD::default(), mse).fit(1, 0.1).unwrap_err();
    assert_eq!(error.to_string(), "the training set has no items: is its folder empty?");
    let few = DataLoader::new(line(4, &dev)).batch_size(5).drop_last(true);
    let dls = DataLoaders::new(few, DataLoader::new(line(4, &dev)));
    let error = Learner::new(dls, model(), SGD::default(), mse).fit(1, 0.1).unwrap_err();
    assert!(error.to_string().contains("4 items, fewer than a batch of 5"), "{error}");
    let few = DataLoader::new(line(1, &dev)).drop_last(true);
    let dls = DataLoaders::new(DataLoader::new(line(4, &dev)), few);
    let mut learn = Learner::new(dls, model(), SGD::default(), mse).silent();
    let error = learn.fit(1, 0.1).unwrap_err();
    assert!(error.to_string().starts_with("the validation set has 1 item, fewer"), "{error}");
    // Before the first epoch.
    assert!(learn.recorder.losses.is_empty());
    assert!(learn.get_preds().is_err());
}

fn fresh(dev: &AutoDevice) -> Learner<DataLoaders<Pairs>, Linear<1, 1>, SGD, Loss> {
    Learner::new(loaders(dev), Linear::new(dev), SGD::default(), mse as Loss).silent()
}

type Loss = fn(Traced<(usize, Const<1>)>, Rows<1>) -> Traced<Rank0>;

#[test]
fn a_learning_rate_that_is_none_changes_nothing() {
    let dev = AutoDevice::default();
    let mut learn = fresh(&dev);
    let before = learn.model.weight.array();
    for lr in [f64::INFINITY, f64::NAN, -0.1, 1e39] {
        for result in [learn.fit(1, lr), learn.fit_one_cycle(1, lr)] {
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with(&format!("the learning rate is {lr} in epoch 0, batch 0")));
        }
    }
    // Also one that a callback sets, at its place.
    let mut learn =
        learn.callback(ParamScheduler::lr(|done| if done == 0. { 0. } else { f64::NAN }));
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    assert!(error.starts_with("the learning rate is NaN in epoch 0, batch 1"), "{error}");
    assert_eq!(learn.model.weight.array(), before);
    let mut learn = fresh(&dev).callback(ParamScheduler::lr(|_| 0.1).momentum(|_| f64::INFINITY));
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    assert!(error.starts_with("the momentum is inf in epoch 0, batch 0"), "{error}");
}

#[test]
fn a_broken_number_in_the_data_is_found() {
    let dev = AutoDevice::default();
    let all: Vec<usize> = (0..16).collect();
    let learner = |train: Pairs, valid: Pairs| {
        let loader = |pairs| DataLoader::new(pairs).batch_size(4).shuffle(true);
        let dls = DataLoaders::new(loader(train), loader(valid));
        Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), mse as Loss).silent()
    };
    let broken_x = || {
        let (mut x, y) = line(16, &dev).batch(&all);
        x.set([9, 0], f32::NAN);
        zip(x, y).unwrap()
    };
    let broken_y = || {
        let (x, mut y) = line(16, &dev).batch(&all);
        y.set([11, 0], f32::INFINITY);
        zip(x, y).unwrap()
    };
    let advice = "No learning rate helps";

    let mut learn = learner(broken_x(), line(6, &dev));
    let error = learn.fit(3, 0.1).unwrap_err().to_string();
    assert!(error.contains("the inputs of item 9 of the training set are NaN at [0]"), "{error}");
    assert!(error.contains(advice), "{error}");
    let error = learn.lr_find().unwrap_err().to_string();
    assert!(error.contains("the inputs of item 9 of the training set are NaN at [0]"), "{error}");
    assert!(learn.model.weight.as_vec()[0].is_finite());

    let error = learner(broken_y(), line(6, &dev)).fit(3, 0.1).unwrap_err().to_string();
    assert!(error.contains("the target of item 11 of the training set is inf"), "{error}");

    let error = learner(line(16, &dev), broken_x()).fit(3, 0.1).unwrap_err().to_string();
    assert!(error.starts_with("the validation loss is NaN in batch "), "{error}");
    assert!(error.contains("the inputs of item 9 of the validation set are NaN at [0]"), "{error}");
}

#[test]
fn weights_that_are_broken_before_the_first_step() {
    let dev = AutoDevice::default();
    let mut learn = fresh(&dev);
    learn.model.bias.set([0], f32::NAN);
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    assert!(
        error.contains("before the first step, 1 of the 1 numbers of `bias` is infinite or NaN")
    );
    let error = learn.validate().unwrap_err().to_string();
    assert!(error.contains("1 of the 1 numbers of `bias`"), "{error}");
}

/// A layer that hides NaN, as dfdx's `relu` does, so that the loss stays finite.
#[derive(Debug, Clone, Copy, Default)]
struct Hides;

impl ZeroSizedModule for Hides {}
impl NonMutableModule for Hides {}

impl<S: Shape, T: Tape<f32, AutoDevice>> Module<Tensor<S, f32, AutoDevice, T>> for Hides {
    type Output = Tensor<S, f32, AutoDevice, T>;
    type Error = <AutoDevice as HasErr>::Err;

    fn try_forward(&self, x: Tensor<S, f32, AutoDevice, T>) -> Result<Self::Output, Self::Error> {
        x.try_relu()
    }
}

#[test]
fn weights_are_looked_at_before_anything_is_saved() {
    let dev = AutoDevice::default();
    let (mut x, y) = line(4, &dev).batch(&[0, 1, 2, 3]);
    x.set([2, 0], f32::NAN);
    let loader = |pairs| DataLoader::new(pairs).batch_size(4);
    let dls = DataLoaders::new(loader(zip(x, y).unwrap()), loader(line(4, &dev)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    let model = (Linear::<1, 3>::new(&dev), Hides, Linear::<3, 1>::new(&dev));
    let mut learn = Learner::new(dls, model, SGD::default(), mse)
        .callback(SaveModel::new("valid_loss", &path))
        .silent();
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    assert!(
        error.starts_with("after epoch 0, though its losses were finite: the inputs of item 2")
    );
    assert!(!path.exists());
    assert!(learn.save(&path).unwrap_err().to_string().contains("`0.weight` are infinite or NaN"));
    assert!(!path.exists());
}

#[test]
fn a_folder_that_is_missing_is_told_before_the_first_epoch() {
    let dev = AutoDevice::default();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("models");
    let fit = |path: &std::path::Path| {
        let mut learn = fresh(&dev).callback(SaveModel::new("valid_loss", path));
        let error = learn.fit(1, 0.1).unwrap_err().to_string();
        assert!(learn.recorder.losses.is_empty());
        error
    };
    let error = fit(&missing.join("best.safetensors"));
    assert!(error.ends_with(&format!("make the folder {} first", missing.display())), "{error}");
    assert!(fit(folder.path()).ends_with("that is a folder; name a file in it"));
}

#[test]
fn a_last_batch_of_one_is_too_small_for_batch_norm() {
    let dev = AutoDevice::default();
    let model = (Linear::<1, 3>::new(&dev), BatchNorm1d::<3>::new(&dev), Linear::<3, 1>::new(&dev));
    let loader = |n| DataLoader::new(line(n, &dev)).batch_size(4);
    let mut learn =
        Learner::new(DataLoaders::new(loader(9), loader(9)), model, SGD::default(), mse).silent();
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    let start = "batch norm: expected more than 1 value per channel when training";
    assert!(error.starts_with(start) && error.ends_with("batch 2 of the training set in epoch 0"));
    assert!(learn.model.1.running_var.as_vec().iter().all(|x| x.is_finite()));
    // By hand it is a panic, and a finished model takes single rows.
    learn.validate().unwrap();
}

#[test]
fn labels_that_are_digits_are_refused() {
    let dev = AutoDevice::default();
    let x: Rows<1> = column(&[0., 1., 2., 3.], &dev);
    let labels: Labels = column(&[3, 7, 3, 7], &dev);
    let dset = zip(x, labels).unwrap();
    let dls = DataLoaders::new(DataLoader::new(dset.clone()), DataLoader::new(dset));
    let mut learn = Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), mnist_loss)
        .metrics(batch_accuracy)
        .silent();
    let expected = "mnist_loss: target 0 of the batch is 3, but the targets have to be 0 and 1";
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    assert!(error.starts_with(expected) && error.ends_with("training set in epoch 0"), "{error}");
    let error = learn.validate().unwrap_err().to_string();
    assert!(error.starts_with(expected) && error.ends_with("batch 0 of the validation set"));
}

// dfdx's GPU stays in the thread that asked for it.
#[cfg(not(feature = "cuda"))]
#[test]
fn a_learner_can_be_handed_to_another_thread() {
    let dev = AutoDevice::default();
    let mut learn = fresh(&dev)
        .metrics(mean_error)
        .callback(ParamScheduler::one_cycle(0.1))
        .callback(EarlyStopping::new("mean_error"));
    let losses = std::thread::spawn(move || {
        learn.fit(2, 0.1).unwrap();
        learn.recorder.losses.len()
    });
    assert_eq!(losses.join().unwrap(), 8);
}

/// A module of a reader: two layers side by side.
#[derive(Clone)]
struct Both {
    left: Linear<1, 1>,
    right: Linear<1, 1>,
}

impl TensorCollection<f32, AutoDevice> for Both {
    type To<E2: Dtype, D2: Device<E2>> = ();

    fn iter_tensors<V: ModuleVisitor<Self, f32, AutoDevice>>(
        visitor: &mut V,
    ) -> Result<Option<()>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("left", |s| &s.left, |s| &mut s.left),
                Self::module("right", |s| &s.right, |s| &mut s.right),
            ),
            |_| (),
        )
    }
}

impl NonMutableModule for Both {}

impl<T: Tape<f32, AutoDevice>> Module<Rows<1, T>> for Both {
    type Output = Rows<1, T>;
    type Error = <AutoDevice as HasErr>::Err;

    fn try_forward(&self, x: Rows<1, T>) -> Result<Rows<1, T>, Self::Error> {
        let left = self.left.try_forward(x.with_empty_tape())?;
        self.right.try_forward(x)?.try_add(left)
    }
}

#[test]
fn a_module_of_a_reader_is_trained_in_all_its_parts() {
    let dev = AutoDevice::default();
    let model = Both { left: Linear::new(&dev), right: Linear::new(&dev) };
    let before = model.clone();
    let mut learn = Learner::new(loaders(&dev), model, SGD::default(), mse).silent();
    learn.fit(50, 0.2).unwrap();
    assert!(learn.recorder.values[49][1] < 1e-3);
    assert_ne!(learn.model.left.weight.array(), before.left.weight.array());
    assert_ne!(learn.model.right.weight.array(), before.right.weight.array());
}

/// Two epochs, save, two more; and two, save, load into another learner, two more.
fn resumed<O: Optim<Linear<1, 1>>>(opt: impl Fn() -> O) {
    let dev = AutoDevice::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume.safetensors");
    let learner = || Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), opt(), mse).silent();
    let (mut one, mut two) = (learner(), learner());
    one.fit_one_cycle(2, 0.05).unwrap();
    one.save_with_opt(&path).unwrap();
    one.fit(2, 0.05).unwrap();
    two.load_with_opt(&path).unwrap();
    two.fit(2, 0.05).unwrap();
    assert_eq!(one.model.weight.array(), two.model.weight.array());
    assert_eq!(one.model.bias.array(), two.model.bias.array());
    // The weights alone can be had from the same file.
    load_weights(&mut Linear::<1, 1>::new(&dev), &path).unwrap();
}

#[test]
fn a_training_goes_on_as_if_it_had_never_stopped() {
    resumed(Adam::default);
    resumed(|| SGD::default().momentum(0.9).weight_decay(0.01));
    resumed(SGD::default);
}

#[test]
fn a_file_without_the_state_of_this_optimizer_changes_nothing() {
    let dev = AutoDevice::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let mut learn = fresh(&dev);
    learn.save(&path).unwrap();
    learn.model.bias.set([0], 7.);
    let error = learn.load_with_opt(&path).unwrap_err().to_string();
    assert!(error.contains("it has no `optimizer.SGD.lr`: save it by `save_with_opt`"), "{error}");
    assert_eq!(learn.model.bias.array(), [7.]);
    let own = Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), BasicOptim::new(0.), mse);
    let error = own.save_with_opt(&path).unwrap_err().to_string();
    assert!(error.contains("`SGD` and `Adam` of this library can be saved"), "{error}");
}
