//! What the net that `your_digits.rs` has trained says of an image:
//!
//!     cargo run --release --example predict_digit -- photo.png

use mnist_from_scratch::prelude::*;

/// As in `your_digits.rs`.
type Net = (
    (Conv2d<1, 16, 3, 2, 1>, BatchNormReLU<16>),
    (Conv2d<16, 32, 3, 2, 1>, BatchNormReLU<32>),
    (Flatten<1568>, Linear<1568, 2>),
);

fn main() -> Result<()> {
    let learn =
        load_learner::<PictureBatch<1, 28, 28>, _>("digits.safetensors", Net::build)?;
    for picture in std::env::args().skip(1) {
        println!("{picture}: {}", learn.predict(&picture)?);
    }
    Ok(())
}
