//! How much the snippets of a chapter have printed so far. rustdoc takes it all in before it tells any of it, and has no
//! limit of its own. It tests several snippets by one program, which takes in what each of them prints.
//!
//! Linux counts what a process has read. Elsewhere this is not known.

#[cfg(target_os = "linux")]
use std::fs;

/// What rustdoc reads for itself, at most: sources and crates.
#[cfg(target_os = "linux")]
const OF_RUSTDOC: u64 = 4_000_000;

/// What a program that runs several snippets reads for itself, at most.
#[cfg(target_os = "linux")]
const OF_PROGRAM: u64 = 100_000;

/// How many bytes the snippets have printed that the rustdoc with this number tests.
#[cfg(target_os = "linux")]
pub(crate) fn bytes(rustdoc: u32) -> u64 {
    let program = |id: u32| fs::read_link(format!("/proc/{id}/exe")).ok();
    let runs_itself = |id: &u32| {
        let own = program(*id);
        own.is_some() && children(*id).into_iter().any(|child| program(child) == own)
    };
    let programs = children(rustdoc).into_iter().filter(runs_itself);
    let taken = programs.map(|id| read(id).saturating_sub(OF_PROGRAM)).sum::<u64>();
    taken + read(rustdoc).saturating_sub(OF_RUSTDOC)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn bytes(_rustdoc: u32) -> u64 {
    0
}

/// How many bytes a process has read; 0 when it is gone.
#[cfg(target_os = "linux")]
fn read(id: u32) -> u64 {
    let told = fs::read_to_string(format!("/proc/{id}/io")).unwrap_or_default();
    let read = told.lines().find_map(|line| line.strip_prefix("rchar:"));
    read.and_then(|bytes| bytes.trim().parse().ok()).unwrap_or(0)
}

/// The processes that this one has started.
#[cfg(target_os = "linux")]
fn children(id: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let told = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let told: Vec<String> = told.collect();
    told.iter().flat_map(|ids| ids.split_whitespace()).filter_map(|id| id.parse().ok()).collect()
}
