//! How operations reach the numbers of a tensor, and where the arithmetic is done: the only part of this crate that
//! differs between a CPU and a GPU.
//!
//! | | `cpu.rs` | `cuda.rs`, with the feature `cuda` |
//! | --- | --- | --- |
//! | [`device()`] | [`samebits::Cpu`] | the GPU of `samebits::cuda` |
//! | the numbers of a tensor | a slice of the computer's memory | an address in that of the GPU |
//!
//! dfdx lends neither: `view.rs` and `address.rs` say how they are found. An operation reads with [`numbers()`], makes
//! its result by [`zeros`], writes that with [`fresh`], and what is a model's own with [`writable`].

#[cfg(feature = "cuda")]
mod address;
#[cfg(not(feature = "cuda"))]
mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
#[cfg(not(feature = "cuda"))]
mod kept;
mod ranges;
mod tape;
#[cfg(not(feature = "cuda"))]
mod view;

#[cfg(not(feature = "cuda"))]
pub(crate) use cpu::without_copies;
#[cfg(not(feature = "cuda"))]
pub(super) use cpu::*;
#[cfg(feature = "cuda")]
pub(super) use cuda::*;
#[cfg(feature = "cuda")]
pub(crate) use cuda::{keeping_memory, without_copies};
#[cfg(not(feature = "cuda"))]
pub(crate) use kept::keeping_memory;
pub(super) use ranges::ranges;
pub(super) use tape::record;

use std::ops::Range;

use dfdx::shapes::{Shape, Unit};
use dfdx::tensor::{AutoDevice, Tape, Tensor, ZerosTensor};

use crate::device::DeviceError;

/// Numbers to read, on the device.
pub(super) type Slice<'a, E = f32> = <On as samebits::Device>::Slice<'a, E>;
/// Numbers to change, on the device.
pub(super) type SliceMut<'a, E = f32> = <On as samebits::Device>::SliceMut<'a, E>;
/// The room for the numbers of one tensor, as dfdx has it.
pub(super) type Room = <AutoDevice as dfdx::tensor::Storage<f32>>::Vec;

/// A new tensor of zeros, for a result.
pub(super) fn zeros<S: Shape, E: Unit>(
    dev: &AutoDevice,
    shape: &S,
) -> Result<Tensor<S, E, AutoDevice>, DeviceError> {
    dev.try_zeros_like(shape)
}

/// A parameter in the order of its shape, and a tape that records how it came to be in that order, for those that are in
/// another one.
pub(super) fn parameter<S: Shape, T: Tape<f32, AutoDevice>>(
    p: &Tensor<S, f32, AutoDevice>,
) -> Result<(Tensor<S, f32, AutoDevice>, T), DeviceError> {
    Ok(dfdx::tensor::SplitTape::split_tape(in_order(p.retaped::<T>())?))
}

/// Those parts of a slice that are in the `ranges`, which come one after the other.
pub(super) fn parts<'a>(slice: SliceMut<'a>, ranges: &[Range<usize>]) -> Vec<SliceMut<'a>> {
    let (mut rest, mut at) = (slice, 0);
    let mut parts = Vec::with_capacity(ranges.len());
    for Range { start, end } in ranges {
        let [_, from] = split_at(rest, start - at);
        let [part, after] = split_at(from, end - start);
        parts.push(part);
        (rest, at) = (after, *end);
    }
    parts
}
