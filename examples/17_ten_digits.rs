//! Ten digits
//! Made from `book/src/17_ten_digits.md` by `cargo book tangle`: edit that, not this.

// Threes and sevens were a good start: two classes, a yes or a no. This chapter goes through
// the course's steps once more, for all ten digits. Little of it is new, and that is the point:
// what you have learned for two classes holds for ten.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // ## Seventy thousand images
    //
    // All of MNIST lies in a crate of its own, so this does not need the network either. (In a
    // project of yours the line in `Cargo.toml` has to ask for it, with `features = ["mnist"]`.)
    //

    let path = untar_data(Urls::MNIST)?;
    set_base_path(&path);
    show!(path.ls()?, path.join("training").ls()?);

    //
    // There are two folders, `training` and `testing`. In each lie two files in MNIST's own format,
    // one with all images and one with all labels. `from_folder_with` knows how to open them.
    //
    // We leave `testing` alone for now. The images of `training` are divided once more: a sixth
    // of them, drawn at random, is what we validate with.
    //

    set_seed(42);
    let options = FolderOptions::new().valid_pct(1. / 6.).seed(42);
    let training = path.join("training");
    let dls = ImageDataLoaders::<1, 28, 28>::from_folder_with(training, &options)?;
    show!(dls.train.dataset().len(), dls.valid.dataset().len());
    println!("{:?}", dls.vocab);

    //
    //
    //
    // Some images of a batch.
    dls.show_batch()?;

    //
    // ## Why three sets?
    //
    // The training set is what the net learns from. The validation set says how well it does with
    // images that it has not seen, and we look at it again and again: after each epoch, for each
    // learning rate, for each kind of net. So we choose what does well *there*, and a little of
    // that is luck, as the last chapter has shown.
    //
    // The **test set** is for the end. It is looked at once, when all is
    // chosen, and whatever comes out is the answer. MNIST comes with one, the ten thousand images
    // in `testing`. (The course used it to validate with, since two digits were enough to learn
    // with.)
    //
    // ## Ideal digits
    //
    // First the baseline of the fourth chapter: the mean of all images of
    // a digit is the ideal one, and an image is taken for the digit whose ideal is nearest to it.
    //
    //

    // The means of the digits of the training set.
    let train = dls.train.dataset();
    let ideal = |digit| train.images_of(digit).mean_image();
    let ideals: Vec<Image> = (0..10).map(ideal).collect();
    let classes: Vec<&str> = dls.vocab.iter().map(String::as_str).collect();
    let names = dls.vocab.iter().cloned();
    show_image_grid(&names.zip(ideals.clone()).collect::<Vec<_>>())?;

    //
    // For each image of the validation set there are now ten distances, and the smallest counts:
    //

    /// The places of the smallest numbers.
    fn nearest(distances: &[Vec<f32>]) -> Vec<usize> {
        let of_image = |i: usize| {
            (0..10).min_by(|a: &usize, b| distances[*a][i].total_cmp(&distances[*b][i]))
        };
        (0..distances[0].len()).filter_map(of_image).collect()
    }

    let (mut actual, mut predicted) = (vec![], vec![]);
    for digit in 0..10 {
        let images = dls.valid.dataset().images_of(digit);
        let distance = |ideal| mnist_distance(&images, ideal).as_vec();
        let distances: Vec<Vec<f32>> = ideals.iter().map(distance).collect();
        predicted.extend(nearest(&distances));
        actual.resize(predicted.len(), digit as usize);
    }
    println!("{:.4}", ConfusionMatrix::new(&classes, &actual, &predicted).accuracy());

    //
    // For two digits this rule was right in 95 of 100 cases. With ten it is a different matter, for
    // there are more ways to be wrong. Guessing would be right in one of ten.
    //
    // ## Ten outputs
    //
    // With two classes, one number was enough: the larger, the more of a 3. Now the net gives ten
    // numbers for each image, one for each digit. Softmax makes
    // probabilities of them,
    //
    // > pᵢ = exp(xᵢ) / (exp(x₀) + … + exp(x₉))
    //
    // which are all positive and add up to 1. And cross-entropy is the
    // negative logarithm of the probability of the right digit. A net that knows nothing gives the
    // same number to all:
    //

    let dev = default_device()?;
    let no_idea: Tensor<Rank2<1, 10>, f32, _> = dev.zeros();
    show!(softmax(no_idea.clone()));
    show!(cross_entropy(no_idea, dev.tensor([7])));

    //
    // The loss is the logarithm of 10. A net that starts with a larger one is sure of something
    // that is wrong.
    //
    // ## The simple net
    //
    // The neural net of chapter 13, with ten outputs in place of one. `Flatten`
    // makes a row of each image:
    //
    //

    type SimpleNet = (Flatten<784>, Linear<784, 30>, ReLU, Linear<30, 10>);
    set_seed(42);
    let net = SimpleNet::build(&dev);
    let mut learn = Learner::new(dls, net, SGD::default(), cross_entropy);
    learn = learn.metrics(accuracy);
    learn.fit(3, 0.1)?;

    //
    // The fingerprint of its weights, with which it is on the page to draw on, too:
    //

    show!(fingerprint(&learn.model));

    //
    // Only the sizes, the loss function and the metric have changed. Everything else about
    // `Learner` is as it was.
    //
    // ## Convolutions
    //
    // And now a small net with convolutions. The first has 5x5 kernels
    // and takes every other pixel; a pool halves the sides once more; two more layers make 64
    // answers in four places, and a linear layer decides.
    //
    //

    type ConvNet = (
        (Conv2d<1, 32, 5, 2, 2>, BatchNormReLU<32>),
        MaxPool2d<2, 2, 0>,
        (Conv2d<32, 64, 3>, BatchNormReLU<64>),
        (Conv2d<64, 64, 3, 2>, BatchNormReLU<64>),
        Flatten<256>,
        Linear<256, 10>,
    );
    set_seed(42);
    let dls = learn.dls.batch_size(256);
    let mut learn = vision_learner(dls, ConvNet::build, cross_entropy)?;
    learn = learn.metrics(accuracy);
    learn.fit_one_cycle(1, 0.01)?;
    println!("{} parameters", learn.model.num_trainable_params());

    //
    // One epoch. Where do the mistakes lie that are left?
    //
    //

    // Rows are what the images show, columns what the net says.
    let interp = ClassificationInterpretation::from_learner(&learn)?;
    interp.plot_confusion_matrix()?;

    //
    // For a table of this size fastai has `most_confused`: what was mixed up at least five times,
    // the most frequent first.
    //

    for (actual, predicted, count) in interp.most_confused(5) {
        println!("{count:2} times a {actual} was taken for a {predicted}");
    }

    //
    // And these are the images that the net gets most wrong:
    //
    //

    // The worst losses of the validation set: what the net says, what it is, and how sure
    // the net is.
    interp.plot_top_losses(9)?;

    //
    // About some of them one could argue with whoever wrote the labels.
    //
    // ## The test set, once
    //
    // All is chosen: the net, one epoch, the rate. So now, and only now:
    //

    let test_dl = learn.dls.test_dl(path.join("testing"))?;
    let values = learn.validate_on(&test_dl)?;
    println!("{} images, accuracy {:.4}", test_dl.dataset().len(), values[1]);

    //
    // If you now go back, try another learning rate, and come here again, the test set has become a
    // second validation set. That is why one writes down first what one is going to do.
    //
    // ## As fast as it goes
    //
    // How long does it take to be right in 99 of 100 cases? The example `speed_run` trains this net
    // for two epochs, with all images of `training` to learn from. It does so from ten seeds, one
    // after the other, and says for each how many of the images in `testing` the net is right
    // about in the end, and how long that took. Two epochs are enough for each of the ten; the
    // results have their accuracies, and how long the same takes in
    // PyTorch, candle and burn.
    //
    // ```sh
    // cargo run --release --example speed_run
    // ```
    //
    // ## What you have learned
    //
    // - Ten classes take ten outputs, softmax and cross-entropy, and else nothing new.
    // - What is chosen by the validation set is judged by a test set, once.
    // - A confusion matrix and the worst losses say *where* a model goes wrong.
    //
    //
    // What is the loss of a net for ten classes that knows nothing?
    //
    // ln 10: it gives each class a probability of a tenth, and the loss is the negative logarithm
    // of that of the right one.
    //

    //
    // Why not look at the test set after each epoch?
    //
    // One would choose by it, without meaning to. Then it says how well the choice fits the test
    // set, and no longer how well the net will do with images that nobody has seen.
    //

    //
    // Why does the baseline do so much worse with ten digits than with two?
    //
    // For each image there are nine wrong ideals to be near to in place of one. And a mean is
    // blurred: one that is slim, such as the 1, is near to much that is slim.
    //
    //
    // **Exercise 1.** Squared differences punish a few large ones more than many small ones. Does
    // the baseline get better with them?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_squares") {
        let (mut actual, mut predicted) = (vec![], vec![]);
        for digit in 0..10 {
            let images = learn.dls.valid.dataset().images_of(digit);
            let distance = |ideal: &Image| {
                let difference = images.clone() - ideal.clone().broadcast_like(&images);
                difference.square().mean::<(usize,), Axes2<1, 2>>().as_vec()
            };
            let distances: Vec<Vec<f32>> = ideals.iter().map(distance).collect();
            predicted.extend(nearest(&distances));
            actual.resize(predicted.len(), digit as usize);
        }
        let classes: Vec<&str> = interp.vocab.iter().map(String::as_str).collect();
        let matrix = ConfusionMatrix::new(&classes, &actual, &predicted);
        println!("{:.4}", matrix.accuracy());
    }
    Ok(())
}
