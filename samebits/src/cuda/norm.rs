//! Batch norm: `kernels/batch_norm.cuh`, `kernels/pieces.cuh`.

use super::arguments::{self, Moves, Pieces, arguments};
use super::check::{int, rows_of};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Buffer, Slice, SliceMut, room};
use crate::Activation;
use crate::device::{NormEval, NormGradients, NormTrain, Running};
use crate::threads::rows_of_piece;

/// What mean and variance of each channel are made of.
#[derive(Debug)]
pub struct Statistics {
    of: Pieces,
    parts: Buffer<f32>,
}

/// A batch norm in training, for the way back.
#[derive(Debug)]
pub struct Norm {
    sizes: arguments::Norm,
    /// Mean, inverse and scale of each channel.
    kept: Buffer<f32>,
}

/// Up to so many rows one block does all for its channels: one kernel less.
const ROWS_AT_ONCE: usize = 1024;

impl Statistics {
    /// With sums that are still to be made.
    pub(super) fn room(gpu: Gpu, of: Pieces) -> Result<Self, Error> {
        // Two sums for each piece, and the first row, from which they take differences.
        let rows = 2 * of.pieces as usize + 1;
        Ok(Self { of, parts: room(gpu, rows * of.channels as usize)? })
    }

    pub(super) fn of(&self) -> Pieces {
        self.of
    }

    pub(super) fn parts(&self) -> u64 {
        self.parts.address()
    }

    /// Makes the sums.
    pub(super) fn sum(&mut self, gpu: Gpu, x: Slice<'_, f32>) -> Result<(), Error> {
        let sizes = arguments::Norm { pieces: self.of, relu: 0, eps: 0.0 };
        let arguments = arguments![sizes, x.address(), self.parts.address()];
        // SAFETY: `x` has the rows and channels of `of`, for which `room` has asked.
        unsafe { gpu.launch(Kernel::NormSums, blocks_of_pieces(self.of), 256, arguments) }
    }
}

/// How the sums over the rows of `len` numbers are made.
pub(super) fn pieces(len: usize, channels: usize) -> Result<Pieces, Error> {
    let rows = rows_of(len, channels);
    assert!(rows > 0, "{len} numbers of {channels} channels");
    int(len, format_args!("{len} numbers of {channels} channels"))?;
    let piece = rows_of_piece(rows, channels);
    let [rows, channels, piece, pieces] = [rows, channels, piece, rows.div_ceil(piece)];
    Ok(Pieces {
        rows: rows as i32,
        channels: channels as i32,
        piece: piece as i32,
        pieces: pieces as i32,
    })
}

/// Blocks for 32 channels each, and for each piece.
fn blocks_of_pieces(of: Pieces) -> [usize; 2] {
    [(of.channels as usize).div_ceil(32), of.pieces as usize]
}

pub(super) fn statistics(
    gpu: Gpu,
    x: Slice<'_, f32>,
    channels: usize,
) -> Result<Statistics, Error> {
    let mut statistics = Statistics::room(gpu, pieces(x.len(), channels)?)?;
    statistics.sum(gpu, x)?;
    Ok(statistics)
}

/// Some rows for each block that has only to go through them.
fn rows_at_once(rows: usize) -> usize {
    let usual = if rows > 4096 { 64 } else { 32 };
    // A grid has at most 65535 blocks along its second axis.
    usual.max(rows.div_ceil(65535))
}

pub(super) fn train(gpu: Gpu, of: NormTrain<'_, Gpu>) -> Result<Norm, Error> {
    let NormTrain { statistics, x, residual, weight, bias, eps, activation, running, y } = of;
    let channels = weight.len();
    assert_lens(channels, x, residual, &[bias.len()], y.len());
    let pieces = pieces(x.len(), channels)?;
    let rows = pieces.rows as usize;
    let moves = match &running {
        Some(Running { mean, variance, momentum }) => {
            assert_eq!([mean.len(), variance.len()], [channels; 2], "running statistics");
            let [keep, of_mean, of_variance] = Running::<Gpu>::factors(*momentum, rows);
            let (mean, variance) = (mean.address(), variance.address());
            Moves { mean, variance, keep, of_mean, of_variance, unused: 0 }
        }
        None => {
            let unused = 0;
            Moves { mean: 0, variance: 0, keep: 0.0, of_mean: 0.0, of_variance: 0.0, unused }
        }
    };
    let sizes = arguments::Norm { pieces, relu: relu(activation), eps };
    let kept = room::<f32>(gpu, 3 * channels)?;
    let residual = residual.map_or(0, |residual| residual.address());
    let [weight, bias] = [weight, bias].map(|slice| slice.address());
    let blocks = channels.div_ceil(32);
    let statistics = match statistics {
        Some(statistics) => {
            let of = statistics.of;
            assert_eq!(
                (of.rows, of.channels),
                (pieces.rows, pieces.channels),
                "statistics of other sizes"
            );
            statistics
        }
        None if rows <= ROWS_AT_ONCE => {
            let arguments = arguments![
                sizes,
                moves,
                x.address(),
                residual,
                weight,
                bias,
                kept.address(),
                y.address(),
            ];
            // SAFETY: `x`, `y` and the residual have the rows and channels of `sizes`, all else a number for each channel,
            // `kept` three. There are at most 16 pieces, so that each has a warp.
            unsafe { gpu.launch(Kernel::NormForwardAtOnce, [blocks, 1], 512, arguments)? };
            return Ok(Norm { sizes, kept });
        }
        None => self::statistics(gpu, x, channels)?,
    };
    let at_once = rows_at_once(rows);
    let arguments = arguments![
        sizes,
        moves,
        at_once as i32,
        statistics.parts.address(),
        x.address(),
        residual,
        weight,
        bias,
        kept.address(),
        y.address(),
    ];
    // SAFETY: As above; the parts are those of these rows and channels.
    unsafe { gpu.launch(Kernel::NormForward, [blocks, rows.div_ceil(at_once)], 256, arguments)? };
    Ok(Norm { sizes, kept })
}

