//! `nn.Dropout`: activations that are missing now and then.

use dfdx::nn::ZeroSizedModule;
use dfdx::prelude::{Module, ModuleMut};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use super::observe;
use crate::device::DeviceError;
use crate::ops;
use crate::random::kept_bits;
use crate::shapes::Traced;

/// In training, sets `PERCENT` of all numbers to 0 at random, and divides the others by the share that
/// is left, so that sums stay about the same (N. Srivastava and others, "Dropout", 2014): PyTorch's
/// `nn.Dropout(p)` with `p = PERCENT / 100`. The finished model is not changed.
///
/// The numbers are drawn from this thread's generator ([`manual_seed`](crate::random::manual_seed)),
/// one for each activation; PyTorch draws others. dfdx's layer of this name takes dfdx's generator.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let x: Tensor<Rank1<1000>, f32, _> = dev.ones();
/// let zeros = Dropout::<25>.forward_mut(x.leaky_trace()).array().iter().filter(|y| **y == 0.).count();
/// assert!((200..300).contains(&zeros));
/// assert_eq!(Dropout::<25>.forward(x.clone()).array(), x.array());
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Dropout<const PERCENT: usize>;

impl<const PERCENT: usize> ZeroSizedModule for Dropout<PERCENT> {}

impl<const PERCENT: usize, S: Shape> Module<Tensor<S, f32, AutoDevice>> for Dropout<PERCENT> {
    type Output = Tensor<S, f32, AutoDevice>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<S, f32, AutoDevice>) -> Result<Self::Output, DeviceError> {
        observe::layer("Dropout", x.shape(), 0);
        Ok(x)
    }
}

impl<const PERCENT: usize, S: Shape> ModuleMut<Traced<S>> for Dropout<PERCENT> {
    type Output = Traced<S>;
    type Error = DeviceError;

    fn try_forward_mut(&mut self, x: Traced<S>) -> Result<Traced<S>, DeviceError> {
        const { assert!(PERCENT < 100, "Dropout<PERCENT>: less than 100, or nothing is left") };
        // Drawn on the host also for a GPU, so that the same seed drops the same activations.
        let p = PERCENT as f64 / 100.0;
        let kept = kept_bits(x.shape().num_elements(), p);
        let y = ops::dropout(x, kept, (1.0 / (1.0 - p)) as f32)?;
        observe::layer("Dropout", y.shape(), 0);
        Ok(y)
    }
}
