//! What a program asks for, counted.

#![allow(non_snake_case)]

use std::collections::BTreeMap;
use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::ONLY_LAUNCHES;

pub static MODULES: AtomicU64 = AtomicU64::new(0);
pub static KERNELS: AtomicU64 = AtomicU64::new(0);
/// Also those of cuBLAS.
pub static LAUNCHES: AtomicU64 = AtomicU64::new(0);
pub static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Copies from the computer's memory to the GPU's, and back.
pub static COPIES_TO: AtomicU64 = AtomicU64::new(0);
pub static COPIES_FROM: AtomicU64 = AtomicU64::new(0);

/// What a program has asked for until now. A test finds this function by its name.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Kernels started; a product of matrices is one.
    launches: u64,
    /// Pieces of memory.
    allocations: u64,
    copies_to: u64,
    copies_from: u64,
}

#[unsafe(no_mangle)]
pub extern "C" fn standInCounts() -> Counts {
    Counts {
        launches: LAUNCHES.load(Relaxed),
        allocations: ALLOCATIONS.load(Relaxed),
        copies_to: COPIES_TO.load(Relaxed),
        copies_from: COPIES_FROM.load(Relaxed),
    }
}

/// How often each kernel was started, for `STAND_IN_KERNEL_COUNTS=1`.
pub static BY_KERNEL: Mutex<BTreeMap<&str, u64>> = Mutex::new(BTreeMap::new());

/// By this line the folder's `check` knows that it is a dry run, and whether numbers mean something.
pub extern "C" fn tell() {
    if *ONLY_LAUNCHES {
        eprintln!("stand-in driver: nothing was computed");
    }
    let [modules, kernels] = [&MODULES, &KERNELS].map(|n| n.load(Relaxed));
    let Counts { launches, allocations, copies_to, copies_from } = standInCounts();
    eprintln!(
        "stand-in driver: {modules} modules, {kernels} kernels, {launches} launches, {allocations} allocations, \
         {copies_to} copies to the GPU, {copies_from} copies from it"
    );
    if let (Ok(counts), Some(_)) = (BY_KERNEL.lock(), env::var_os("STAND_IN_KERNEL_COUNTS")) {
        let mut counts: Vec<_> = counts.iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (name, count) in counts {
            eprintln!("stand-in driver: {count:8} launches of {name}");
        }
    }
}