pub(super) fn eval(gpu: Gpu, of: NormEval<'_, Gpu>) -> Result<(), Error> {
    let NormEval { x, residual, mean, variance, weight, bias, eps, activation, y } = of;
    let channels = mean.len();
    assert_lens(channels, x, residual, &[variance.len(), weight.len(), bias.len()], y.len());
    if x.is_empty() {
        return Ok(());
    }
    let pieces = pieces(x.len(), channels)?;
    let sizes = arguments::Norm { pieces, relu: relu(activation), eps };
    let residual = residual.map_or(0, |residual| residual.address());
    let arguments = arguments![
        sizes,
        x.address(),
        residual,
        mean.address(),
        variance.address(),
        weight.address(),
        bias.address(),
        y.address(),
    ];
    // SAFETY: `x`, `y` and the residual have the same length, with a thread for each number; all else has a number for
    // each channel.
    unsafe { gpu.launch(Kernel::NormEval, [x.len().div_ceil(256), 1], 256, arguments) }
}

pub(super) fn backward(
    gpu: Gpu,
    norm: &Norm,
    x: Slice<'_, f32>,
    y: Slice<'_, f32>,
    dy: Slice<'_, f32>,
    gradients: NormGradients<'_, Gpu>,
) -> Result<(), Error> {
    let Norm { sizes, kept } = norm;
    let NormGradients { dx, fresh, dweight, dbias, dresidual } = gradients;
    let pieces = sizes.pieces;
    let [rows, channels] = [pieces.rows, pieces.channels].map(|n| n as usize);
    let len = rows * channels;
    assert_eq!([x.len(), y.len(), dy.len(), dx.len()], [len; 4], "numbers of x, y, dy and dx");
    assert_eq!([dweight.len(), dbias.len()], [channels; 2], "numbers of dweight and dbias");
    if let Some(dresidual) = &dresidual {
        assert_eq!(dresidual.len(), len, "numbers of dresidual");
    }
    let to = arguments::Gradients {
        dx: dx.address(),
        dweight: dweight.address(),
        dbias: dbias.address(),
        dresidual: dresidual.as_ref().map_or(0, SliceMut::address),
        fresh: fresh.into(),
        unused: 0,
    };
    let [x, y, dy] = [x, y, dy].map(|slice| slice.address());
    let blocks = channels.div_ceil(32);
    if rows <= ROWS_AT_ONCE {
        let arguments = arguments![*sizes, kept.address(), x, y, dy, to];
        // SAFETY: As for `NormForwardAtOnce`: all slices have the rows and channels of `sizes`, or a number for each channel.
        return unsafe { gpu.launch(Kernel::NormGradientAtOnce, [blocks, 1], 512, arguments) };
    }
    let parts = room::<f32>(gpu, pieces.pieces as usize * 2 * channels)?;
    let arguments = arguments![*sizes, x, y, dy, kept.address(), parts.address()];
    // SAFETY: As for `Statistics::sum`; `parts` has room for two sums of each piece.
    unsafe { gpu.launch(Kernel::NormGradientSums, blocks_of_pieces(pieces), 256, arguments)? };
    let at_once = rows_at_once(rows);
    let arguments =
        arguments![*sizes, at_once as i32, parts.address(), kept.address(), x, y, dy, to];
    // SAFETY: As above.
    unsafe { gpu.launch(Kernel::NormGradient, [blocks, rows.div_ceil(at_once)], 256, arguments) }
}

pub(super) fn mean_and_variance(gpu: Gpu, of: &Statistics) -> Result<[Buffer<f32>; 2], Error> {
    let channels = of.of.channels as usize;
    let [means, variances] = [room::<f32>(gpu, channels)?, room::<f32>(gpu, channels)?];
    let arguments = arguments![of.of, of.parts.address(), means.address(), variances.address()];
    // SAFETY: A thread for each channel reads its sums.
    unsafe { gpu.launch(Kernel::NormStatistics, [channels.div_ceil(256), 1], 256, arguments)? };
    Ok([means, variances])
}

fn relu(activation: Activation) -> i32 {
    i32::from(activation == Activation::Relu)
}

fn assert_lens(
    channels: usize,
    x: Slice<'_, f32>,
    residual: Option<Slice<'_, f32>>,
    of_channels: &[usize],
    y: usize,
) {
    assert!(
        of_channels.iter().all(|len| *len == channels),
        "batch norm of {channels} channels with {of_channels:?} of them"
    );
    assert_eq!(y, x.len(), "numbers of the output, in {channels} channels");
    if let Some(residual) = residual {
        assert_eq!(residual.len(), x.len(), "numbers of the residual, in {channels} channels");
    }
}
