//! The checks of sizes that all devices make, with the same words.

use crate::sizes::product;

/// How many rows and outputs a linear layer has.
pub(crate) fn linear_sizes(inputs: usize, x: usize, weight: usize, y: usize) -> [usize; 2] {
    let of = format_args!("{x} numbers of {inputs} inputs, {weight} weights, {y} outputs");
    // Without inputs the sizes of `x` and the weights say nothing.
    assert!(inputs > 0, "a linear layer without inputs: {of}");
    let (rows, outputs) = (x / inputs, weight / inputs);
    assert!(rows * inputs == x && outputs * inputs == weight, "{of}");
    assert_eq!(product([rows, outputs], of), y, "{of}");
    [rows, outputs]
}

pub(crate) fn assert_rows(rows: usize, width: usize) {
    assert!(
        rows == 0 || width > 0 && rows.is_multiple_of(width),
        "{rows} numbers in rows of {width}"
    );
}

/// How many pictures there are.
pub(crate) fn concat_batch(channels: usize, pixels: usize, x: usize, y: usize) -> usize {
    let of = format_args!("{x} numbers of {pixels} pixels and {channels} channels, to {y}");
    assert!(pixels > 0, "a picture without pixels: {of}");
    assert!(pixels <= usize::from(u16::MAX), "a window of more than {} pixels: {of}", u16::MAX);
    let size = product([channels, pixels], of);
    let batch = x.checked_div(size).unwrap_or(0);
    assert!(batch * size == x && product([batch, 2, channels], of) == y, "{of}");
    batch
}

pub(crate) fn assert_bits(bits: usize, x: usize, y: usize) {
    assert!(x == y && bits == x.div_ceil(32), "{x} numbers to {y}, with {bits} words of bits");
}

/// How many numbers the losses have, on which a step depends.
pub(crate) fn assert_losses(losses: [Option<usize>; 2]) {
    assert!(losses.into_iter().flatten().all(|len| len == 1), "a loss is one number: {losses:?}");
}

pub(crate) fn assert_classes(classes: usize, x: usize, targets: usize) {
    let of = format_args!("{x} numbers of {classes} classes, with {targets} targets");
    assert!(classes > 0, "{of}");
    assert_eq!(x, product([targets, classes], of), "{of}");
}

pub(crate) fn assert_selected(all: usize, width: usize, rows: &[usize], to: usize) {
    let of = format_args!("{} rows of {width}", rows.len());
    assert_eq!(product([rows.len(), width], of), to, "numbers of the copy of {of}");
    if to == 0 {
        return;
    }
    assert_eq!(all % width, 0, "{all} elements in rows of {width}");
    if let Some(row) = rows.iter().find(|row| **row >= all / width) {
        panic!("row {row} of a matrix with {} of {width}", all / width);
    }
}
