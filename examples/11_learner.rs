//! Learner
//! Made from `book/src/11_learner.md` by `cargo book tangle`: edit that, not this.

// A layer and an optimizer come from the library now. What is left of our own is the training
// loop itself, and it would be the same for nearly any model. fastai has an object for it, the
// **`Learner`**.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // First it wants one object with all the data:
    //

    let dev = default_device()?;
    let (dset, valid_dset) = threes_and_sevens(&dev)?;
    let dl = DataLoader::new(dset).batch_size(256);
    let valid_dl = DataLoader::new(valid_dset).batch_size(256);
    let dls = DataLoaders::new(dl, valid_dl);

    //
    // ## Fit
    //
    // `DataLoaders` keeps the two loaders as `train` and `valid`. A `Learner` takes them, a model,
    // an optimizer and a loss function; and, if you like, metrics to print. `SGD::default()` needs
    // no learning rate, since `fit` sets it:
    //

    manual_seed(42);
    let model = Linear::<784, 1>::new(&dev);
    let mut learn =
        Learner::new(dls, model, SGD::default(), mnist_loss).metrics(batch_accuracy);

    //
    // And then we `fit`:
    //
    //

    learn.fit(10, 1.)?;

    //
    // That is fastai's table. The numbers are fastai's as well, provided that it draws the same
    // random numbers in the same order: the seed 42, and then a new layer. The script
    // `tests/pytorch/training.py` in the repository does that in Python, and our tests compare. In
    // a terminal a bar runs below the table while an epoch is on its way.
    //
    // The seed is that of the last chapter. So this model started from the same numbers as the one
    // that our own optimizer trained there, and took the same steps.
    //
    // - `train_loss` is the loss on the training set. It is smoothed: an average of the last
    //   batches, in which older ones count less and less.
    // - `valid_loss` is the loss on the validation set, the mean over its images.
    // - `batch_accuracy` is our metric, and the column has the function's name. It is the mean over
    //   the images, too, while our `validate_epoch` took the mean over batches.
    //
    // The trained model has a fingerprint, as in chapter 9:
    //

    show!(fingerprint(&learn.model));

    //
    // Train it here, in a page, and it ends at the same one.
    //
    // ### All of one class
    //
    // The first row says 0.495584, and other tables of this book say 0.504416. It is the first
    // thing that a fastai user asks about, and it is no accident:
    //

    let labels = learn.dls.valid.iter().flat_map(|(_, y)| y.as_vec());
    let labels: Vec<i64> = labels.collect();
    let (threes, all) = (labels.iter().sum::<i64>(), labels.len());
    let share = threes as f64 / all as f64;
    println!("{threes} of {all} are threes: {share:.6}, sevens: {:.6}", 1. - share);

    //
    // So after its first epoch the model takes *all* images for threes.
    //
    // The reason is the order. Our loader does not shuffle, since the notebook's does not: in each
    // epoch come first all the threes and then all the sevens. While there are only threes, each
    // step says "more like a three, whatever it is". The sevens undo that, and in the first epoch
    // they do not get all the way, or they go too far.
    //
    // Usually one shuffles the training set, as the exercise of chapter
    // 9 does, and `ImageDataLoaders` will do it by
    // itself. The validation set is never shuffled: nothing is learned from it, so its order does
    // not matter, and a fixed order keeps predictions and images together.
    //
    // ## Other parts
    //
    // With these few lines everything can be exchanged. Any module of dfdx will do as a model, and
    // any function as a loss that takes predictions and targets and returns one number, with its
    // tape. There are other optimizers, too. Adam is a popular one; it keeps a step size for each
    // parameter. (`learn.dls` takes the loaders out of the old learner, which we need no longer.)
    //
    //

    let model = Linear::<784, 1>::new(&dev);
    let mut learn = Learner::new(learn.dls, model, Adam::default(), mnist_loss)
        .metrics(batch_accuracy);
    learn.fit(3, 0.001)?;

    //
    // ## When the parts do not fit
    //
    // In PyTorch you find out while it runs. Here is a model for images of 30 by 30 pixels. It does
    // not compile:
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
    // The compiler says that such a layer is not a model for inputs of this shape, a table with 784
    // columns, and asks whether the sizes fit the data. Its whole message is folded under the cell.
    //
    // What if you want to add something to the loop, now that it is the library's? And what becomes
    // of the model when the program ends? Both in the next chapter.
    //
    // ## What you have learned
    //
    // - A `Learner` is the training loop: data, model, optimizer and loss, put together.
    // - Each of the parts can be exchanged, and the compiler checks that they fit.
    //
    //
    // Which accuracy is printed: the mean over batches, or over images?
    //
    // Our `validate_epoch` took the mean over batches, the `Learner` takes that over images. They
    // differ because the last batch is smaller.
    //
    //
    // **Exercise.** Watch the model change its mind: write a metric that tells which share of the
    // images it takes for threes. (A metric is a function of predictions and targets; the table has
    // its mean over all images.)
    //
    //
    // Solution
    //

    if std::env::args().any(|arg| arg == "solution_metric") {
        fn share_of_threes(
            preds: Rows<1>,
            _: Labels,
        ) -> Tensor<Rank0, f32, AutoDevice> {
            let said = sigmoid(preds).as_vec();
            let threes = said.iter().filter(|p| **p > 0.5).count();
            AutoDevice::default().tensor(threes as f32 / said.len() as f32)
        }

        let model = Linear::<784, 1>::new(&dev);
        let mut learn = Learner::new(learn.dls, model, SGD::default(), mnist_loss)
            .metrics(share_of_threes);
        learn.fit(3, 1.)?;
    }
    Ok(())
}
