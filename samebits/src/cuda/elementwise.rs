//! One number after the other, and metrics: `kernels/elementwise.cuh`, `kernels/loss.cuh`.

use super::arguments::arguments;
use super::check::{blocks, int};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Slice, SliceMut};
use crate::device::{assert_bits, assert_classes};

pub(super) fn dropout(
    gpu: Gpu,
    bits: Slice<'_, u32>,
    factor: f32,
    x: Slice<'_, f32>,
    y: SliceMut<'_, f32>,
) -> Result<(), Error> {
    keep(gpu, Kernel::Dropout, bits, factor, x, y)
}

pub(super) fn dropout_gradient(
    gpu: Gpu,
    bits: Slice<'_, u32>,
    factor: f32,
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    keep(gpu, Kernel::DropoutGradient, bits, factor, dy, dx)
}

fn keep(
    gpu: Gpu,
    kernel: Kernel,
    bits: Slice<'_, u32>,
    factor: f32,
    from: Slice<'_, f32>,
    to: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_bits(bits.len(), from.len(), to.len());
    let grid = blocks(to.len(), "numbers")?;
    let arguments =
        arguments![to.len() as i32, bits.address(), factor, from.address(), to.address()];
    // SAFETY: Both slices have a number, and `bits` a bit, for each thread that does something.
    unsafe { gpu.launch(kernel, grid, 256, arguments) }
}

pub(super) fn relu(gpu: Gpu, x: Slice<'_, f32>, y: SliceMut<'_, f32>) -> Result<(), Error> {
    assert_eq!(x.len(), y.len(), "numbers of x and y");
    let grid = blocks(y.len(), "numbers")?;
    let arguments = arguments![y.len() as i32, x.address(), y.address()];
    // SAFETY: Both slices have a number for each thread that does something.
    unsafe { gpu.launch(Kernel::Relu, grid, 256, arguments) }
}

pub(super) fn relu_gradient(
    gpu: Gpu,
    y: Slice<'_, f32>,
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!([y.len(), dy.len()], [dx.len(); 2], "numbers of y and dy, and of dx");
    let grid = blocks(dx.len(), "numbers")?;
    let arguments = arguments![dx.len() as i32, y.address(), dy.address(), dx.address()];
    // SAFETY: All slices have a number for each thread that does something.
    unsafe { gpu.launch(Kernel::ReluGradient, grid, 256, arguments) }
}

pub(super) fn add_scaled(
    gpu: Gpu,
    factor: Slice<'_, f32>,
    x: Slice<'_, f32>,
    sum: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!((factor.len(), x.len()), (1, sum.len()), "numbers of the factor, and of x");
    let grid = blocks(sum.len(), "numbers")?;
    let arguments = arguments![sum.len() as i32, x.address(), factor.address(), sum.address()];
    // SAFETY: Both slices have a number for each thread that does something; there is one factor.
    unsafe { gpu.launch(Kernel::AddScaled, grid, 256, arguments) }
}

pub(super) fn axpy(
    gpu: Gpu,
    a: SliceMut<'_, f32>,
    alpha: f32,
    b: Slice<'_, f32>,
    beta: f32,
) -> Result<(), Error> {
    assert_eq!(a.len(), b.len(), "numbers of a and b");
    let grid = blocks(a.len(), "numbers")?;
    let arguments = arguments![a.len() as i32, alpha, beta, b.address(), a.address()];
    // SAFETY: Both slices have a number for each thread that does something.
    unsafe { gpu.launch(Kernel::Axpy, grid, 256, arguments) }
}

pub(super) fn accuracy(
    gpu: Gpu,
    classes: usize,
    x: Slice<'_, f32>,
    targets: Slice<'_, i64>,
    share: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_classes(classes, x.len(), targets.len());
    assert_eq!(share.len(), 1, "numbers of the share");
    let of = "predictions";
    int(x.len(), of)?;
    let arguments = arguments![
        x.address(),
        int(targets.len(), of)?,
        int(classes, of)?,
        targets.address(),
        share.address(),
    ];
    // SAFETY: `x` has a row of `classes` numbers for each target; one block writes one number.
    unsafe { gpu.launch(Kernel::Accuracy, [1, 1], 256, arguments) }
}

pub(super) fn share_of_true(
    gpu: Gpu,
    truths: Slice<'_, bool>,
    share: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!(share.len(), 1, "numbers of the share");
    let arguments = arguments![truths.address(), int(truths.len(), "truths")?, share.address()];
    // SAFETY: One block reads all truths, a byte each, and writes one number.
    unsafe { gpu.launch(Kernel::ShareOfTrue, [1, 1], 256, arguments) }
}
