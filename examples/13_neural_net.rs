//! A neural net
//! Made from `book/src/13_neural_net.md` by `cargo book tangle`: edit that, not this.

// So far our model is a line: weights times pixels plus a bias. Such a *linear* model can only
// weigh pixels. It cannot say "ink here is good, but only if there is none over there".
//
// It takes surprisingly little to change that. Put something that is not linear between two
// linear models, and you have a **neural net**.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // data
    let dev = default_device()?;
    let (dset, valid_dset) = threes_and_sevens(&dev)?;
    let dl = DataLoader::new(dset).batch_size(256);
    let valid_dl = DataLoader::new(valid_dset).batch_size(256);
    let dls = DataLoaders::new(dl, valid_dl).vocab(["7", "3"]);

    //
    // ## A neural net by hand
    //
    // This is all of it:
    //

    struct Params {
        w1: Tensor<Rank2<784, 30>, f32, AutoDevice>,
        b1: Tensor<Rank1<30>, f32, AutoDevice>,
        w2: Tensor<Rank2<30, 1>, f32, AutoDevice>,
        b2: Tensor<Rank1<1>, f32, AutoDevice>,
    }

    fn simple_net(xb: Rows<784>, p: &Params) -> Rows<1> {
        let res = xb.mm(p.w1.clone());
        let b1 = p.b1.clone().broadcast_like(&res);
        let zero = p.b1.device().zeros_like(&res);
        let res = (res + b1).maximum(zero);
        let res = res.mm(p.w2.clone());
        let b2 = p.b2.clone().broadcast_like(&res);
        res + b2
    }

    //
    // The parameters are four tensors, random at first:
    //

    manual_seed(42);
    let p = Params {
        w1: init_params(&dev, 1.),
        b1: init_params(&dev, 1.),
        w2: init_params(&dev, 1.),
        b2: init_params(&dev, 1.),
    };
    let (xb, _) = first(&dls.valid)?;
    show!(simple_net(xb, &p).shape());

    //
    // (It only predicts. To train it, its parameters would need a tape, as in chapter 9. The module
    // below takes care of that.)
    //
    // The first and the last part of `simple_net` are **linear
    // layers**, as in `linear1`. `w1` turns 784 numbers into 30, and
    // `w2` turns those 30 into one. So there are 30 different features in between, each a mix of
    // pixels of its own. The 30 is a choice, and another number would do. (It stands in several
    // cells. If you change it in some of them only, the program no longer compiles.)
    //
    // In between stands `maximum(zero)`. It keeps numbers above 0, and replaces the others by 0.
    // That is the non-linearity, or **activation function**.
    // This one has a grand name, *rectified linear unit*, and everybody calls it
    // **ReLU**. As in PyTorch it comes twice. `relu` is a function, PyTorch's
    // `F.relu`. `ReLU` is a module, which we shall need below; it has no parameters, so the value
    // is simply called `ReLU`, with nothing to make it from. Here is the function, of five numbers
    // and of many:
    //

    show!(relu(dev.tensor([-2., -1., 0., 1., 2.])));

    //
    //
    //
    // ReLU.
    let relu_of = |x: f32| relu(dev.tensor(x)).array();
    plot_function(relu_of, "x", "relu", -2.0..2.0).title("ReLU").show("relu")?;

    //
    // Why does it matter so much? Because without it nothing would be gained. Two linear layers in
    // a row are one linear layer: whatever they do, some other weights do it in a single step. We
    // can check it, here without the biases:
    //

    let (xb, _) = first(&dls.valid)?;
    let two_layers = xb.clone().mm(p.w1.clone()).mm(p.w2.clone());
    let w: Tensor<Rank2<784, 1>, f32, _> = p.w1.clone().mm(p.w2.clone());
    let one_layer = xb.mm(w);
    let largest = two_layers.clone().abs().max::<Rank0, _>().array();
    let apart = (two_layers - one_layer).abs().max::<Rank0, _>().array();
    println!("the same up to rounding: {}", apart < 1e-5 * largest);

    //
    // With a non-linearity in between, the layers are apart, and each can do something useful of
    // its own. What is more, there is a theorem, the **universal approximation
    // theorem**. If the layers are wide enough, and
    // if you find the right weights, such a net can come as close as you like to *any* continuous
    // function of its inputs. The "if" is large, and that is what training is for. (A sum of
    // ReLUs shows it with a slider.)
    //
    // To call one function with the result of another is *function
    // composition*. That is all that a neural net is: linear
    // layers and activation functions, one after the other.
    //

    //
    // Our net: 784 pixels, 30 features, one answer. Each line is a weight; only a few are drawn.
    //
    //
    // ## The same as a module
    //
    // With modules it is shorter. In PyTorch one writes `nn.Sequential` for modules that are called
    // in turn. In dfdx a tuple of modules is such a module:
    //

    let simple_net = (Linear::<784, 30>::new(&dev), ReLU, Linear::<30, 1>::new(&dev));
    show!(simple_net.num_trainable_params());

    //
    // Each output of a layer is the input of the next. The type of the tuple says it all, and if
    // two neighbours do not fit, the program does not compile:
    //
    // ```rust,compile_fail,E0277
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let xb: Rows<784> = dev.zeros_like(&(4, Const));
    // let net = (Linear::<784, 30>::new(&dev), ReLU, Linear::<20, 1>::new(&dev));
    // let preds = net.forward(xb); // 30 outputs, 20 inputs
    // ```
    //
    // Now we train it. It is deeper: a step of the first layer passes through the second one, which
    // moves at the same time. So we take a lower learning rate, and more epochs:
    //

    let mut learn = Learner::new(dls, simple_net, SGD::default(), mnist_loss)
        .metrics(batch_accuracy);

    //
    //
    // fit
    learn.fit(40, 0.1)?;

    //
    // The learner has kept all these numbers in its `recorder`, a column for each name in the
    // table:
    //
    //

    // Accuracy over the epochs.
    let accuracies = learn.recorder.column("batch_accuracy").unwrap();
    let epochs: Vec<f32> = (0..40).map(|epoch| epoch as f32).collect();
    Plot::new()
        .line("accuracy", &epochs, &accuracies)
        .x_label("epoch")
        .y_label("accuracy")
        .show("accuracy")?;

    // final_accuracy

    show!(accuracies[accuracies.len() - 1]);

    //
    // And the fingerprint of this net's weights:
    //

    show!(fingerprint(&learn.model));

    //
    // Train it here, in a page, and it ends at the same one.
    //
    // The linear model of the last chapters stayed below that accuracy. (In the first rows of the
    // table all images are taken for one class, as in chapter
    // 11.) The losses are there, too:
    //
    //
    //
    //

    // Training and validation loss.
    learn.recorder.plot_loss().show("losses")?;

    //
    // Both go down together. If the validation loss went up again while the training loss fell, the
    // net would have begun to learn the training images by heart: it would be
    // *overfitting*.
    //
    // ### Where a line fails
    //
    // A few digits fewer are wrong than with the linear model: is that all? For 3s and 7s it is,
    // since weighing pixels gets one so far already. To see what the bend is good for, take a task
    // in which no line helps. Here are points in a plane; those in the middle belong to one class,
    // those around them to the other. We give it to a linear model, and to a net with eight
    // features:
    //
    //
    //
    //

    // The task, and what two models make of it: the darker, the more sure of the middle class.
    manual_seed(42);
    let points: Rows<2> = randn::<Rank2<500, 2>>(&dev).reshape_like(&(500, Const));
    let in_the_middle = |p: &[f32]| i64::from(p[0] * p[0] + p[1] * p[1] < 1.4);
    let classes: Vec<i64> = points.as_vec().chunks(2).map(in_the_middle).collect();
    let toy = zip(points, column(&classes, &dev))?;
    let loader = || DataLoader::new(toy.clone()).batch_size(50);

    let opt = Adam::default;
    let (line, net) = (
        Linear::<2, 1>::new(&dev),
        (Linear::<2, 8>::new(&dev), ReLU, Linear::<8, 1>::new(&dev)),
    );
    let mut line =
        Learner::new(DataLoaders::new(loader(), loader()), line, opt(), mnist_loss)
            .metrics(batch_accuracy)
            .no_logging();
    let mut net =
        Learner::new(DataLoaders::new(loader(), loader()), net, opt(), mnist_loss)
            .metrics(batch_accuracy)
            .no_logging();
    line.fit(60, 0.02)?;
    net.fit(60, 0.02)?;
    println!("a line: {:.2}, a net: {:.2}", line.validate()?[1], net.validate()?[1]);

    // 40 by 40 places of the plane, from -2.5 to 2.5.
    let at = |i: usize| (i as f32 - 19.5) / 8.;
    let places: Vec<f32> = (0..1600).flat_map(|i| [at(i % 40), at(i / 40)]).collect();
    let truth: Vec<f32> = places.chunks(2).map(|p| in_the_middle(p) as f32).collect();
    let places: Rows<2> = dev.tensor_from_vec(places, (1600, Const));
    let square = |numbers: Vec<f32>| dev.tensor_from_vec(numbers, (40, 40));
    let line = square(sigmoid(line.model.forward(places.clone())).as_vec());
    let net = square(sigmoid(net.model.forward(places)).as_vec());
    show_images(&[("the task", &square(truth)), ("a line", &line), ("a net", &net)])?;

    //
    // The line gets two of three right: it cuts off some of those around, and more a line cannot
    // do. The net has folded its eight lines into a wall around the middle. Each corner of the wall
    // is one ReLU, where it bends.
    //
    // At this point you have two things that go a very long way: a function that can approximate
    // any continuous function, and a way to find its parameters.
    //
    // ## What does the net look at?
    //
    // The layers are fields of the tuple. This is the model, and the first layer in it:
    //

    let m = &learn.model;
    show!(m);

    // first_layer

    let (w, b) = (&m.0.weight, &m.0.bias);
    show!(w.shape(), b.shape());

    //
    // There is a row of 784 weights for each of the 30 features. A row is an image:
    //
    //

    // The weights of the first feature.
    let features: Tensor<Rank3<30, 28, 28>, f32, _> = w.clone().reshape();
    show_image(&features.clone().select(dev.tensor(0)))?;

    //
    // That one has not learned much. Here are all of them:
    //
    //
    //

    // The weights of all 30 features. Dark weights are large, light ones are small.
    let feature = |i: usize| features.clone().select(dev.tensor(i));
    let images: Vec<(String, Image)> =
        (0..30).map(|i| (i.to_string(), feature(i))).collect();
    show_image_grid(&images)?;

    //
    // Some have found a part of a digit, a curve or a bar, and ask whether there is ink. Others
    // have hardly learned anything: they started from random numbers and were not needed. Only the
    // first layer can be shown so simply. What a later one looks for is a mix of features, not of
    // pixels.
    //
    // ## Where it is wrong
    //
    // A single number such as the accuracy hides much. fastai has an object that goes through the
    // validation set and remembers what the net says of each image, the
    // `ClassificationInterpretation`:
    //

    let interp = ClassificationInterpretation::from_learner(&learn)?;
    println!("{} of {} are wrong", interp.wrong(), interp.actual.len());

    //
    // Which digits are taken for which? A *confusion matrix* counts
    // them:
    //
    //
    //

    // Rows are what the images show, columns what the net says.
    interp.plot_confusion_matrix()?;

    //
    // And which images are the worst? Those with the largest loss:
    //
    //
    //

    // The nine images with the largest loss: what the net says, what it is, and how sure
    // the net is.
    interp.plot_top_losses(9)?;

    //
    // The number in brackets is how sure the net was of its wrong answer; with our loss that is the
    // loss itself. Some of these images would make people hesitate, too. But the net does not
    // hesitate: it is wrong and very sure. A high confidence does not mean that a model knows.
    //
    // ## Why deeper?
    //
    // We can add as many layers as we like, with a non-linearity between each pair. In theory two
    // linear layers with one non-linearity are enough, if they are wide. In practice several narrow
    // layers get there with fewer parameters: they are trained faster and take less memory. Here is
    // a deeper net with half as many parameters:
    //

    manual_seed(42);
    let deeper = (
        Linear::<784, 14>::new(&dev),
        ReLU,
        Linear::<14, 14>::new(&dev),
        ReLU,
        Linear::<14, 1>::new(&dev),
    );
    println!(
        "{} instead of {}",
        deeper.num_trainable_params(),
        learn.model.num_trainable_params()
    );
    let mut deep = Learner::new(learn.dls, deeper, SGD::default(), mnist_loss)
        .metrics(batch_accuracy)
        .no_logging();
    deep.fit(40, 0.1)?;
    println!("accuracy {:.4}", deep.recorder.column("batch_accuracy").unwrap()[39]);

    //
    // Half the parameters, and nearly the same accuracy. (For two digits that proves little. A
    // narrow net with one non-linearity does nearly as well, as exercise 1 shows. Depth pays off on
    // harder tasks.)
    //
    // But the deeper a net is, the harder it is to train. Only in 2015 did people find out how to
    // train very deep ones well, with so-called residual networks. The notebook ends with one of 18
    // layers, a ResNet.
    //
    // ## What you have learned
    //
    // - A neural net is linear layers with a non-linearity in between. Without the latter, all
    //   layers are one.
    // - ReLU replaces negative numbers by 0.
    // - A tuple of modules is a model. Its type has the size of each layer.
    // - Look at the weights, the confusion matrix and the worst images, not only at the accuracy.
    //
    //
    // Why is a net of linear layers only no better than one linear layer?
    //
    // Multiplying by one matrix and then by another is multiplying by their product, which is a
    // matrix, too. The first bias, multiplied by the second matrix, plus the second bias, is again
    // one bias.
    //

    //
    // What does the universal approximation theorem promise, and what not?
    //
    // That there *are* weights with which a wide enough net comes as close as you like to a given
    // continuous function. It does not say how to find them.
    //

    //
    // What is the difference between an activation and a parameter?
    //
    // An activation is calculated, anew for each input. A parameter is learned, and stays the same
    // for all inputs.
    //

    //
    // Why plot the validation loss beside the training loss?
    //
    // To see overfitting: the training loss goes on falling, but the validation loss rises.
    //
    //
    // **Exercise 1.** How wide does the net have to be? Try 3, 10 and 100 features.
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_width") {
        fn accuracy_with<const N: usize>(
            dls: DataLoaders<Digits>,
            dev: &AutoDevice,
        ) -> Result<()> {
            manual_seed(42);
            let net = (Linear::<784, N>::new(dev), ReLU, Linear::<N, 1>::new(dev));
            let mut learn = Learner::new(dls, net, SGD::default(), mnist_loss)
                .metrics(batch_accuracy)
                .no_logging();
            learn.fit(20, 0.1)?;
            let accuracies = learn.recorder.column("batch_accuracy").unwrap();
            println!("{N:3} features: {:.4}", accuracies[19]);
            Ok(())
        }

        accuracy_with::<3>(deep.dls.clone(), &dev)?;
        accuracy_with::<10>(deep.dls.clone(), &dev)?;
        accuracy_with::<100>(deep.dls.clone(), &dev)?;
    }

    // For two digits it hardly matters. The number of features is part of the type: in the function
    // it is a *const generic*, `const N: usize`, and `accuracy_with::<3>` fills it in. Each learner
    // takes its loaders over, and so it gets a copy of ours; the images themselves are not copied.
    //
    //
    // **Exercise 2.** Replace `ReLU` by `Sigmoid`. Does the net learn as fast?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_sigmoid") {
        manual_seed(42);
        let net = (Linear::<784, 30>::new(&dev), Sigmoid, Linear::<30, 1>::new(&dev));
        let learn = Learner::new(deep.dls, net, SGD::default(), mnist_loss);
        let mut learn = learn.metrics(batch_accuracy).no_logging();
        learn.fit(20, 0.1)?;
        println!("{:.4}", learn.recorder.column("batch_accuracy").unwrap()[19]);
    }
    Ok(())
}
