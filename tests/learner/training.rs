//! What can be trained, and what is written down of it.

use mnist_from_scratch::dfdx;
use mnist_from_scratch::prelude::*;

#[cfg(not(feature = "cuda"))]
use crate::fresh;
use crate::{loaders, mean_error, mse};

#[test]
fn a_line_is_learned_with_any_optimizer() {
    let dev = AutoDevice::default();
    let model = || Linear::<1, 1>::new(&dev);
    let last = |losses: &Recorder| losses.values.last().unwrap()[1];

    let mut learn = Learner::new(loaders(&dev), model(), SGD::default(), mse).no_logging();
    learn.fit(100, 0.3).unwrap();
    assert!(last(&learn.recorder) < 1e-3);

    let mut learn = Learner::new(loaders(&dev), model(), BasicOptim::new(0.), mse).no_logging();
    learn.fit(100, 0.3).unwrap();
    assert!(last(&learn.recorder) < 1e-3);

    let start = model();
    let adam = dfdx::optim::Adam::new(&start, AdamConfig::default());
    let mut learn = Learner::new(loaders(&dev), start, adam, mse).no_logging();
    learn.fit(100, 0.05).unwrap();
    assert!(last(&learn.recorder) < 1e-3);

    let mut learn = Learner::new(loaders(&dev), model(), Adam::default(), mse).no_logging();
    learn.fit(100, 0.05).unwrap();
    assert!(last(&learn.recorder) < 1e-3);

    let start = model();
    let sgd = Sgd::new(&start, SgdConfig::default());
    let mut learn = Learner::new(loaders(&dev), start, sgd, mse).no_logging();
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
    let mut ours = Learner::new(loaders(&dev), ours, SGD::default(), mse).no_logging();
    ours.fit(20, 0.1).unwrap();
    let mixed = (theirs, Tanh, second);
    let mut mixed = Learner::new(loaders(&dev), mixed, SGD::default(), mse).no_logging();
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
    let mut learn = Learner::new(loaders(&dev), net, SGD::default(), mse).no_logging();
    learn.fit(3, 0.01).unwrap();
    assert_eq!(learn.validate().unwrap(), learn.validate().unwrap());
    assert_eq!(learn.get_preds().unwrap().0.as_vec(), learn.get_preds().unwrap().0.as_vec());
}

#[test]
fn validation_is_a_mean_over_items_not_over_batches() {
    let dev = AutoDevice::default();
    let learn = Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse)
        .metrics(mean_error)
        .no_logging();
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
        Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse).no_logging();
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
        .no_logging();
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

// dfdx's GPU stays in the thread that asked for it.
#[cfg(not(feature = "cuda"))]
#[test]
fn a_learner_can_be_handed_to_another_thread() {
    let dev = AutoDevice::default();
    let mut learn = fresh(&dev)
        .metrics(mean_error)
        .callback(ParamScheduler::one_cycle(0.1))
        .callback(EarlyStoppingCallback::new("mean_error"));
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
    let mut learn = Learner::new(loaders(&dev), model, SGD::default(), mse).no_logging();
    learn.fit(50, 0.2).unwrap();
    assert!(learn.recorder.values[49][1] < 1e-3);
    assert_ne!(learn.model.left.weight.array(), before.left.weight.array());
    assert_ne!(learn.model.right.weight.array(), before.right.weight.array());
}
