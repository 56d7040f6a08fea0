//! `Learner`: what can be put into it, what it writes down, when it stops.

use std::cell::RefCell;
use std::rc::Rc;

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
struct Notes(Rc<RefCell<Vec<String>>>);

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
        let Training { epoch, batch, .. } = training;
        let pct = training.pct_train();
        self.0.borrow_mut().push(format!("{event} {epoch} {batch} {pct}"));
        Ok(())
    }
}

#[test]
fn callbacks_are_told_of_everything_in_order() {
    let dev = AutoDevice::default();
    let notes = Rc::new(RefCell::new(Vec::new()));
    let loader = || DataLoader::new(line(4, &dev)).batch_size(2);
    let dls = DataLoaders::new(loader(), loader());
    let mut learn = Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .callback(Notes(Rc::clone(&notes)))
        .silent();
    learn.fit(2, 0.1).unwrap();
    assert_eq!(
        *notes.borrow(),
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
        .callback(ParamScheduler::lr(|done| if done < 0.5 { 0.1 } else { -0.1 }))
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
        "in a callback: there is no column `acuracy` to watch; the columns are train_loss, valid_loss"
    );
}

#[test]
fn a_loss_that_is_no_number_stops_the_training() {
    let dev = AutoDevice::default();
    let mut learn =
        Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse).silent();
    let error = learn.fit(1000, 1e9).unwrap_err();
    let LearnerError::NonFinite { epoch, batch, lr, .. } = error else { panic!("{error}") };
    assert_eq!((epoch, lr), (0, 1e9));
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
    assert!(error.to_string().starts_with("the training set has no batches"), "{error}");
    let dls = DataLoaders::new(DataLoader::new(line(4, &dev)), empty());
    let mut learn = Learner::new(dls, model(), SGD::default(), mse).silent();
    let error = learn.fit(1, 0.1).unwrap_err();
    assert!(error.to_string().starts_with("the validation set has no batches"), "{error}");
    assert!(learn.get_preds().is_err());
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
