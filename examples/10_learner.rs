//! Creating an optimizer
//! Made from `book/src/10_learner.md` by `cargo book tangle`: edit that, not this.

// The loop of the last chapter works, and every line of it is ours. In this chapter we replace it piece by
// piece with what a library offers. After each step the model has to learn as well as before. (Single numbers
// will differ, because each model starts from other random numbers.) That is how you know that you have
// understood what the library does.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // data
    let dev = default_device()?;
    let (dset, valid_dset) = threes_and_sevens(&dev)?;
    let dl = DataLoader::new(dset.clone()).batch_size(256);
    let valid_dl = DataLoader::new(valid_dset.clone()).batch_size(256);
    let lr = 1.;

    //
    // ## A layer
    //
    // The first thing to go is `linear1` with its two parameters. The library has a
    // **module** for it. A module is a value that holds parameters, and that turns an
    // input into an output with `forward`:
    //

    manual_seed(42);
    let linear_model = Linear::<784, 1>::new(&dev);

    //
    // It is PyTorch's `nn.Linear(28*28, 1)`, and does the work of `init_params` and `linear1` together. The
    // sizes are part of the type. Like PyTorch's, it starts from small random numbers, closer to 0 than ours.
    //
    // A module knows its parameters. Here they are simply its fields:
    //

    let (w, b) = (&linear_model.weight, &linear_model.bias);
    show!(w.shape(), b.shape());

    //
    // The weights lie on their side, compared with ours: a row for each output. PyTorch does it that way, too.
    //
    // ## An optimizer
    //
    // The next thing is the step. An **optimizer** is a value that knows how to
    // change parameters once their gradients are there. PyTorch's is given the parameters when it is made, and
    // keeps them. In Rust that would mean that nobody else could use the model as long as the optimizer
    // exists. So here the model is lent to it for each step.
    //
    // What a simple optimizer does with one parameter fits in a line:
    //

    struct BasicOptim {
        lr: f64,
    }

    impl UpdateRule for BasicOptim {
        fn update<S: Shape>(
            &mut self,
            p: &mut Tensor<S, f32, AutoDevice>,
            grad: &Tensor<S, f32, AutoDevice>,
        ) {
            p.axpy(1., grad, -self.lr); // p = 1 * p - lr * grad
        }

        fn lr(&self) -> f64 {
            self.lr
        }

        fn set_lr(&mut self, lr: f64) {
            self.lr = lr;
        }
    }

    //
    // `axpy` is an old name, "a times x plus y". It changes the tensor in place. The parameters of a model have
    // different shapes, and so the function is written for any shape `S`. The other two functions let others
    // read and set the learning rate; we need that below.
    //
    // `UpdateRule` is a *trait*: `impl UpdateRule for BasicOptim` says how our type does what the trait asks for,
    // much as a Python subclass fills in the methods of its base class. In return we get `step`, which calls
    // `update` for all parameters of a model. We make an optimizer with our learning rate:
    //

    let mut opt = BasicOptim { lr };

    //
    // Our training loop is now simpler:
    //

    fn train_epoch(
        dl: &DataLoader<Digits>,
        model: &mut Linear<784, 1>,
        opt: &mut dyn Optim<Linear<784, 1>>,
    ) -> Result<()> {
        let mut grads = model.alloc_grads();
        for (xb, yb) in dl {
            let preds = model.forward(xb.traced(grads));
            grads = mnist_loss(preds, yb).backward();
            opt.step(model, &mut grads)?;
            model.zero_grads(&mut grads);
        }
        Ok(())
    }

    //
    // One thing moved: the parameters are inside the module now, so the tape comes in with the input, by
    // `xb.traced(grads)`. All modules of dfdx work that way. The input only *carries* the tape: nobody asks for the
    // gradient of its pixels. (`traced` uses up the tensor that it is called on, `trace` leaves it to you.)
    //
    // PyTorch's `opt.zero_grad()` has no counterpart in our optimizer. It is the model that sets the gradients to
    // zero, with `model.zero_grads`.
    //
    // The validation hardly changes:
    //

    fn validate_epoch(valid_dl: &DataLoader<Digits>, model: &Linear<784, 1>) -> f32 {
        let accuracy = |(xb, yb)| batch_accuracy(model.forward(xb), yb).array();
        let accs: Vec<f32> = valid_dl.iter().map(accuracy).collect();
        accs.iter().sum::<f32>() / accs.len() as f32
    }

    println!("{:.4}", validate_epoch(&valid_dl, &linear_model));

    //
    // And the loop over the epochs gets a name:
    //

    fn train_model(
        dl: &DataLoader<Digits>,
        valid_dl: &DataLoader<Digits>,
        mut model: Linear<784, 1>,
        opt: &mut dyn Optim<Linear<784, 1>>,
        epochs: usize,
    ) -> Result<()> {
        for epoch in 1..=epochs {
            train_epoch(dl, &mut model, opt)?;
            let accuracy = validate_epoch(valid_dl, &model);
            print!("{accuracy:.4}{}", if epoch % 10 == 0 { "\n" } else { " " });
        }
        Ok(())
    }

    //
    // `&mut dyn Optim` takes any optimizer. The model is handed over, and it is gone when the function ends: here
    // we only look at the accuracies. To keep it, the function would borrow it, as `train_epoch` does. Our optimizer
    // first:
    //

    train_model(&dl, &valid_dl, linear_model, &mut opt, 20)?;

    //
    // ### The same from the library
    //
    // fastai has a class `SGD`. If nothing else is asked of it, it does the same as our `BasicOptim`:
    //

    let linear_model = Linear::<784, 1>::new(&dev);
    train_model(&dl, &valid_dl, linear_model, &mut SGD::new(lr), 20)?;

    //
    // The accuracies at the end agree. Early on they do not, for a simple reason: this model started from other
    // random numbers.
    //
    // ## A learner
    //
    // What is left is the loop itself. fastai has an object for it, the **`Learner`**.
    // First it wants one object with all the data:
    //

    let dls = DataLoaders::new(dl, valid_dl);

    //
    // `DataLoaders` keeps the two loaders as `train` and `valid`. A `Learner` takes them, a model, an optimizer
    // and a loss function; and, if you like, metrics to print. `SGD::default()` needs no learning rate, since `fit`
    // sets it:
    //

    let model = Linear::<784, 1>::new(&dev);
    let mut learn = Learner::new(dls, model, SGD::default(), mnist_loss).metrics(batch_accuracy);

    //
    // And then we `fit`:
    //
    //

    learn.fit(10, lr)?;

    //
    // That is fastai's table. The numbers are fastai's as well, provided that it draws the same random numbers in the
    // same order: the seed 42 at the top, and then a new layer for each model of this chapter. The script
    // `tests/pytorch/training.py` in the repository does that in Python, and our tests compare. In a terminal a bar
    // runs below the table while an epoch is on its way.
    //
    // - `train_loss` is the loss on the training set. It is smoothed: an average of the last batches, in which
    //   older ones count less and less.
    // - `valid_loss` is the loss on the validation set, the mean over its images.
    // - `batch_accuracy` is our metric, and the column has the function's name. It is the mean over the images,
    //   too, while `validate_epoch` takes the mean over batches.
    //
    // With these few lines everything can be exchanged. Any module of dfdx will do as a model, and any function
    // as a loss that takes predictions and targets and returns one number, with its tape. There are other
    // optimizers, too. Adam is a popular one; it keeps a step size for each parameter. (`learn.dls` takes the loaders out
    // of the old learner, which we need no longer.)
    //
    //

    let model = Linear::<784, 1>::new(&dev);
    let mut learn =
        Learner::new(learn.dls, model, Adam::default(), mnist_loss).metrics(batch_accuracy);
    learn.fit(3, 0.001)?;

    //
    // ### When the parts do not fit
    //
    // In PyTorch you find out while it runs. Here is a model for images of 30 by 30 pixels. It does not compile:
    //
    // ```rust,compile_fail,E0277
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let (dset, valid_dset) = threes_and_sevens(&dev).unwrap();
    // let dls = DataLoaders::new(DataLoader::new(dset), DataLoader::new(valid_dset));
    // let model = Linear::<900, 1>::new(&dev);
    // let learn = Learner::new(dls, model, SGD::default(), mnist_loss);
    // ```
    //
    // The compiler says that a tensor of shape `(usize, Const<784>)` does not fit a layer with 900 inputs, and
    // points at the model.
    //
    // ### Callbacks
    //
    // Sooner or later you want to add something to the loop: change the learning rate on the way, stop when it
    // no longer gets better, save the best model. For that there is no need to write the loop again. A
    // **callback** is called at certain points of it.
    //
    // Here the learning rate falls in a straight line from 1 to 0, and training stops early if the validation
    // loss has not improved for two epochs:
    //
    //

    let model = Linear::<784, 1>::new(&dev);
    let mut learn = Learner::new(learn.dls, model, SGD::default(), mnist_loss)
        .metrics(batch_accuracy)
        .callback(ParamScheduler::lr(|done| 1. - done))
        .callback(EarlyStopping::new("valid_loss").patience(2));
    learn.fit(5, lr)?;

    //
    // The validation loss fell each time, so all five epochs were run. `done` goes from 0 to 1, and what the
    // schedule returns takes the place of the `lr` given to `fit`.
    //
    // A callback of your own needs a single function:
    //

    struct SumOfWeights;

    impl Callback<Linear<784, 1>> for SumOfWeights {
        fn after_epoch(&mut self, training: &mut Training<Linear<784, 1>>) -> Result<()> {
            let sum = training.model.weight.clone().sum::<Rank0, _>().array();
            println!("after epoch {} the weights add up to {sum:.2}", training.epoch);
            Ok(())
        }
    }

    let model = Linear::<784, 1>::new(&dev);
    let mut learn =
        Learner::new(learn.dls, model, SGD::default(), mnist_loss).callback(SumOfWeights).silent();
    learn.fit(3, lr)?;

    //
    // ### Keeping what was learned
    //
    // A trained model is worth keeping. `save` writes its parameters to a file in the safetensors format, which
    // Python reads with the package `safetensors`. `learn.load` brings them back into a learner, and `load_weights`
    // into any model:
    //

    let path = std::env::temp_dir().join("linear.safetensors");
    learn.save(&path)?;

    let mut fresh = Linear::<784, 1>::new(&dev);
    load_weights(&mut fresh, &path)?;
    show!(fresh.weight.eq(&learn.model.weight).mean_all());

    //
    // All weights are the same. The file holds numbers, not the model: which layers there are is in your code.
    //
    // ## What you have learned
    //
    // - A module holds parameters and turns inputs into outputs. Here its sizes are in its type.
    // - An optimizer knows how to make a step. The model is lent to it.
    // - A `Learner` is the training loop. Callbacks add to it what you need.
    //
    //
    // What does `Linear` do that `linear1` did not?
    //
    // It holds its parameters and draws them itself, from small numbers. What it calculates is the same.
    //

    //
    // Why does an optimizer here not keep the parameters, as PyTorch's does?
    //
    // Whoever can change a value in Rust must be the only one who uses it. An optimizer that kept the
    // parameters would lock the model up. So it borrows them, just for the step.
    //

    //
    // Which accuracy is printed: the mean over batches, or over images?
    //
    // `validate_epoch` takes the mean over batches, the `Learner` that over images. They differ because the last
    // batch is smaller.
    //

    //
    // What is a callback good for?
    //
    // It adds something to the training loop without a change of the loop: a schedule for the learning rate,
    // early stopping, saving the best model, a message.
    //
    //
    // **Exercise.** Write an optimizer with momentum. It keeps a velocity `v` for each parameter; a step is `v = 0.9 * v + grad` and then `p -= lr * v`. Train for 5 epochs, shuffled, with a learning rate of 0.1.
    // (Hint: the library has a `PerParameter`, which keeps a tensor for each parameter.)
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_momentum") {
        struct WithMomentum {
            lr: f64,
            velocities: PerParameter,
        }

        impl UpdateRule for WithMomentum {
            fn update<S: Shape>(
                &mut self,
                p: &mut Tensor<S, f32, AutoDevice>,
                grad: &Tensor<S, f32, AutoDevice>,
            ) {
                let velocity = self.velocities.update(p, |v| v * 0.9 + grad.clone());
                p.axpy(1., &velocity, -self.lr);
            }

            fn lr(&self) -> f64 {
                self.lr
            }

            fn set_lr(&mut self, lr: f64) {
                self.lr = lr;
            }
        }

        random_seed(42);
        let shuffled = DataLoader::new(dset).batch_size(256).shuffle(true);
        let dls = DataLoaders::new(shuffled, DataLoader::new(valid_dset).batch_size(256));
        let opt = WithMomentum { lr: 0.1, velocities: PerParameter::default() };
        let model = Linear::<784, 1>::new(&dev);
        let mut learn = Learner::new(dls, model, opt, mnist_loss).metrics(batch_accuracy).silent();
        learn.fit(5, 0.1)?;
        println!("{:.4}", learn.recorder.column("batch_accuracy").unwrap()[4]);
    }
    Ok(())
}
