//! Pooling: `kernels/pool.cuh`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::arguments::{self, arguments};
use super::check::{blocks, int, int_product};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Buffer, Slice, SliceMut, room};
use crate::Windows;
use crate::device::{Device as _, concat_batch};
use crate::pool::WindowsKey;
use crate::sizes::product;

/// The lists of some windows, on the GPU.
#[derive(Debug)]
struct Lists {
    starts: Buffer<i32>,
    inputs: Buffer<i32>,
    back_starts: Buffer<i32>,
    back: Buffer<i32>,
}

/// Those that were used before.
static KNOWN: Mutex<BTreeMap<WindowsKey, Arc<Lists>>> = Mutex::new(BTreeMap::new());

impl Lists {
    fn of(gpu: Gpu, windows: &Windows) -> Result<Arc<Self>, Error> {
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lists) = known().get(&windows.key()) {
            return Ok(Arc::clone(lists));
        }
        let lists = Arc::new(Self::new(gpu, windows)?);
        let mut known = known();
        // Few are in use at a time; whoever makes new ones all the time is not to fill the memory.
        const MOST: usize = 64;
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(windows.key(), Arc::clone(&lists));
        Ok(lists)
    }

    fn new(gpu: Gpu, windows: &Windows) -> Result<Self, Error> {
        let (pixels, back) = (windows.pixels(), windows.outputs());
        let all: usize = pixels.iter().map(Vec::len).sum();
        int_product([2, all.max(pixels.len()).max(back.len()) + 1], "pixels of all windows")?;
        // All of them are smaller than that.
        let starts_of = |lens: &mut dyn Iterator<Item = usize>| -> Vec<i32> {
            let ends = lens.scan(0, |end, len| {
                *end += len as i32;
                Some(*end)
            });
            std::iter::once(0).chain(ends).collect()
        };
        let pairs =
            back.iter().flatten().flat_map(|(output, place)| [*output as i32, *place as i32]);
        Ok(Self {
            starts: gpu.copy_in(&starts_of(&mut pixels.iter().map(Vec::len)))?,
            inputs: gpu
                .copy_in(&pixels.iter().flatten().map(|at| *at as i32).collect::<Vec<_>>())?,
            back_starts: gpu.copy_in(&starts_of(&mut back.iter().map(Vec::len)))?,
            back: gpu.copy_in(&pairs.collect::<Vec<_>>())?,
        })
    }

    fn argument(&self) -> arguments::Windows {
        let Self { starts, inputs, back_starts, back } = self;
        let [starts, inputs, back_starts, back] =
            [starts, inputs, back_starts, back].map(Buffer::address);
        arguments::Windows { starts, inputs, back_starts, back }
    }
}

/// How many numbers each pixel has.
fn size(windows: &Windows, x: usize, y: usize) -> Result<i32, Error> {
    let size = windows.numbers_of_pixel(x, y);
    let of = format_args!("pooling of {x} numbers to {y}");
    int(x, of)?;
    int(y, of)?;
    int(size, of)
}

pub(super) fn max(
    gpu: Gpu,
    windows: &Windows,
    x: Slice<'_, f32>,
    y: SliceMut<'_, f32>,
) -> Result<Buffer<u16>, Error> {
    let size = size(windows, x.len(), y.len())?;
    let lists = Lists::of(gpu, windows)?;
    let places = room(gpu, y.len())?;
    let arguments = arguments![
        lists.argument(),
        windows.pixels().len() as i32,
        size,
        x.address(),
        y.address(),
        places.address(),
    ];
    // SAFETY: `x` and `y` have `size` numbers for each pixel that the lists name. A thread for each number of `y`, which
    // has a place.
    unsafe { gpu.launch(Kernel::MaxPool, blocks(y.len(), "numbers")?, 256, arguments)? };
    Ok(places)
}

pub(super) fn max_gradient(
    gpu: Gpu,
    windows: &Windows,
    places: &Buffer<u16>,
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    let size = size(windows, dx.len(), dy.len())?;
    assert_eq!(places.len(), dy.len(), "places of the largest numbers, and numbers of dy");
    let lists = Lists::of(gpu, windows)?;
    let arguments = arguments![
        lists.argument(),
        windows.outputs().len() as i32,
        size,
        places.address(),
        dy.address(),
        dx.address(),
    ];
    // SAFETY: As for `max`: a thread for each number of `dx`.
    unsafe { gpu.launch(Kernel::MaxPoolGradient, blocks(dx.len(), "numbers")?, 256, arguments) }
}

pub(super) fn mean(
    gpu: Gpu,
    windows: &Windows,
    x: Slice<'_, f32>,
    y: SliceMut<'_, f32>,
) -> Result<(), Error> {
    let size = size(windows, x.len(), y.len())?;
    let lists = Lists::of(gpu, windows)?;
    let arguments = arguments![
        lists.argument(),
        windows.pixels().len() as i32,
        size,
        x.address(),
        y.address(),
    ];
    // SAFETY: As for `max`.
    unsafe { gpu.launch(Kernel::MeanPool, blocks(y.len(), "numbers")?, 256, arguments) }
}

pub(super) fn mean_gradient(
    gpu: Gpu,
    windows: &Windows,
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    let size = size(windows, dx.len(), dy.len())?;
    let lists = Lists::of(gpu, windows)?;
    let arguments = arguments![
        lists.argument(),
        windows.outputs().len() as i32,
        size,
        dy.address(),
        dx.address(),
    ];
    // SAFETY: As for `max`: a thread for each number of `dx`.
    unsafe { gpu.launch(Kernel::MeanPoolGradient, blocks(dx.len(), "numbers")?, 256, arguments) }
}

pub(super) fn concat(
    gpu: Gpu,
    channels: usize,
    pixels: usize,
    x: Slice<'_, f32>,
    y: SliceMut<'_, f32>,
) -> Result<Buffer<u16>, Error> {
    let [pixels, batch, channels] = concat_sizes(channels, pixels, x.len(), y.len())?;
    let len = product([batch as usize, channels as usize], "numbers of a pixel");
    let places = room(gpu, len)?;
    let arguments = arguments![pixels, batch, channels, x.address(), y.address(), places.address()];
    // SAFETY: `x` has `pixels` times `batch` times `channels` numbers, `y` two for each picture and channel, and each of
    // these has a thread, and a place.
    unsafe { gpu.launch(Kernel::ConcatPool, blocks(len, "numbers")?, 256, arguments)? };
    Ok(places)
}

pub(super) fn concat_gradient(
    gpu: Gpu,
    channels: usize,
    pixels: usize,
    places: &Buffer<u16>,
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    let [pixels, batch, channels] = concat_sizes(channels, pixels, dx.len(), dy.len())?;
    let len = product([batch as usize, channels as usize], "numbers of a pixel");
    assert_eq!(places.len(), len, "places of the largest numbers");
    let arguments =
        arguments![pixels, batch, channels, places.address(), dy.address(), dx.address()];
    // SAFETY: As for `concat`: a thread for each number of `dx`.
    unsafe { gpu.launch(Kernel::ConcatPoolGradient, blocks(dx.len(), "numbers")?, 256, arguments) }
}

fn concat_sizes(channels: usize, pixels: usize, x: usize, y: usize) -> Result<[i32; 3], Error> {
    let batch = concat_batch(channels, pixels, x, y);
    let of = format_args!("concat pooling of {x} numbers to {y}");
    int(x.max(y), of)?;
    Ok([int(pixels, of)?, int(batch, of)?, int(channels, of)?])
}
