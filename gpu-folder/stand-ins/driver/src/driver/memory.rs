//! The memory of the GPU: pieces of the computer's own.
//!
//! The functions without a promise of their own have that of this [module's parent](super).

#![allow(clippy::missing_safety_doc, non_snake_case)]

use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;

use super::counts::{ALLOCATIONS, COPIES_FROM, COPIES_TO, FILLS, called, queued, wait_for};
use super::{ONLY_LAUNCHES, OUT_OF_MEMORY, Out, SUCCESS, fault, give};

pub type Address = u64;

/// Memory of the computer that a GPU can copy to while the program goes on: where it starts, and its bytes.
static PINNED: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

/// Whether a place is in such memory.
fn is_pinned(at: *const c_void) -> bool {
    let pinned = PINNED.lock().unwrap();
    let before = pinned.range(..=at.addr()).next_back();
    before.is_some_and(|(start, bytes)| at.addr() < start + bytes)
}

fn allocate(name: &str, address: Out<Address>, size: usize) -> c_int {
    called(name, size);
    if let Some(error) = fault("cuMemAlloc_v2") {
        return error;
    }
    // SAFETY: `malloc` takes any size.
    let memory = unsafe { libc::malloc(size.max(1)) };
    if memory.is_null() {
        return OUT_OF_MEMORY;
    }
    // A GPU's memory holds whatever was there before. These bytes are NaN, and far outside of all indices.
    // Where nothing is computed they would stop a training.
    let byte = if *ONLY_LAUNCHES { 0 } else { 0xff };
    // SAFETY: `malloc` has just given `size` bytes, which nobody else knows of.
    unsafe { libc::memset(memory, byte, size) };
    ALLOCATIONS.fetch_add(1, Relaxed);
    give(address, memory as Address)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemAlloc_v2(address: Out<Address>, size: usize) -> c_int {
    allocate("cuMemAlloc_v2", address, size)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemAllocAsync(address: Out<Address>, size: usize, _stream: usize) -> c_int {
    allocate("cuMemAllocAsync", address, size)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemAllocHost_v2(at: Out<*mut c_void>, size: usize) -> c_int {
    called("cuMemAllocHost_v2", size);
    // SAFETY: `calloc` takes any size.
    let memory = unsafe { libc::calloc(size.max(1), 1) };
    if memory.is_null() {
        return OUT_OF_MEMORY;
    }
    PINNED.lock().unwrap().insert(memory.addr(), size);
    give(at, memory)
}

unsafe fn copy_in(to: Address, from: *const c_void, size: usize) {
    // SAFETY: `size` bytes lie at both places; the GPU's memory and the host's own do not overlap.
    unsafe { libc::memcpy(to as *mut c_void, from, size) };
    COPIES_TO.fetch_add(1, Relaxed);
    queued();
}

unsafe fn copy_out(to: *mut c_void, from: Address, size: usize) {
    // SAFETY: as in `copy_in`.
    unsafe { libc::memcpy(to, from as *const c_void, size) };
    COPIES_FROM.fetch_add(1, Relaxed);
    let number = queued();
    // A real driver returns at once only if the memory is pinned, and the copy in a stream.
    if !is_pinned(to) {
        wait_for(number);
    }
}

unsafe fn copy_on_it(to: Address, from: Address, size: usize) {
    // SAFETY: `size` bytes lie at both places. They might overlap, which `memmove` allows.
    unsafe { libc::memmove(to as *mut c_void, from as *const c_void, size) };
    queued();
}

unsafe fn fill(to: Address, byte: u8, size: usize) {
    // SAFETY: `size` bytes lie there.
    unsafe { libc::memset(to as *mut c_void, byte.into(), size) };
    FILLS.fetch_add(1, Relaxed);
    queued();
}

/// Each at once, and the same in order with the other work of a stream. Here all work is done at once.
macro_rules! functions {
    ($($at_once:ident, $in_a_stream:ident: $does:ident($($argument:ident: $type:ty),*; $size:ident);)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $at_once($($argument: $type,)* $size: usize) -> c_int {
            called(stringify!($at_once), $size);
            // SAFETY: the other function asks of its arguments what the API asks of these.
            unsafe { $does($($argument,)* $size) };
            SUCCESS
        }

        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $in_a_stream($($argument: $type,)* $size: usize, _stream: usize) -> c_int {
            called(stringify!($in_a_stream), $size);
            // SAFETY: as above.
            unsafe { $does($($argument,)* $size) };
            SUCCESS
        }
    )*};
}

functions! {
    cuMemcpyHtoD_v2, cuMemcpyHtoDAsync_v2: copy_in(to: Address, from: *const c_void; size);
    cuMemcpyDtoH_v2, cuMemcpyDtoHAsync_v2: copy_out(to: *mut c_void, from: Address; size);
    cuMemcpyDtoD_v2, cuMemcpyDtoDAsync_v2: copy_on_it(to: Address, from: Address; size);
    cuMemsetD8_v2, cuMemsetD8Async: fill(to: Address, byte: u8; size);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemFree_v2(address: Address) -> c_int {
    called("cuMemFree_v2", 0);
    // SAFETY: the address is one that `allocate` has given, and so `malloc`; it is freed once.
    unsafe { libc::free(address as *mut c_void) };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemFreeAsync(address: Address, _stream: usize) -> c_int {
    called("cuMemFreeAsync", 0);
    // SAFETY: as above.
    unsafe { libc::free(address as *mut c_void) };
    SUCCESS
}
