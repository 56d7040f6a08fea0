//! Choosing a batch: `kernels/select.cuh`.

use super::arguments::{Argument, FEW_ROWS, Rows, arguments};
use super::check::{blocks, int, int_product};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Buffer, Slice, SliceMut};
use crate::device::{Device as _, Element, assert_selected};
use crate::sizes::product;

/// Numbers of rows for a kernel: with its start if there are few, else on the GPU.
struct Chosen {
    argument: Rows,
    _more: Option<Buffer<i32>>,
}

impl Chosen {
    /// The numbers are smaller than `i32::MAX`.
    fn new(gpu: Gpu, rows: &[usize]) -> Result<Self, Error> {
        let mut argument = Rows { more: 0, rows: [0; FEW_ROWS] };
        if rows.len() <= FEW_ROWS {
            argument.rows.iter_mut().zip(rows).for_each(|(to, row)| *to = *row as i32);
            return Ok(Self { argument, _more: None });
        }
        let more = gpu.copy_in(&rows.iter().map(|row| *row as i32).collect::<Vec<_>>())?;
        argument.more = more.address();
        Ok(Self { argument, _more: Some(more) })
    }
}

pub(super) fn rows<E: Element>(
    gpu: Gpu,
    all: Slice<'_, E>,
    width: usize,
    rows: &[usize],
    to: SliceMut<'_, E>,
) -> Result<(), Error> {
    assert_selected(all.len(), width, rows, to.len());
    let of = format_args!("rows of a matrix with {} numbers", all.len());
    int_product([2, all.len()], of)?;
    if to.is_empty() {
        return Ok(());
    }
    // Elements of 16 bytes are two numbers of 8.
    let (bytes, width) = match size_of::<E>() {
        16 => (8, 2 * width),
        bytes => (bytes, width),
    };
    let grid = blocks(rows.len() * width, of)?;
    let kernel = match bytes {
        1 => Kernel::SelectRows1,
        2 => Kernel::SelectRows2,
        4 => Kernel::SelectRows4,
        _ => Kernel::SelectRows8,
    };
    let chosen = Chosen::new(gpu, rows)?;
    let arguments = arguments![
        Argument::lent(&chosen.argument),
        rows.len() as i32,
        width as i32,
        all.address(),
        to.address(),
    ];
    // SAFETY: A kernel's numbers are parts of elements. All rows are there; `to` has room for them, with a thread for each number.
    unsafe { gpu.launch(kernel, grid, 256, arguments) }
}

pub(super) fn pictures(
    gpu: Gpu,
    all: Slice<'_, f32>,
    channels: usize,
    pixels: usize,
    pictures: &[usize],
    to: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_selected(all.len(), product([channels, pixels], "a picture"), pictures, to.len());
    let of = format_args!("pictures of {} numbers", all.len());
    int(all.len(), of)?;
    let grid = blocks(to.len(), of)?;
    if to.is_empty() {
        return Ok(());
    }
    let chosen = Chosen::new(gpu, pictures)?;
    let arguments = arguments![
        Argument::lent(&chosen.argument),
        pictures.len() as i32,
        pixels as i32,
        channels as i32,
        all.address(),
        to.address(),
    ];
    // SAFETY: As for `rows`, with pictures in place of rows.
    unsafe { gpu.launch(Kernel::SelectPictures, grid, 256, arguments) }
}
