//! Data and layers that do not fit, told before or at the batch where they do not.

use mnist_from_scratch::prelude::*;

use crate::{fresh, line, mse};

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
    let mut learn = Learner::new(dls, model(), SGD::default(), mse).no_logging();
    let error = learn.fit(1, 0.1).unwrap_err();
    assert!(error.to_string().starts_with("the validation set has 1 item, fewer"), "{error}");
    // Before the first epoch.
    assert!(learn.recorder.losses.is_empty());
    assert!(learn.get_preds().is_err());
}

#[test]
fn a_folder_that_is_missing_is_told_before_the_first_epoch() {
    let dev = AutoDevice::default();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("models");
    let fit = |path: &std::path::Path| {
        let mut learn = fresh(&dev).callback(SaveModelCallback::new("valid_loss", path));
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
        Learner::new(DataLoaders::new(loader(9), loader(9)), model, SGD::default(), mse)
            .no_logging();
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
        .no_logging();
    let expected = "mnist_loss: target 0 of the batch is 3, but the targets have to be 0 and 1";
    let error = learn.fit(1, 0.1).unwrap_err().to_string();
    assert!(error.starts_with(expected) && error.ends_with("training set in epoch 0"), "{error}");
    let error = learn.validate().unwrap_err().to_string();
    assert!(error.starts_with(expected) && error.ends_with("batch 0 of the validation set"));
}
