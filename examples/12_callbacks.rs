//! Callbacks and saving
//! Made from `book/src/12_callbacks.md` by `cargo book tangle`: edit that, not this.

// A `Learner` is a loop that somebody else has written. Two things make up for that: you can
// add to the loop without a change of it, and you can keep what it has learned.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // data
    let dev = default_device()?;
    let (dset, valid_dset) = threes_and_sevens(&dev)?;
    let dl = DataLoader::new(dset).batch_size(256);
    let valid_dl = DataLoader::new(valid_dset).batch_size(256);
    let dls = DataLoaders::new(dl, valid_dl);
    let lr = 1.;

    //
    // ## Callbacks
    //
    // Sooner or later you want to add something to the loop: change the learning rate on the way,
    // stop when it no longer gets better, save the best model. For that there is no need to write
    // the loop again. A **callback** is called at certain points of it.
    //
    // Here the learning rate falls in a straight line from 1 to 0, and training stops early if the
    // validation loss has not improved for two epochs:
    //
    //

    manual_seed(42);
    let model = Linear::<784, 1>::new(&dev);
    let mut learn = Learner::new(dls, model, SGD::default(), mnist_loss)
        .metrics(batch_accuracy)
        .callback(ParamScheduler::lr(|done| 1. - done))
        .callback(EarlyStoppingCallback::new("valid_loss").patience(2));
    learn.fit(5, lr)?;

    //
    // The validation loss fell each time, so all five epochs were run. `done` goes from 0 to 1, and
    // what the schedule returns takes the place of the `lr` given to `fit`.
    //
    // ### One of your own
    //
    // A callback of your own needs a single function:
    //

    struct SumOfWeights;

    impl Callback<Linear<784, 1>> for SumOfWeights {
        fn after_epoch(
            &mut self,
            training: &mut Training<Linear<784, 1>>,
        ) -> Result<()> {
            let sum = training.model.weight.clone().sum::<Rank0, _>().array();
            println!("after epoch {} the weights add up to {sum:.2}", training.epoch);
            Ok(())
        }
    }

    let model = Linear::<784, 1>::new(&dev);
    let mut learn = Learner::new(learn.dls, model, SGD::default(), mnist_loss)
        .callback(SumOfWeights)
        .no_logging();
    learn.fit(3, lr)?;

    //
    // ## Keeping what was learned
    //
    // A trained model is worth keeping. `save` writes its parameters to a file in the safetensors
    // format, which Python reads with the package `safetensors`. `learn.load` brings them back into
    // a learner, and `load_weights` into any model:
    //

    let path = std::env::temp_dir().join("linear.safetensors");
    learn.save(&path)?;

    let mut fresh = Linear::<784, 1>::new(&dev);
    load_weights(&mut fresh, &path)?;
    show!(fresh.weight.eq(&learn.model.weight).mean_all());

    //
    // All weights are the same. The file holds numbers, not the model: which layers there are is in
    // your code.
    //
    // The loop is a library's now, from the batches to the file. What has been the same all along
    // is the model, one weight a pixel. It is its turn.
    //
    // ## What you have learned
    //
    // - A callback adds to the training loop what you need.
    // - `save` writes the parameters, `load` reads them. The model itself is in your code.
    //
    //
    // What is a callback good for?
    //
    // It adds something to the training loop without a change of the loop: a schedule for the
    // learning rate, early stopping, saving the best model, a message.
    //
    //
    // **Exercise.** `SaveModelCallback` saves the weights whenever a column of the table is at its
    // best. Train for five epochs with it. Which epoch was kept?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_best_epoch") {
        let best = std::env::temp_dir().join("best.safetensors");
        let model = Linear::<784, 1>::new(&dev);
        let mut learn = Learner::new(learn.dls, model, SGD::default(), mnist_loss)
            .callback(SaveModelCallback::new("valid_loss", &best))
            .no_logging();
        learn.fit(5, lr)?;
        learn.load(&best)?;
        let again = learn.validate()?[0];
        let losses = learn.recorder.column("valid_loss").unwrap();
        println!("{losses:.4?}, kept: {again:.4}");
    }
    Ok(())
}
