//! The functions of `libcuda.so.1` that dfdx calls.
//!
//! Each is declared in NVIDIA's *CUDA Driver API*, returns 0 or an error's number, and is called as it says
//! there. All work is done at once, so there is nothing to wait for.
//!
//! With `STAND_IN_COMPUTE=0`, kernels are looked for but not run: what is left shows whether all calls go
//! through, and takes a fraction of the time. With `STAND_IN_FAULT=cuInit:100`, that function fails with
//! that error: `cuInit`, `cuDevicePrimaryCtxRetain`, `cuMemAlloc_v2` or `cuModuleLoadData`.
//!
//! # Safety
//!
//! The host keeps to that API, as it has to with the real one. So a pointer to a result can be written to; an
//! address of the GPU is one that `cuMemAlloc_v2` has given, inside of memory that has not been freed; a copy
//! stays within both memories; modules and functions are those that were given out here; and the parameters of
//! a kernel are as many, and of such types, as it has. All `unsafe` blocks below rest on this.

#![allow(clippy::missing_safety_doc, non_snake_case)]

use std::collections::BTreeMap;
use std::env;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use anyhow::Result;

use crate::kernels::Kernel;
use crate::ptx::Module;

const SUCCESS: c_int = 0;
const INVALID_VALUE: c_int = 1;
const OUT_OF_MEMORY: c_int = 2;
const INVALID_DEVICE: c_int = 101;
const INVALID_PTX: c_int = 218;
const FILE_NOT_FOUND: c_int = 301;
const NOT_FOUND: c_int = 500;
const LAUNCH_FAILED: c_int = 719;

type Address = u64;

/// A kernel that was asked for. It is built at its first start.
struct Function {
    module: Arc<Module>,
    name: String,
    kernel: OnceLock<Result<Kernel>>,
}

static MODULES: AtomicU64 = AtomicU64::new(0);
static KERNELS: AtomicU64 = AtomicU64::new(0);
/// Also those of cuBLAS.
pub static LAUNCHES: AtomicU64 = AtomicU64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Copies from the computer's memory to the GPU's, and back.
static COPIES_TO: AtomicU64 = AtomicU64::new(0);
static COPIES_FROM: AtomicU64 = AtomicU64::new(0);

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
static BY_KERNEL: Mutex<BTreeMap<&str, u64>> = Mutex::new(BTreeMap::new());

/// Whether kernels and products are only counted.
pub static ONLY_LAUNCHES: LazyLock<bool> =
    LazyLock::new(|| env::var("STAND_IN_COMPUTE").is_ok_and(|value| value == "0"));

/// The error that `function` is to fail with.
fn fault(function: &str) -> Option<c_int> {
    static FAULT: LazyLock<Option<String>> = LazyLock::new(|| env::var("STAND_IN_FAULT").ok());
    let (name, error) = FAULT.as_ref()?.split_once(':')?;
    (name == function).then(|| error.parse().ok())?
}

