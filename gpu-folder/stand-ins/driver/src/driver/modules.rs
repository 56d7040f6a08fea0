//! Modules, their kernels, and how a kernel is started.
//!
//! The functions without a promise of their own have that of this [module's parent](super).

#![allow(clippy::missing_safety_doc, non_snake_case)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, OnceLock};

use anyhow::Result;

use super::counts::{KERNELS, LAUNCHES, MODULES, called, queued};
use super::{
    FILE_NOT_FOUND, INVALID_PTX, INVALID_VALUE, LAUNCH_FAILED, NOT_FOUND, ONLY_LAUNCHES, Out,
    SUCCESS, complain, fault, give,
};
use crate::kernels::Kernel;
use crate::ptx::Module;

/// A kernel that was asked for. It is built at its first start.
#[derive(Debug)]
struct Function {
    module: Arc<Module>,
    name: String,
    kernel: OnceLock<Result<Kernel>>,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoadData(
    module: Out<*const Module>,
    code: *const c_char,
) -> c_int {
    if let Some(error) = fault("cuModuleLoadData") {
        return error;
    }
    // SAFETY: PTX is a text that ends with 0. The other formats that a driver takes have a 0 in their header.
    let text = unsafe { CStr::from_ptr(code) }.to_string_lossy();
    match Module::read(&text) {
        Ok(read) => {
            MODULES.fetch_add(1, Relaxed);
            give(module, Arc::into_raw(Arc::new(read)))
        }
        Err(error) => {
            complain(&format!("{error:#}"));
            INVALID_PTX
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuModuleLoad(_module: Out<*const Module>, _file: *const c_char) -> c_int {
    FILE_NOT_FOUND
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleUnload(module: *const Module) -> c_int {
    // SAFETY: `cuModuleLoadData` has made it of an `Arc`, whose count this takes back; it is unloaded once.
    drop(unsafe { Arc::from_raw(module) });
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleGetFunction(
    function: Out<*const c_void>,
    module: *const Module,
    name: *const c_char,
) -> c_int {
    // SAFETY: a name ends with 0.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    // SAFETY: `cuModuleLoadData` has made it of an `Arc`, which has not been unloaded. The count that is added
    // is that of the `Arc` here.
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
    give(function, std::ptr::from_ref(asked).cast())
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
    // SAFETY: `cuModuleGetFunction` has given it out, and never takes it back.
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
    queued();
    called(&function.name, 0);
    if *ONLY_LAUNCHES {
        return SUCCESS;
    }
    // One kernel after the other, as in the default stream, which all threads share.
    static STREAM: Mutex<()> = Mutex::new(());
    let _stream = STREAM.lock();
    let started =
        match function.kernel.get_or_init(|| Kernel::build(&function.module, &function.name)) {
            Ok(kernel) => {
                // SAFETY: the parameters are as many, and of such types, as the kernel has, and the addresses
                // among them are those of memory that is large enough.
                unsafe { kernel.start(parameters, grid, block) }.map_err(|error| error.to_string())
            }
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
