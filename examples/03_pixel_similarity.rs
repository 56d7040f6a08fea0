//! Pixel similarity
//! Made from `book/src/03_pixel_similarity.md` by `cargo book tangle`: edit that, not this.

// How would you tell a 3 from a 7, if you had to write the rule yourself?
//
// Here is a first idea. Average all the threes, pixel by pixel. The result is a kind of ideal
// 3. Do the same with the sevens. A new image is then called a 3 if it is more like the ideal 3
// than the ideal 7.
//
// There is no learning in this at all. It is a *baseline*: something
// simple that we know how to build, and that works better than guessing. Without one you cannot
// tell later whether a clever model was worth the effort. So build one first.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // data
    let path = untar_data(Urls::MNIST_SAMPLE)?;
    let threes = path.join("train/3").ls()?.sorted();
    let sevens = path.join("train/7").ls()?.sorted();

    //
    // ## All images at once
    //
    // The first step is to open all the images and make tensors of them. `open_images` decodes them
    // on all cores of the processor:
    //

    let dev = default_device()?;
    let seven_tensors: Vec<Pixels> = tensors(&open_images(&sevens)?, &dev)?;
    let three_tensors: Vec<Pixels> = tensors(&open_images(&threes)?, &dev)?;
    show!(three_tensors.len(), seven_tensors.len());

    //
    // It is a good habit to look at one of them, to see that nothing went wrong on the way. A
    // tensor prints as numbers, so we ask `show_image` for the image:
    //
    //

    // The same 3, as ink on paper.
    show_image(&three_tensors[1])?;

    // three_tensors_type

    show!(type_of(&three_tensors));

    // three_shape

    show!(three_tensors[1].shape());

    //
    // So we have a `Vec` of tensors, each of them one image.
    //
    // ## Stacking
    //
    // For the average we want something else: *one* tensor that holds all the images. `stack` lays
    // them on top of one another, like sheets of paper.
    //
    // There are two more things to do. An average of whole numbers is seldom a whole number, so the
    // bytes become floating-point numbers, `f32`. And since shades between 0 and 1 are handier than
    // those from 0 to 255, and usual in the field, we divide by 255. `Images` is our name for a
    // stack of images as `f32`, and `Image` for a single one.
    //

    let stacked_sevens: Images = seven_tensors.stack().float() / 255.;
    let stacked_threes: Images = three_tensors.stack().float() / 255.;
    show!(stacked_threes.shape());

    //
    // These are the 6131 threes, each of 28 by 28 pixels.
    //
    // Rust never turns a `u8` into an `f32` behind your back: you say `float()`. Leave it out, and
    // the compiler tells you that the types do not fit.
    //
    // ```rust,compile_fail,E0308
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let three_tensors: Vec<Pixels> = vec![dev.zeros()];
    // let stacked_threes: Images = three_tensors.stack(); // still bytes
    // ```
    //
    // Look at the shape that was printed. The last two numbers, 28 and 28, are known when the
    // program is compiled: `Images` says so. The first is the number of files in a folder, and
    // nobody knows that before the program runs. dfdx has a place for both. The shape's type is
    // `(usize, Const<28>, Const<28>)`: a number that is found out when the program runs, then two
    // constants.
    //
    // ## Rank and shape
    //
    // A tensor can have any number of *axes*. Ours has three: which image, which row, which column.
    // The number of axes is called the *rank*. `size` gives the shape as plain
    // numbers, so that we can count them:
    //

    show!(stacked_threes.size().len());

    // ndim

    show!(stacked_threes.ndim());

    //
    // Keep the two words apart. The rank is how many axes there are. The shape is how long each of
    // them is.
    //
    // The tensor does not know that its first axis counts images. We chose that, and have to
    // remember it.
    //
    // ## The ideal 3
    //
    // To average over all the images, we take the mean along the first axis, `Axis<0>`. That axis
    // goes away. What is left is one image:
    //
    //

    // The ideal 3: the average of all threes.
    let mean3: Image = stacked_threes.clone().mean::<_, Axis<0>>();
    show_image(&mean3)?;

    //
    // Between `::<` and `>` stand two types: the shape that we want, and the axes to average over.
    // One of them is enough; `_` leaves the other to the compiler.
    //
    // This is the ideal 3. It is dark where nearly all the threes have ink, and grey where they do
    // not agree.
    //

    show!(mean3.shape());

    //
    // ### The average of everything
    //
    // What if we leave no axis at all, and average all the pixels of all the threes? The result is
    // a single number, a tensor of rank 0:
    //

    show!(stacked_threes.mean_all());

    //
    // About one part in seven of a three is ink.
    //
    // We used `mean_all` of our own crate here, and there is a story behind it. This is what `mean`
    // says, which adds up in the order of dfdx:
    //

    show!(stacked_threes.clone().mean::<Rank0, _>());

    //
    // The last digit is wrong! PyTorch, too, says what `mean_all` says. An `f32` keeps about seven
    // digits. `mean` adds the pixels one after another, and when the sum has grown into the
    // hundreds of thousands, the next pixel is so small beside it that part of it is lost in
    // rounding. This happens millions of times. `mean_all` adds up in `f64`, which keeps about
    // sixteen digits.
    //
    // For the averages of single pixels there was no such trouble: those sums stay small. But it is
    // worth knowing that on a computer the order and the size of a sum matter.
    //
    // ## The ideal 7
    //
    //

    // The ideal 7: the average of all sevens.
    let mean7: Image = stacked_sevens.clone().mean::<_, Axis<0>>();
    show_image(&mean7)?;

    //
    // ## How far from ideal?
    //
    // Now take any 3. We use the same one as before. `select` takes one image out of the stack, and
    // `dev.tensor(1)` is its place there:
    //
    //

    // One three.
    let a_3: Image = stacked_threes.clone().select(dev.tensor(1));
    show_image(&a_3)?;

    //
    // And a 7, to compare:
    //
    //

    // One seven.
    let a_7: Image = stacked_sevens.clone().select(dev.tensor(1));
    show_image(&a_7)?;

    //
    // How far is our 3 from the ideal 3? We could subtract the two images and add up the
    // differences of all the pixels. But some differences are positive and some are negative, and
    // they would cancel out. A wrong pixel here would make up for a wrong pixel there, and two very
    // different images could end up with a difference of zero.
    //
    // So the signs must go. There are two common ways to do that.
    //
    // - Take the *absolute value* of each difference, then the mean. This is the **mean absolute
    //   difference**. The notebook calls it the **L1 norm**, which strictly
    //   speaking is the sum and not the mean.
    // - *Square* each difference, which makes it positive, too. Take the mean, then the square
    //   root, which undoes the squaring. This is the **root mean squared error (RMSE)**. It is
    //   called the **L2 norm** in the same loose way.
    //
    // For images of the same size, sum and mean differ by a fixed factor, so they agree on what is
    // closer.
    //
    // Here they both are, for our 3 and the ideal 3:
    //

    let dist_3_abs = (a_3.clone() - mean3.clone()).abs().mean::<Rank0, _>();
    let dist_3_sqr = (a_3.clone() - mean3.clone()).square().mean::<Rank0, _>().sqrt();
    show!(dist_3_abs, dist_3_sqr);

    //
    // Each dot is one step, in the order in which you would say it: subtract, take absolute values,
    // take the mean. `Rank0` says that the result is a single number.
    //
    // And these are the distances of the same 3 from the ideal 7:
    //

    let dist_7_abs = (a_3.clone() - mean7.clone()).abs().mean::<Rank0, _>();
    let dist_7_sqr = (a_3.clone() - mean7.clone()).square().mean::<Rank0, _>().sqrt();
    show!(dist_7_abs, dist_7_sqr);

    //
    // By both measures our 3 is closer to the ideal 3 than to the ideal 7. So our rule would call
    // it a 3, and it would be right.
    //
    // ## The same by name
    //
    // You need not write these out each time. Both are so common that they have names. The notebook
    // finds them in `torch.nn.functional`; ours are called the same:
    //

    show!(l1_loss(&a_3, &mean7), mse_loss(&a_3, &mean7).sqrt());

    //
    // The result is the same as before. `mse` is the *mean squared error*, without the root, so we
    // take that ourselves. Why they are called losses is for a later chapter to tell.
    //
    // What is the difference between the two? A pixel that is off twice as much counts twice in the
    // first and four times in the second. So with squares, a few large differences weigh more than
    // many small ones: MSE is hard on large mistakes, and more lenient with small ones.
    //
    // ## What you have learned
    //
    // - A baseline is a simple method that others have to beat.
    // - `stack` makes one tensor of many; the rank is the number of axes, the shape their lengths.
    // - The mean along an axis makes that axis disappear.
    // - Two images can be compared by their mean absolute difference or by their root mean squared
    //   error.
    //
    //
    // Why not simply add up the differences of all pixels?
    //
    // Because positive and negative ones cancel out. Two images that differ everywhere could get a
    // distance of zero.
    //

    //
    // What are the rank and the shape of a tensor that holds ten images of 28 by 28 pixels?
    //
    // The rank is 3. The shape is `[10, 28, 28]`.
    //

    //
    // Which of the two measures reacts more to one very wrong pixel?
    //
    // The one with the squares, RMSE. A difference that is twice as big counts four times as much
    // before the root is taken.
    //
    //
    // **Exercise 1.** Is the seven `a_7` closer to the ideal 7? By how much, with both measures?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_seven") {
        show!(l1_loss(&a_7, &mean3), mse_loss(&a_7, &mean3).sqrt());
        show!(l1_loss(&a_7, &mean7), mse_loss(&a_7, &mean7).sqrt());
    }

    // The first line has its distances from the ideal 3, the second one those from the ideal 7. The
    // second ones are smaller.
    //
    //
    // **Exercise 2.** Which three of the first hundred is most like the ideal 3, and which one
    // least? (`array` gets the plain number out of a tensor of rank 0.)
    //
    //
    // Solution
    //
    //

    if std::env::args().any(|arg| arg == "solution_best") {
        let three =
            |i: usize| -> Image { stacked_threes.clone().select(dev.tensor(i)) };
        let distances: Vec<f32> =
            (0..100).map(|i| l1_loss(&three(i), &mean3).array()).collect();
        let place = |wanted: f32| distances.iter().position(|d| *d == wanted).unwrap();
        let most = place(distances.iter().copied().fold(f32::INFINITY, f32::min));
        let least = place(distances.iter().copied().fold(0., f32::max));
        show_images(&[("most", &three(most)), ("least", &three(least))])?;
    }
    Ok(())
}
