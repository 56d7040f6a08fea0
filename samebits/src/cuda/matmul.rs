//! Products of matrices and vectors, means of columns and distances: `kernels/matmul.cuh`, `kernels/means.cuh`.

use super::arguments::{Mm, arguments};
use super::check::{blocks, int};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Slice, SliceMut, fill_with_zeros, room};
use super::tiles::{Tile, Work, quickest, tiles};
use crate::device::{Matrices, Order};
use crate::sizes::product;
use crate::threads::rows_at_once;

/// What a product starts from: the numbers at an address, in rows that are so far apart.
#[derive(Debug, Clone, Copy)]
struct Start {
    address: u64,
    row: usize,
}

pub(super) fn matmul(
    gpu: Gpu,
    sizes: Matrices,
    c: SliceMut<'_, f32>,
    a: Slice<'_, f32>,
    b: Slice<'_, f32>,
) -> Result<(), Error> {
    let start = Start { address: c.address(), row: sizes.columns };
    multiply(gpu, sizes, start, &c, a, b)
}

pub(super) fn linear(
    gpu: Gpu,
    inputs: usize,
    x: Slice<'_, f32>,
    weight: Slice<'_, f32>,
    bias: Option<Slice<'_, f32>>,
    y: SliceMut<'_, f32>,
) -> Result<(), Error> {
    let [rows, columns] = crate::device::linear_sizes(inputs, x.len(), weight.len(), y.len());
    if let Some(bias) = &bias {
        assert_eq!(bias.len(), columns, "numbers of the bias of {columns} outputs");
    }
    let sizes = Matrices { rows, depth: inputs, columns, orders: [Order::Rows, Order::Columns] };
    let start = Start { address: bias.map_or(0, |bias| bias.address()), row: 0 };
    multiply(gpu, sizes, start, &y, x, weight)
}

/// `c = start + a b`
fn multiply(
    gpu: Gpu,
    sizes: Matrices,
    start: Start,
    c: &SliceMut<'_, f32>,
    a: Slice<'_, f32>,
    b: Slice<'_, f32>,
) -> Result<(), Error> {
    let Matrices { rows, depth, columns, orders } = sizes;
    let of = format_args!("{rows}x{depth} times {depth}x{columns}");
    assert_eq!(a.len(), product([rows, depth], of), "numbers of the left matrix: {of}");
    assert_eq!(b.len(), product([depth, columns], of), "numbers of the right matrix: {of}");
    assert_eq!(c.len(), product([rows, columns], of), "numbers of the product: {of}");
    for len in [a.len(), b.len(), c.len()] {
        int(len, of)?;
    }
    if c.is_empty() {
        return Ok(());
    }
    if depth == 0 {
        // Nothing is added: `linear` has inputs, so it is a `c` that stays.
        return match start.address {
            0 => fill_with_zeros(gpu, c.address(), 4 * c.len()),
            _ => Ok(()),
        };
    }
    let by_columns = orders.map(|order| order == Order::Columns);
    match (columns, rows) {
        (1, _) if by_columns[0] => return vector_times_rows(gpu, [depth, rows], start, c, a, b),
        (1, _) => return rows_times_vector(gpu, [rows, depth], start, c, a, b),
        (_, 1) if !by_columns[1] => {
            return vector_times_rows(gpu, [depth, columns], start, c, b, a);
        }
        _ => {}
    }
    // How far the next row, or term, is away on each side.
    let a_step = if by_columns[0] { rows } else { depth };
    let b_step = if by_columns[1] { depth } else { columns };
    let vectors = [a_step, b_step].iter().all(|step| step.is_multiple_of(4))
        && a.is_aligned()
        && b.is_aligned();
    let tile = match vectors {
        true => quickest(
            gpu,
            &[Tile::T16x32, Tile::T16x16],
            &[Work { matrices: 1, rows, columns, terms: depth }],
        ),
        false => Tile::Any,
    };
    let kernel = match (by_columns, tile) {
        ([false, false], Tile::T16x32) => Kernel::MatmulNn16x32,
        ([false, false], Tile::T16x16) => Kernel::MatmulNn16x16,
        ([false, false], _) => Kernel::MatmulNnAny,
        ([false, true], Tile::T16x32) => Kernel::MatmulNt16x32,
        ([false, true], Tile::T16x16) => Kernel::MatmulNt16x16,
        ([false, true], _) => Kernel::MatmulNtAny,
        ([true, false], Tile::T16x32) => Kernel::MatmulTn16x32,
        ([true, false], Tile::T16x16) => Kernel::MatmulTn16x16,
        ([true, false], _) => Kernel::MatmulTnAny,
        ([true, true], Tile::T16x32) => Kernel::MatmulTt16x32,
        ([true, true], Tile::T16x16) => Kernel::MatmulTt16x16,
        ([true, true], _) => Kernel::MatmulTtAny,
    };
    let [rows_, columns_, depth_, a_step, b_step, init_step] =
        [rows, columns, depth, a_step, b_step, start.row].map(|size| size as i32);
    let s = Mm { rows: rows_, columns: columns_, depth: depth_, a_step, b_step, init_step };
    let of_tiles = tile.of(rows, columns);
    let arguments =
        arguments![s, tiles(of_tiles), a.address(), b.address(), start.address, c.address()];
    // SAFETY: The slices have the lengths that the sizes say, the start is `c`, nothing, or a row as long as one of `c`. There
    // is a block for each tile of `c`.
    unsafe { gpu.launch(kernel, [of_tiles[0] * of_tiles[1], 1], 64, arguments) }
}

