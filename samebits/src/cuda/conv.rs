//! Convolution and its gradients: `kernels/conv.cuh`, `kernels/few_channels.cuh`.

use super::arguments::{Conv, Finished, Pieces, arguments};
use super::check::{int, int_product};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Slice, SliceMut, fill_with_zeros, room};
use super::norm::{Statistics, pieces};
use super::tiles::{Tile, Work, quickest, tiles};
use crate::Conv2d;

/// The sizes as kernels take them.
fn sizes(conv: &Conv2d) -> Result<Conv, Error> {
    let of = format_args!("{conv:?}");
    let Conv2d { batch, height, width, in_channels, out_channels, kernel_size, stride, padding } =
        *conv;
    for len in [conv.input_len(), conv.weight_len(), conv.output_len()] {
        int(len, of)?;
    }
    // How far a kernel goes in a step, and where it is over the padding.
    int_product([stride, width.max(1), batch, in_channels.max(1)], of)?;
    int_product([stride, kernel_size, in_channels.max(1), out_channels.max(1)], of)?;
    int(height.max(width) + 2 * padding, of)?;
    let int = |size| int(size, of);
    Ok(Conv {
        batch: int(batch)?,
        height: int(height)?,
        width: int(width)?,
        in_channels: int(in_channels)?,
        out_channels: int(out_channels)?,
        kernel: int(kernel_size)?,
        stride: int(stride)?,
        padding: int(padding)?,
        out_height: int(conv.out_height())?,
        out_width: int(conv.out_width())?,
    })
}

fn assert_lens(conv: &Conv2d, x: usize, weight: usize, y: usize) {
    assert_eq!(x, conv.input_len(), "numbers of the input of {conv:?}");
    assert_eq!(weight, conv.weight_len(), "numbers of the weights of {conv:?}");
    assert_eq!(y, conv.output_len(), "numbers of the output of {conv:?}");
}

/// Whether whole vectors can be read: four numbers, which lie at a multiple of 16 bytes.
fn has_vectors(conv: &Conv2d, aligned: bool) -> bool {
    aligned && conv.in_channels.is_multiple_of(4) && conv.out_channels.is_multiple_of(4)
}

fn choose(gpu: Gpu, vectors: bool, work: &[Work]) -> Tile {
    match vectors {
        true => quickest(gpu, &[Tile::T32x32, Tile::T16x32, Tile::T16x16], work),
        false => Tile::Any,
    }
}

const NO_SUMS: Finished =
    Finished { pieces: Pieces { rows: 0, channels: 0, piece: 0, pieces: 0 }, parts: 0, counts: 0 };

pub(super) fn forward(
    gpu: Gpu,
    conv: &Conv2d,
    x: Slice<'_, f32>,
    weight: Slice<'_, f32>,
    y: SliceMut<'_, f32>,
) -> Result<(), Error> {
    assert_lens(conv, x.len(), weight.len(), y.len());
    start_forward(gpu, conv, x, weight, &y, |_| Ok(NO_SUMS))
}

/// With the sums of a batch norm after it, which the last blocks make.
pub(super) fn forward_statistics(
    gpu: Gpu,
    conv: &Conv2d,
    x: Slice<'_, f32>,
    weight: Slice<'_, f32>,
    y: SliceMut<'_, f32>,
) -> Result<Statistics, Error> {
    assert_lens(conv, x.len(), weight.len(), y.len());
    let mut statistics = Statistics::room(gpu, pieces(y.len(), conv.out_channels)?)?;
    let (of, parts) = (statistics.of(), statistics.parts());
    let mut made = false;
    start_forward(gpu, conv, x, weight, &y, |column_tiles| {
        let counts = gpu.counters(of.pieces as usize * column_tiles)?;
        made = counts.is_some();
        Ok(counts.map_or(NO_SUMS, |counts| Finished { pieces: of, parts, counts }))
    })?;
    if !made {
        statistics.sum(gpu, y.as_slice())?;
    }
    Ok(statistics)
}

/// `finished` gets the number of tiles side by side, if there is anything to work out.
fn start_forward(
    gpu: Gpu,
    conv: &Conv2d,
    x: Slice<'_, f32>,
    weight: Slice<'_, f32>,
    y: &SliceMut<'_, f32>,
    finished: impl FnOnce(usize) -> Result<Finished, Error>,
) -> Result<(), Error> {
    let s = sizes(conv)?;
    if x.is_empty() || weight.is_empty() {
        return fill_with_zeros(gpu, y.address(), 4 * y.len());
    }
    let matrices = conv.out_pixels();
    let (rows, columns) = (conv.batch, conv.out_channels);
    let few = conv.has_few_channels();
    let terms = conv.kernel_size * conv.kernel_size * conv.in_channels;
    let vectors = has_vectors(conv, x.is_aligned() && weight.is_aligned());
    let tile = match few {
        true => Tile::T32x32,
        false => choose(gpu, vectors, &[Work { matrices, rows, columns, terms }]),
    };
    let kernel = match tile {
        _ if few => Kernel::FewForward,
        Tile::T32x32 => Kernel::ConvForward32x32,
        Tile::T16x32 => Kernel::ConvForward16x32,
        Tile::T16x16 => Kernel::ConvForward16x16,
        Tile::Any => Kernel::ConvForwardAny,
    };
    let of = tile.of(rows, columns);
    let finished = finished(of[1])?;
    let arguments = arguments![s, tiles(of), finished, x.address(), weight.address(), y.address()];
    // SAFETY: The slices have the lengths that the sizes say. A block for each tile of each output pixel writes its numbers
    // of `y`, and reads what the taps that meet a pixel reach of `x` and `weight`. The sums have room for each
    // piece, and the counters, too.
    unsafe { gpu.launch(kernel, [matrices * of[0] * of[1], 1], 64, arguments) }
}

