//! The program to start from: it teaches a net the images in a folder of yours.
//!
//!     cargo run --release --example your_digits -- my_digits
//!
//! The folder has a folder for each class, with its images in it: `my_digits/3/a.png`,
//! `my_digits/7/b.png`, twenty or more of each. They may be photos of digits on paper: each is made
//! into one of MNIST's kind. For images of other things take `ResizeMethod::Squash` in place of
//! `ItemTransform::Digit`. Without a folder, it learns the threes and sevens of the course. The net
//! goes into `digits.safetensors`, for `predict_digit.rs`.

use std::path::Path;

use mnist_from_scratch::prelude::*;

/// How many classes there are. `predict_digit.rs` has the same number.
const CLASSES: usize = 2;

/// Two convolutions, each of which halves the sides, and a layer that decides.
type Net = (
    (Conv2d<1, 16, 3, 2, 1>, BatchNormReLU<16>),
    (Conv2d<16, 32, 3, 2, 1>, BatchNormReLU<32>),
    (Flatten<1568>, Linear<1568, CLASSES>),
);

type Pictures = ImageDataLoaders<1, 28, 28>;

/// A fifth of the images is kept to validate with, the same ones each time.
fn own_pictures(folder: &Path) -> Result<Pictures> {
    let options =
        FolderOptions::new().valid_pct(0.2).seed(42).item_tfms(ItemTransform::Digit);
    let dls = Pictures::from_folder_with(folder, &options)?;
    let batch_size = (dls.train.dataset().len() / 4).clamp(2, 64);
    Ok(dls.batch_size(batch_size).batch_tfms(RandomAffine::new(10.).translate(0.1)))
}

/// Whether an image lies in the folder of the class it is taken for.
fn is_right(prediction: &Prediction, picture: &Path) -> bool {
    picture.parent().is_some_and(|folder| folder.ends_with(&prediction.class))
}

fn main() -> Result<()> {
    set_seed(42);
    let dls = match std::env::args().nth(1) {
        Some(folder) => own_pictures(folder.as_ref())?,
        None => Pictures::from_folder(untar_data(Urls::MNIST_SAMPLE)?)?,
    };
    let count = dls.train.dataset().len();
    println!("{count} images to learn from, of {:?}", dls.vocab);

    let mut learn = vision_learner(dls, Net::build, cross_entropy)?.metrics(accuracy);
    learn.fit_one_cycle(if count < 1000 { 20 } else { 2 }, 0.01)?;
    learn.export("digits.safetensors")?;

    for picture in &learn.dls.valid.dataset().items {
        let prediction = learn.predict(picture)?;
        if !is_right(&prediction, picture) {
            println!("wrong: {} is taken for {prediction}", picture.display());
        }
    }
    Ok(())
}