/// Each of some rows times a vector.
fn rows_times_vector(
    gpu: Gpu,
    [rows, len]: [usize; 2],
    start: Start,
    c: &SliceMut<'_, f32>,
    matrix: Slice<'_, f32>,
    vector: Slice<'_, f32>,
) -> Result<(), Error> {
    let arguments = arguments![
        matrix.address(),
        vector.address(),
        len as i32,
        start.address,
        start.row as i32,
        c.address(),
    ];
    // SAFETY: The matrix has `rows` times `len` numbers, the vector `len`, `c` has `rows`; there is a block for each row.
    unsafe { gpu.launch(Kernel::RowsTimesVector, [rows, 1], 64, arguments) }
}

/// The sum of some rows, each times a number of a vector.
fn vector_times_rows(
    gpu: Gpu,
    [rows, width]: [usize; 2],
    start: Start,
    c: &SliceMut<'_, f32>,
    matrix: Slice<'_, f32>,
    vector: Slice<'_, f32>,
) -> Result<(), Error> {
    let piece = rows_at_once(rows, width);
    let arguments = arguments![
        matrix.address(),
        vector.address(),
        rows as i32,
        width as i32,
        piece as i32,
        start.address,
        c.address(),
    ];
    // SAFETY: The matrix has `rows` times `width` numbers, the vector `rows`, `c` and the start `width`; there is a thread
    // for each number of `c`.
    unsafe { gpu.launch(Kernel::VectorTimesRows, [width.div_ceil(64), 1], 64, arguments) }
}

pub(super) fn add_rows(
    gpu: Gpu,
    rows: Slice<'_, f32>,
    sum: SliceMut<'_, f32>,
) -> Result<(), Error> {
    crate::device::assert_rows(rows.len(), sum.len());
    if rows.is_empty() {
        return Ok(());
    }
    let width = sum.len();
    int(rows.len(), "rows to add")?;
    let count = rows.len() / width;
    let arguments = arguments![rows.address(), count as i32, width as i32, sum.address()];
    // SAFETY: `rows` has `count` rows of the length of `sum`, which has a thread for each number.
    unsafe { gpu.launch(Kernel::AddRows, [width.div_ceil(64), 1], 64, arguments) }
}

pub(super) fn column_means(
    gpu: Gpu,
    rows: Slice<'_, f32>,
    means: SliceMut<'_, f32>,
) -> Result<(), Error> {
    let width = means.len();
    let of = format_args!("{} numbers in rows of {width}", rows.len());
    assert!(width > 0 && !rows.is_empty(), "the means of no rows: {of}");
    assert_eq!(rows.len() % width, 0, "{of}");
    int(rows.len(), of)?;
    let count = rows.len() / width;
    let groups = count.div_ceil(64);
    let sums = room::<f32>(gpu, groups * width)?;
    let arguments = arguments![rows.address(), count as i32, width as i32, sums.address()];
    // SAFETY: `rows` has `count` rows of the length of `means`. A block has 256 columns of 64 of them, and for each column
    // there is room in `sums`.
    unsafe { gpu.launch(Kernel::ColumnSums, [width.div_ceil(256), groups], 256, arguments) }?;
    let arguments =
        arguments![sums.address(), groups as i32, count as i32, width as i32, means.address()];
    // SAFETY: `sums` has `groups` rows of the length of `means`, with a thread for each column.
    unsafe { gpu.launch(Kernel::ColumnMeans, blocks(width, of)?, 256, arguments) }
}

pub(super) fn mean_absolute_differences(
    gpu: Gpu,
    x: Slice<'_, f32>,
    b: Slice<'_, f32>,
    distances: SliceMut<'_, f32>,
) -> Result<(), Error> {
    let of = format_args!("{} rows of {} numbers", distances.len(), b.len());
    assert!(!b.is_empty(), "rows without numbers: {of}");
    assert_eq!(x.len(), product([distances.len(), b.len()], of), "{of}");
    int(x.len(), of)?;
    let arguments = arguments![x.address(), b.address(), b.len() as i32, distances.address()];
    // SAFETY: `x` has a row of the length of `b` for each distance, and each of these has a block.
    unsafe { gpu.launch(Kernel::MeanAbsoluteDifferences, [distances.len(), 1], 64, arguments) }
}
