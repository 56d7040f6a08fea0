//! The functions of `libcuda.so.1` that dfdx calls.
//!
//! Each is declared in NVIDIA's *CUDA Driver API*, returns 0 or an error's number, and is called as it says
//! there. All work is done at once, so there is nothing to wait for; how often a program would is counted.
//!
//! With `STAND_IN_COMPUTE=0`, kernels are looked for but not run: what is left shows whether all calls go
//! through, and takes a fraction of the time. With `STAND_IN_FAULT=cuInit:100`, that function fails with
//! that error: `cuInit`, `cuDevicePrimaryCtxRetain`, `cuMemAlloc_v2` or `cuModuleLoadData`.
//!
//! # Safety
//!
//! The host keeps to that API, as it has to with the real one. So a pointer to a result can be written to, or is
//! null; an address of the GPU is one that `cuMemAlloc_v2` has given, inside of memory that has not been freed; a copy
//! stays within both memories; modules and functions are those that were given out here; and the parameters of
//! a kernel are as many, and of such types, as it has. All `unsafe` blocks below rest on this.

#![allow(non_snake_case)]

mod counts;
mod memory;
mod modules;
#[cfg(test)]
mod tests;

pub use counts::{LAUNCHES, called, queued};

use std::env;
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::mem::MaybeUninit;
use std::sync::{LazyLock, Mutex, OnceLock};

const SUCCESS: c_int = 0;
const INVALID_VALUE: c_int = 1;
const OUT_OF_MEMORY: c_int = 2;
const INVALID_DEVICE: c_int = 101;
const INVALID_PTX: c_int = 218;
const FILE_NOT_FOUND: c_int = 301;
const NOT_FOUND: c_int = 500;
const LAUNCH_FAILED: c_int = 719;

/// Where the host wants a result: a pointer that may be null.
type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// Hands a result to the host.
fn give<T>(to: Out<T>, value: T) -> c_int {
    let Some(to) = to else { return INVALID_VALUE };
    to.write(value);
    SUCCESS
}

/// Whether kernels and products are only counted.
pub static ONLY_LAUNCHES: LazyLock<bool> =
    LazyLock::new(|| env::var("STAND_IN_COMPUTE").is_ok_and(|value| value == "0"));

/// The error that `function` is to fail with.
fn fault(function: &str) -> Option<c_int> {
    static FAULT: LazyLock<Option<String>> = LazyLock::new(|| env::var("STAND_IN_FAULT").ok());
    let (name, error) = FAULT.as_ref()?.split_once(':')?;
    (name == function).then(|| error.parse().ok())?
}

/// One line on standard error.
pub fn complain(message: &str) {
    eprintln!("stand-in driver: {message}");
}

#[unsafe(no_mangle)]
pub extern "C" fn cuInit(_flags: c_uint) -> c_int {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        // SAFETY: a function without arguments that does not unwind: standard error is all that it touches.
        unsafe { libc::atexit(counts::tell) };
    });
    fault("cuInit").unwrap_or(SUCCESS)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuGetErrorString(_error: c_int, text: Out<*const c_char>) -> c_int {
    give(text, c"stand-in".as_ptr())
}

#[unsafe(no_mangle)]
pub extern "C" fn cuGetErrorName(_error: c_int, text: Out<*const c_char>) -> c_int {
    give(text, c"stand-in".as_ptr())
}

/// NVRTC asks for it.
#[unsafe(no_mangle)]
pub extern "C" fn cuGetExportTable(table: Out<*const c_void>, _id: *const c_void) -> c_int {
    give(table, std::ptr::null());
    NOT_FOUND
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDriverGetVersion(version: Out<c_int>) -> c_int {
    let said = env::var("STAND_IN_DRIVER").ok();
    give(version, said.and_then(|said| said.parse().ok()).unwrap_or(13000))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetCount(count: Out<c_int>) -> c_int {
    give(count, 1)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGet(device: Out<c_int>, number: c_int) -> c_int {
    if number == 0 { give(device, number) } else { INVALID_DEVICE }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetAttribute(value: Out<c_int>, which: c_int, _device: c_int) -> c_int {
    const MULTIPROCESSORS: c_int = 16;
    const MAJOR: c_int = 75;
    const MINOR: c_int = 76;
    give(
        value,
        match which {
            MULTIPROCESSORS => 132,
            MAJOR => CAPABILITY.0,
            MINOR => CAPABILITY.1,
            // Of what else is asked for, it has some, or can do it.
            _ => 1,
        },
    )
}

/// The "compute capability" of the GPU that this stands for; another one says `STAND_IN_CAPABILITY=7.5`.
static CAPABILITY: LazyLock<(c_int, c_int)> = LazyLock::new(|| {
    let said = env::var("STAND_IN_CAPABILITY").ok();
    let parsed = said.as_deref().and_then(|said| {
        let (major, minor) = said.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    parsed.unwrap_or((8, 0))
});

#[unsafe(no_mangle)]
pub extern "C" fn cuDevicePrimaryCtxRetain(context: Out<usize>, _device: c_int) -> c_int {
    fault("cuDevicePrimaryCtxRetain").unwrap_or_else(|| give(context, 8))
}

/// How much work there was when each event was recorded. Nothing says that an event is needed no more, so all stay.
static EVENTS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

#[unsafe(no_mangle)]
pub extern "C" fn cuEventCreate(event: Out<usize>, _flags: c_uint) -> c_int {
    let mut events = EVENTS.lock().unwrap();
    events.push(0);
    give(event, events.len())
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventRecord(event: usize, _stream: usize) -> c_int {
    called("cuEventRecord", 0);
    let Some(recorded) = event.checked_sub(1) else { return INVALID_VALUE };
    EVENTS.lock().unwrap()[recorded] = counts::last_queued();
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventSynchronize(event: usize) -> c_int {
    called("cuEventSynchronize", 0);
    let Some(recorded) = event.checked_sub(1) else { return INVALID_VALUE };
    counts::wait_for(EVENTS.lock().unwrap()[recorded]);
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cuStreamCreate(stream: Out<usize>, _flags: c_uint) -> c_int {
    give(stream, 24)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuStreamSynchronize(_stream: usize) -> c_int {
    called("cuStreamSynchronize", 0);
    counts::wait_for(counts::last_queued());
    SUCCESS
}

/// There is nothing to do, and nothing to wait for.
macro_rules! nothing_to_do {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($argument: $type),*) -> c_int {
            called(stringify!($name), 0);
            SUCCESS
        }
    )*};
}

nothing_to_do! {
    cuDevicePrimaryCtxRelease_v2(_device: c_int);
    cuCtxSetCurrent(_context: usize);
    cuEventDestroy_v2(_event: usize);
    cuStreamDestroy_v2(_stream: usize);
    cuStreamWaitEvent(_stream: usize, _event: usize, _flags: c_uint);
}
