//! Steps for all parameters at once: `kernels/optimizers.cuh`.

use std::sync::{Mutex, PoisonError};

use super::arguments::{Adam, Part, arguments};
use super::check::int;
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Buffer, SliceMut, room};
use crate::AdamStep;
use crate::device::{AdamPart, Element, SgdPart, SgdStep};

/// How many numbers a block works on.
const NUMBERS: usize = 4096;

/// Lists of parts, on the GPU: those of the last steps. As long as the addresses stay, nothing is copied.
static KNOWN: Mutex<Vec<List>> = Mutex::new(Vec::new());

/// How many lists are kept: for a step and for the gradients of some models.
const MOST: usize = 8;

#[derive(Debug)]
struct List {
    /// As whole numbers, which can be compared.
    words: Vec<u64>,
    on_gpu: Buffer<u64>,
}

/// Starts a kernel with a block for each of the parts.
fn launch(
    parts: &[Part],
    start: impl FnOnce(u64, usize) -> Result<(), Error>,
    gpu: Gpu,
) -> Result<(), Error> {
    if parts.is_empty() {
        return Ok(());
    }
    let words = || {
        parts.iter().flat_map(|Part { p, m, v, g, len, decays }| {
            // As the struct lies in memory: the two last ones share eight bytes.
            [*p, *m, *v, *g, u64::from(*len as u32) | u64::from(*decays as u32) << 32]
        })
    };
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let at = known.iter().position(|list| words().eq(list.words.iter().copied()));
    let list = match at {
        Some(at) => known.remove(at),
        None => {
            let words: Vec<u64> = words().collect();
            let mut on_gpu = room(gpu, words.len())?;
            on_gpu.fill(&words)?;
            List { words, on_gpu }
        }
    };
    let started = start(list.on_gpu.address(), parts.len());
    // The one that was used last comes last, and the first one goes.
    known.push(list);
    if known.len() > MOST {
        known.remove(0);
    }
    started
}

/// Cuts a parameter into pieces of at most `NUMBERS`: the address of each is that of the parameter, unless that is 0, and
/// where in it the piece starts.
fn cut(
    parts: &mut Vec<Part>,
    [p, m, v, g]: [u64; 4],
    len: usize,
    decays: bool,
) -> Result<(), Error> {
    int(len, "numbers of a parameter")?;
    for first in (0..len).step_by(NUMBERS) {
        let at =
            |address| if address == 0 { 0 } else { address + (first * size_of::<f32>()) as u64 };
        let len = NUMBERS.min(len - first) as i32;
        parts.push(Part { p: at(p), m: at(m), v: at(v), g: at(g), len, decays: decays.into() });
    }
    Ok(())
}

pub(super) fn adam(gpu: Gpu, step: &AdamStep, all: Vec<AdamPart<'_, Gpu>>) -> Result<(), Error> {
    let mut parts = Vec::new();
    for AdamPart { p, m, v, g, decays } in &all {
        assert_eq!([m.len(), v.len(), g.len()], [p.len(); 3], "numbers of m, v and g, and of p");
        let addresses = [p.address(), m.address(), v.address(), g.address()];
        cut(&mut parts, addresses, p.len(), *decays)?;
    }
    let [beta1, beta2, eps, kept, rate, correction] = step.factors();
    let (rest1, rest2) = (1.0 - beta1, 1.0 - beta2);
    let sizes = Adam { beta1, beta2, rest1, rest2, eps, kept, rate, correction };
    let start = |list: u64, blocks: usize| {
        // SAFETY: The list has a part for each block; its numbers lie in slices that are lent here.
        unsafe { gpu.launch(Kernel::Adam, [blocks, 1], 256, arguments![list, sizes]) }
    };
    launch(&parts, start, gpu)
}

pub(super) fn sgd(gpu: Gpu, step: &SgdStep, all: Vec<SgdPart<'_, Gpu>>) -> Result<(), Error> {
    let mut parts = Vec::new();
    for SgdPart { p, v, g } in &all {
        assert_eq!(g.len(), p.len(), "numbers of g, and of p");
        assert_eq!(v.as_ref().map_or(p.len(), SliceMut::len), p.len(), "numbers of v, and of p");
        let average = v.as_ref().map_or(0, SliceMut::address);
        cut(&mut parts, [p.address(), average, 0, g.address()], p.len(), false)?;
    }
    let SgdStep { momentum, kept, factor } = *step;
    let start = |list: u64, blocks: usize| {
        let arguments = arguments![list, momentum, kept, factor];
        // SAFETY: As for `adam`.
        unsafe { gpu.launch(Kernel::Sgd, [blocks, 1], 256, arguments) }
    };
    launch(&parts, start, gpu)
}

pub(super) fn zero_all<E: Element>(gpu: Gpu, all: Vec<SliceMut<'_, E>>) -> Result<(), Error> {
    let mut parts = Vec::new();
    for slice in &all {
        assert_eq!(size_of::<E>(), size_of::<f32>(), "numbers of four bytes");
        cut(&mut parts, [0, 0, 0, slice.address()], slice.len(), false)?;
    }
    let start = |list: u64, blocks: usize| {
        // SAFETY: As for `adam`.
        unsafe { gpu.launch(Kernel::ZeroAll, [blocks, 1], 256, arguments![list]) }
    };
    launch(&parts, start, gpu)
}
