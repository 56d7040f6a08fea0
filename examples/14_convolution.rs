//! Convolutions
//! Made from `book/src/14_convolution.md` by `cargo book tangle`: edit that, not this.

// The net of the last chapter sees an image as a list of 784 numbers. That throws away what
// everybody sees at once: which pixels lie side by side. This chapter is about the layer that
// knows it, and the next one builds a deep net of such layers.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // data
    let dev = default_device()?;
    let path = untar_data(Urls::MNIST_SAMPLE)?;

    //
    // ## Why convolutions?
    //
    // A linear layer gives each pixel a weight of its own. It has to learn the bow of a 3 anew for
    // each place where a bow may be. And nothing tells it which pixels are neighbours: if you
    // shuffled the pixels of all images in the same way, it would learn just as well.
    //
    // A **convolution** uses what we know about images. It looks at a
    // small window, say 3 by 3 pixels, and weighs the nine numbers in it. Then it moves the window
    // on by a pixel and does the same again, *with the same weights*. The weights are called
    // **kernel**. Here is one that you would not even have to learn. It takes
    // what is below a pixel minus what is above it:
    //
    //
    //

    // A seven, and what the kernel makes of it: upper edges are dark, lower ones light.
    let mut edges = Conv2d::<1, 1, 3, 1, 1>::new(&dev);
    edges.weight = dev.tensor([
        [[[-1.]], [[-1.]], [[-1.]]],
        [[[0.]], [[0.]], [[0.]]],
        [[[1.]], [[1.]], [[1.]]],
    ]);
    let seven: Image =
        tensor(&image_open(path.join("train/7/10002.png"))?, &dev)?.float() / 255.;
    let image: Tensor<Rank4<1, 1, 28, 28>, f32, _> = seven.clone().reshape();
    let found: Image = edges.forward(image).contiguous().reshape();
    show_images(&[("a seven", &seven), ("its upper and lower edges", &found)])?;

    //
    // (What the five numbers of `Conv2d` mean, a section below says. The nested brackets of the
    // weight are, from the outside in: three rows, three columns, one image that goes in, one that
    // comes out. The image has four axes here: which image, which channel, row, column. Layers may
    // leave the numbers of a result in another order in memory than its axes say; `contiguous` puts
    // them in order, so that `reshape` can cut them anew.)
    //

    //
    // One kernel over one image: nine products, added up, make one number of the result.
    //
    //
    // Change it: a kernel by hand has its nine weights as fields, beside a digit.
    //
    // Nine weights find the edges of a whole image. A layer has many kernels, each with an output
    // image of its own, a *channel* or *map*. And each kernel looks at all
    // channels of the layer before. So where one layer finds edges, the next
    // can find corners and bows in those, and so on. Nobody writes that down: the numbers of all
    // kernels are learned.
    //
    // ## Stride and padding
    //
    // In code the sizes are part of the type. `Conv2d<64, 128, 3, 2, 1>` goes from 64 channels to
    // 128, with kernels of 3 by 3, a *stride* of 2 (the window moves two
    // pixels at a time, so the result has half as many rows and columns), and a
    // *padding* of 1 (the window reaches one pixel over the edge, where all
    // is 0). Layers that do not fit are an error before the program runs:
    //
    // ```rust,compile_fail,E0277
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let maps: Tensor<Rank4<5, 64, 28, 28>, f32, _> = dev.ones();
    // let layer = Conv2d::<32, 64, 3, 1, 1>::new(&dev);
    // layer.forward(maps); // 64 channels, but it takes 32
    // ```
    //
    // The compiler names the shape that came, and what it has to be: four axes, of which the second
    // is `Const<32>`.
    //
    // ## Pooling
    //
    // There is a second way to make maps smaller. A *max pooling* of 2 by 2
    // keeps the largest of four neighbours, and an average pooling keeps their mean. It has no
    // weights. What a kernel has found somewhere in the window is still there, only its place is
    // less exact:
    //

    let numbers: Tensor<Rank4<1, 1, 2, 4>, f32, _> =
        dev.tensor([[[[1., 2., 5., 0.], [3., 0., 1., 4.]]]]);
    show!(MaxPool2d::<2, 2, 0>.forward(numbers).contiguous().reshape::<Rank1<2>>());

    //
    // The left four numbers have become a 3, the right ones a 5.
    //
    // ## What you have learned
    //
    // - A convolution moves a small kernel over an image: few weights, and what is learned in one
    //   place counts everywhere.
    // - The stride makes images smaller, the padding keeps their edges.
    //
    //
    // How many weights has a convolution from 64 channels to 128, with kernels of 3x3?
    //
    // 3 · 3 · 64 · 128, some seventy thousand. A linear layer between maps of the same sizes, 64
    // channels of 7x7 and 128 of 4x4, would have more than six million.
    //
    //
    // **Exercise.** `edges` finds upper and lower edges. What does a kernel for the left and right
    // ones look like? Try it on a 3.
    //
    //
    // Solution
    //
    //

    if std::env::args().any(|arg| arg == "solution_sides") {
        let mut sides = Conv2d::<1, 1, 3, 1, 1>::new(&dev);
        sides.weight = dev.tensor([
            [[[-1.]], [[0.]], [[1.]]],
            [[[-1.]], [[0.]], [[1.]]],
            [[[-1.]], [[0.]], [[1.]]],
        ]);
        let three: Image =
            tensor(&image_open(path.join("train/3/10.png"))?, &dev)?.float() / 255.;
        let image: Tensor<Rank4<1, 1, 28, 28>, f32, _> = three.clone().reshape();
        let found: Image = sides.forward(image).contiguous().reshape();
        show_images(&[("a three", &three), ("its left and right edges", &found)])?;
    }
    Ok(())
}
