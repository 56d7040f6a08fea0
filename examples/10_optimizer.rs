//! An optimizer
//! Made from `book/src/10_optimizer.md` by `cargo book tangle`: edit that, not this.

// The loop of the last chapter works, and every line of it is ours. In this chapter and the
// next we replace it piece by piece with what a library offers. After each step the model has
// to learn as well as before. (Single numbers will differ, because each model starts from other
// random numbers.) That is how you know that you have understood what the library does.

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
    // **module** for it. A module is a value that holds parameters, and that
    // turns an input into an output with `forward`:
    //

    manual_seed(42);
    let linear_model = Linear::<784, 1>::new(&dev);

    //
    // It is PyTorch's `nn.Linear(28*28, 1)`, and does the work of `init_params` and `linear1`
    // together. The sizes are part of the type. Like PyTorch's, it starts from small random
    // numbers, closer to 0 than ours.
    //
    // A module knows its parameters. Here they are simply its fields:
    //

    let (w, b) = (&linear_model.weight, &linear_model.bias);
    show!(w.shape(), b.shape());

    //
    // The weights lie on their side, compared with ours: a row for each output. PyTorch does it
    // that way, too.
    //
    // ## An optimizer
    //
    // The next thing is the step. An **optimizer** is a value that knows
    // how to change parameters once their gradients are there. PyTorch's is given the parameters
    // when it is made, and keeps them. In Rust that would mean that nobody else could use the model
    // as long as the optimizer exists. So here the model is lent to it for each step.
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
    // `axpy` is an old name, "a times x plus y". It changes the tensor in place. The parameters of
    // a model have different shapes, and so the function is written for any shape `S`. The other
    // two functions let others read and set the learning rate; we need that below.
    //
    // `UpdateRule` is a *trait*: `impl UpdateRule for BasicOptim` says how our type does what the
    // trait asks for, much as a Python subclass fills in the methods of its base class. In return
    // we get `step`, which calls `update` for all parameters of a model. We make an optimizer with
    // our learning rate:
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
    // One thing moved: the parameters are inside the module now, so the tape comes in with the
    // input, by `xb.traced(grads)`. All modules of dfdx work that way. The input only *carries* the
    // tape: nobody asks for the gradient of its pixels. (`traced` uses up the tensor that it is
    // called on, `trace` leaves it to you.)
    //

    //
    // PyTorch's `opt.zero_grad()` has no counterpart in our optimizer. It is the model that sets
    // the gradients to zero, with `model.zero_grads`.
    //

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
    // `&mut dyn Optim` takes any optimizer. The model is handed over, and it is gone when the
    // function ends: here we only look at the accuracies. To keep it, the function would borrow it,
    // as `train_epoch` does. Our optimizer first:
    //

    train_model(&dl, &valid_dl, linear_model, &mut opt, 20)?;

    //
    // ### The same from the library
    //
    // fastai has a class `SGD`. If nothing else is asked of it, it does the same as our
    // `BasicOptim`:
    //

    let linear_model = Linear::<784, 1>::new(&dev);
    train_model(&dl, &valid_dl, linear_model, &mut SGD::new(lr), 20)?;

    //
    // The accuracies at the end agree. Early on they do not, for a simple reason: this model
    // started from other random numbers.
    //
    // The two loops are ours still, and nothing in them is about digits. The next chapter hands
    // them over, too.
    //
    // ## What you have learned
    //
    // - A module holds parameters and turns inputs into outputs. Here its sizes are in its type.
    // - An optimizer knows how to make a step. The model is lent to it.
    //
    //
    // What does `Linear` do that `linear1` did not?
    //
    // It holds its parameters and draws them itself, from small numbers. What it calculates is the
    // same.
    //

    //
    // Why does an optimizer here not keep the parameters, as PyTorch's does?
    //
    // Whoever can change a value in Rust must be the only one who uses it. An optimizer that kept
    // the parameters would lock the model up. So it borrows them, just for the step.
    //
    //
    // **Exercise 1.** What if the rate shrinks on the way? Train for 20 epochs in two halves, the
    // second one with a tenth of the rate. (`opt.set_lr` sets it.)
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_two_rates") {
        let mut model = Linear::<784, 1>::new(&dev);
        let mut opt = BasicOptim { lr };
        for epoch in 1..=20 {
            if epoch == 11 {
                UpdateRule::set_lr(&mut opt, lr / 10.);
            }
            train_epoch(&dl, &mut model, &mut opt)?;
            let accuracy = validate_epoch(&valid_dl, &model);
            print!("{accuracy:.4}{}", if epoch % 10 == 0 { "\n" } else { " " });
        }
    }

    // It helps at once: in epoch 13 this model is where ours above was in epoch 20. The batches are
    // not shuffled, and each epoch ends with sevens. Large steps leave the model leaning towards
    // them, and many a three is taken for a seven; small steps lean less. But then it stands still:
    // with a tenth of the rate, what is left to learn would take ten times as long. So a rate that
    // shrinks should do so late.
    //
    //
    // **Exercise 2.** Write an optimizer with *momentum*. A ball that rolls
    // downhill does not stop and think at each step: it keeps most of its speed, and where the
    // slope points the same way again and again, it gets faster. It keeps a velocity `v` for each
    // parameter; a step is `v = 0.9 * v + grad` and then `p -= lr * v`. Train for 5 epochs,
    // shuffled, with a learning rate of 0.1. (Hint: the library has a `PerParameter`, which keeps a
    // tensor for each parameter.)
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
        let mut opt = WithMomentum { lr: 0.1, velocities: PerParameter::default() };
        let model = Linear::<784, 1>::new(&dev);
        train_model(&shuffled, &valid_dl, model, &mut opt, 5)?;
    }
    Ok(())
}
