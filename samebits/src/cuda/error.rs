//! Why something was not done.

use std::fmt;

use cudarc::driver::DriverError;
use cudarc::driver::sys::CUresult;

/// Why a GPU did not do what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// There is no driver that works, or no GPU.
    NoGpu {
        /// What the driver said.
        cause: CUresult,
    },
    /// The GPU is older than those that the kernels are made for.
    OldGpu {
        /// Its compute capability.
        capability: [i32; 2],
    },
    /// The driver is older than the kernels.
    OldDriver {
        /// Up to which version of CUDA it goes, as in 12040 for 12.4.
        version: i32,
    },
    /// The GPU has no memory left.
    OutOfMemory {
        /// What was asked for.
        bytes: usize,
    },
    /// Sizes are larger than the kernels can count.
    TooLarge {
        /// What is.
        what: String,
    },
    /// The driver has failed; most often some kernel has before, and then all that follows does, too.
    Driver {
        /// What was to be done.
        task: String,
        /// What the driver said.
        cause: CUresult,
    },
}

impl Error {
    pub(super) fn driver(task: impl Into<String>, error: DriverError) -> Self {
        Self::Driver { task: task.into(), cause: error.0 }
    }

    pub(super) fn no_gpu(error: DriverError) -> Self {
        Self::NoGpu { cause: error.0 }
    }

    /// The error as the driver has it, or the next to it.
    pub fn cuda(&self) -> CUresult {
        match self {
            Self::NoGpu { cause } | Self::Driver { cause, .. } => *cause,
            Self::OldGpu { .. } => CUresult::CUDA_ERROR_NO_BINARY_FOR_GPU,
            Self::OldDriver { .. } => CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,
            Self::OutOfMemory { .. } => CUresult::CUDA_ERROR_OUT_OF_MEMORY,
            Self::TooLarge { .. } => CUresult::CUDA_ERROR_INVALID_VALUE,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGpu { cause } => write!(f, "no NVIDIA GPU can be used: {cause:?}"),
            Self::OldGpu { capability: [major, minor] } => write!(
                f,
                "the GPU is of compute capability {major}.{minor}: at least 7.5 is needed (2018's Turing)"
            ),
            Self::OldDriver { version } => write!(
                f,
                "NVIDIA's driver is for CUDA {}.{} at most: at least 13.0 is needed, a driver of the 580 series",
                version / 1000,
                version % 1000 / 10
            ),
            Self::OutOfMemory { bytes } => {
                write!(
                    f,
                    "the GPU's memory is full: {bytes} more bytes were asked for; a smaller batch may fit"
                )
            }
            Self::TooLarge { what } => {
                write!(f, "too large for the GPU's kernels, which count to 2^31: {what}")
            }
            Self::Driver { task, cause } => write!(f, "the GPU failed ({task}): {cause:?}"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_told_as_nvidia_does() {
        let told = Error::OldDriver { version: 12040 }.to_string();
        assert!(told.contains("CUDA 12.4 at most"), "{told}");
    }

    /// The driver's code is in the message, and no cause besides: who prints the chain prints it once.
    #[test]
    fn a_cause_is_told_once() {
        let cause = CUresult::CUDA_ERROR_NO_DEVICE;
        let all = [
            Error::NoGpu { cause },
            Error::Driver { task: "a copy".into(), cause },
            Error::OldGpu { capability: [7, 0] },
            Error::OldDriver { version: 12040 },
            Error::OutOfMemory { bytes: 4 },
            Error::TooLarge { what: "a picture".into() },
        ];
        for error in all {
            // A new kind of error belongs into the list.
            let causes = match error {
                Error::NoGpu { .. } | Error::Driver { .. } => 1,
                Error::OldGpu { .. }
                | Error::OldDriver { .. }
                | Error::OutOfMemory { .. }
                | Error::TooLarge { .. } => 0,
            };
            let told = error.to_string();
            assert_eq!(told.matches("CUDA_ERROR_NO_DEVICE").count(), causes, "{told}");
            assert!(std::error::Error::source(&error).is_none(), "{told}");
        }
    }
}
