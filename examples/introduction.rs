//! MNIST from Scratch in Rust

// This book teaches a computer to tell a handwritten 3 from a handwritten 7.
//
// That sounds like a small thing. But on the way from the first pixel to the last line you meet the
// ideas that all of deep learning is made of: data as tensors, a baseline to beat, gradients, a loss
// function, training in small batches, a neural net. Each of them is built by hand first, in a few
// lines of Rust that you can read, run and change.
//
// The road is that of chapter 4 of the [fastai course](https://course.fast.ai), a much-loved Python
// notebook. We follow it cell by cell, in our own words, and stop wherever Rust has something to add.
//
// ## Who it is for
//
// You know some Rust, and no deep learning? Good: nothing about the latter is taken for granted. When
// a new idea comes up, it is explained, and then it is code.
//
// You know fastai or PyTorch, and no Rust yet? Also good. Functions keep their names here: `untar_data`,
// `show_image`, `mse_loss`. Tensors print the way PyTorch prints them. What is different in Rust is
// pointed out when you meet it.
//
// ## How to read it
//
// A chapter works like a notebook. It is made of *cells*, and under each cell stands what it printed:

// %% imports
use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // %% hello
    let dev = AutoDevice::default();
    let numbers: Tensor<Rank1<4>, f32, _> = dev.tensor([3., 7., 3., 7.]);
    show!(numbers);

    Ok(())
}
