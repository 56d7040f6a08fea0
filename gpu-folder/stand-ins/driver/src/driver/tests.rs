use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;

use super::memory::*;
use super::modules::*;
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

/// The result of a call that succeeds.
fn asked<T>(call: impl FnOnce(Out<T>) -> c_int) -> T {
    let mut result = MaybeUninit::uninit();
    assert_eq!(call(Some(&mut result)), SUCCESS);
    // SAFETY: a call that succeeds has given its result.
    unsafe { result.assume_init() }
}

#[test]
fn a_kernel_from_the_host() {
    let (mut x, mut unset) = (21f32, 0f32);
    let address = asked(|address| cuMemAlloc_v2(address, 4));
    // SAFETY: the text ends with 0.
    let module = asked(|module| unsafe { cuModuleLoadData(module, MODULE.as_ptr()) });
    // SAFETY: the module has not been unloaded; the names end with 0.
    let function = unsafe {
        let mut none = MaybeUninit::uninit();
        let found = cuModuleGetFunction(Some(&mut none), module, c"tripled".as_ptr());
        assert_eq!(found, NOT_FOUND);
        asked(|function| cuModuleGetFunction(function, module, c"doubled".as_ptr()))
    };
    let parameters = [(&raw const address).cast()];
    let launch = |threads| {
        let (parameters, none) = (parameters.as_ptr(), std::ptr::null());
        // SAFETY: the kernel has one parameter, the address of a number.
        unsafe { cuLaunchKernel(function, 1, 1, 1, threads, 1, 1, 0, 24, parameters, none) }
    };
    // SAFETY: as on a GPU: one number of four bytes lies at `address`, until it is freed.
    unsafe {
        cuMemcpyDtoH_v2((&raw mut unset).cast(), address, 4);
        cuMemcpyHtoD_v2(address, (&raw const x).cast(), 4);
        // The function is there also when its module is not.
        cuModuleUnload(module);
        assert_eq!([launch(1), launch(0), launch(1025)], [SUCCESS, INVALID_VALUE, INVALID_VALUE]);
        cuMemcpyDtoH_v2((&raw mut x).cast(), address, 4);
        cuMemFree_v2(address);
    }
    assert_eq!(x, 42.);
    assert!(unset.is_nan(), "memory holds nothing to rely on: {unset}");
}

#[test]
fn a_copy_within_the_gpu_may_overlap() {
    let (from, mut to) = ([1u8, 2, 3, 4], [0u8; 4]);
    let address = asked(|address| cuMemAllocAsync(address, 4, 24));
    // SAFETY: four bytes lie at `address`, until they are freed.
    unsafe {
        cuMemcpyHtoDAsync_v2(address, from.as_ptr().cast(), 4, 24);
        cuMemcpyDtoDAsync_v2(address + 1, address, 3, 24);
        cuMemsetD8Async(address, 9, 1, 24);
        cuMemcpyDtoHAsync_v2(to.as_mut_ptr().cast(), address, 4, 24);
        cuMemFreeAsync(address, 24);
    }
    assert_eq!(to, [9, 1, 2, 3]);
}

#[test]
fn what_is_no_module() {
    let mut module = MaybeUninit::uninit();
    // SAFETY: a text that ends with 0.
    let loaded = unsafe { cuModuleLoadData(Some(&mut module), c"\x7fELF".as_ptr()) };
    assert_eq!(loaded, INVALID_PTX);
}

#[test]
fn a_result_that_goes_nowhere() {
    assert_eq!(cuDeviceGetCount(None), INVALID_VALUE);
    assert_eq!(asked(|count| cuDeviceGetCount(count)), 1);
}
