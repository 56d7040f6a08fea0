//! The device to train on, and what to do where it fails.
//!
//! `AutoDevice` is the GPU if the crate was built with the feature `cuda`, and the CPU otherwise. It is a
//! type: which of the two is decided when a program is compiled, not when it starts. To have both, build
//! it twice.
//!
//! A program starts with [`default_device`], which returns an error where dfdx's own `AutoDevice::default()`
//! ends the program. Later on dfdx panics where CUDA reports an error; in a program that has asked for its
//! device in this way, the panic is followed by what helps.

mod error;

pub use error::{GpuError, ModuleError};

use dfdx::tensor::{AutoDevice, HasErr};

/// What goes wrong on a device, in dfdx's words: there is no room for a tensor, for example. A
/// [`GpuError`] says what helps.
pub type DeviceError = <AutoDevice as HasErr>::Err;

/// The device to train on, as fastai's `default_device()`: the GPU if the crate was built with the feature
/// `cuda`, and the CPU otherwise.
///
/// With the feature `cuda` it also calls [`explain_panics`]: what goes wrong on the GPU later is explained,
/// too.
///
/// # Errors
/// With the feature `cuda`: if there is no GPU, or it cannot be used. The message says what helps. On the
/// CPU nothing can fail.
///
/// # Example
/// ```no_run
/// use mnist_from_scratch::prelude::*;
///
/// let dev = default_device()?;
/// let t: Tensor<Rank1<3>, f32, AutoDevice> = dev.tensor([1., 2., 3.]);
/// # Ok::<(), anyhow::Error>(())
/// ```
pub fn default_device() -> Result<AutoDevice, GpuError> {
    crate::stdout::ends_quietly();
    #[cfg(feature = "cuda")]
    {
        use cudarc::driver::{CudaDevice, result};

        explain_panics();

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
/// use mnist_from_scratch::device::{GpuError, explain};
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
/// [`default_device`] calls it; a program that does without calls it first.
///
/// ```
/// mnist_from_scratch::device::explain_panics();
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

/// What helps against an error, as the end of a message; nothing if it is not known.
pub(crate) fn remedy(error: &ModuleError) -> String {
    explain(&error.to_string()).map_or_else(String::new, |remedy| format!(": {remedy}"))
}

/// The device of this thread. To make a new one each time is slow on a GPU: each of them loads the kernels
/// anew.
pub(crate) fn shared() -> AutoDevice {
    #[cfg(feature = "cuda")]
    {
        thread_local! {
            static SHARED: AutoDevice =
                default_device().unwrap_or_else(|error| panic!("no device to train on: {error}"));
        }
        SHARED.with(Clone::clone)
    }
    #[cfg(not(feature = "cuda"))]
    AutoDevice::default()
}
