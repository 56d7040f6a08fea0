//! The memory of the GPU: pieces of the computer's own.
//!
//! The functions without a promise of their own have that of this [module's parent](super).

#![allow(clippy::missing_safety_doc, non_snake_case)]

use std::ffi::{c_int, c_void};
use std::sync::atomic::Ordering::Relaxed;

use super::counts::{ALLOCATIONS, COPIES_FROM, COPIES_TO};
use super::{ONLY_LAUNCHES, OUT_OF_MEMORY, Out, SUCCESS, fault, give};

pub type Address = u64;

#[unsafe(no_mangle)]
pub extern "C" fn cuMemAlloc_v2(address: Out<Address>, size: usize) -> c_int {
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
pub extern "C" fn cuMemAllocAsync(address: Out<Address>, size: usize, _stream: usize) -> c_int {
    cuMemAlloc_v2(address, size)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemFree_v2(address: Address) -> c_int {
    // SAFETY: the address is one that `cuMemAlloc_v2` has given, and so `malloc`; it is freed once.
    unsafe { libc::free(address as *mut c_void) };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoD_v2(to: Address, from: *const c_void, size: usize) -> c_int {
    // SAFETY: `size` bytes lie at both places; the GPU's memory and the host's own do not overlap.
    unsafe { libc::memcpy(to as *mut c_void, from, size) };
    COPIES_TO.fetch_add(1, Relaxed);
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoH_v2(to: *mut c_void, from: Address, size: usize) -> c_int {
    // SAFETY: as in `cuMemcpyHtoD_v2`.
    unsafe { libc::memcpy(to, from as *const c_void, size) };
    COPIES_FROM.fetch_add(1, Relaxed);
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoD_v2(to: Address, from: Address, size: usize) -> c_int {
    // SAFETY: `size` bytes lie at both places. They might overlap, which `memmove` allows.
    unsafe { libc::memmove(to as *mut c_void, from as *const c_void, size) };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD8_v2(to: Address, byte: u8, size: usize) -> c_int {
    // SAFETY: `size` bytes lie there.
    unsafe { libc::memset(to as *mut c_void, byte.into(), size) };
    SUCCESS
}

/// The same in order with the other work of a stream. Here all work is done at once.
macro_rules! in_a_stream {
    ($($name:ident is $at_once:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type,)* _stream: usize) -> c_int {
            // SAFETY: the other function asks of its arguments what the API asks of these.
            unsafe { $at_once($($argument),*) }
        }
    )*};
}

in_a_stream! {
    cuMemFreeAsync is cuMemFree_v2(address: Address);
    cuMemcpyHtoDAsync_v2 is cuMemcpyHtoD_v2(to: Address, from: *const c_void, size: usize);
    cuMemcpyDtoHAsync_v2 is cuMemcpyDtoH_v2(to: *mut c_void, from: Address, size: usize);
    cuMemcpyDtoDAsync_v2 is cuMemcpyDtoD_v2(to: Address, from: Address, size: usize);
    cuMemsetD8Async is cuMemsetD8_v2(to: Address, byte: u8, size: usize);
}
