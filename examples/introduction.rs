//! MNIST from Scratch in Rust
//! Made from `book/src/introduction.md` by `cargo book tangle`: edit that, not this.

// In this book you teach a computer to tell a handwritten 3 from a handwritten 7. You start
// with single pixels, write each idea as a few lines of Rust, and end with a deep net that
// hardly ever errs:
//

//
// Start with the first chapter
// Draw a 3 or a 7
//
// Or begin with your hands: draw a digit, and see what the nets of this book say.
// Then train one, in your browser, to the very numbers of the book. There is more
// that you can touch: the digits, a curve to fit, a
// kernel, a sum of ReLUs, and a descent.
//
// The last three chapters go further: to all ten digits, to a digit that you have written, and
// to parts of your own.
//
// Telling two digits apart sounds like a small thing. But on the way you meet the ideas that
// all of deep learning is made of: data as tensors, a baseline to beat, a loss function,
// gradients, and learning step by step. (Never mind the words: each is explained when it
// comes.)
//
// ## The chapters
//

//
// The road is that of chapter 4 of the fastai course, in the form of
// a Python notebook with a reader's notes
// on it. We follow that notebook cell by cell, in our own words, and pause wherever Rust has
// something to add. From fastai to Rust has the list of its cells, and of
// ours.
//
// ## Who it is for
//
// You know some Rust, and no deep learning? Good: nothing about the latter is taken for
// granted. When a new idea comes up, it is explained, and then it is code.
//
// You know fastai or PyTorch, and no Rust yet? Also good. Most functions keep their names here:
// `untar_data`, `show_image`, `mse_loss`. Tensors print the way PyTorch prints them, with
// Rust's names for types (`u8`, not `torch.uint8`). What is different in Rust is pointed out
// when you meet it.
//
// ## How to read it
//
// A chapter works like a notebook. It is made of *cells*, and under each cell stands what it
// printed:

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // hello
    let dev = default_device()?;
    let numbers: Tensor<Rank1<4>, f32, _> = dev.tensor([3., 7., 3., 7.]);
    show!(numbers);

    Ok(())
}
