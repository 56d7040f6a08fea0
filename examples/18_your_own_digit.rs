//! Your own digit
//! Made from `book/src/18_your_own_digit.md` by `cargo book tangle`: edit that, not this.

// Write a 7 on a sheet of paper, take a photo, and ask the net. Many do that as soon as their
// first net is trained, and are told with great confidence that it is a 3. In this chapter we
// see why, and what to do.

use mnist_from_scratch::image::{GrayImage, Luma, imageops};
use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // A small net will do. It learns the threes and sevens as they are:
    //
    //

    set_seed(42);
    let path = untar_data(Urls::MNIST_SAMPLE)?;
    type Net = (Flatten<784>, Linear<784, 30>, ReLU, Linear<30, 2>);
    let dls = ImageDataLoaders::<1, 28, 28>::from_folder(&path)?;
    let mut learn = vision_learner(dls, Net::build, cross_entropy)?.metrics(accuracy);
    learn.fit_one_cycle(2, 0.01)?;

    //
    // ## A photo
    //
    // A program has no pen, so we take the ink of somebody who has: a 7 of the validation set. The
    // function puts it on a sheet of paper, black on white, three times as large, and not in the
    // middle. The light comes from the left, as at a window.
    //
    //

    // The photo.
    fn photo(digit: &GrayImage) -> GrayImage {
        let large = imageops::resize(digit, 84, 84, imageops::FilterType::Triangle);
        GrayImage::from_fn(160, 120, |x, y| {
            let has_ink = (20..104).contains(&x) && (30..114).contains(&y);
            let ink = if has_ink { large.get_pixel(x - 20, y - 30)[0] } else { 0 };
            let light = 240 - x / 2;
            Luma([(light * (255 - u32::from(ink)) / 255) as u8])
        })
    }

    let digit = image_open(path.join("valid/7/0.png"))?;
    let my_seven = photo(&digit);
    show_image(&my_seven)?;

    //
    // It looks as it should, and that is the trap. In MNIST 0 is paper and 255 is ink. A camera
    // measures light: paper is 240, and ink is near 0. We read "black on white"; the net gets
    // numbers, and large ones are ink to it.
    //
    // ## What the net says
    //
    // First it says nothing at all:
    //

    println!("{}", learn.predict(&my_seven).unwrap_err());

    //
    // So we make the photo small, and nothing else. That is what many a program does:
    //

    fn resized(photo: &GrayImage) -> GrayImage {
        imageops::resize(photo, 28, 28, imageops::FilterType::Triangle)
    }

    println!("the file:  {}", learn.predict(&digit)?);
    println!("the photo: {}", learn.predict(resized(&my_seven))?);

    //
    // The file it knows. Of the photo it is not in doubt either, and wrong. A net has no way to say
    // "I have never seen anything like that". It has learned to tell two kinds of images apart,
    // and this is neither of them.
    //
    // One image is an anecdote. Here are all that could be wrong with it, one at a time, each for
    // every twentieth digit of the validation set:
    //

    fn moved(digit: &GrayImage) -> GrayImage {
        GrayImage::from_fn(28, 28, |x, y| match x.checked_sub(6) {
            Some(x) => *digit.get_pixel(x, y),
            None => Luma([0]),
        })
    }

    fn half(digit: &GrayImage) -> GrayImage {
        let small = imageops::resize(digit, 14, 14, imageops::FilterType::Triangle);
        let mut half = GrayImage::new(28, 28);
        imageops::replace(&mut half, &small, 7, 7);
        half
    }

    fn inverted(digit: &GrayImage) -> GrayImage {
        let mut inverted = digit.clone();
        imageops::invert(&mut inverted);
        inverted
    }

    type Change = fn(&GrayImage) -> GrayImage;
    let changes: [(&str, Change); 5] = [
        ("as it is", GrayImage::clone),
        ("6 pixels to the right", moved),
        ("half as large", half),
        ("black on white", inverted),
        ("a photo, made small", |digit| resized(&photo(digit))),
    ];

    let mut some = Vec::new();
    for class in ["3", "7"] {
        for file in path.join("valid").join(class).ls()?.iter().step_by(20) {
            some.push((class, image_open(file)?));
        }
    }

    fn share_right(
        digits: &[(&str, GrayImage)],
        class_of: impl Fn(&GrayImage) -> Result<String>,
    ) -> Result<f64> {
        let mut right = 0;
        for (class, digit) in digits {
            right += usize::from(class_of(digit)? == *class);
        }
        Ok(right as f64 / digits.len() as f64)
    }

    println!("{} digits", some.len());
    for (name, change) in changes {
        let class = |digit: &GrayImage| Ok(learn.predict(change(digit))?.class);
        println!("{:.2} {name}", share_right(&some, class)?);
    }

    //
    // With two classes, guessing would be right half of the time. Whatever the net has learned
    // about strokes, it has learned at one place, at one size, and with ink as the large numbers.
    //
    // ## Making it one of MNIST's
    //
    // We cannot ask people to write as MNIST was written. But we can do to a photo what was done to
    // MNIST's own sheets. Its makers say how: the digit was scaled to fit a square of 20 by 20
    // pixels, and placed in one of 28 by 28 so that its centre of mass is in the middle.
    // `digit_from_photo` does that; `DigitSteps` shows how, step by step:
    //
    //
    //

    // From the photo to a digit of MNIST's kind.
    let steps = DigitSteps::of(&my_seven)?;
    steps.show()?;
    println!("{}", learn.predict(&steps.digit)?);

    //
    // 1. In grey, and not larger than needed.
    // 2. Divided by the paper around it. What is left is how much light is missing: the window is
    //    gone, and ink is large. (White chalk on a blackboard is turned round first.)
    // 3. Ink, where much is missing. Specks are left out, and so is what reaches the edge, such as
    //    the table below the paper.
    // 4. Cut out.
    // 5. Scaled to 20 pixels.
    // 6. Moved until the centre of mass is in the middle.
    //
    // The same digits again, each changed and then prepared:
    //

    for (name, change) in changes {
        let prepare = |digit: &GrayImage| digit_from_photo(change(digit));
        let class = |digit: &GrayImage| Ok(learn.predict(prepare(digit)?)?.class);
        println!("{:.2} {name}, prepared", share_right(&some, class)?);
    }

    //
    // Whatever happened to them, they are digits again. The rule is older than neural nets:
    // **prepare what you ask about as you have prepared what you learned from.**
    //
    // ## Learning from more than there is
    //
    // There is a second way. The net could learn that the place does not matter, if it saw digits
    // at many places. It is called *augmentation*: each time an image is drawn, it is moved,
    // turned and resized a little, at random.
    //
    //

    let anywhere = RandomAffine::new(10.).translate(0.25).scale(0.5..=1.1);
    let dls = ImageDataLoaders::<1, 28, 28>::from_folder(&path)?.batch_tfms(anywhere);
    let mut augmented = vision_learner(dls, Net::build, cross_entropy)?;
    augmented = augmented.metrics(accuracy);
    augmented.fit_one_cycle(2, 0.01)?;
    for (name, change) in changes {
        let class = |digit: &GrayImage| Ok(augmented.predict(change(digit))?.class);
        println!("{:.2} {name}", share_right(&some, class)?);
    }

    //
    // Moved digits are no longer strange, and small ones less so. The validation set as it is
    // became a bit harder, as so small a net has to find room for more. But a black digit on white
    // paper is as strange as before: nothing that we did to the images makes one. A net learns
    // what it is shown. Preparation takes away differences that carry no meaning; augmentation
    // shows those that are left. Use both.
    //
    // ## Now yours
    //
    // Write twenty or more of each digit, on plain paper, with a pen that stands out. Photograph
    // each one by itself, and put the photos into a folder for each class: `my_digits/3`,
    // `my_digits/7`. Two programs in `examples` do the rest. One learns the folder and tells which
    // photos it gets wrong, and the other answers:
    //
    // ```sh
    // cargo run --release --features photos --example your_digits -- my_digits
    // cargo run --release --features photos --example predict_digit -- photo.jpg
    // ```
    //
    // They prepare each photo as above; `ItemTransform::Digit` says so to the loaders. The exported
    // file remembers how, so the second program cannot forget it. And if a photo is taken for the
    // wrong digit, look at it as the net does, with `DigitSteps::of("photo.jpg")?.show()?`. Most
    // often the image in its last step is not the digit that you had in mind.
    //
    // ## What you have learned
    //
    // - A net knows what it was shown, and is as sure of what it was not.
    // - Prepare an image for a prediction as those of the training set were prepared.
    // - Augmentation makes a net get used to what cannot be prepared away.
    //
    //
    // Why is the net so sure of an image that is neither a 3 nor a 7?
    //
    // Softmax shares out a whole among the classes, and there is no class "something else". An
    // image far from all others may well lie far from the border between the two, too, and all that
    // the net can say about that is "sure".
    //

    //
    // Could augmentation help with black on white?
    //
    // Yes: by inverting half of the images. But then the net spends a part of its few numbers on
    // what a subtraction does exactly.
    //
    //
    // **Exercise.** How far may a digit be moved before the net without augmentation is lost?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_moved") {
        for step in [0, 2, 4, 6, 8] {
            let moved = |digit: &GrayImage| {
                let mut moved = GrayImage::new(28, 28);
                imageops::replace(&mut moved, digit, step, 0);
                moved
            };
            let class = |digit: &GrayImage| Ok(learn.predict(moved(digit))?.class);
            println!("{:.2} moved by {step}", share_right(&some, class)?);
        }
    }
    Ok(())
}
