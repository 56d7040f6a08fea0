//! One number after the other, and metrics: `kernels/elementwise.cuh`, `kernels/loss.cuh`.

use super::arguments::{Argument, Bits, FEW_WORDS, arguments};
use super::check::{blocks, int};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Slice, SliceMut};
use crate::device::{Device as _, assert_bits, assert_classes};

pub(super) fn dropout_of_minus(
    gpu: Gpu,
    bits: &[u32],
    factor: f32,
    y: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_bits(bits.len(), y.len(), y.len());
    pieces(gpu, bits, y.len(), |kept, first, n| {
        let grid = blocks(n, "numbers")?;
        let y = y.address() + 4 * first as u64;
        let arguments = arguments![Argument::lent(kept), n as i32, factor, y];
        // SAFETY: From number `first` on `y` has `n` numbers, and `kept` as many bits: one for each thread that does something.
        unsafe { gpu.launch(Kernel::DropoutOfMinus, grid, 256, arguments) }
    })
}

pub(super) fn dropout_gradient(
    gpu: Gpu,
    bits: &[u32],
    factor: f32,
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_bits(bits.len(), dy.len(), dx.len());
    pieces(gpu, bits, dx.len(), |kept, first, n| {
        let grid = blocks(n, "numbers")?;
        let [dy, dx] = [dy.address(), dx.address()].map(|at| at + 4 * first as u64);
        let arguments = arguments![Argument::lent(kept), n as i32, factor, dy, dx];
        // SAFETY: As above, with two slices.
        unsafe { gpu.launch(Kernel::DropoutGradient, grid, 256, arguments) }
    })
}

/// In so many pieces at most the bits come with the start of a kernel; more are copied to the GPU.
const PIECES: usize = 4;

/// Calls `start` with the bits of some numbers, which is the first of these, and how many there are, until all `n` had
/// their turn.
fn pieces(
    gpu: Gpu,
    bits: &[u32],
    n: usize,
    start: impl Fn(&Bits, usize, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut kept = Bits { more: 0, words: [0; FEW_WORDS] };
    if bits.len() > PIECES * FEW_WORDS {
        let more = gpu.copy_in(bits)?;
        kept.more = more.address();
        return start(&kept, 0, n);
    }
    for (piece, words) in bits.chunks(FEW_WORDS).enumerate() {
        kept.words[..words.len()].copy_from_slice(words);
        let first = 32 * FEW_WORDS * piece;
        start(&kept, first, (32 * words.len()).min(n - first))?;
    }
    Ok(())
}

pub(super) fn relu_of_minus(gpu: Gpu, y: SliceMut<'_, f32>) -> Result<(), Error> {
    let grid = blocks(y.len(), "numbers")?;
    // SAFETY: The slice has a number for each thread that does something.
    unsafe { gpu.launch(Kernel::ReluOfMinus, grid, 256, arguments![y.len() as i32, y.address()]) }
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
