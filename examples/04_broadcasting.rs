//! Metrics and broadcasting
//! Made from `book/src/04_broadcasting.md` by `cargo book tangle`: edit that, not this.

// One image was classified correctly. That says little. Is the rule any good?
//
// A *metric* is a number that answers this question. It compares a
// model's predictions with the right labels. The one that we use is
// *accuracy*: the share of images that were classified correctly. It is
// easy to understand, which is what a metric is for.
//
// We work it out on the validation set, on images that played no part in making the two ideal
// digits. Our baseline can hardly have learned any image by heart: what it keeps of thousands
// of them is two averages. But it is good to get into the habit.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // We begin where the last chapter ended, with the ideal digits and a single 3:
    //

    let path = untar_data(Urls::MNIST_SAMPLE)?;
    let dev = default_device()?;
    let open = |folder: &str| -> Result<Images> {
        let files = path.join(folder).ls()?.sorted();
        let images: Vec<Pixels> = tensors(&open_images(&files)?, &dev)?;
        Ok(images.stack().float() / 255.)
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

    fn distance_of_one(a: &Image, b: &Image) -> Tensor<Rank0, f32, AutoDevice> {
        (a.clone() - b.clone()).abs().mean()
    }

    show!(distance_of_one(&a_3, &mean3));

    //
    // That is the distance that we worked out in the last chapter. The body of the function reads
    // as before: subtract, take absolute values, take the mean. The types around it say what goes
    // in, two images, and what comes out, a single number.
    //
    // ## A distance for a thousand images
    //
    // For the accuracy, *every* image of the validation set has to be measured against the ideal 3.
    // A loop would do. But there is a shorter way, in which the whole stack is handed over at once.
    // It needs one more idea.
    //
    // ### Broadcasting
    //
    // What is `[1, 2, 3] - 2`? Everybody would say: take 2 from each of the three. And so it is:
    //

    let numbers: Tensor<Rank1<3>, f32, _> = dev.tensor([1., 2., 3.]);
    show!(numbers - 2.);

    //
    // (Mind the points: `2.` is a floating-point number, `2` is a whole one, and Rust does not turn
    // one into the other by itself.)
    //
    // This is called *broadcasting*. The smaller of the two is treated
    // as if it were repeated until it fits the larger one:
    //

    //
    // The 2 acts as three of them. One image acts as a whole stack.
    //
    //
    // A stack of images minus one image works in the same way. Here `mean3` acts as a stack of
    // copies of itself, one for each 3 of the validation set. Then the subtraction is done pixel by
    // pixel, as between any two tensors of the same shape.
    //
    // It only acts so: no copies of `mean3` are made. In Python this is also what makes the code
    // fast, because a loop written in Python is slow. In Rust a loop would be compiled as well.
    // What you gain is shorter code, and one operation that a graphics card can do for all the
    // images at once.
    //

    //
    // In PyTorch broadcasting happens by itself, whenever two shapes can be made to fit. That is
    // handy, and at times a trap: shapes may fit by accident, and the result is nonsense without an
    // error.
    //

    //
    // Between two tensors, dfdx wants it to be said. The word for it is `expand_as`: repeat `b`
    // until it has the shape of `a`.
    //

    fn distance_of_many(a: &Images, b: &Image) -> Tensor<(usize,), f32, AutoDevice> {
        (a.clone() - b.expand_as(a)).abs().mean::<_, Axes2<1, 2>>()
    }

    show!(distance_of_many(&valid_3_tens, &mean3));

    //
    // The mean is over the axes 1 and 2 only, the rows and columns of each image (the notebook
    // writes `mean((-1, -2))`). The first axis is left. So the result is one number for each image:
    // `(usize,)` is the shape of a list whose length is known when the program runs.
    //
    // ### Both in one
    //
    // The two functions do the same, and in Python they would be one. Can they be one in Rust, too,
    // where types differ? They can, with a *trait*. `ImageShape` is a trait of our crate that two
    // shapes have: that of a single image, and that of a stack of images. For each it says what
    // belongs to it:
    //
    // | if `a` is | `S::One`, so `b` is | `S::Each`, so the result is |
    // | --- | --- | --- |
    // | one image, `(28, 28)` | an image | a single number |
    // | a stack, `(usize, 28, 28)` | an image | one number for each image |
    //

    fn mnist_distance<S: ImageShape>(
        a: &Tensor<S, f32, AutoDevice>,
        b: &Tensor<S::One, f32, AutoDevice>,
    ) -> Tensor<S::Each, f32, AutoDevice> {
        (a.clone() - b.expand_as(a)).abs().mean_pixels()
    }

    show!(mnist_distance(&a_3, &mean3));

    //
    // Read it slowly: it is the largest step in Rust before the last chapter. `<S: ImageShape>`
    // means: for any type `S` that has the trait. `S` is the shape of `a`. `S::One` is what the
    // trait calls one image of that shape, and `S::Each` what it calls a number for each of them.
    // `mean_pixels` is the mean over rows and columns, whichever the two are.
    //
    // Handed a stack, the same function returns a list:
    //

    let valid_3_distance = mnist_distance(&valid_3_tens, &mean3);
    show!(valid_3_distance, valid_3_distance.shape());

    //
    // (The notebook prints other numbers here, and other answers of `is_3` below: its files come in
    // the order in which the disk has them, and ours are sorted. The images are the same, and so
    // are all means.)
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

    //
    // More than nine out of ten of the threes are recognised, and nearly all of the sevens. The
    // third number is the mean of the two, in which both digits count the same: an accuracy of
    // 95 %, with a rule of two short functions. (The digits is a page in which you can
    // look at each image with its two distances, and at those that the rule gets wrong.)
    //
    // For a first try, that is quite something. But 3s and 7s do not look much alike, and there are
    // eight more digits. And there is something else: nothing here *learns*. Arthur Samuel, who
    // gave machine learning its name, asked for more. By his measure, a program learns only if it
    // can try out its own settings, see how well it did, and adjust them without our help.
    //
    // Our ideal digits have no settings, and no way to get better. For that we need something that
    // can be improved a little at a time.
    //
    // ## What you have learned
    //
    // - A metric is a number for people: it says how good a model is. Ours is accuracy, on the
    //   validation set.
    // - Broadcasting lets a small tensor act as many copies of itself. With dfdx you ask for it by
    //   name.
    // - Traits make one function work for one image and for a stack of them, and reject everything
    //   else.
    //
    //
    // What is a metric?
    //
    // A number that says how good the model's predictions are, on examples that it was not trained
    // with.
    //

    //
    // What is broadcasting, and what is it good for?
    //
    // The smaller of two tensors is treated as if it were repeated to the shape of the larger one,
    // and nothing is copied for it. The code needs no loop, and works for one image and for many.
    //

    //
    // Why is our baseline not machine learning in Arthur Samuel's sense?
    //
    // It has no settings that could be changed to make it better, and no mechanism that would
    // change them.
    //
    //
    // **Exercise 1.** Work out by hand: `[10, 20, 30] * 2 - 5`. And `[1, 2, 3]` minus its own mean?
    // Then let dfdx do it.
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_by_hand") {
        let tens: Tensor<Rank1<3>, f32, _> = dev.tensor([10., 20., 30.]);
        show!(tens * 2. - 5.);
        let numbers: Tensor<Rank1<3>, f32, _> = dev.tensor([1., 2., 3.]);
        let mean = numbers.clone().mean::<Rank0, _>();
        show!(numbers - mean.broadcast());
    }

    // The mean is a tensor of rank 0. `broadcast` repeats it to the shape that is wanted, which the
    // compiler knows.
    //
    //
    // **Exercise 2.** Does the rule get better with the root mean squared error in place of the
    // mean absolute difference? (The root may be left out: it does not change which of two
    // distances is smaller.)
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_squares") {
        let distance = |x: &Images, ideal: &Image| {
            (x.clone() - ideal.expand_as(x)).square().mean::<(usize,), Axes2<1, 2>>()
        };
        let closer_to_3 = |x: &Images| distance(x, &mean3).lt(&distance(x, &mean7));
        let threes = closer_to_3(&valid_3_tens).float().mean_all().array();
        let sevens = (!closer_to_3(&valid_7_tens)).float().mean_all().array();
        println!("{threes:.4} {sevens:.4} {:.4}", (threes + sevens) / 2.);
    }
    Ok(())
}
