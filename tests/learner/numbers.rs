//! Numbers that are none: in the data, the weights, the learning rate and the loss.

use mnist_from_scratch::prelude::*;

use crate::{Loss, Pairs, fresh, line, loaders, mse};

#[test]
fn a_loss_that_is_no_number_stops_the_training() {
    let dev = AutoDevice::default();
    let mut learn =
        Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), SGD::default(), mse).no_logging();
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
fn a_learning_rate_that_is_none_changes_nothing() {
    let dev = AutoDevice::default();
    let mut learn = fresh(&dev);
    let before = learn.model.weight.array();
    for lr in [f64::INFINITY, f64::NAN, -0.1, 1e39] {
        for result in [learn.fit(1, lr), learn.fit_one_cycle(1, lr)] {
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with(&format!("the learning rate is {lr:?} in epoch 0, batch 0")));
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
        Learner::new(dls, Linear::<1, 1>::new(&dev), SGD::default(), mse as Loss).no_logging()
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

/// What a training says, and the weights in the end.
type Ended = (String, [Vec<f32>; 2]);

/// Trains with one pass over the data, four by four.
fn one_epoch<O: Optim<Linear<1, 1>>>(train: &Pairs, opt: O) -> Ended {
    let dev = AutoDevice::default();
    manual_seed(42);
    let train = DataLoader::new(train.clone()).batch_size(4);
    let dls = DataLoaders::new(train, DataLoader::new(line(6, &dev)));
    let mut learn = Learner::new(dls, Linear::<1, 1>::new(&dev), opt, mse).no_logging();
    let error = learn.fit(1, 0.1).map_or_else(|error| error.to_string(), |()| String::new());
    (error, [learn.model.weight.as_vec(), learn.model.bias.as_vec()])
}

/// Also on a GPU, which has been asked for the next step by the time that the loss is read.
#[test]
fn the_model_is_as_it_was_before_the_batch_with_the_broken_number() {
    let dev = AutoDevice::default();
    let whole = line(16, &dev);
    let items = |range: std::ops::Range<usize>| whole.batch(&range.collect::<Vec<_>>());
    // In a batch on the way, and in the last one.
    for (item, batch) in [(9, 2), (13, 3)] {
        let (mut x, y) = items(0..16);
        x.set([item, 0], f32::NAN);
        let broken = zip(x, y).unwrap();
        let (x, y) = items(0..4 * batch);
        let before = zip(x, y).unwrap();
        let check = |(error, found): Ended, (no_error, expected): Ended| {
            let place = format!("in epoch 0, batch {batch}, with a learning rate of 0.1");
            assert!(error.contains(&place), "{error}");
            let cause = format!("the inputs of item {item} of the training set are NaN");
            assert!(error.contains(&cause), "{error}");
            assert_eq!((no_error, found), (String::new(), expected));
        };
        let sgd = || SGD::new(0.1).momentum(0.9);
        check(one_epoch(&broken, sgd()), one_epoch(&before, sgd()));
        check(one_epoch(&broken, Adam::new(0.1)), one_epoch(&before, Adam::new(0.1)));
        let basic = || BasicOptim::new(0.1);
        check(one_epoch(&broken, basic()), one_epoch(&before, basic()));
    }
}

#[test]
fn weights_that_are_broken_before_the_first_step() {
    let dev = AutoDevice::default();
    let mut learn = fresh(&dev);
    learn.model.bias.set([0], f32::NAN);
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    let expected = "before the first step, 1 of the 1 numbers of `bias` is infinite or NaN";
    assert!(error.contains(expected), "{error}");
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
        .callback(SaveModelCallback::new("valid_loss", &path))
        .no_logging();
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    assert!(
        error.starts_with("after epoch 0, though its losses were finite: the inputs of item 2")
    );
    assert!(!path.exists());
    assert!(learn.save(&path).unwrap_err().to_string().contains("`0.weight` are infinite or NaN"));
    assert!(!path.exists());
}

/// A broken number shows behind every layer, as in PyTorch, with a tape and without one.
#[test]
fn nan_stays_nan() {
    let dev = AutoDevice::default();
    type T<S> = Tensor<S, f32, AutoDevice>;
    fn check<S: ConstShape, M>(name: &str, mut layer: M)
    where
        M: ModuleMut<Traced<S>> + Module<T<S>> + Clone,
        <M as Module<T<S>>>::Output: Numbers,
        <M as ModuleMut<Traced<S>>>::Output: Numbers,
    {
        let mut x = vec![1.0; S::default().num_elements()];
        x[0] = f32::NAN;
        let x: T<S> = AutoDevice::default().tensor_from_vec(x, S::default());
        assert!(layer.forward(x.clone()).has_nan(), "{name}");
        assert!(layer.forward_mut(x.leaky_trace()).has_nan(), "{name} with a tape");
    }
    type Maps = Rank4<2, 3, 5, 5>;
    type Flat = Rank2<4, 6>;
    check::<Maps, _>("Conv2d", Conv2d::<3, 4, 3, 2, 1>::new(&dev));
    check::<Maps, _>("BiasedConv2d", BiasedConv2d::<3, 4, 3, 2, 1>::new(&dev));
    check::<Maps, _>("BatchNorm2d", BatchNorm2d::<3>::new(&dev));
    check::<Maps, _>("BatchNormReLU", BatchNormReLU::<3>::new(&dev));
    check::<Maps, _>("MaxPool2d", MaxPool2d::<3, 2, 1>);
    check::<Maps, _>("AdaptiveAvgPool2d", AdaptiveAvgPool2d::<2>);
    check::<Maps, _>("AdaptiveMaxPool2d", AdaptiveMaxPool2d::<2>);
    check::<Maps, _>("AdaptiveConcatPool2d", AdaptiveConcatPool2d::<6>);
    check::<Maps, _>("MaxPoolGlobal", MaxPoolGlobal);
    check::<Maps, _>("MinPoolGlobal", MinPoolGlobal);
    check::<Maps, _>("AvgPoolGlobal", AvgPoolGlobal);
    check::<Maps, _>("BasicBlock", BasicBlock::<3>::new(&dev));
    check::<Maps, _>("DownBlock", DownBlock::<3, 4>::new(&dev));
    check::<Flat, _>("LayerNorm", LayerNorm::<6>::new(&dev));
    check::<Flat, _>("Linear", Linear::<6, 3>::new(&dev));
    check::<Flat, _>("ReLU", ReLU);
    check::<Flat, _>("Sigmoid", Sigmoid);
    check::<Flat, _>("Tanh", Tanh);
    check::<Flat, _>("dfdx's GeLU", FastGeLU);
    check::<Flat, _>("dfdx's Softmax", Softmax);
    check::<Flat, _>("dfdx's LogSoftmax", LogSoftmax);
}

trait Numbers {
    fn has_nan(&self) -> bool;
}

impl<S: Shape, P: Tape<f32, AutoDevice>> Numbers for Tensor<S, f32, AutoDevice, P> {
    fn has_nan(&self) -> bool {
        self.as_vec().iter().any(|number| number.is_nan())
    }
}
