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
    let valid_dl = DataLoader::new(valid_dset.clone()).batch_size(256);
    let dls = DataLoaders::new(dl, valid_dl);

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
    // **ReLU**. It is a very simple function:
    //
    //

    // ReLU.
    Plot::new().title("ReLU").function("relu", |x: f32| x.max(0.), -2.0..2.0).show("relu")?;

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
    // function of its inputs. The "if" is large, and that is what training is for.
    //
    // To call one function with the result of another is *function
    // composition*. That is all that a neural net is: linear
    // layers and activation functions, one after the other.
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

    let mut learn =
        Learner::new(dls, simple_net, SGD::default(), mnist_loss).metrics(batch_accuracy);

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
    // The linear model of the last chapters stayed below that accuracy. The losses are there, too:
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
    // There is a row of 784 weights for each of the 30 features. A row is a picture:
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
    let pictures: Vec<(String, Image)> = (0..30).map(|i| (i.to_string(), feature(i))).collect();
    show_image_grid(&pictures)?;

    //
    // Some have found a part of a digit, a curve or a bar, and ask whether there is ink. Others
    // have hardly learned anything: they started from random numbers and were not needed. Only the
    // first layer can be shown so simply. What a later one looks for is a mix of features, not of
    // pixels.
    //
    // ## Where it is wrong
    //
    // A single number such as the accuracy hides much. Let us see which digits are confused. First
    // the predictions for the whole validation set:
    //

    let (preds, targets) = learn.get_preds()?;
    show!(preds.shape(), targets.shape());

    //
    //
    //
    //
    // Rows are what the images show, columns what the net says.
    let class = |is_3: bool| usize::from(is_3);
    let actual: Vec<usize> = targets.eq(1).as_vec().into_iter().map(class).collect();
    let predicted: Vec<usize> = preds.gt(0.).as_vec().into_iter().map(class).collect();
    let matrix = ConfusionMatrix::new(&["7", "3"], &actual, &predicted);
    matrix.show()?;

    // wrong

    let wrong = matrix.counts()[0][1] + matrix.counts()[1][0];
    println!("{wrong} of {} are wrong: accuracy {:.4}", preds.shape().0, matrix.accuracy());

    //
    // And which images are the worst? Those with the largest loss. fastai calls this
    // `plot_top_losses`:
    //
    //
    //

    // The nine images with the largest loss: what the net says, what it is, and how sure
    // the net is.
    let p = sigmoid(preds);
    let losses = targets.eq(1).choose(-p.clone() + 1., p.clone());
    let worst: Vec<(String, Image)> = topk(&losses, 9)
        .into_iter()
        .map(|(loss, index)| {
            let (x, y) = valid_dset.get(index);
            let actual = if y.array() == [1] { 3 } else { 7 };
            let said = if loss > 0.5 { 10 - actual } else { actual };
            (format!("{said}, is {actual} ({loss:.2})"), x.reshape())
        })
        .collect();
    show_image_grid(&worst)?;

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
    println!("{} instead of {}", deeper.num_trainable_params(), learn.model.num_trainable_params());
    let mut deep = Learner::new(learn.dls, deeper, SGD::default(), mnist_loss)
        .metrics(batch_accuracy)
        .silent();
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
    // - Look at the weights, the confusion table and the worst images, not only at the accuracy.
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
        fn accuracy_with<const N: usize>(dls: DataLoaders<Digits>, dev: &AutoDevice) -> Result<()> {
            manual_seed(42);
            let net = (Linear::<784, N>::new(dev), ReLU, Linear::<N, 1>::new(dev));
            let mut learn =
                Learner::new(dls, net, SGD::default(), mnist_loss).metrics(batch_accuracy).silent();
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
        let mut learn = learn.metrics(batch_accuracy).silent();
        learn.fit(20, 0.1)?;
        println!("{:.4}", learn.recorder.column("batch_accuracy").unwrap()[19]);
    }
    Ok(())
}
