//! The training loop
//! Made from `book/src/09_training_loop.md` by `cargo book tangle`: edit that, not this.

// All the pieces are on the table: a model, a loss, gradients, mini-batches. In this chapter
// they become a training loop, the heart of all deep learning. In outline, for each epoch:
//
// ```text
// for each mini-batch (x, y):
//     preds = model(x)
//     loss = loss_func(preds, y)
//     gradients = loss.backward()
//     parameters -= gradients * lr
// ```
//
// The first two lines of the loop are the *forward pass*, the line
// with `backward` is the *backward pass*, and one turn of the loop
// is an *iteration*.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // ## Everything once, slowly
    //
    // First we start anew with random parameters:
    //

    type Weights<T = NoneTape> = Tensor<Rank2<784, 1>, f32, AutoDevice, T>;
    type Bias = Tensor<Rank1<1>, f32, AutoDevice>;
    type Params = (Weights, Bias);

    let dev = default_device()?;
    manual_seed(42);
    let mut params: Params = (init_params(&dev, 1.), init_params(&dev, 1.));

    //
    // `Weights` alone means weights without a tape, `NoneTape`. `Weights<T>`, which we need below,
    // are weights with a tape `T`.
    //
    // A `DataLoader` is made from a dataset:
    //

    let (dset, valid_dset) = threes_and_sevens(&dev)?;
    let dl = DataLoader::new(dset.clone()).batch_size(256);
    let (xb, yb) = first(&dl)?;
    show!(xb.shape(), yb.shape());

    //
    // And one for the validation set:
    //

    let valid_dl = DataLoader::new(valid_dset).batch_size(256);

    //
    // (The notebook does not shuffle here, and neither do we, so that you can compare the numbers.
    // The images come in the order of their folders: in an epoch the model sees all the threes, and
    // then all the sevens. It gets away with it. The exercise asks what shuffling would change.)
    //
    // For a first look, four images are enough:
    //

    let (batch, labels) = dset.batch(&[0, 1, 2, 3]);
    show!(batch.shape());

    //
    // The model is that of chapter 7. But this time we want to know where the predictions came
    // from. So the weights may bring a tape along:
    //

    fn linear1<T: Tape<f32, AutoDevice>>(
        xb: &Rows<784>,
        weights: Weights<T>,
        bias: &Bias,
    ) -> Rows<1, T> {
        let preds = xb.clone().mm(weights);
        let bias = bias.retaped::<T>().broadcast_like(&preds);
        preds + bias
    }

    //
    // Read the types: images without a tape, weights with a tape `T`, predictions with that tape.
    // The images are data, nobody wants to change them, and so no gradient is worked out for them.
    // For parameters it is. In PyTorch a flag in each tensor says which is which, `requires_grad`.
    // Here it is in the types.
    //
    // `retaped` gives the bias an empty record of the same kind. When the two are added, their
    // records become one.
    //
    // Without a tape it is an ordinary function:
    //

    let preds = linear1(&batch, params.0.clone(), &params.1);
    show!(preds);

    //
    // To learn, we start to record. Where are the gradients to go? dfdx has an object for them, and
    // we make it once:
    //

    let grads = params.alloc_grads();
    let preds = linear1(&batch, params.0.trace(grads), &params.1);
    let loss = mnist_loss(preds, labels.clone());
    show!(loss);

    //
    // `trace(grads)` starts a tape. It takes `grads` along, and `backward` hands them back, filled:
    //

    let mut grads = loss.backward();
    let weights_grad = grads.get(&params.0);
    show!(weights_grad.shape(), weights_grad.mean_all(), grads.get(&params.1));

    //
    // There is one number for each weight, and one for the bias. The same as a function:
    //

    fn calc_grad(xb: &Rows<784>, yb: &Labels, params: &Params, grads: Grads) -> Grads {
        let preds = linear1(xb, params.0.trace(grads), &params.1);
        let loss = mnist_loss(preds, yb.clone());
        loss.backward()
    }

    //
    // ## Gradients that add up
    //
    // About these four images the model is wrong and quite sure. There the sigmoid is flat, and the
    // gradients are too small to watch. So let us take four others, about which it is not sure:
    //

    let (unsure, answers) = dset.batch(&[26, 48, 66, 81]);
    show!(linear1(&unsure, params.0.clone(), &params.1));
    grads = calc_grad(&unsure, &answers, &params, params.alloc_grads());
    show!(grads.get(&params.0).mean_all(), grads.get(&params.1));

    //
    // Let us call it again, with the same four. The gradients should be the same as before:
    //

    grads = calc_grad(&unsure, &answers, &params, grads);
    show!(grads.get(&params.0).mean_all(), grads.get(&params.1));

    //
    // They are not! And once more:
    //

    grads = calc_grad(&unsure, &answers, &params, grads);
    show!(grads.get(&params.0).mean_all(), grads.get(&params.1));

    //
    // Twice as much, and three times as much. `backward` *adds* the gradients to those that are
    // already there. In PyTorch it is just the same, and it is the most famous trap of all: nothing
    // in `loss.backward()` shows that there is something left from last time.
    //
    // In chapter 5 each `leaky_trace` began with new gradients, and so they never added up. Here we
    // hand the old ones to `trace`.
    //
    // Why would anyone want that? Because a loss may consist of parts, or a batch may be too large
    // for the memory. Then one adds up the gradients of several passes before a step.
    //
    // So before the next batch, the gradients have to be zero again. Here is one of them, before
    // and after:
    //

    show!(grads.get(&params.0).select(dev.tensor(541)));
    params.zero_grads(&mut grads);
    show!(grads.get(&params.0).select(dev.tensor(541)));

    //
    // ### What the types prevent
    //
    // We, too, can forget this line. But we cannot overlook that there are old gradients: they go
    // in through the arguments, and come out as the result. The functions say what happens.
    //
    // And there is a mistake that does not compile. The gradients move into the tape, so it is not
    // possible to use them twice by accident:
    //
    // ```rust,compile_fail,E0382
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let w: Tensor<Rank1<2>, f32, _> = dev.tensor([1., 2.]);
    // let grads = w.alloc_grads();
    // let first = w.trace(grads).square().sum::<Rank0, _>().backward();
    // let second = w.trace(grads).square().sum::<Rank0, _>().backward(); // in `first` now
    // ```
    //
    // The first call has taken them. Whoever wants to add to them says so, with `w.trace(first)`.
    // Whoever wants new ones writes `w.trace(w.alloc_grads())`, or `w.leaky_trace()` as in
    // chapter 5.
    //
    // ## An epoch
    //
    // One pass through all batches, with a step after each:
    //

    fn train_epoch(dl: &DataLoader<Digits>, lr: f32, params: &mut Params) {
        let mut grads = params.alloc_grads();
        for (xb, yb) in dl {
            grads = calc_grad(&xb, &yb, params, grads);
            params.0 = params.0.clone() - grads.get(&params.0) * lr;
            params.1 = params.1.clone() - grads.get(&params.1) * lr;
            grads = params.alloc_grads();
        }
    }

    //
    //
    //
    // In PyTorch one writes `p.data -= p.grad*lr` in this place. Without `.data` it is an error,
    // because a step must not become part of the record. Our parameters have no record while they
    // are changed.
    //

    //
    // The new gradients in the last line belong to the new parameters: `params.0 = ...` has made
    // another tensor. (In the next chapter an optimizer changes the parameters in place, and keeps
    // the gradients.)
    //
    // > Note:
    // > If the whole dataset is one batch, this is *gradient descent*. With mini-batches it is
    // > *stochastic* gradient descent, SGD.
    //
    // ## Are we getting better?
    //
    // For that we have the validation set and the accuracy. A prediction above 0 means 3:
    //

    let preds = linear1(&batch, params.0.clone(), &params.1);
    show!(preds.gt(0.).eq(&labels.eq(1)));

    //
    // As a function for a whole batch (`xb` are the predictions here, as in the notebook):
    //

    fn batch_accuracy(xb: Rows<1>, yb: Labels) -> Tensor<Rank0, f32, AutoDevice> {
        let preds = sigmoid(xb);
        let correct = preds.gt(0.5).eq(&yb.eq(1));
        correct.mean_all()
    }

    //
    // The loss function looks at the sigmoid of the predictions, and so does this one. Where the
    // prediction is 0, its sigmoid is 0.5. So it comes to the same.
    //

    show!(batch_accuracy(linear1(&batch, params.0.clone(), &params.1), labels));

    //
    // None of the four: to our random weights they are all sevens. And for all batches of the
    // validation set, the mean:
    //

    fn validate_epoch(valid_dl: &DataLoader<Digits>, params: &Params) -> f32 {
        let accuracy = |(xb, yb): (Rows<784>, Labels)| {
            batch_accuracy(linear1(&xb, params.0.clone(), &params.1), yb).array()
        };
        let accs: Vec<f32> = valid_dl.iter().map(accuracy).collect();
        accs.iter().sum::<f32>() / accs.len() as f32
    }

    println!("{:.4}", validate_epoch(&valid_dl, &params));

    //
    // This is the accuracy before any training. (Strictly, it is the mean over the *batches*. The
    // last one is smaller than the others, so the mean over the *images* is not quite the same. The
    // `Learner` of chapter 11 takes the latter.)
    //
    // Now train for one epoch:
    //

    let lr = 1.;
    train_epoch(&dl, lr, &mut params);
    println!("{:.4}", validate_epoch(&valid_dl, &params));

    //
    // A long way up, in an instant. (A learning rate of 1, where chapter 5 said that rates are
    // usually far smaller? What is a large step depends on the loss. Look at the gradients above:
    // most of them are tiny, because the sigmoid is flat wherever the model is sure of itself. With
    // such slopes a rate of 1 still makes small steps.)
    //
    // And twenty more:
    //

    let mut accuracies = Vec::new();
    for epoch in 1..=20 {
        train_epoch(&dl, lr, &mut params);
        let accuracy = validate_epoch(&valid_dl, &params);
        print!("{accuracy:.4}{}", if epoch % 10 == 0 { "\n" } else { " " });
        accuracies.push(accuracy);
    }

    //
    //
    //
    //
    //
    // Accuracy on the validation set. The level line is the pixel similarity of chapter 4.
    let epochs: Vec<f32> = (1..=20).map(|epoch| epoch as f32).collect();
    Plot::new()
        .line("linear model", &epochs, &accuracies)
        .line("pixel similarity", &[1., 20.], &[0.9511, 0.9511])
        .x_label("epoch")
        .y_label("accuracy")
        .show("accuracies")?;

    //
    // It beats the baseline, and it is nothing but a multiplication and an addition. What is more,
    // the idea of this loop has nothing to do with digits. Exchange `linear1` and the type
    // `Params`, and it trains any function with parameters. (The notebook hands the model over as
    // an argument. We get there in the next chapter.)
    //
    // One more line, for later:
    //

    show!(fingerprint(&params));

    //
    // That is a *fingerprint* of the trained parameters: a few digits that are worked out from all
    // their bits. If your training ends at the same fingerprint, it has ended at the same 785
    // numbers, to the last bit, whatever your computer is.
    //
    // Train it here, in a page, and it ends at the same one.
    //
    // ## Looking inside
    //
    // The notebook goes on to the next topic here. But we can look at what was learned: there is a
    // weight for each pixel, so the weights are an image.
    //
    //
    //

    // The weights as an image: dark pixels speak for a 3, light ones for a 7.
    manual_seed(42);
    let before: Weights = init_params(&dev, 1.);
    let [before, after] =
        [before, params.0.clone()].map(|w| w.reshape::<Rank2<28, 28>>());
    show_images(&[("before", &before), ("after", &after)])?;

    //
    // Most of the noise that we started with is still there. Near the edges all images are white,
    // the pixels are 0, and so is the gradient: those weights never move. They do no harm either.
    // What has changed is the middle:
    //
    //
    //

    // What training has changed.
    show_image(&(after - before))?;

    //
    // Dark is where ink makes a 3 more likely, light where it makes a 7 more likely.
    //
    // The loop works, and it is all ours. What of it would we write anew for the next model? Hardly
    // anything. So the next two chapters hand it over, piece by piece, to a library.
    //
    // ## What you have learned
    //
    // - A training loop: predict, loss, gradients, step, zero; for each mini-batch, in each epoch.
    // - Gradients add up until they are set to zero.
    // - A linear model with 785 parameters, trained for 21 epochs, beats the baseline.
    //
    //
    // What happens if the gradients are never set to zero?
    //
    // Each step then follows the sum of all gradients so far. At first that looks like a higher
    // learning rate. Later the steps overshoot, since old gradients still push when they should
    // not.
    //

    //
    // Why are the images without a tape, and the weights with one?
    //
    // The gradient of the weights is what we need for a step. That of the images would say how to
    // change the *pixels* to get a better loss. It would take time to work out, and nobody uses it
    // here.
    //

    //
    // What is an epoch?
    //
    // One pass through all mini-batches of the training set.
    //

    //
    // Why is the accuracy measured on the validation set?
    //
    // Because the model has not learned from those images. How good it is on the others says
    // little: it could have learned them by heart.
    //
    //
    // **Exercise 1.** Does shuffling help? Train for 21 epochs with a loader that shuffles, from
    // the same parameters.
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_shuffle") {
        set_seed(42);
        let mut params: Params = (init_params(&dev, 1.), init_params(&dev, 1.));
        let shuffled = DataLoader::new(dset.clone()).batch_size(256).shuffle(true);
        for epoch in 0..21 {
            train_epoch(&shuffled, lr, &mut params);
            if epoch % 5 == 0 {
                println!("epoch {epoch:2}: {:.4}", validate_epoch(&valid_dl, &params));
            }
        }
    }

    // (`set_seed` sets both seeds: that of the parameters and that of the shuffling.)
    //
    // The start is much better: 0.8791 after the first epoch instead of 0.7304. Batches with only
    // threes teach "say 3", and the ones with only sevens teach the opposite. A shuffled batch
    // teaches the difference.
    //
    //
    // **Exercise 2.** Forget to set the gradients to zero. What happens to the accuracy?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_zero") {
        manual_seed(42);
        let mut params: Params = (init_params(&dev, 1.), init_params(&dev, 1.));
        let mut grads = params.alloc_grads();
        for epoch in 0..5 {
            for (xb, yb) in &dl {
                grads = calc_grad(&xb, &yb, &params, grads);
                // p = 1 * p - lr * grad, in place: the gradients stay those of these.
                params.0.axpy(1., &grads.get(&params.0), -lr);
                params.1.axpy(1., &grads.get(&params.1), -lr);
            }
            println!("epoch {epoch}: {:.4}", validate_epoch(&valid_dl, &params));
        }
    }
    Ok(())
}
