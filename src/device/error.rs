//! Errors of CUDA as messages that one can act on.

use std::fmt;

/// Why the GPU cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// The driver finds no GPU.
    #[error(
        "NVIDIA's driver finds no GPU. Does `nvidia-smi` list one? In a container, start it with \
         `--gpus all`; if CUDA_VISIBLE_DEVICES is set, it has to name a GPU. To train on the CPU, build \
         without the feature `cuda`"
    )]
    NoDevice,
    /// What was loaded as the driver is the toolkit's stand-in for it.
    #[error(
        "the program has loaded the toolkit's `stubs/libcuda.so`, which is for linking only, in place of \
         the driver. Take folders named `stubs` out of LD_LIBRARY_PATH; if there is no other libcuda.so.1, \
         install NVIDIA's driver"
    )]
    StubDriver,
    /// The driver does not run, or its parts do not fit together.
    #[error(
        "NVIDIA's driver is not ready ({0}). Does `nvidia-smi` work, and show CUDA 13.0 or newer? Older drivers \
         have to be updated, to the 580 series at least. After an update, restart the machine; in a container, the \
         driver's library has to be that of the machine"
    )]
    Driver(String),
    /// Another program has the GPU for itself.
    #[error("the GPU is in use by another program that shares it with none: see `nvidia-smi`")]
    InUse,
    /// The memory of the GPU is full.
    #[error(
        "the memory of the GPU is full. Take smaller batches, or end other programs that use it: see \
         `nvidia-smi`"
    )]
    OutOfMemory,
    /// The kernels were built for another GPU, or by a toolkit that is newer than the driver.
    #[error(
        "this GPU's driver does not take the kernels of this program ({0}). They were built for a newer \
         GPU than this, or by a CUDA toolkit that is newer than the driver. It takes a GPU of compute capability 7.5 or \
         later. Build on this machine, or update the driver; `nvidia-smi` shows the newest version of CUDA that it \
         takes"
    )]
    Kernels(String),
    /// Some kernels are compiled when they are first used, and a header is missing.
    #[error(
        "a kernel could not be compiled at its first use: CUDA's headers are not where they were when the \
         program was built. Build on this machine, with CUDA_PATH naming the toolkit's folder"
    )]
    Headers,
    /// Something else.
    #[error("CUDA reports: {0}")]
    Other(String),
}

impl GpuError {
    /// The error that CUDA's own is.
    #[cfg(feature = "cuda")]
    pub(super) fn from_cuda(error: impl fmt::Debug) -> Self {
        let text = format!("{error:?}");
        Self::known(&text).unwrap_or(Self::Other(text))
    }

    /// The error that a text speaks of. CUDA's names do not change, so they are looked for.
    pub(super) fn known(text: &str) -> Option<Self> {
        let name = ["CUDA_ERROR_", "CUBLAS_STATUS_", "NVRTC_ERROR_"].iter().find_map(|start| {
            let name = &text[text.find(start)?..];
            let end =
                name.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
            Some(&name[..end.unwrap_or(name.len())])
        })?;
        Some(match name {
            "CUDA_ERROR_NO_DEVICE" | "CUDA_ERROR_INVALID_DEVICE" => Self::NoDevice,
            "CUDA_ERROR_STUB_LIBRARY" => Self::StubDriver,
            "CUDA_ERROR_OUT_OF_MEMORY" | "CUBLAS_STATUS_ALLOC_FAILED" => Self::OutOfMemory,
            // Its workspace finds no room.
            "CUBLAS_STATUS_NOT_INITIALIZED" => Self::OutOfMemory,
            "CUDA_ERROR_DEVICE_UNAVAILABLE" => Self::InUse,
            "CUDA_ERROR_NOT_INITIALIZED"
            | "CUDA_ERROR_SYSTEM_NOT_READY"
            | "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"
            | "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"
            | "CUDA_ERROR_UNKNOWN" => Self::Driver(name.into()),
            "CUDA_ERROR_NO_BINARY_FOR_GPU"
            | "CUDA_ERROR_INVALID_PTX"
            | "CUDA_ERROR_INVALID_IMAGE"
            | "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"
            | "CUDA_ERROR_JIT_COMPILER_NOT_FOUND"
            | "NVRTC_ERROR_INVALID_OPTION" => Self::Kernels(name.into()),
            "NVRTC_ERROR_COMPILATION" => Self::Headers,
            _ => Self::Other(name.into()),
        })
    }
}

/// The error of a dfdx module. Those of its devices are no errors to Rust, on a GPU: this one wraps them.
#[derive(Debug)]
pub struct ModuleError(Box<dyn fmt::Debug + Send + Sync>);

impl ModuleError {
    pub(crate) fn new(error: impl fmt::Debug + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for ModuleError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_dfdx_and_cuda() {
        let known = |text: &str| GpuError::known(text);
        // As cudarc prints them, alone and in dfdx's error, and as `unwrap` does.
        assert_eq!(
            known("DriverError(CUDA_ERROR_NO_DEVICE, \"no CUDA-capable device is detected\")"),
            Some(GpuError::NoDevice)
        );
        assert_eq!(
            known(
                "called `Result::unwrap()` on an `Err` value: \
                 Driver(DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\"))"
            ),
            Some(GpuError::OutOfMemory)
        );
        assert_eq!(
            known("Blas(CublasError(CUBLAS_STATUS_ALLOC_FAILED))"),
            Some(GpuError::OutOfMemory)
        );
        assert_eq!(
            known("DriverError(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, \"...\")"),
            Some(GpuError::Kernels("CUDA_ERROR_UNSUPPORTED_PTX_VERSION".into()))
        );
        assert_eq!(
            known(
                "CompileError { nvrtc: NvrtcError(NVRTC_ERROR_COMPILATION), options: [], \
                 log: \"catastrophic error: cannot open source file \\\"cuda_fp16.h\\\"\" }"
            ),
            Some(GpuError::Headers)
        );
        assert_eq!(
            known("CUDA_ERROR_LAUNCH_FAILED"),
            Some(GpuError::Other("CUDA_ERROR_LAUNCH_FAILED".into()))
        );
        assert_eq!(known("index out of bounds: the len is 3 but the index is 3"), None);
    }

    #[test]
    fn each_message_says_what_to_do() {
        for (error, advice) in [
            (GpuError::NoDevice, "build without the feature `cuda`"),
            (GpuError::StubDriver, "LD_LIBRARY_PATH"),
            (GpuError::Driver("X".into()), "After an update, restart the machine"),
            (GpuError::InUse, "`nvidia-smi`"),
            (GpuError::OutOfMemory, "smaller batches"),
            (GpuError::Kernels("X".into()), "update the driver"),
            (GpuError::Headers, "CUDA_PATH"),
        ] {
            assert!(error.to_string().contains(advice), "{error}");
        }
    }
}
