//! Mini-batches
//! Made from `book/src/08_mini_batches.md` by `cargo book tangle`: edit that, not this.

// We have a loss that can be learned from. The next question is: the loss *of what*? Before
// each step we have to choose the images on which it is worked out.
//
// We could take all of them. That gives the most reliable gradient. But we would go through
// more than twelve thousand images for a single small step.
//
// Or we take one image at a time. That is quick, but one image knows little: it says how to get
// better at *this* seven. The next one may say the opposite.
//
// So one takes a few at a time. They are called a **mini-batch**, and
// their number is the **batch size**. A larger batch gives a more
// reliable gradient and fewer steps in the same time. A good batch size is one of the choices
// that you make when you train a model.
//
// There is a second reason for batches. GPUs are only fast if they have a lot to do at once.
// With one image they would mostly wait; with too many, they run out of memory.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // ## How noisy is a mini-batch?
    //
    // Let us measure it before we go on. We take the linear model of the last chapter with random
    // parameters, and ask for the gradient of its bias. First with all images:
    //

    let dev = default_device()?;
    let (dset, _) = threes_and_sevens(&dev)?;
    manual_seed(42);
    let weights: Tensor<Rank2<784, 1>, f32, _> = init_params(&dev, 0.1);
    let bias: Tensor<Rank1<1>, f32, _> = init_params(&dev, 0.1);

    let bias_gradient = |(xb, yb): (Rows<784>, Labels)| -> f32 {
        let preds = xb.mm(weights.clone());
        let bias_b = bias.leaky_trace().broadcast_like(&preds);
        mnist_loss(bias_b + preds, yb).backward().get(&bias).array()[0]
    };

    let order = randperm(dset.len());
    let all = bias_gradient(dset.batch(&order));
    show!(all);

    //
    // Then with a hundred mini-batches each of 4, 32 and 256 images:
    //
    //
    //

    // The gradient of the bias, from a hundred mini-batches of each size. The line is the gradient
    // of all images.
    let random_batch = |size: usize| {
        let indices = randint(0, dset.len() as i64, size);
        let indices: Vec<usize> = indices.into_iter().map(|i| i as usize).collect();
        dset.batch(&indices)
    };
    let mut plot = Plot::new()
        .line("all images", &[1.5, 8.5], &[all, all])
        .x_label("batch size, as a power of 2")
        .y_label("gradient of the bias");
    for power in [2, 5, 8] {
        let size = 1 << power; // 4, 32, 256
        let gradients: Vec<f32> =
            (0..100).map(|_| bias_gradient(random_batch(size))).collect();
        let mean = gradients.iter().sum::<f32>() / 100.;
        let spread = gradients.iter().map(|g| (g - mean).powi(2)).sum::<f32>() / 100.;
        let sd = spread.sqrt();
        print!("{size:3} images: standard deviation {sd:.4}, ");
        println!("mean {mean:7.4} ± {:.4}", sd / 10.);
        // Side by side, so that they do not hide one another.
        let places: Vec<f32> =
            (0..100).map(|i| power as f32 + (i % 10) as f32 / 20. - 0.25).collect();
        plot = plot.points(&format!("{size} images"), &places, &gradients);
    }
    plot.show("noise")?;

    //
    // With four images a single gradient can point almost anywhere. With eight times as many the
    // spread is about a third. (It shrinks with the square root of the batch size.)
    //
    // And on average? The mean of a hundred draws is uncertain, too: by about a tenth of their
    // standard deviation, since ten is the square root of a hundred. That is the number after the
    // ±. Within it, each of the three means agrees with the gradient of all images. Small batches
    // are noisy, but they do not mislead.
    //
    // Noise is not only bad. A step need not be exact: the next one corrects it. And many rough
    // steps get further than one careful step.
    //
    // ## Shuffling
    //
    // We want batches that differ from one epoch to the next. An **epoch** is
    // one pass through the whole dataset. If the same images were always together, the model would
    // get to know the batches, too. But it is to *generalize*: to do well on images that it has
    // never seen. Whatever varies during the training helps with that, and the order is the easiest
    // thing to vary. So before each epoch the items are *shuffled*.
    //
    // That is so common that there is a class for it, the
    // **`DataLoader`**. It takes any collection and gives you an
    // iterator over its mini-batches. Fifteen numbers, five at a time:
    //

    random_seed(42);
    let coll = 0..15_i64;
    let dl = DataLoader::new(coll).batch_size(5).shuffle(true);
    show!(dl.iter().collect::<Vec<_>>());

    //
    // These are the batches that fastai prints with the same seed. It shuffles with Python's own
    // random numbers, not with PyTorch's, and so the seed is set with `random_seed`.
    //
    // Each pass has a new order:
    //

    show!(dl.iter().collect::<Vec<_>>());

    //
    // For training we want more than a collection of numbers. We want pairs, as in the dataset of
    // the last chapter. Here is a small one: the alphabet, with the place of each letter.
    //

    let ds = L::from_iter(('a'..='z').enumerate());
    show!(ds);

    //
    // When a `DataLoader` gets pairs, its batches are pairs as well. All x are together in one
    // tensor, and all y in another:
    //

    let dl = DataLoader::new(ds).batch_size(6).shuffle(true);
    show!(dl.iter().collect::<Vec<_>>());

    //
    // Letters are no numbers, and so they are not in a tensor but in a list. The last batch is
    // smaller: 26 is not a multiple of 6. If that is in your way, `drop_last(true)` leaves it out.
    //
    // What can be in a dataset is known at compile time. A type that nobody knows how to put
    // together to a batch is an error:
    //
    // ```rust,compile_fail,E0277
    // use mnist_from_scratch::prelude::*;
    // #[derive(Clone)]
    // struct Unknown;
    //
    // let dl = DataLoader::new(vec![Unknown, Unknown]);
    // ```
    //
    // And this is the loader for our digits:
    //

    let dl = DataLoader::new(dset.clone()).batch_size(256).shuffle(true);
    let (xb, yb) = first(&dl)?;
    show!(xb.shape(), yb.shape());
    println!("{} images, {} batches", dl.dataset().len(), dl.len());

    //
    // A table with 256 images, a column with their labels, and 49 such batches in an epoch.
    //
    // Now there is a loss, there are gradients, and there are batches to take them from. What is
    // missing is the loop that puts them together, and that is the next chapter.
    //
    // ## What you have learned
    //
    // - A mini-batch is a compromise between the speed of one image and the reliability of all.
    // - The noise of its gradient shrinks with the square root of the batch size.
    // - A `DataLoader` goes through a dataset in mini-batches, shuffled if you like.
    //
    //
    // Why are mini-batches shuffled anew in each epoch?
    //
    // So that the batches differ. Otherwise the model would see the same images together again and
    // again, and part of what it learns would be about the batches.
    //

    //
    // How many batches are there if the last one is left out?
    //
    // 12,396 images make 48 full batches of 256. The rest, 108 images, is the last one. With
    // `drop_last` there are 48 batches, and other images are left out in each epoch, if the loader
    // shuffles.
    //

    //
    // What is the difference between gradient descent and stochastic gradient
    // descent?
    //
    // The first takes the gradient of all data for each step, the second that of a mini-batch,
    // chosen at random.
    //
    //
    // **Exercise 1.** A race of batch sizes. Each runner starts from the same parameters and may
    // look at 4,096 images: in batches of 4, of 64, of 1,024. Whose loss is lowest in the end?
    // (Take the step by hand, with a learning rate of 0.1.)
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_race") {
        let everything = dset.batch(&order);
        for size in [4, 64, 1024] {
            let (mut w, mut b) = (weights.clone(), bias.clone());
            for indices in order[..4096].chunks(size) {
                let (xb, yb) = dset.batch(indices);
                let preds = xb.mm(w.leaky_trace());
                let bias_b = b.leaky_trace().broadcast_like(&preds);
                let grads = mnist_loss(preds + bias_b, yb).backward();
                (w, b) =
                    (w.clone() - grads.get(&w) * 0.1, b.clone() - grads.get(&b) * 0.1);
            }
            let preds = everything.0.clone().mm(w);
            let preds = preds.clone() + b.broadcast_like(&preds);
            let loss = mnist_loss(preds, everything.1.clone()).array();
            println!("{size:4} images, {:4} steps: loss {loss:.4}", 4096 / size);
        }
    }

    // The smallest batches win by far: many rough steps get further than a few careful ones. It is
    // not the whole truth, though. A larger batch could stand a larger learning rate, and it takes
    // less time.
    //
    //
    // **Exercise 2.** How many different batches of 5 does the loader of fifteen numbers give in a
    // hundred passes? Guess before you count.
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_batches") {
        let dl = DataLoader::new(0..15_i64).batch_size(5).shuffle(true);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            for batch in &dl {
                let mut batch = batch.as_vec();
                batch.sort();
                seen.insert(batch);
            }
        }
        let possible = 15 * 14 * 13 * 12 * 11 / (5 * 4 * 3 * 2);
        let drawn = 100 * dl.len();
        println!(
            "{} different ones in {drawn} batches; possible: {possible}",
            seen.len()
        );
    }
    Ok(())
}
