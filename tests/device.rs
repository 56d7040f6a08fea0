//! What a program prints where the GPU fails. Without the feature `cuda` no GPU is needed: the panics are
//! those that dfdx would raise. With it, these tests want a GPU, or the stand-in of `gpu-folder/test`.

use std::process::Command;

use mnist_from_scratch::prelude::*;
#[cfg(feature = "cuda")]
use mnist_from_scratch::{device::GpuError, dfdx};

/// Set for the process that [`panics`] starts.
const CHILD: &str = "MNIST_FROM_SCRATCH_TEST_GPU_CHILD";

/// As cudarc prints it.
const NO_DEVICE: &str = "DriverError(CUDA_ERROR_NO_DEVICE, \"no CUDA-capable device is detected\")";

/// Runs the test `name` of this program in a process of its own, where it panics; returns what it prints.
fn panics(name: &str) -> String {
    let this = std::env::current_exe().unwrap();
    let args = ["--exact", name, "--nocapture", "--test-threads=1"];
    let output = Command::new(this).args(args).env(CHILD, "1").output().unwrap();
    assert!(!output.status.success(), "the child has not panicked");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

#[test]
fn a_panic_without_a_gpu_is_explained() {
    if is_child() {
        device::explain_panics();
        panic!("called `Result::unwrap()` on an `Err` value: {NO_DEVICE}");
    }
    let printed = panics("a_panic_without_a_gpu_is_explained");
    assert!(printed.contains("The GPU: NVIDIA's driver finds no GPU."), "{printed}");
    assert!(printed.contains("build without the feature `cuda`"), "{printed}");
}

#[test]
fn other_panics_are_as_ever() {
    if is_child() {
        device::explain_panics();
        panic!("something else");
    }
    let printed = panics("other_panics_are_as_ever");
    assert!(printed.contains("something else") && !printed.contains("GPU:"), "{printed}");
}

/// As dfdx reports it in the middle of a training.
#[cfg(feature = "cuda")]
const OUT_OF_MEMORY: &str =
    "called `Result::unwrap()` on an `Err` value: Driver(DriverError(CUDA_ERROR_OUT_OF_MEMORY))";

#[cfg(feature = "cuda")]
#[test]
fn a_program_that_has_asked_for_its_device_explains_what_fails_later() {
    if is_child() {
        // Whether there is one makes no difference.
        let _ = default_device();
        panic!("{OUT_OF_MEMORY}");
    }
    let printed = panics("a_program_that_has_asked_for_its_device_explains_what_fails_later");
    assert!(printed.contains("The GPU: the memory of the GPU is full."), "{printed}");
}

#[cfg(feature = "cuda")]
#[test]
fn nothing_of_this_library_runs_before_main() {
    assert!(!is_child(), "{OUT_OF_MEMORY}");
    let printed = panics("nothing_of_this_library_runs_before_main");
    assert!(printed.contains(OUT_OF_MEMORY) && !printed.contains("The GPU:"), "{printed}");
}

#[cfg(not(feature = "cuda"))]
#[test]
fn the_cpu_is_always_there() {
    assert!(default_device().is_ok());
    let output = Command::new(env!("CARGO_BIN_EXE_gpu_check")).output().unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.starts_with("This build trains on the CPU."), "{printed}");
}

/// The faults of a driver, on the stand-in for it: see `gpu-folder/test`. On a GPU nothing fails.
#[cfg(feature = "cuda")]
#[test]
fn faults_of_the_driver_are_explained() {
    // A real driver does not fail at our word.
    if std::env::var_os("STAND_IN_KERNELS").is_none() {
        return;
    }
    let driver = |name: &str| GpuError::Driver(name.into());
    let kernels = |name: &str| GpuError::Kernels(name.into());
    // The numbers are those of CUDA's `cuda.h`.
    for (fault, error) in [
        ("cuInit:34", GpuError::StubDriver),
        ("cuInit:100", GpuError::NoDevice),
        ("cuInit:803", driver("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH")),
        ("cuDevicePrimaryCtxRetain:46", GpuError::InUse),
        ("cuMemAlloc_v2:2", GpuError::OutOfMemory),
        ("cuModuleLoadData:222", kernels("CUDA_ERROR_UNSUPPORTED_PTX_VERSION")),
        ("cuModuleLoadData:209", kernels("CUDA_ERROR_NO_BINARY_FOR_GPU")),
    ] {
        let mut check = Command::new(env!("CARGO_BIN_EXE_gpu_check"));
        let output = check.env("STAND_IN_FAULT", fault).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{fault}: {printed}");
        assert!(printed.contains(&error.to_string()), "{fault}: {printed}");
    }
}

/// What the page "On a GPU" says of dfdx there. If one of these fails, dfdx has become better, and the page
/// can say so.
#[cfg(feature = "cuda")]
mod faults_of_dfdx {
    use super::*;

    /// The gradient of the sum of what `change` makes of three numbers twice over.
    fn gradient(
        change: impl FnOnce(Traced<Rank2<2, 3>>, AutoDevice) -> Traced<Rank2<2, 3>>,
    ) -> [f32; 3] {
        let dev = AutoDevice::default();
        let row = dev.tensor([1., 2., 3.]);
        // Not the prelude's, which has its own gradient.
        let twice = dfdx::tensor_ops::BroadcastTo::broadcast::<_, Axis<0>>(row.leaky_trace());
        change(twice, dev).reshape::<Rank1<6>>().sum().backward().get(&row).array()
    }

    #[test]
    fn a_broadcast_tensor_in_another_shape() {
        assert_ne!(gradient(|twice, _| twice), [2.; 3]);
        assert_eq!(gradient(|twice, dev| twice + dev.zeros::<Rank2<2, 3>>()), [2.; 3]);
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn the_sum_of_one_number() {
        AutoDevice::default().tensor(5.).sum();
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn the_mean_of_one_number() {
        AutoDevice::default().tensor(5.).mean();
    }
}
