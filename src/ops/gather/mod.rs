//! Batches of a data set that is a tensor: see [`Gather`].

#[cfg(any(feature = "dfdx-ops", test))]
mod composed;
#[cfg(not(feature = "dfdx-ops"))]
mod cpu;
#[cfg(all(test, not(feature = "dfdx-ops")))]
mod tests;

use dfdx::shapes::{HasShape, Shape, Unit};
use dfdx::tensor::{AutoDevice, Tensor};

use super::Kernels;
use crate::device::DeviceError;

/// Numbers of which a tensor can be a data set: those whose rows the device can gather. On the CPU all
/// that tensors are made of; for a GPU floats, and whole numbers up to 2^53.
pub trait Gather: Unit {
    /// Some of the items that the first axis of `t` counts, in the shape `to`.
    ///
    /// # Errors
    /// If the device has no room for them.
    ///
    /// # Panics
    /// If there is no such item.
    #[doc(hidden)]
    fn gather<S: Shape, To: Shape>(
        t: &Tensor<S, Self, AutoDevice>,
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, Self, AutoDevice>, DeviceError>;
}

impl<E: Unit> Gather for E
where
    Kernels: GatherKernel<E>,
{
    fn gather<S: Shape, To: Shape>(
        t: &Tensor<S, Self, AutoDevice>,
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, Self, AutoDevice>, DeviceError> {
        Kernels::gather(t, items, to)
    }
}

/// The same for numbers of type `E`, version by version.
pub(crate) trait GatherKernel<E: Unit> {
    /// See [`Gather::gather`].
    fn gather<S: Shape, To: Shape>(
        t: &Tensor<S, E, AutoDevice>,
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, E, AutoDevice>, DeviceError> {
        let count = t.shape().concrete()[0];
        if let Some(item) = items.iter().find(|item| **item >= count) {
            panic!("item {item} of a tensor with {count}");
        }
        Self::gather_rows(t, [count, t.shape().num_elements() / count.max(1)], items, to)
    }

    /// What a version works out: `t` is `count` rows of `size` numbers, and has all the `items`.
    fn gather_rows<S: Shape, To: Shape>(
        t: &Tensor<S, E, AutoDevice>,
        sizes: [usize; 2],
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, E, AutoDevice>, DeviceError>;
}
