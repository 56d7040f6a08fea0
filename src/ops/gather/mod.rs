//! Batches of a data set that is a tensor: see [`Gather`].

#[cfg(test)]
mod tests;

#[cfg(feature = "cuda")]
use dfdx::shapes::Const;
use dfdx::shapes::{HasShape, Shape, Unit};
use dfdx::tensor::{AutoDevice, Tensor};
#[cfg(feature = "cuda")]
use samebits::Device as _;

use super::numbers::{data_in_order, selected};
#[cfg(feature = "cuda")]
use super::numbers::{device, done, fresh, numbers, zeros};
use crate::device::DeviceError;
#[cfg(feature = "cuda")]
use crate::shapes::Channels;

/// Numbers of which a tensor can be a data set: those whose rows the device can gather.
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

impl<E: Unit + samebits::Element> Gather for E {
    fn gather<S: Shape, To: Shape>(
        t: &Tensor<S, Self, AutoDevice>,
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, Self, AutoDevice>, DeviceError> {
        let count = t.shape().concrete()[0];
        if let Some(item) = items.iter().find(|item| **item >= count) {
            panic!("item {item} of a tensor with {count}");
        }
        let size = t.shape().num_elements() / count.max(1);
        let t = data_in_order(t)?;
        selected(&t, size, items, to)
    }
}

/// Pictures picture by picture, channel by channel; a batch of them lies by pixel.
#[cfg(feature = "cuda")]
pub(crate) type PictureSet<const C: usize, const H: usize, const W: usize> =
    Tensor<(usize, Const<C>, Const<H>, Const<W>), f32, AutoDevice>;

/// Some pictures of a data set that lies picture by picture, channel by channel. The result lies by pixel.
///
/// # Errors
/// If the device has no room for them.
///
/// # Panics
/// If there is no such picture.
#[cfg(feature = "cuda")]
pub(crate) fn select_pictures<const C: usize, const H: usize, const W: usize>(
    all: &PictureSet<C, H, W>,
    pictures: &[usize],
) -> Result<PictureSet<C, H, W>, DeviceError> {
    let shape = (Const::<H>, Const::<W>, pictures.len(), Const::<C>);
    let mut found = zeros(all.device(), &shape)?;
    done(device()?.select_pictures(numbers(all), C, H * W, pictures, fresh(&mut found)))?;
    Ok(Channels::from_pixels(found))
}
