//! Pixels
//! Made from `book/src/02_pixels.md` by `cargo book tangle`: edit that, not this.

// To us a digit is a shape. To a computer it is a grid of numbers. This chapter looks at one
// digit from both sides.

use mnist_from_scratch::prelude::*;

fn main() -> Result<()> {
    // data
    let path = untar_data(Urls::MNIST_SAMPLE)?;
    set_base_path(&path);
    let threes = path.join("train/3").ls()?.sorted();

    //
    // ## One image
    //
    // Let us open the second file of the list, a PNG. Lists count from 0, so that is number 1.
    //
    //

    // A handwritten 3, as it is stored.
    let im3_path = &threes[1];
    let im3 = image_open(im3_path)?;
    show_image(&im3)?;

    //
    // A clear 3. What kind of thing is `im3`?
    //

    show!(type_of(&im3));

    //
    // It is an image of the crate image, which plays the part that the
    // *Python Imaging Library* has in the notebook. It holds a `u8` for each pixel, which is its
    // brightness (`Luma`: no colours), and all of them in a `Vec`, Rust's list.
    //
    // A `u8` is a whole number that fits in one byte. It goes from 0 to 255.
    //
    // ## The numbers behind it
    //
    // To calculate with the pixels we need them as numbers in rows and columns. Here is the square
    // that starts at row 4 and column 4, and ends before row 10 and column 10:
    //

    show!(array(&im3).slice(4..10, 4..10));

    //
    // The zeros are the empty edge. The larger numbers are the beginning of the upper stroke.
    //
    // That was an *array*, in the manner of Python's NumPy: not Rust's own `[u8; 36]`, but a type
    // of our crate that prints like NumPy's. For the rest of the book we use *tensors*. They hold
    // the same numbers and behave much the same:
    //

    let dev = default_device()?;
    let im3_t: Pixels = tensor(&im3, &dev)?;
    show!(im3_t.clone().slice((4..10, 4..10)));

    //
    // `Pixels` is our short name for `Tensor<Rank2<28, 28>, u8, AutoDevice>`: 28 rows of 28 bytes.
    // And `slice` takes its two ranges as one pair, hence the two parentheses.
    //
    // So why tensors, if arrays hold the same numbers? A tensor can also live on a graphics card,
    // which does the same calculation for thousands of pixels at once. `dev` is the
    // *device* that it lives on; in this book it is the processor. And a
    // tensor can keep track of how a result depends on its inputs, which is what learning will
    // need.
    //
    // Our tensors come from the crate dfdx.
    //
    // ### Why `clone`?
    //
    // In Rust a value has one owner. `slice` takes over the tensor that it is called on, and after
    // that `im3_t` would be gone. But we still need it. So we hand over a `clone`.
    //
    // This costs next to nothing. A clone of a tensor shares its numbers with the original; they
    // are only copied when one of the two is about to change.
    //
    // Often we need not hand over anything. `&im3_t` *lends* the tensor: a function may look at it,
    // and it stays ours. That is what the `&` in `tensor(&im3, &dev)` does.
    //
    // Forgetting the `clone` is a mistake that the compiler finds:
    //
    // ```rust,compile_fail,E0382
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let im3_t: Pixels = dev.zeros();
    // let corner = im3_t.slice((4..10, 4..10));
    // show!(im3_t); // gone: `slice` took it
    // ```
    //
    // ## Seeing the numbers
    //
    // The numbers and what they show can be seen at once. Each field of this table has the
    // shade of grey that its number stands for:
    //
    //
    //

    // The upper part of the 3. On a narrow screen the table scrolls sideways.
    show_pixels(&im3_t, 4..15, 4..22)?;

    //
    // Step back from the screen, and the upper half of the 3 appears.
    //
    // Here 0 is white and 255 is black: ink on paper. When we opened the file it was the other way
    // round, light on a dark ground. The numbers are the same. It is only a choice of colours, and
    // from now on we use the one with ink on paper, as the notebook does.
    //
    // ## How big is it?
    //

    show!(im3_t.shape());
    show!(im3_t.numel());

    //
    // The *shape* says that there are 28 rows of 28 pixels. `numel` is the
    // number of elements, 28 times 28, which is 784. (The notebook has a slip here and says 768.)
    //
    // Now for something that PyTorch does not do. In dfdx the shape is part of the type:
    //

    show!(type_of(&im3_t));

    //
    // `Const<28>` is how dfdx writes the number 28 as a type, and `Rank2<28, 28>` is short for a
    // pair of them. So the compiler knows the shape. A tensor of another size is a tensor of
    // another *type*, and the mix-up of the two is found before the program runs. (`Rank2<14, 28>`:
    // 14 rows of 28.)
    //
    // ```rust,compile_fail,E0308
    // use mnist_from_scratch::prelude::*;
    // let dev = AutoDevice::default();
    // let im3_t: Pixels = dev.zeros();
    // let half: Tensor<Rank2<14, 28>, u8, AutoDevice> = im3_t; // 28 rows are not 14
    // ```
    //
    // In a notebook you would see that mistake when the cell runs, perhaps after an hour of
    // training.
    //
    // A file has no type, of course. That the image really has 28 rows of 28 pixels is checked when
    // `tensor` reads it, hence the `?`. From then on the compiler knows.
    //
    // ## What you have learned
    //
    // - A grey image is a grid of numbers from 0 to 255, one byte each.
    // - A tensor holds such a grid, and can do so on a graphics card as well.
    // - The shape of a dfdx tensor is part of its type, so the compiler checks it.
    //
    //
    // How is a grey image stored?
    //
    // As one number for each pixel, from 0 to 255, in rows and columns. Which end is black and
    // which is white is a matter of agreement.
    //

    //
    // What is the difference between an array and a tensor?
    //
    // They hold the same numbers. A tensor can also live on a graphics card, and it can keep track
    // of how a result came about.
    //
    //
    // **Exercise 1.** Which share of the pixels of our 3 is not white? (A tensor has a method
    // `as_vec`, which returns its numbers as a plain list.)
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_ink") {
        let pixels = im3_t.as_vec();
        let ink = pixels.iter().filter(|pixel| **pixel > 0).count();
        println!("{ink} of {}", pixels.len());
    }

    // About a fifth. Most of an image of a digit is paper.
    //
    //
    // **Exercise 2.** Draw the 3 in a terminal: a `#` where a pixel is darker than 127, a space
    // where it is not.
    //
    //
    // Solution

    if std::env::args().any(|arg| arg == "solution_draw") {
        for row in im3_t.as_vec().chunks(28).skip(5).take(20) {
            let line: String =
                row.iter().map(|p| if *p > 127 { '#' } else { ' ' }).collect();
            println!("{}", line.trim_end());
        }
    }
    Ok(())
}
