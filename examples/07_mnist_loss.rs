//! A loss for digits
//! Made from `book/src/07_mnist_loss.md` by `cargo book tangle`: edit that, not this.

// Back to the 3s and 7s. We now know how to make parameters better: take the gradient of a
// loss, and step downhill. So we need two things for our digits. One is a model with
// parameters. The other is a loss, a number that says how bad its predictions are.
//
// The obvious candidate for the second one is accuracy, which we have already. At the end of
// this chapter you will know why it does not work, and what does.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // ## The data as one table
    //
    // We begin with the four stacks of images of chapter 4:
    //

    let path = untar_data(Urls::MNIST_SAMPLE)?;
    let dev = default_device()?;
    let open = |folder: &str| -> Result<Images> {
        let files = path.join(folder).ls()?.sorted();
        let images: Vec<Pixels> = tensors(&open_images(&files)?, &dev)?;
        Ok(images.stack().float() / 255.)
    };
    let (stacked_threes, stacked_sevens) = (open("train/3")?, open("train/7")?);
    let (valid_3_tens, valid_7_tens) = (open("valid/3")?, open("valid/7")?);

    //
    // A model does not care which pixels are neighbours. So an image can be one long row of
    // numbers, a *vector*. We join the stacks and make each image a row:
    //

    let [threes, sevens] =
        [&stacked_threes, &stacked_sevens].map(|stack| stack.shape().0);
    let train_x: Rows<784> = (stacked_threes, stacked_sevens)
        .concat_along(Axis::<0>)
        .reshape_like(&(threes + sevens, Const));

    //
    // `concat_along` is PyTorch's `torch.cat`. `reshape_like` is `view`: it changes the shape and
    // leaves the numbers as they are. In Python one writes `view(-1, 28*28)`, where −1 stands for
    // "as many as needed". Here the number of rows is written out, and `Const` is left to the
    // compiler, which knows from the type `Rows<784>` that a row has 784 numbers. `Rows<784>` is
    // short for a tensor with the shape `(usize, Const<784>)`.
    //
    // Each image needs a label. We take 1 for a 3, and 0 for a 7:
    //

    let train_y: Labels = column(&[vec![1; threes], vec![0; sevens]].concat(), &dev);
    show!(train_x.shape(), train_y.shape());

    //
    // The labels are a column: `Labels` has as many rows as there are images, and one number in
    // each. In PyTorch, `unsqueeze(1)` makes such a column.
    //
    // ### A dataset
    //
    // A **dataset** gives a pair (x, y) when asked for item number *i*: the
    // image and its label. Python joins two lists to a list of pairs with `zip`. Ours does the same
    // for two tensors:
    //

    let dset = zip(train_x.clone(), train_y.clone())?;
    let (x, y) = dset.get(0);
    show!(x.shape(), y);

    //
    // The `let (x, y)` takes the pair apart. Statisticians call x the *independent* and y the
    // *dependent* variable: y is what we want to know, and it depends on x.
    //
    // The question mark is there because `zip` checks something that Python does not. If there were
    // more images than labels, it would return an error instead of dropping some.
    //
    // The same for the validation set:
    //

    let [threes, sevens] = [&valid_3_tens, &valid_7_tens].map(|stack| stack.shape().0);
    let valid_x: Rows<784> = (valid_3_tens, valid_7_tens)
        .concat_along(Axis::<0>)
        .reshape_like(&(threes + sevens, Const));
    let valid_y: Labels = column(&[vec![1; threes], vec![0; sevens]].concat(), &dev);
    let valid_dset = zip(valid_x, valid_y)?;
    show!(valid_dset.len());

    //
    // The chapters to come need the same two datasets. There, `threes_and_sevens(&dev)?` makes them
    // in one line.
    //
    // ## A model with weights
    //
    // Now we give every pixel a weight, at random:
    //

    fn init_params<S: ConstShape>(
        dev: &AutoDevice,
        std: f32,
    ) -> Tensor<S, f32, AutoDevice> {
        randn(dev) * std
    }

    // weights

    type Weights = Tensor<Rank2<784, 1>, f32, AutoDevice>;

    manual_seed(42);
    let weights: Weights = init_params(&dev, 1.);

    //
    // The shape in the type decides how many numbers are drawn. The 1 makes them a column: that
    // will be handy in a moment. There is no `requires_grad_` here; as in the last chapters, we say
    // what is recorded when we need it.
    //
    // Weights times pixels is not flexible enough. An image with no ink at all would always get 0,
    // whatever the weights are. In school a straight line was `y = w*x + b`, and we still lack the
    // `b`:
    //

    type Bias = Tensor<Rank1<1>, f32, AutoDevice>;

    let bias: Bias = init_params(&dev, 1.);
    show!(bias);

    //
    // The `w` are called the **weights** and the `b` the
    // **bias**. Together they are the model's
    // **parameters**: the numbers that are learned. What the model
    // calculates with them are its **activations**.
    //
    // Here is the prediction for one image:
    //

    let (x, _) = dset.get(0);
    let weighted = x * weights.clone().reshape::<Rank1<784>>();
    show!(weighted.sum::<Rank0, _>() + bias.clone().reshape());

    //
    // We could write a loop over all images now. In Python that would be far too slow. In Rust a
    // loop is fast, but it would still be the wrong way: it would not run on a GPU, and it would
    // hide from the library what we really want, which is the same thing for all images at once.
    //
    // ### Matrix multiplication
    //
    // What we want has a name. To multiply each row of one table with a column of another one, and
    // add up, is **matrix multiplication**. A small one can be
    // checked by hand:
    //

    let two_rows: Tensor<Rank2<2, 3>, f32, _> =
        dev.tensor([[1., 2., 3.], [4., 5., 6.]]);
    let column_of_3: Tensor<Rank2<3, 1>, f32, _> = dev.tensor([[10.], [1.], [0.]]);
    show!(two_rows.matmul(column_of_3));

    //
    // The first row gives `1·10 + 2·1 + 3·0`, the second one `4·10 + 5·1 + 6·0`. With images it is
    // the same: each row is an image, and the column is the weights. Python writes it `@`:
    //

    fn linear1(xb: Rows<784>, weights: &Weights, bias: &Bias) -> Rows<1> {
        let preds = xb.mm(weights.clone());
        let bias = bias.clone().broadcast_like(&preds);
        preds + bias
    }

    let preds = linear1(train_x.clone(), &weights, &bias);
    show!(preds);

    //
    // `mm` is PyTorch's name for it in words. (dfdx's own `matmul` does it, too; `mm` of our crate
    // has the same bits on every processor.) In Python the bias, a single number, is added to all
    // rows without further ado. dfdx wants to be told that it is meant to be repeated:
    // `broadcast_like`.
    //
    // The first number is the prediction that we worked out by hand. And what if the sizes do not
    // fit? PyTorch finds out when the program runs. Here it does not compile:
    //
    // ```rust,compile_fail,E0308
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let xb: Rows<784> = dev.zeros_like(&(4, Const));
    // let weights: Tensor<Rank2<700, 1>, f32, _> = init_params(&dev, 1.);
    // let preds = xb.mm(weights); // 700 are not 784
    // ```
    //
    // `batch @ weights + bias` is one of the two fundamental equations of any neural net. The other
    // one is the activation function. It has a chapter of its own, A neural
    // net.
    //
    // ### How good is it?
    //
    // To decide between 3 and 7 we ask whether the prediction is greater than 0. (Why 0? The
    // weights are as often negative as positive, so it is the middle; and learning moves the
    // predictions to where they belong.) Each answer is right or wrong:
    //

    let corrects = preds.gt(0.).eq(&train_y.eq(1));
    show!(corrects);

    // accuracy

    show!(corrects.mean_all().array());

    //
    // About half are right. For random weights, that is to be expected.
    //
    // ## Why not accuracy?
    //
    // Let us see what happens to the accuracy if we make one weight a little larger, by a
    // hundredth. It should be the weight of a pixel that has ink in some images, such as the one in
    // the middle:
    //

    let images = train_x.as_vec();
    let inked = |i: usize| images.chunks(784).filter(|image| image[i] > 0.).count();
    let (corner, middle) = (0, 14 * 28 + 14);
    println!("ink in {} images; in the corner, {}", inked(middle), inked(corner));

    let mut nudged = weights.clone();
    nudged.set([middle, 0], weights.array()[middle][0] * 1.01);

    //
    //
    //
    // The notebook nudges the weight of the first pixel, the corner. It is white in all images, so
    // no prediction depends on its weight, and nothing could have changed.
    //
    //
    //

    let preds = linear1(train_x.clone(), &nudged, &bias);
    show!(preds.gt(0.).eq(&train_y.eq(1)).mean_all().array());

    //
    // Nothing. The very same number, although the predictions for thousands of images have moved a
    // little.
    //
    // Remember what a gradient is: how much the output changes, divided by how much the input was
    // changed. The accuracy changes only when some prediction crosses 0, from a 7 to a 3 or back. A
    // small change of a weight hardly ever does that. So the gradient of the accuracy is zero
    // almost everywhere, and a step that subtracts zero learns nothing.
    //
    // We need a loss that is a little better whenever the predictions are a little better.
    //
    // ### A first try
    //
    // The loss function does not see the images. It gets the
    // **predictions**, one number an image, of which we assume for now
    // that it lies between 0 and 1: how sure the model is that the image is a 3. And it gets the
    // **targets**, the right labels: 1 for a 3, 0 for a 7.
    //
    // Say there are three images: a 3, a 7 and a 3. The model is rather sure of the first, less so
    // of the second, and quite wrong about the third:
    //

    let trgts = dev.tensor([1_i64, 0, 1]);
    let prds = dev.tensor([0.9_f32, 0.4, 0.2]);

    //
    // How far is each prediction from its target? From 1 if it should be 1, from 0 if it should be
    // 0:
    //

    show!(trgts.eq(1).choose(-prds.clone() + 1., prds.clone()));

    //
    // `-prds + 1.` is 1 minus the prediction, written so that the tensor comes first: dfdx has no
    // `1. - prds`, with a number on the left. And the labels are whole numbers, `0` and `1`, while
    // predictions have a point.
    //
    // `choose` is PyTorch's `torch.where`, which cannot be called so here, since `where` is a word
    // of Rust's own: it takes the number of the first tensor where the condition is true, and that
    // of the second elsewhere. It does what a loop over all items would do, for the whole tensor at
    // once.
    //
    // The mean of these distances is our loss:
    //

    fn distance_loss<S: Shape>(
        predictions: Tensor<S, f32, AutoDevice>,
        targets: Tensor<S, i64, AutoDevice>,
    ) -> Tensor<Rank0, f32, AutoDevice> {
        targets.eq(1).choose(-predictions.clone() + 1., predictions).mean()
    }

    show!(distance_loss(prds, trgts.clone()));

    //
    // A small number is good: all predictions are close to their targets. If the third prediction
    // were better, 0.8 instead of 0.2, the loss should be smaller:
    //

    show!(distance_loss(dev.tensor([0.9, 0.4, 0.8]), trgts));

    //
    // It is. And it would have been so for any improvement, however small.
    //
    // There is one flaw. The predictions of `linear1` are not between 0 and 1 at all. The very
    // first was −6.
    //
    // ## Sigmoid
    //
    // We need a function that takes any number and returns one between 0 and 1. This is the usual
    // one, the **sigmoid**:
    //

    fn sigmoid(x: f32) -> f32 {
        1. / (1. + exp(-x))
    }

    //
    // `exp` is the power of the number e:
    //

    use std::f64::consts::E;
    show!(E);

    // e_squared

    show!(exp(dev.tensor(2_f32)).eq(E.powi(2) as f32));

    //
    // And this is what it looks like:
    //
    //
    //

    // The sigmoid function.
    plot_function(sigmoid, "x", "sigmoid", -4.0..4.0)
        .title("Sigmoid")
        .show("sigmoid")?;

    //
    // It takes any number, positive or negative, and returns one between 0 and 1. Numbers far above
    // 0 come out near 1, numbers far below it near 0. And it is a smooth curve that only ever goes
    // up, so that there is a slope to follow everywhere.
    //
    // For tensors there is one already, as in PyTorch. The `nn::` in front tells it from our own,
    // which takes a plain number. So we let our loss function apply it first:
    //

    fn mnist_loss<S: Shape, T: Tape<f32, AutoDevice>>(
        predictions: Tensor<S, f32, AutoDevice, T>,
        targets: Tensor<S, i64, AutoDevice>,
    ) -> Tensor<Rank0, f32, AutoDevice, T> {
        let predictions = nn::sigmoid(predictions);
        let from_1 = -predictions.with_empty_tape() + 1.;
        targets.eq(1).choose(from_1, predictions).mean()
    }

    //
    // (dfdx has methods as well, `x.exp()` and `x.sigmoid()`. Their last digit is up to the C
    // library of your system, or to NVIDIA's. What you see here is the same on every computer: the
    // number next to the exact one.)
    //
    // Something else is new: the `T`. It is the tape of chapter 5, the record of what happened to a
    // tensor. `T` stands for "with a tape or without". With one, the loss can be asked for
    // gradients; without, it is just a number. `with_empty_tape` is needed because `predictions` is
    // used twice here: there is only one record to hand on, so one of the two starts a new one, and
    // `choose` joins them again.
    //
    // Now any prediction will do:
    //

    show!(mnist_loss(linear1(train_x.clone(), &weights, &bias), train_y.clone()));

    //
    // And does it notice the nudge that the accuracy did not see?
    //

    let [before, after] = [&weights, &nudged].map(|weights| {
        let preds = linear1(train_x.clone(), weights, &bias);
        mnist_loss(preds, train_y.clone()).array()
    });
    println!("{:.0e}", after - before);

    //
    // It does. The loss is a hundred-thousandth smaller: that is little, but it is not nothing, and
    // it says in which direction to go.
    //
    // ## Loss and metric
    //
    // We have two numbers now that tell how good a model is, and it helps to keep them apart.
    //
    // The **metric** is for people. Accuracy is what we care about, and it is what one looks at to
    // judge a model, usually at the end of each epoch, on the validation set.
    //
    // The **loss** is for the machine. It is worked out for each image, and the mean of them is
    // what is made smaller. It has to answer to small changes, so that its gradient says where to
    // go. Sometimes it is not quite what we want. It is a compromise between that and a function
    // that can be learned from.
    //
    // You can see the difference. Take one pixel in the middle and change its weight, step by step,
    // over a wide range. On the left is what happens to the accuracy, on the right the loss:
    //
    //
    //
    //

    // Accuracy and loss of 64 images, as one weight changes.
    let every_32nd: Vec<usize> = (0..valid_dset.len()).step_by(32).collect();
    let (xb, yb) = valid_dset.batch(&every_32nd);
    let (mut x, mut accuracies, mut losses) = (Vec::new(), Vec::new(), Vec::new());
    for step in -200..=200 {
        let mut weights = weights.clone();
        weights.set([14 * 28 + 14, 0], step as f32 / 10.);
        let preds = linear1(xb.clone(), &weights, &bias);
        x.push(step as f32 / 10.);
        accuracies.push(preds.gt(0.).eq(&yb.eq(1)).mean_all().array());
        losses.push(mnist_loss(preds, yb.clone()).array());
    }
    Plots::row([
        Plot::new()
            .title("accuracy")
            .line("accuracy", &x, &accuracies)
            .x_label("weight"),
        Plot::new().title("loss").line("loss", &x, &losses).x_label("weight"),
    ])
    .show("staircase")?;

    //
    // The accuracy is a staircase. Wherever you stand on it, the ground is flat. The loss has a
    // slope.
    //
    // ## What you have learned
    //
    // - A dataset gives a pair (x, y) for a number. Here x is a row of 784 pixels, and y is 1 or 0.
    // - A linear model is a matrix multiplication plus a bias. Weights and biases are its
    //   parameters.
    // - A loss must change a little when the parameters do. Accuracy does not, and so it is a
    //   metric only.
    // - The sigmoid makes any number one between 0 and 1.
    //
    //
    // Why can accuracy not be used as a loss?
    //
    // It only changes when a prediction goes from one class to the other. For most small changes of
    // a weight none does. The gradient is 0, and nothing is learned.
    //

    //
    // What does the bias add?
    //
    // A model without one gives 0 for an image without ink, whatever the weights are. The bias
    // moves all predictions up or down.
    //

    //
    // Why is the whole table multiplied at once, and not image by image?
    //
    // Because the library then knows what is wanted, and can use all that the processor offers; and
    // because it runs on a GPU unchanged.
    //

    //
    // What is special about the shape of the sigmoid?
    //
    // It only goes up, it never leaves the range from 0 to 1, and it is smooth. So it has a slope
    // everywhere.
    //
    //
    // **Exercise 1.** By `mnist_loss`, what does a prediction of 0 cost? And one of 2, if the image
    // is a 7? Guess from the curve before you calculate.
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_costs") {
        let predictions: Tensor<Rank1<2>, f32, _> = dev.tensor([0., 2.]);
        show!(nn::sigmoid(predictions));
    }

    // A prediction of 0 is "I do not know", one half, and costs one half whatever the image is. A
    // prediction of 2 says that it is a 3, and for a 7 its cost is its sigmoid.
    //
    //
    // **Exercise 2.** What is the slope of the sigmoid at 0, and what at 4? Let dfdx find out. What
    // does that mean for a prediction that is far from 0, and wrong?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_slope") {
        let x = dev.tensor([0_f32, 4., -8.]);
        let gradients = nn::sigmoid(x.leaky_trace()).sum::<Rank0, _>().backward();
        show!(gradients.get(&x));
    }
    Ok(())
}
