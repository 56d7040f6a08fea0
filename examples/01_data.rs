//! Getting the data
//! Made from `book/src/01_data.md` by `cargo book tangle`: edit that, not this.

// A program that learns needs examples to learn from. Ours come from MNIST, a collection of
// handwritten digits that was put together in the 1990s, and for many people it has been the
// first exercise since.
//
// Before we look at a single digit, we fetch the files and see how they are laid out.
//
// ## One line of imports
//
// Each chapter starts with the same line. It brings in all that the chapter uses of our crate.
// (A *crate* is what Python calls a package.)

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    //
    //
    // If you come from the notebook: this is its `from fastai.vision.all import *`. The `prelude`
    // of a crate is a module that is made to be imported as a whole. Its page in the API
    // docs lists what is in it.
    //

    //
    // It is good to know which version you are working with:
    //

    show!(mnist_from_scratch::VERSION);

    //
    //
    //
    // The notebook then tells its plotting library to draw images in shades of grey, with 0 as
    // white. Our `show_image` draws tensors that
    // way from the start.
    //

    //
    // ## Unpacking the data
    //
    // We only need two of the ten digits, and there is a sample with just those, the 3s and the 7s:
    //

    let path = untar_data(Urls::MNIST_SAMPLE)?;

    //
    // `untar_data` unpacks an archive and returns
    // the folder that it was unpacked to. The sample travels inside our crate, so there is nothing
    // to wait for. The folder is in your user's cache. The second time, the files are already there
    // and are only compared with the archive; a damaged one is repaired.
    //
    // Notice the `?`. Unpacking can fail: a disk can be full. A Rust function says so in its return
    // type, and `?` means "if this went wrong, stop here and report it". In Python the same failure
    // would be an exception that nothing in the code announces.
    //
    // Paths are easier to read without the long way to our folder. From now on `show!` leaves it
    // out:
    //

    set_base_path(&path);

    //
    // ## What is in the folder?
    //

    show!(path.ls()?);

    //
    // The number in front counts the entries. Then come the entries themselves: `train` for the
    // images to learn from, `valid` for the *validation set*, and a
    // table of labels.
    //
    // The validation set is kept apart for a reason. A model that has seen an image could simply
    // remember it. Only images that it has never seen tell us whether it learned what a 3 looks
    // like.
    //
    // Where does `ls` come from? `path` is a
    // `PathBuf` of the standard library,
    // which has no such method. The notebook asks that question with `path.ls?` and `path.ls??`,
    // and finds that fastai added it. Our crate does the same: a *trait* adds methods to a type
    // that already exists. These pages answer what the notebook's question marks ask:
    //
    // - what `ls` is, its documentation;
    // - how it does it, its source.
    //
    // Let us look one level down.
    //

    show!(path.join("train").ls()?);

    //
    // `path.join("train")` is what the notebook writes as `path/'train'`.
    //
    // There is a folder for each digit. Such a folder's name is the *label* of all the images in
    // it: the right answer that goes with them. So the labels are `3` and `7`.
    //
    // ## Two lists of files
    //

    let threes = path.join("train/3").ls()?.sorted();
    let sevens = path.join("train/7").ls()?.sorted();
    show!(threes);

    //
    // That is a lot of threes, and only the first ten are printed. On disk, files have no fixed
    // order. Our `ls` sorts them, so that we all have the same image in the same place; `sorted` is
    // there to say so, as in the notebook.
    //
    // They are sorted as text, not as numbers, so `10.png` is followed by `10000.png`. Each file is
    // named after its place in MNIST's training set, counted from 0.
    //
    // There are about as many sevens:
    //

    show!(threes.len(), sevens.len());

    //
    // That matters. If nearly all images were threes, a program could look good by always answering
    // "3".
    //
    // ## What you have learned
    //
    // - Images are files, sorted into a folder for each label.
    // - The training set is for learning; the validation set is for checking, and stays unseen.
    // - A function that can fail says so in its type, and `?` passes the failure on.
    //
    //
    // Why is there a validation set?
    //
    // To find out whether the model learned something about digits in general. On the images that
    // it was trained with, remembering would look just like understanding.
    //

    //
    // What is a label?
    //
    // The right answer for an example. Here it is the digit that an image shows, and it is written
    // in the name of the folder.
    //
    //
    // **Exercise 1.** How many images has the validation set, and which of the two digits has more?
    // Guess before you count.
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_valid") {
        for digit in ["3", "7"] {
            println!("{digit}: {}", path.join("valid").join(digit).ls()?.len());
        }
    }

    // About a thousand each, a sixth of what there is to learn from. In the training set the sevens
    // are ahead, too.
    //
    //
    // **Exercise 2.** The table `labels.csv` says again what the folders say. Does it have a line
    // for each image?
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_labels") {
        let table = std::fs::read_to_string(path.join("labels.csv"))?;
        for line in table.lines().take(3) {
            println!("{line}");
        }
        println!("{} lines", table.lines().count());
    }
    Ok(())
}
