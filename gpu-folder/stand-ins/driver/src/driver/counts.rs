//! What a program asks for, counted.

#![allow(non_snake_case)]

use std::collections::BTreeMap;
use std::env;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};

use super::ONLY_LAUNCHES;

pub static MODULES: AtomicU64 = AtomicU64::new(0);
pub static KERNELS: AtomicU64 = AtomicU64::new(0);
/// Also those of cuBLAS.
pub static LAUNCHES: AtomicU64 = AtomicU64::new(0);
pub static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Copies from the computer's memory to the GPU's, and back.
pub static COPIES_TO: AtomicU64 = AtomicU64::new(0);
pub static COPIES_FROM: AtomicU64 = AtomicU64::new(0);
pub static FILLS: AtomicU64 = AtomicU64::new(0);

/// How many pieces of work have been put into the stream, and up to which one the program has waited.
static QUEUED: AtomicU64 = AtomicU64::new(0);
static WAITED: AtomicU64 = AtomicU64::new(0);
static STALLS: AtomicU64 = AtomicU64::new(0);
static WAITS: AtomicU64 = AtomicU64::new(0);

/// What a program has asked for until now. A test finds this function by its name.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Kernels started; a product of matrices is one.
    launches: u64,
    /// Pieces of memory.
    allocations: u64,
    /// Pieces of memory set to 0.
    fills: u64,
    copies_to: u64,
    copies_from: u64,
    /// How often a program has waited for all that it had asked for, so that a GPU has nothing to do afterwards.
    stalls: u64,
    /// How often it has waited for something before that.
    waits: u64,
}

#[unsafe(no_mangle)]
pub extern "C" fn standInCounts() -> Counts {
    Counts {
        launches: LAUNCHES.load(Relaxed),
        allocations: ALLOCATIONS.load(Relaxed),
        fills: FILLS.load(Relaxed),
        copies_to: COPIES_TO.load(Relaxed),
        copies_from: COPIES_FROM.load(Relaxed),
        stalls: STALLS.load(Relaxed),
        waits: WAITS.load(Relaxed),
    }
}

/// A piece of work is put into the stream: its number, from 1.
pub fn queued() -> u64 {
    QUEUED.fetch_add(1, Relaxed) + 1
}

/// How many have been.
pub fn last_queued() -> u64 {
    QUEUED.load(Relaxed)
}

/// The program waits for the piece of work of this number, and so for all before it.
pub fn wait_for(number: u64) {
    if WAITED.fetch_max(number, Relaxed) >= number {
        return;
    }
    match number == last_queued() {
        true => STALLS.fetch_add(1, Relaxed),
        false => WAITS.fetch_add(1, Relaxed),
    };
}

/// How often each kernel was started and each function was called, for `STAND_IN_CALLS=1`.
static CALLS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// `counts`, or `each`: then each call is told when it comes.
static TELLS: LazyLock<Option<String>> = LazyLock::new(|| env::var("STAND_IN_CALLS").ok());

/// A function is called, or a kernel is started.
pub fn called(name: &str, bytes: usize) {
    let Some(how) = &*TELLS else { return };
    if how == "each" {
        eprintln!("stand-in driver: {name} {bytes}");
    }
    if let Ok(mut calls) = CALLS.lock() {
        *calls.entry(name.to_string()).or_default() += 1;
    }
}

/// By this line the folder's `check` knows that it is a dry run, and whether numbers mean something.
pub extern "C" fn tell() {
    if *ONLY_LAUNCHES {
        eprintln!("stand-in driver: nothing was computed");
    }
    let [modules, kernels] = [&MODULES, &KERNELS].map(|n| n.load(Relaxed));
    let Counts { launches, allocations, fills, copies_to, copies_from, stalls, waits } =
        standInCounts();
    eprintln!(
        "stand-in driver: {modules} modules, {kernels} kernels, {launches} launches, {allocations} allocations, \
         {fills} fills, {copies_to} copies to the GPU, {copies_from} copies from it, {stalls} stalls, {waits} waits"
    );
    if let Ok(calls) = CALLS.lock() {
        let mut calls: Vec<_> = calls.iter().collect();
        calls.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (name, count) in calls {
            eprintln!("stand-in driver: {count:8} calls of {name}");
        }
    }
}