pub(super) fn gradients(
    gpu: Gpu,
    conv: &Conv2d,
    x: Slice<'_, f32>,
    weight: Slice<'_, f32>,
    dy: Slice<'_, f32>,
    dw: SliceMut<'_, f32>,
    dx: Option<SliceMut<'_, f32>>,
) -> Result<(), Error> {
    let dx_len = dx.as_ref().map_or(x.len(), SliceMut::len);
    assert_lens(conv, x.len(), weight.len(), dy.len());
    assert_lens(conv, dx_len, dw.len(), dy.len());
    let s = sizes(conv)?;
    if x.is_empty() || dy.is_empty() || weight.is_empty() {
        return Ok(());
    }
    let few = conv.has_few_channels();
    if few {
        few_weight_gradient(gpu, conv, s, x, dy, &dw)?;
    }
    if few && dx.is_none() {
        return Ok(());
    }
    let of_dw = Work {
        matrices: if few { 0 } else { conv.kernel_size * conv.kernel_size },
        rows: conv.in_channels,
        columns: conv.out_channels,
        terms: conv.out_pixels() * conv.batch,
    };
    let of_dx = Work {
        matrices: if dx.is_some() { conv.pixels() } else { 0 },
        rows: conv.batch,
        columns: conv.in_channels,
        terms: conv.kernel_size * conv.kernel_size * conv.out_channels,
    };
    // Where nobody wants it, nothing is written to it.
    let dx_address = dx.as_ref().map_or(0, SliceMut::address);
    let aligned = x.is_aligned() && weight.is_aligned() && dy.is_aligned();
    let tile = choose(gpu, has_vectors(conv, aligned), &[of_dw, of_dx]);
    let kernel = match tile {
        Tile::T32x32 => Kernel::ConvGradients32x32,
        Tile::T16x32 => Kernel::ConvGradients16x32,
        Tile::T16x16 => Kernel::ConvGradients16x16,
        Tile::Any => Kernel::ConvGradientsAny,
    };
    let [dw_tiles, dx_tiles] = [of_dw, of_dx].map(|work| tile.of(work.rows, work.columns));
    let [dw_blocks, dx_blocks] = [(of_dw, dw_tiles), (of_dx, dx_tiles)]
        .map(|(work, [rows, columns])| work.matrices * rows * columns);
    let arguments = arguments![
        s,
        tiles(dw_tiles),
        tiles(dx_tiles),
        int(dw_blocks, "blocks")? as u32,
        x.address(),
        weight.address(),
        dy.address(),
        dw.address(),
        dx_address,
    ];
    // SAFETY: As for `forward`. The first blocks have a tile of each tap and write to `dw`, the others a tile of each
    // input pixel and write to `dx`; without a `dx` there are none of these.
    unsafe { gpu.launch(kernel, [dw_blocks + dx_blocks, 1], 64, arguments) }
}

/// In parts of some pictures each, which are then added.
fn few_weight_gradient(
    gpu: Gpu,
    conv: &Conv2d,
    s: Conv,
    x: Slice<'_, f32>,
    dy: Slice<'_, f32>,
    dw: &SliceMut<'_, f32>,
) -> Result<(), Error> {
    let pictures = conv.pictures_of_part();
    let count = conv.batch.div_ceil(pictures);
    let of = [(conv.kernel_size * conv.in_channels).div_ceil(16), conv.out_channels.div_ceil(32)];
    let all = int_product([count, dw.len()], format_args!("parts of {conv:?}"))?;
    let parts = room::<f32>(gpu, all as usize)?;
    let blocks = count * conv.kernel_size * of[0] * of[1];
    let sizes =
        arguments![s, tiles(of), pictures as i32, x.address(), dy.address(), parts.address()];
    // SAFETY: As for `forward`: there is a block for each tile of each row of the kernel, in each part.
    unsafe { gpu.launch(Kernel::FewWeightGradient, [blocks, 1], 64, sizes)? };
    let sizes = arguments![parts.address(), count as i32, dw.len() as i32, dw.address()];
    // SAFETY: A thread for each number of `dw` reads that of each part.
    unsafe { gpu.launch(Kernel::AddParts, [dw.len().div_ceil(256), 1], 256, sizes) }
}
