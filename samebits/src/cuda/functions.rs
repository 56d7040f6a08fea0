//! Functions of one number, and of rows of them: `kernels/functions.cuh`, `kernels/loss.cuh`.

use super::arguments::arguments;
use super::check::{blocks, int};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Slice, SliceMut};
use crate::device::assert_classes;
use crate::mnist_loss::{check as check_mnist_loss, one_by};
use crate::{Function, classes};

/// The number of a function in `kernels/functions.cuh`.
fn number(of: Function) -> i32 {
    match of {
        Function::Exp => 0,
        Function::Ln => 1,
        Function::Sigmoid => 2,
        Function::Tanh => 3,
    }
}

pub(super) fn function(
    gpu: Gpu,
    of: Function,
    x: Slice<'_, f32>,
    y: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!(x.len(), y.len(), "numbers of x and of y");
    let grid = blocks(y.len(), "numbers")?;
    let arguments = arguments![number(of), y.len() as i32, x.address(), y.address()];
    // SAFETY: Both slices have a number for each thread that does something.
    unsafe { gpu.launch(Kernel::Function, grid, 256, arguments) }
}

pub(super) fn gradient(
    gpu: Gpu,
    of: Function,
    x: Slice<'_, f32>,
    y: Slice<'_, f32>,
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!([x.len(), y.len(), dy.len()], [dx.len(); 3], "numbers of x, y and dy, and of dx");
    let grid = blocks(dx.len(), "numbers")?;
    let len = dx.len() as i32;
    let arguments =
        arguments![number(of), len, x.address(), y.address(), dy.address(), dx.address()];
    // SAFETY: All slices have a number for each thread that does something.
    unsafe { gpu.launch(Kernel::FunctionGradient, grid, 256, arguments) }
}

/// How many rows there are, as kernels take it.
fn rows_of(function: &str, len: usize, classes: usize) -> Result<[i32; 2], Error> {
    int(len, function)?;
    Ok([len.checked_div(classes).unwrap_or(0) as i32, int(classes, function)?])
}

pub(super) fn softmax(
    gpu: Gpu,
    classes: usize,
    x: Slice<'_, f32>,
    p: SliceMut<'_, f32>,
) -> Result<(), Error> {
    classes::check("softmax", x.len(), classes, p.len());
    let [rows, classes] = rows_of("softmax", x.len(), classes)?;
    let arguments = arguments![x.address(), rows, classes, p.address()];
    // SAFETY: Both slices have a row of so many classes for each thread that does something.
    unsafe { gpu.launch(Kernel::Softmax, blocks(rows as usize, "rows")?, 256, arguments) }
}

pub(super) fn softmax_gradient(
    gpu: Gpu,
    classes: usize,
    p: Slice<'_, f32>,
    dp: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    for others in [dp.len(), dx.len()] {
        classes::check("softmax_gradient", p.len(), classes, others);
    }
    let [rows, classes] = rows_of("softmax_gradient", p.len(), classes)?;
    let arguments = arguments![p.address(), rows, classes, dp.address(), dx.address()];
    // SAFETY: As for `softmax`.
    unsafe { gpu.launch(Kernel::SoftmaxGradient, blocks(rows as usize, "rows")?, 256, arguments) }
}

pub(super) fn cross_entropy(
    gpu: Gpu,
    classes: usize,
    x: Slice<'_, f32>,
    targets: Slice<'_, i64>,
    eps: f32,
    slopes: SliceMut<'_, f32>,
    loss: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!(loss.len(), 1, "numbers of the loss");
    assert_classes(classes, x.len(), targets.len());
    classes::check("cross_entropy", x.len(), classes, slopes.len());
    let [rows, classes] = rows_of("cross_entropy", x.len(), classes)?;
    let arguments = arguments![
        x.address(),
        rows,
        classes,
        targets.address(),
        eps,
        slopes.address(),
        loss.address(),
    ];
    // SAFETY: There is a target for each row of `x` and of `slopes`, and a target that is no class is not looked up. One
    // block writes one loss.
    unsafe { gpu.launch(Kernel::CrossEntropy, [1, 1], 64, arguments) }
}

pub(super) fn mnist_loss(
    gpu: Gpu,
    x: Slice<'_, f32>,
    targets: Slice<'_, i64>,
    p: SliceMut<'_, f32>,
    loss: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!(loss.len(), 1, "numbers of the loss");
    check_mnist_loss(x.len(), targets.len(), p.len());
    let n = int(x.len(), "predictions")?;
    let each = one_by(x.len());
    let arguments =
        arguments![x.address(), targets.address(), n, each, p.address(), loss.address()];
    // SAFETY: There is a target and room for a `p` for each prediction. One block writes one loss.
    unsafe { gpu.launch(Kernel::MnistLoss, [1, 1], 256, arguments) }
}

pub(super) fn mnist_loss_gradient(
    gpu: Gpu,
    p: Slice<'_, f32>,
    targets: Slice<'_, i64>,
    dloss: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_eq!(dloss.len(), 1, "numbers of the loss's gradient");
    check_mnist_loss(p.len(), targets.len(), dx.len());
    let grid = blocks(dx.len(), "predictions")?;
    let (n, each) = (dx.len() as i32, one_by(dx.len()));
    let arguments =
        arguments![p.address(), targets.address(), n, each, dloss.address(), dx.address()];
    // SAFETY: All slices but that of the loss have a number for each thread that does something.
    unsafe { gpu.launch(Kernel::MnistLossGradient, grid, 256, arguments) }
}