/// By this line the folder's `check` knows that it is a dry run, and whether numbers mean something.
extern "C" fn tell() {
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

/// One line on standard error.
pub fn complain(message: &str) {
    eprintln!("stand-in driver: {message}");
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuInit(_flags: c_uint) -> c_int {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        // SAFETY: a function without arguments that does not unwind: standard error is all that it touches.
        unsafe { libc::atexit(tell) };
    });
    fault("cuInit").unwrap_or(SUCCESS)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetErrorString(_error: c_int, text: *mut *const c_char) -> c_int {
    unsafe { *text = c"stand-in".as_ptr() };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetErrorName(_error: c_int, text: *mut *const c_char) -> c_int {
    unsafe { *text = c"stand-in".as_ptr() };
    SUCCESS
}

/// NVRTC asks for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetExportTable(table: *mut *const c_void, _id: *const c_void) -> c_int {
    unsafe { *table = std::ptr::null() };
    NOT_FOUND
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> c_int {
    unsafe { *version = 13000 };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> c_int {
    unsafe { *count = 1 };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGet(device: *mut c_int, number: c_int) -> c_int {
    unsafe { *device = number };
    if number == 0 { SUCCESS } else { INVALID_DEVICE }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetAttribute(
    value: *mut c_int,
    _which: c_int,
    _device: c_int,
) -> c_int {
    unsafe { *value = 1 };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxRetain(context: *mut usize, _device: c_int) -> c_int {
    unsafe { *context = 8 };
    fault("cuDevicePrimaryCtxRetain").unwrap_or(SUCCESS)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxRelease_v2(_device: c_int) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxSetCurrent(_context: usize) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventCreate(event: *mut usize, _flags: c_uint) -> c_int {
    unsafe { *event = 16 };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventDestroy_v2(_event: usize) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventRecord(_event: usize, _stream: usize) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamCreate(stream: *mut usize, _flags: c_uint) -> c_int {
    unsafe { *stream = 24 };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamDestroy_v2(_stream: usize) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamSynchronize(_stream: usize) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamWaitEvent(_stream: usize, _event: usize, _flags: c_uint) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemAlloc_v2(address: *mut Address, size: usize) -> c_int {
    if let Some(error) = fault("cuMemAlloc_v2") {
        return error;
    }
    unsafe {
        let memory = libc::malloc(size.max(1));
        if memory.is_null() {
            return OUT_OF_MEMORY;
        }
        // A GPU's memory holds whatever was there before. These bytes are NaN, and far outside of all indices.
        // Where nothing is computed they would stop a training.
        libc::memset(memory, if *ONLY_LAUNCHES { 0 } else { 0xff }, size);
        *address = memory as Address;
        ALLOCATIONS.fetch_add(1, Relaxed);
    }
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemAllocAsync(
    address: *mut Address,
    size: usize,
    _stream: usize,
) -> c_int {
    unsafe { cuMemAlloc_v2(address, size) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemFree_v2(address: Address) -> c_int {
    unsafe { libc::free(address as *mut c_void) };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemFreeAsync(address: Address, _stream: usize) -> c_int {
    unsafe { cuMemFree_v2(address) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoD_v2(to: Address, from: *const c_void, size: usize) -> c_int {
    unsafe { libc::memcpy(to as *mut c_void, from, size) };
    COPIES_TO.fetch_add(1, Relaxed);
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoDAsync_v2(
    to: Address,
    from: *const c_void,
    size: usize,
    _stream: usize,
) -> c_int {
    unsafe { cuMemcpyHtoD_v2(to, from, size) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoH_v2(to: *mut c_void, from: Address, size: usize) -> c_int {
    unsafe { libc::memcpy(to, from as *const c_void, size) };
    COPIES_FROM.fetch_add(1, Relaxed);
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoHAsync_v2(
    to: *mut c_void,
    from: Address,
    size: usize,
    _stream: usize,
) -> c_int {
    unsafe { cuMemcpyDtoH_v2(to, from, size) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoD_v2(to: Address, from: Address, size: usize) -> c_int {
    unsafe { libc::memcpy(to as *mut c_void, from as *const c_void, size) };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoDAsync_v2(
    to: Address,
    from: Address,
    size: usize,
    _stream: usize,
) -> c_int {
    unsafe { cuMemcpyDtoD_v2(to, from, size) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD8_v2(to: Address, byte: u8, size: usize) -> c_int {
    unsafe { libc::memset(to as *mut c_void, byte.into(), size) };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemsetD8Async(
    to: Address,
    byte: u8,
    size: usize,
    _stream: usize,
) -> c_int {
    unsafe { cuMemsetD8_v2(to, byte, size) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoadData(
    module: *mut *const Module,
    code: *const c_char,
) -> c_int {
    if let Some(error) = fault("cuModuleLoadData") {
        return error;
    }
    let text = unsafe { CStr::from_ptr(code) }.to_string_lossy();
    match Module::read(&text) {
        Ok(read) => {
            MODULES.fetch_add(1, Relaxed);
            unsafe { *module = Arc::into_raw(Arc::new(read)) };
            SUCCESS
        }
        Err(error) => {
            complain(&format!("{error:#}"));
            INVALID_PTX
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoad(_module: *mut *const Module, _file: *const c_char) -> c_int {
    FILE_NOT_FOUND
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleUnload(module: *const Module) -> c_int {
    drop(unsafe { Arc::from_raw(module) });
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleGetFunction(
    function: *mut *const c_void,
    module: *const Module,
    name: *const c_char,
) -> c_int {
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    let module = unsafe {
        Arc::increment_strong_count(module);
        Arc::from_raw(module)
    };
    if !module.kernels.contains_key(&name) {
        complain(&format!("there is no kernel {name}"));
        return NOT_FOUND;
    }
    KERNELS.fetch_add(1, Relaxed);
    // Nothing says when the host is done with it, so it stays.
    let asked = Box::leak(Box::new(Function { module, name, kernel: OnceLock::new() }));
    unsafe { *function = std::ptr::from_ref(asked).cast() };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuLaunchKernel(
    function: *const c_void,
    grid_x: c_uint,
    grid_y: c_uint,
    grid_z: c_uint,
    block_x: c_uint,
    block_y: c_uint,
    block_z: c_uint,
    shared_bytes: c_uint,
    _stream: usize,
    parameters: *const *const c_void,
    _extra: *const *const c_void,
) -> c_int {
    let function: &'static Function = unsafe { &*function.cast() };
    let (grid, block) = ([grid_x, grid_y, grid_z], [block_x, block_y, block_z]);
    let threads: u64 = block.iter().map(|n| u64::from(*n)).product();
    // The limits of all of NVIDIA's GPUs. Memory that a block shares is declared by dfdx's kernels themselves.
    let too_many = grid[1] > 65535 || grid[2] > 65535 || block[2] > 64;
    if grid.contains(&0) || !(1..=1024).contains(&threads) || too_many || shared_bytes > 0 {
        let name = &function.name;
        complain(&format!("{name} cannot run on {grid:?} blocks of {block:?} threads"));
        return INVALID_VALUE;
    }
    LAUNCHES.fetch_add(1, Relaxed);
    if let Ok(mut counts) = BY_KERNEL.lock() {
        *counts.entry(&function.name).or_default() += 1;
    }
    if *ONLY_LAUNCHES {
        return SUCCESS;
    }
    let started = match function
        .kernel
        .get_or_init(|| Kernel::build(&function.module, &function.name))
    {
        Ok(kernel) => unsafe { kernel.start(parameters, grid, block) }.map_err(|e| e.to_string()),
        Err(error) => Err(format!("{error:#}")),
    };
    match started {
        Ok(()) => SUCCESS,
        Err(error) => {
            complain(&format!("{} cannot run: {error}", function.name));
            LAUNCH_FAILED
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Doubles one number.
    const MODULE: &CStr = c"
.version 9.0
.target sm_90
.visible .entry doubled(
	.param .u64 doubled_param_0
)
{
	.reg .f32 %f<3>;
	.reg .b64 %rd<2>;
	ld.param.u64 %rd1, [doubled_param_0];
	ld.global.f32 %f1, [%rd1];
	add.f32 %f2, %f1, %f1;
	st.global.f32 [%rd1], %f2;
	ret;
}";

    #[test]
    fn a_kernel_from_the_host() {
        let (mut address, mut x, mut unset) = (0, 21f32, 0f32);
        let (mut module, mut function) = (std::ptr::null(), std::ptr::null());
        // SAFETY: as on a GPU: one number of four bytes lies at `address`, until it is freed.
        unsafe {
            assert_eq!(cuMemAlloc_v2(&mut address, 4), SUCCESS);
            cuMemcpyDtoH_v2((&raw mut unset).cast(), address, 4);
            cuMemcpyHtoD_v2(address, (&raw const x).cast(), 4);
            assert_eq!(cuModuleLoadData(&mut module, MODULE.as_ptr()), SUCCESS);
            assert_eq!(cuModuleGetFunction(&mut function, module, c"tripled".as_ptr()), NOT_FOUND);
            assert_eq!(cuModuleGetFunction(&mut function, module, c"doubled".as_ptr()), SUCCESS);
            // The function is there also when its module is not.
            cuModuleUnload(module);
            let parameters = [(&raw const address).cast()];
            let launch = |threads| {
                let parameters = parameters.as_ptr();
                cuLaunchKernel(
                    function,
                    1,
                    1,
                    1,
                    threads,
                    1,
                    1,
                    0,
                    24,
                    parameters,
                    std::ptr::null(),
                )
            };
            assert_eq!(
                [launch(1), launch(0), launch(1025)],
                [SUCCESS, INVALID_VALUE, INVALID_VALUE]
            );
            cuMemcpyDtoH_v2((&raw mut x).cast(), address, 4);
            cuMemFree_v2(address);
        }
        assert_eq!(x, 42.);
        assert!(unset.is_nan(), "memory holds nothing to rely on: {unset}");
    }

    #[test]
    fn what_is_no_module() {
        let mut module = std::ptr::null();
        // SAFETY: a text that ends with 0.
        assert_eq!(unsafe { cuModuleLoadData(&mut module, c"\x7fELF".as_ptr()) }, INVALID_PTX);
    }
}
