//! Steps for all parameters at once: `kernels/optimizers.cuh`.

use std::sync::{Mutex, PoisonError};

use super::arguments::{Adam, Part, arguments};
use super::check::int;
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Buffer, Slice, SliceMut};
use crate::AdamStep;
use crate::device::{AdamPart, Device as _, Losses, SgdPart, SgdStep, assert_losses};

/// How many numbers a block works on.
const NUMBERS: usize = 4096;

/// Lists of parts, on the GPU: those of the last steps. As long as the addresses stay, nothing is copied.
static KNOWN: Mutex<Vec<List>> = Mutex::new(Vec::new());

/// How many lists are kept: for a step and for the gradients of some models.
const MOST: usize = 8;

/// A parameter: addresses of `p`, `m`, `v` and `g`, or 0, how many numbers they have, and whether it decays.
type Whole = ([u64; 4], usize, bool);

#[derive(Debug)]
struct List {
    of: Vec<Whole>,
    /// The parts, each as five words of eight bytes.
    on_gpu: Buffer<u64>,
    parts: usize,
}

impl List {
    fn new(gpu: Gpu, of: Vec<Whole>) -> Result<Self, Error> {
        let mut words: Vec<u64> = Vec::new();
        for &(addresses, len, decays) in &of {
            int(len, "numbers of a parameter")?;
            for first in (0..len).step_by(NUMBERS) {
                let offset = (first * size_of::<f32>()) as u64;
                let [p, m, v, g] = addresses.map(|at| if at == 0 { 0 } else { at + offset });
                let len = NUMBERS.min(len - first) as i32;
                words.extend(Part { p, m, v, g, len, decays: decays.into() }.words());
            }
        }
        let on_gpu = gpu.copy_in(&words)?;
        Ok(Self { of, on_gpu, parts: words.len() / 5 })
    }
}

impl Part {
    /// As the struct lies in memory: the two last numbers share eight bytes.
    fn words(self) -> [u64; 5] {
        let Self { p, m, v, g, len, decays } = self;
        [p, m, v, g, u64::from(len as u32) | u64::from(decays as u32) << 32]
    }
}

/// Calls `start` with the address of a list of the parts, and how many there are.
fn launch(
    gpu: Gpu,
    of: Vec<Whole>,
    start: impl FnOnce(u64, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    if of.iter().all(|(_, len, _)| *len == 0) {
        return Ok(());
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let list = match known.iter().position(|list| list.of == of) {
        Some(at) => known.remove(at),
        None => List::new(gpu, of)?,
    };
    let started = start(list.on_gpu.address(), list.parts);
    // The one that was used last comes last, and the first one goes.
    known.push(list);
    if known.len() > MOST {
        known.remove(0);
    }
    started
}

/// Where the losses lie, or 0.
fn places(losses: Losses<'_, Gpu>) -> [u64; 2] {
    assert_losses(losses.map(|loss| loss.as_ref().map(Slice::len)));
    losses.map(|loss| loss.map_or(0, |loss| loss.address()))
}

pub(super) fn adam(
    gpu: Gpu,
    step: &AdamStep,
    all: Vec<AdamPart<'_, Gpu>>,
    then_zero: bool,
    losses: Losses<'_, Gpu>,
) -> Result<(), Error> {
    let [loss, other] = places(losses);
    let mut of = Vec::new();
    for AdamPart { p, m, v, g, decays } in &all {
        assert_eq!([m.len(), v.len(), g.len()], [p.len(); 3], "numbers of m, v and g, and of p");
        let addresses = [p.address(), m.address(), v.address(), g.address()];
        of.push((addresses, p.len(), *decays));
    }
    let [beta1, beta2, eps, kept, rate, correction] = step.factors();
    let (rest1, rest2) = (1.0 - beta1, 1.0 - beta2);
    let then_zero = then_zero.into();
    let sizes = Adam { beta1, beta2, rest1, rest2, eps, kept, rate, correction, then_zero };
    let start = |list: u64, blocks: usize| {
        // SAFETY: The list has a part for each block; its numbers lie in slices that are lent here, and so do the losses.
        unsafe { gpu.launch(Kernel::Adam, [blocks, 1], 256, arguments![list, sizes, loss, other]) }
    };
    launch(gpu, of, start)
}

pub(super) fn sgd(
    gpu: Gpu,
    step: &SgdStep,
    all: Vec<SgdPart<'_, Gpu>>,
    then_zero: bool,
    losses: Losses<'_, Gpu>,
) -> Result<(), Error> {
    let [loss, other] = places(losses);
    let mut of = Vec::new();
    for SgdPart { p, v, g } in &all {
        assert_eq!(g.len(), p.len(), "numbers of g, and of p");
        assert_eq!(v.as_ref().map_or(p.len(), SliceMut::len), p.len(), "numbers of v, and of p");
        let average = v.as_ref().map_or(0, SliceMut::address);
        of.push(([p.address(), average, 0, g.address()], p.len(), false));
    }
    let SgdStep { momentum, kept, factor } = *step;
    let start = |list: u64, blocks: usize| {
        let then_zero = i32::from(then_zero);
        let arguments = arguments![list, momentum, kept, factor, then_zero, loss, other];
        // SAFETY: As for `adam`.
        unsafe { gpu.launch(Kernel::Sgd, [blocks, 1], 256, arguments) }
    };
    launch(gpu, of, start)
}

pub(super) fn zero_all(gpu: Gpu, all: Vec<SliceMut<'_, f32>>) -> Result<(), Error> {
    let of = all.iter().map(|slice| ([0, 0, 0, slice.address()], slice.len(), false)).collect();
    let start = |list: u64, blocks: usize| {
        // SAFETY: As for `adam`.
        unsafe { gpu.launch(Kernel::ZeroAll, [blocks, 1], 256, arguments![list]) }
    };
    launch(gpu, of, start)
}
