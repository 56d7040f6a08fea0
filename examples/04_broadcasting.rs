//! Metrics and broadcasting
//! Made from `book/src/04_broadcasting.md` by `cargo book tangle`: edit that, not this.

// One image was classified correctly. That says little. Is the rule any good?
//
// A *metric* is a number that answers this question. It compares a
// model's predictions with the right labels. The one that we use is
// *accuracy*: the share of images that were classified correctly. It is
// easy to understand, which is what a metric is for.
//
// We work it out on the validation set, on images that played no part in making the ideal 3 and
// the ideal
// 7. Our baseline can hardly have learned any image by heart: what it keeps of thousands of
//    them is two averages. But it is good to get into the habit.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // We begin where the last chapter ended, with the ideal digits and a single 3:
    //

    let path = untar_data(Urls::MNIST_SAMPLE)?;
    let dev = default_device()?;
    let open = |folder: &str| -> Result<Images> {
        let files = path.join(folder).ls()?.sorted();
        let images: Vec<Pixels> = tensors(&open_images(&files)?, &dev)?;
        Ok(images.stack().to_dtype::<f32>() / 255.)
    };
    let stacked_threes = open("train/3")?;
    let mean3: Image = stacked_threes.mean_image();
    let mean7: Image = open("train/7")?.mean_image();
    let a_3: Image = stacked_threes.select(dev.tensor(1));

    //
    //
    //
    //
    // The two images that everything is compared with.
    show_images(&[("mean3", &mean3), ("mean7", &mean7)])?;

    //
    // `open` is a *closure*: a small function that can use what is around it, here `path` and
    // `dev`. It does for any folder what we did by hand before. The `Result` is that of the crate
    // anyhow, which takes any error, and `Ok` wraps what came out well.
    //
    // `mean_image` of our crate is `mean::<_, Axis<0>>()` of the last chapter, only faster.
    //
    // ## The validation set
    //

    let valid_3_tens = open("valid/3")?;
    let valid_7_tens = open("valid/7")?;
    show!(valid_3_tens.shape(), valid_7_tens.shape());

    //
    // It is always worth looking at shapes. Here we see about a thousand images of each digit, each
    // of 28 by 28 pixels, just as it should be.
    //
    // ## A distance for one image
    //
    // Our rule as code will be a function `is_3`. It rests on another one, which measures how far
    // apart two images are. For that we take the mean absolute difference of the last chapter:
    //

    fn mnist_distance<S: ImageShape>(
        a: &Tensor<S, f32, AutoDevice>,
        b: &Tensor<S::One, f32, AutoDevice>,
    ) -> Tensor<S::Each, f32, AutoDevice> {
        (a.clone() - b.expand_as(a)).abs().mean_pixels()
    }

    show!(mnist_distance(&a_3, &mean3));

    //
    // That is the distance that we worked out in the last chapter. The body of the function is one
    // line, and apart from `expand_as` it reads as before: subtract, take absolute values, take the
    // mean.
    //
    // The types around it say more than Python's `def mnist_distance(a, b)`. We come to them in a
    // moment.
    //
    // ## A distance for a thousand images
    //
    // For the accuracy, *every* image of the validation set has to be measured against the ideal 3.
    // A loop would do. But watch what happens if we hand over all its threes at once:
    //

    let valid_3_distance = mnist_distance(&valid_3_tens, &mean3);
    show!(valid_3_distance, valid_3_distance.shape());

    //
    // (The notebook prints other numbers here, and other answers of `is_3` below: its files come in
    // the order in which the disk has them, and ours are sorted. The images are the same, and so
    // are all means.)
    //
    // One call, and we get one distance for each image. Yet the function subtracts two tensors of
    // different shape: a stack of many images, and a single one. How can that work?
    //
    // ### Broadcasting
    //
    // This is called *broadcasting*. The smaller tensor is treated as
    // if it were repeated until it fits the larger one. Here `mean3` acts as a whole stack of
    // copies of itself, one for each 3 of the validation set. Then the subtraction is done pixel by
    // pixel, as between any two tensors of the same shape.
    //
    // It only acts so: no copies of `mean3` are made. In Python this is also what makes the code
    // fast, because a loop written in Python is slow. In Rust a loop would be compiled as well.
    // What you gain is shorter code, and one operation that a graphics card can do for all the
    // images at once.
    //
    // ### How dfdx does it
    //
    // In PyTorch broadcasting happens by itself, whenever two shapes can be made to fit. That is
    // handy, and at times a trap: shapes may fit by accident, and the result is nonsense without an
    // error.
    //
    // dfdx wants it to be said. In our function the word for it is `b.expand_as(a)`: repeat `b`
    // until it has the shape of `a`.
    //
    // Now for the types. `<S: ImageShape>` means: for any type `S` that has the trait `ImageShape`.
    // Here `S` is the shape of `a`. The trait knows two shapes: that of a single image, and that of
    // a stack of images. For each it says what belongs to it:
    //
    // | if `a` is | `S::One`, so `b` is | `S::Each`, so the result is |
    // | --- | --- | --- |
    // | one image, `(28, 28)` | an image | a single number |
    // | a stack, `(usize, 28, 28)` | an image | one number for each image |
    //
    // `mean_pixels` is the notebook's `mean((-1, -2))`: the mean over the last two axes, the rows
    // and columns of an image. With one image nothing is left but a number. With a stack, the first
    // axis is left.
    //
    // All of this is worked out by the compiler. And a `b` of the wrong size does not compile:
    //
    // ```rust,compile_fail,E0308
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let a_3: Image = dev.zeros();
    // let small: Tensor<Rank2<14, 14>, f32, AutoDevice> = dev.zeros();
    // mnist_distance(&a_3, &small); // 14 rows are not 28
    // ```
    //
    // Nor does a tensor that is not an image:
    //
    // ```rust,compile_fail,E0277
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let mean3: Image = dev.zeros();
    // let flat: Tensor<Rank1<784>, f32, AutoDevice> = dev.zeros();
    // mnist_distance(&flat, &mean3); // a row of pixels is no image
    // ```
    //
    // ## Is it a 3?
    //
    // An image is a 3 if its distance from the ideal 3 is less than its distance from the ideal 7:
    //

    fn is_3<S: ImageShape>(
        x: &Tensor<S, f32, AutoDevice>,
        mean3: &Tensor<S::One, f32, AutoDevice>,
        mean7: &Tensor<S::One, f32, AutoDevice>,
    ) -> Tensor<S::Each, bool, AutoDevice> {
        mnist_distance(x, mean3).lt(&mnist_distance(x, mean7))
    }

    //
    // In Python `is_3` would find `mean3` and `mean7` by itself, since they are global there. Here
    // they are local variables, which a Rust `fn` does not see. A closure like `open` would see
    // them, but it could not be generic: it would work for one image or for a stack, not for both.
    // So they are parameters. `lt` is "less than", for each pair of numbers.
    //
    // Is our 3 a 3?
    //

    let answer = is_3(&a_3, &mean3, &mean7);
    show!(answer, answer.float());

    //
    // Yes. The answer is a `bool`, and `float` turns it into a number: 1 for true, 0 for false. In
    // a moment we will be glad of that.
    //
    // Since `is_3` is made of functions that broadcast, it does so, too. Here it is for all the
    // threes of the validation set:
    //

    show!(is_3(&valid_3_tens, &mean3, &mean7));

    //
    // ## The accuracy
    //
    // The mean of zeros and ones is the share of ones. So the accuracy on the threes is the mean of
    // the answers. On the sevens the answer should be *no*, so we turn it round with `!`:
    //

    let accuracy_3s = is_3(&valid_3_tens, &mean3, &mean7).float().mean_all();
    let accuracy_7s = (!is_3(&valid_7_tens, &mean3, &mean7)).float().mean_all();
    let both = (accuracy_3s.clone() + accuracy_7s.clone()) / 2.;
    show!(accuracy_3s, accuracy_7s, both);

    Ok(())
}
