//! A ResNet
//! Made from `book/src/15_resnet.md` by `cargo book tangle`: edit that, not this.

// The net of chapter 13 has two layers with weights. Nets that tell thousands of things apart
// have ten times as many, and more. This chapter trains one of those on our digits:
// **ResNet18**, with 18 layers and nearly twelve million parameters. (What is counted are the
// layers with weights on the way from the image to the answer: 17 convolutions and a linear
// layer. fastai puts two linear layers at the end, so ours has one more.) It is made of
// convolutions, and of a few tricks that make deep nets learn.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // The notebook does it in five lines. So do we, but first let us see what goes in.
    //
    // ## Images in, classes out
    //
    // Up to now we opened the images ourselves, stacked them, scaled them and made labels for them.
    // All that is what a folder of images nearly always needs, so there is a function for it. It
    // takes the classes from the names of the folders:
    //

    let dev = default_device()?;
    let path = untar_data(Urls::MNIST_SAMPLE)?;
    set_seed(42);
    let dls: ImageDataLoaders<3, 28, 28> = ImageDataLoaders::from_folder(&path)?;
    show!(dls.vocab);

    //
    // The type says what the images have to be: 3 channels (red, green and blue), 28 rows, 28
    // columns. Ours are grey, and then all three channels are equal. ResNet18 was made for
    // photographs, so it wants three.
    //
    //

    // Some images of a batch.
    dls.show_batch()?;

    // batch

    let (xb, yb) = first(&dls.valid)?;
    show!(xb.shape(), yb.shape());

    //
    // A batch has 64 images. The shape is PyTorch's: (batch, channel, row, column). The labels
    // are the numbers of the classes, 0 for the threes and 1 for the sevens.
    //
    // Mind that two things have turned round. In the chapters before, a 3 was a 1: the question was
    // "is it a 3?". Here the classes are numbered in the order of their folders' names. And a batch
    // is shown as the files are, white on black, while `show_image` draws ink dark.
    //
    // ## The residual block
    //
    // More layers should be better. For a long time they were not: beyond some twenty layers, nets
    // did *worse*, on their training set, too. It was not that the signal faded away, or the
    // gradient on its way back: that was measured, and with batch norm (see below) neither does.
    // Such nets are simply harder to optimize, and why is not fully understood to this day.
    //
    // In 2015 Kaiming He and three colleagues found a remedy that is almost too simple. Let the
    // layers work out only what has to *change*, and add it to what was there:
    //
    // > y = relu(f(x) + x)
    //
    // That is a **residual block**. If there is nothing to do, the
    // weights of `f` can be 0, and `x` passes through unharmed. On the way back the gradient has
    // the same shortcut. Nets of a hundred layers suddenly learned.
    //
    // Our block is torchvision's `BasicBlock`: `f` is two convolutions. After each of them stands a
    // **batch norm**. It shifts and stretches the activations, so that
    // each channel has the mean 0 and the standard deviation 1 over the batch, and lets the layer
    // learn a scale and a bias of its own. Nets with it learn faster, and stand larger learning
    // rates. The reason is debated. Its inventors, Ioffe and Szegedy, wanted each layer to see
    // inputs that stay in one range while the layers below it change. Santurkar and others found in
    // 2018 that it helps even where they do not stay there; what they measured is that the loss
    // becomes smoother, so that a gradient is a good guide for longer steps.
    //

    //
    // A residual block: what the convolutions work out is added to what came in.
    //
    //

    let block = BasicBlock::<64>::new(&dev);
    let maps: Tensor<Rank4<5, 64, 7, 7>, f32, _> = dev.ones();
    show!(block.forward(maps).shape(), block.num_trainable_params());

    //
    // A `DownBlock` does the same with a stride of 2, and its shortcut is a convolution as well.
    //
    // ## The whole net
    //
    // Here is a learner with a new ResNet18. Its type has each layer in it:
    //

    let mut learn =
        vision_learner(dls, resnet18::<2>, cross_entropy)?.metrics(accuracy);
    show!(learn.model.num_trainable_params());

    //
    // `resnet18::<2>` makes the net; 2 is the number of classes. (The notebook calls `cnn_learner`,
    // the old name of the same function, with `pretrained=False`. Ours are never pretrained: all
    // weights start at random.) For a first idea of the net, let it draw itself. A box is as wide
    // as an image has columns there, and its height grows with the number of channels:
    //
    //
    //

    // ResNet18. Images get smaller, and channels more.
    learn.summary()?.show_diagram("resnet18")?;

    //
    // In the end each image is a single pixel with 512 channels: five hundred answers to
    // questions that the net came up with by itself. The last layers, the *head*, make two numbers
    // of them, one for each class. It starts with two poolings over the whole map, the largest
    // value of each channel and the mean of each, so there are 1024 numbers. Twice it also has a
    // *dropout*: while the net learns, some activations, drawn anew for each
    // batch, are set to 0, so that no feature can rely on a single other one. In use, all of them
    // work.
    //
    // Two numbers, not one? Our loss function up to now was made for 3 or 7. For any number of
    // classes one takes **cross-entropy**: the net gives a number for
    // each class, *softmax* turns them into probabilities that add up to 1,
    // and the loss is the negative logarithm of the probability of the right class.
    //

    let preds = dev.tensor([[2.0, -1.0]]);
    show!(softmax(preds.clone()));
    show!(cross_entropy(preds.clone(), dev.tensor([0])));
    show!(cross_entropy(preds, dev.tensor([1])));

    //
    // A net that gives these two numbers is quite sure of class 0. If that is right, the loss is
    // small; if it is class 1, the loss is large.
    //
    // By hand: softmax raises e to each number, and divides by the sum, e² / (e² + e⁻¹) for the
    // first. And the loss of the first class is
    //

    println!("{:.4}", -ln(0.9526_f32));

    //
    // Why a logarithm? Because being sure and wrong should cost a lot. Each time that the
    // probability of the right class is halved, the loss grows by the same amount, from 1 to a half
    // as from a hundredth to a two-hundredth. A probability of 0 would cost infinitely much. And
    // the chance of being right about *all* images is the product of their probabilities; the
    // logarithm makes a sum of it, and a sum can be taken batch by batch.
    //
    // ## The last cell of the notebook
    //
    //
    //

    learn.fit_one_cycle(1, 0.1)?;

    //
    // (The times on this page are those of a test run, which is compiled with few optimizations, on
    // a machine that runs other chapters at the same time. How fast is it? has fair
    // ones.)
    //
    // One epoch, and better than forty epochs of `simple_net`. The notebook gets some thousandths
    // more. Do not make too much of that: at this learning rate thousandths are a matter of luck,
    // as we shall see.
    //
    // The nearly twelve million weights have a fingerprint, too:
    //

    show!(fingerprint(&learn.model));

    //
    // `fit_one_cycle` changes the learning rate while it trains. At first it is small: the weights
    // are random, and large steps would go nowhere in particular. Then it rises to the 0.1 that we
    // gave it, and falls to nearly nothing, so that the net can settle:
    //
    //
    //

    // The one-cycle schedule.
    learn.recorder.plot_sched().show("schedule")?;

    //
    // The optimizer is Adam, as in fastai. Its momentum goes the other way: where steps are large,
    // it helps less.
    //
    // ## What you have learned
    //
    // - A residual block adds what it works out to its input. So gradients get through many layers.
    // - Batch norm keeps activations in a range in which learning is easy.
    // - The one-cycle schedule starts with small steps, takes large ones in the middle, and careful
    //   ones at the end.
    //
    //
    // Why does a residual block need a second way around where the image gets smaller?
    //
    // The two things that are added need the same shape. So a convolution of 1x1 with stride 2
    // makes `x` smaller, too, and gives it as many channels.
    //

    //
    // What does batch norm do differently when the model is in use?
    //
    // In training it takes mean and variance of the batch. Later there may be no batch, only a
    // single image. So it keeps a running mean and variance while it learns, and uses these.
    //
    //
    // **Exercise 1.** What is the cross-entropy of a net that knows nothing, and gives each of two
    // classes the same number? And with ten classes?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_nothing") {
        show!(cross_entropy(dev.tensor([[0., 0.]]), dev.tensor([1])));
        show!(cross_entropy(dev.tensor([[0.; 10]]), dev.tensor([1])));
    }

    // The logarithm of the number of classes. A loss that starts near it is a good sign; one that
    // stays there is not.
    //
    //
    // **Exercise 2.** Where are most of the weights: in the convolutions or in the head?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_where") {
        let (body, head) = &learn.model;
        println!("{} and {}", body.num_trainable_params(), head.num_trainable_params());
    }
    Ok(())
}
