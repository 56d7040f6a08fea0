//! A training that is saved and goes on later.

use mnist_from_scratch::prelude::*;

use crate::{fresh, loaders, mse};

/// Two epochs, save, two more; and two, save, load into another learner, two more.
fn resumed<O: Optim<Linear<1, 1>>>(opt: impl Fn() -> O) {
    let dev = AutoDevice::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume.safetensors");
    let learner =
        || Learner::new(loaders(&dev), Linear::<1, 1>::new(&dev), opt(), mse).no_logging();
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
