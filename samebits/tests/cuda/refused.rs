//! What does not fit is refused before anything is started.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use samebits::cuda::{Error, Gpu, Slice, SliceMut};
use samebits::{Conv2d, Device, Function, Matrices, Order, Windows};

use crate::both::gpu;

/// What a panic says.
fn panics(what: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(what)).expect_err("a panic");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).expect("a text")
}

#[test]
fn sizes_that_do_not_fit() {
    let device = gpu();
    let x = device.copy_in(&[1.0f32; 8]).unwrap();
    let mut y = device.zeros(8).unwrap();
    let conv = Conv2d {
        batch: 1,
        height: 3,
        width: 3,
        in_channels: 1,
        out_channels: 1,
        kernel_size: 1,
        stride: 1,
        padding: 0,
    };
    let said = panics(|| drop(device.conv_forward(&conv, x.slice(), x.slice(), y.slice_mut())));
    assert!(said.contains("numbers of the input of Conv2d"), "{said}");
    let windows = Windows::adaptive([3, 1], [1, 1]);
    let said = panics(|| drop(device.max_pool(&windows, x.slice(), y.slice_mut())));
    assert!(said.contains("8 numbers of 3 pixels to 8 of 1"), "{said}");
    let orders = [Order::Rows, Order::Rows];
    let sizes = Matrices { rows: 2, depth: 4, columns: 1, orders };
    let said = panics(|| drop(device.matmul(sizes, y.slice_mut(), x.slice(), x.slice())));
    assert!(said.contains("numbers of the right matrix: 2x4 times 4x1"), "{said}");
    let said = panics(|| drop(device.select_rows(x.slice(), 4, &[2], y.slice_mut().range(0..4))));
    assert!(said.contains("row 2 of a matrix with 2 of 4"), "{said}");
    let exp = |device: Gpu, x, y| device.function(Function::Exp, x, y);
    let said = panics(|| drop(exp(device, x.slice(), y.slice_mut().range(1..8))));
    assert!(said.contains("numbers of x and of y"), "{said}");
}

#[test]
fn sizes_that_kernels_cannot_count() {
    let device = gpu();
    let large = (1usize << 31) + 1;
    // SAFETY: nothing is read or written, since all of it is refused.
    let (x, y) =
        unsafe { (Slice::<f32>::from_raw(64, large), || SliceMut::<f32>::from_raw(64, large)) };
    let refused = |result: Result<(), Error>| match result {
        Err(Error::TooLarge { what }) => what,
        other => panic!("{other:?}"),
    };
    // SAFETY: as above.
    let one = unsafe { Slice::<f32>::from_raw(64, 1) };
    // SAFETY: as above.
    let half = || unsafe { SliceMut::<f32>::from_raw(64, 1) };
    let _ = y;
    // SAFETY: as above.
    let whole = || unsafe { SliceMut::<f32>::from_raw(64, large) };
    refused(device.relu_of_minus(whole()));
    refused(device.function(Function::Exp, x, whole()));
    refused(device.add_scaled(one, x, whole()));
    refused(device.column_means(x, half()));
    let orders = [Order::Rows, Order::Rows];
    let sizes = Matrices { rows: large, depth: 1, columns: 1, orders };
    refused(device.matmul(sizes, whole(), x, one));
    let conv = Conv2d {
        batch: large,
        height: 1,
        width: 1,
        in_channels: 1,
        out_channels: 1,
        kernel_size: 1,
        stride: 1,
        padding: 0,
    };
    let what = refused(device.conv_forward(&conv, x, one, whole()));
    assert!(what.contains("Conv2d"), "{what}");
}

#[test]
fn a_result_that_fits_no_memory() {
    let error = gpu().zeros::<f32>(1 << 50).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error:?}");
    assert!(error.to_string().contains("memory is full"), "{error}");
}

#[test]
fn memory_is_used_again_and_can_be_given_back() {
    let address = |buffer: &samebits::cuda::Buffer<f32>| format!("{buffer:?}");
    let first = gpu().copy_in(&[1.0f32; 12_345]).unwrap();
    let at = address(&first);
    drop(first);
    let second = gpu().copy_in(&[2.0f32; 12_345]).unwrap();
    assert_eq!(address(&second), at);
    gpu().free_memory().unwrap();
    assert_eq!(gpu().copy_out(second.slice()).unwrap(), [2.0; 12_345]);
}

/// What a program says whose GPU is another one: there is one for a process, so it takes one more. Only the stand-in can be
/// told to be another.
fn said_with(name: &str, value: &str) -> Option<String> {
    std::env::var_os("STAND_IN_KERNELS")?;
    let itself = std::env::current_exe().expect("this program");
    let test = ["refused::says_why", "--exact", "--ignored", "--nocapture"];
    let output = Command::new(itself).args(test).env(name, value).output().expect("this program");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
#[ignore = "started by others"]
fn says_why() {
    match Gpu::get().and_then(|gpu| gpu.zeros::<f32>(1000)) {
        Ok(_) => println!("nothing was refused"),
        Err(error) => println!("refused: {error}"),
    }
}

#[test]
fn a_gpu_or_a_driver_that_cannot_do_it() {
    for (name, value, expected) in [
        ("STAND_IN_FAULT", "none:0", "nothing was refused"),
        (
            "STAND_IN_CAPABILITY",
            "7.0",
            "refused: the GPU is of compute capability 7.0: at least 7.5 is needed",
        ),
        ("STAND_IN_CAPABILITY", "12.0", "nothing was refused"),
        (
            "STAND_IN_DRIVER",
            "12040",
            "refused: NVIDIA's driver is for CUDA 12.4 at most: at least 13.0 is needed",
        ),
        (
            "STAND_IN_FAULT",
            "cuInit:100",
            "refused: no NVIDIA GPU can be used: CUDA_ERROR_NO_DEVICE",
        ),
        ("STAND_IN_FAULT", "cuMemAlloc_v2:2", "refused: the GPU's memory is full"),
        ("STAND_IN_FAULT", "cuModuleLoadData:209", "refused: the GPU failed (loading the kernels"),
    ] {
        if let Some(said) = said_with(name, value) {
            assert!(said.contains(expected), "{name}={value}: {said}");
        }
    }
}
