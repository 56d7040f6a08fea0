//! Losses that are read late.
//!
//! A GPU works on its own while the computer asks it for more. To read a loss is to wait for it; a training that reads each
//! loss before it goes on has the GPU wait in turn. So a loss is sent for when it has been asked for, and read when the next
//! step has been asked for as well.

use dfdx::shapes::Rank0;
use dfdx::tensor::{AutoDevice, Tape, Tensor};

#[cfg(feature = "cuda")]
use super::numbers::{device, done, numbers};
use crate::device::DeviceError;

/// Whether it is worth while: on a CPU a loss is there when its function returns.
pub(crate) const LOSSES_COME_LATE: bool = cfg!(feature = "cuda");

/// A loss that is on its way to the computer.
#[derive(Debug)]
pub(crate) struct LateLoss {
    /// The steps that depend on it read it on the GPU.
    loss: Tensor<Rank0, f32, AutoDevice>,
    #[cfg(feature = "cuda")]
    number: samebits::cuda::Later,
}

impl LateLoss {
    /// Sends for it.
    ///
    /// # Errors
    /// If the device fails.
    pub(crate) fn of<T: Tape<f32, AutoDevice>>(
        loss: &Tensor<Rank0, f32, AutoDevice, T>,
    ) -> Result<Self, DeviceError> {
        let loss = loss.retaped();
        #[cfg(feature = "cuda")]
        let number = done(device()?.later(numbers(&loss)))?;
        Ok(Self {
            loss,
            #[cfg(feature = "cuda")]
            number,
        })
    }

    /// The number. Waits until it is there, and not for what was asked for afterwards.
    ///
    /// # Errors
    /// If the device fails.
    pub(crate) fn wait(self) -> Result<f32, DeviceError> {
        #[cfg(feature = "cuda")]
        return done(self.number.wait());
        #[cfg(not(feature = "cuda"))]
        Ok(dfdx::tensor::AsArray::array(&self.loss))
    }
}

/// Runs `f`, in which the steps of [`SgdUpdate`](super::SgdUpdate) and [`AdamUpdate`](super::AdamUpdate) change nothing on a
/// GPU if one of these losses is not finite.
pub(crate) fn if_finite<R>(losses: [Option<&LateLoss>; 2], f: impl FnOnce() -> R) -> R {
    super::numbers::with_losses(losses.map(|loss| loss.map(|loss| loss.loss.clone())), f)
}
