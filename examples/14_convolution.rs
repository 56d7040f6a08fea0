//! Convolutions
//! Made from `book/src/14_convolution.md` by `cargo book tangle`: edit that, not this.

// The net of the last chapter sees a picture as a list of 784 numbers. That throws away what
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
    // A **convolution** uses what we know about pictures. It looks at a
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
    let seven: Image = tensor(&image_open(path.join("train/7/10002.png"))?, &dev)?.float() / 255.;
    let picture: Tensor<Rank4<1, 1, 28, 28>, f32, _> = seven.clone().reshape();
    let found: Image = edges.forward(picture).contiguous().reshape();
    show_images(&[("a seven", &seven), ("its upper and lower edges", &found)])?;

    Ok(())
}
