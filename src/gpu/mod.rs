//! The device to train on, and what to do where it fails.
//!
//! `AutoDevice` is the GPU if the crate was built with the feature `cuda`, and the CPU otherwise. It is a
//! type: which of the two is decided when a program is compiled, not when it starts. To have both, build
//! it twice.
//!
//! dfdx ends the program with a panic where CUDA reports an error. With the feature `cuda` that panic is
//! followed by what helps; see [`explain`].

mod error;
#[cfg(all(feature = "dfdx-ops", target_os = "linux"))]
mod start;

pub use error::GpuError;

use dfdx::tensor::AutoDevice;

/// The device to train on; `AutoDevice::default()` with an error in place of a panic.
///
/// # Errors
/// With the feature `cuda`: if there is no GPU, or it cannot be used. The message says what helps. On the
/// CPU nothing can fail.
///
/// # Example
/// ```no_run
/// use mnist_from_scratch::prelude::*;
///
/// let dev = gpu::device()?;
/// let t: Tensor<Rank1<3>, f32, AutoDevice> = dev.tensor([1., 2., 3.]);
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn device() -> Result<AutoDevice, GpuError> {
    #[cfg(feature = "cuda")]
    {
        use cudarc::driver::{CudaDevice, result};

        // Asked first, since dfdx does not return these two errors: it panics.
        result::init().map_err(GpuError::from_cuda)?;
        if CudaDevice::count().map_err(GpuError::from_cuda)? == 0 {
            return Err(GpuError::NoDevice);
        }
        AutoDevice::try_build(0, 0).map_err(GpuError::from_cuda)
    }
    #[cfg(not(feature = "cuda"))]
    Ok(AutoDevice::default())
}

/// What an error text of dfdx or CUDA means, and what helps; `None` if it is none that is known here.
///
/// ```
/// use mnist_from_scratch::gpu::{GpuError, explain};
///
/// let text = "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")";
/// assert_eq!(explain(text), Some(GpuError::OutOfMemory));
/// assert_eq!(explain("index out of bounds"), None);
/// ```
pub fn explain(text: &str) -> Option<GpuError> {
    GpuError::known(text)
}

/// From now on a panic with an error of CUDA is followed by what helps.
///
/// On Linux every program built with the feature `cuda` starts with this; elsewhere call it first.
///
/// ```
/// mnist_from_scratch::gpu::explain_panics();
/// ```
pub fn explain_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            before(panic);
            if let Some(error) = panic.payload_as_str().and_then(explain) {
                eprintln!("\nThe GPU: {error}");
            }
        }));
    });
}

/// An error, and what helps if that is known.
pub(crate) fn with_remedy(error: impl std::fmt::Display) -> String {
    let text = error.to_string();
    match explain(&text) {
        Some(remedy) => format!("{text}: {remedy}"),
        None => text,
    }
}

/// The device of this thread. To make a new one each time is slow on a GPU: each of them loads the kernels
/// anew.
pub(crate) fn shared() -> AutoDevice {
    #[cfg(feature = "cuda")]
    {
        thread_local! {
            static SHARED: AutoDevice =
                device().unwrap_or_else(|error| panic!("no device to train on: {error}"));
        }
        SHARED.with(Clone::clone)
    }
    #[cfg(not(feature = "cuda"))]
    AutoDevice::default()
}
