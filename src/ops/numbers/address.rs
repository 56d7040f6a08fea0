//! Where a tensor's numbers lie on the GPU. dfdx does not lend that; but it prints it.
//!
//! A tensor's `Debug` text begins
//!
//! ```text
//! Tensor { id: UniqueId(7), data: CachableCudaSlice { data: CudaSlice { cu_device_ptr: 139637976727552, len: 6, device: ...
//! ```
//!
//! and has `strides: [3, 1]` later on. It is read as it is written, and the writing is ended once the number is there: some
//! tenths of a microsecond. `Cargo.toml` asks for the very versions of dfdx and cudarc of which this is known. With others,
//! or if the text were another one for any reason, there is a panic that says so, and no wrong address.

use std::fmt::{self, Write};

use dfdx::shapes::{HasShape, Shape, Unit};
use dfdx::tensor::{AutoDevice, Gradients, Tensor};

use crate::device::DeviceError;

/// Where a tensor's memory lies, and how many numbers it has: fewer than the tensor where that was broadcast.
pub(super) fn address<S: Shape, E: Unit>(t: &Tensor<S, E, AutoDevice>) -> (u64, usize) {
    let mut text = Start { text: [0; LONGEST], len: 0 };
    // It ends with an error once there is enough.
    let _ = write!(text, "{t:?}");
    let text = str::from_utf8(&text.text[..text.len]).unwrap_or_default();
    let number = |name: &str| -> Option<u64> {
        let (_, from) = text.split_once(name)?;
        let (digits, _) = from.split_once(',')?;
        digits.parse().ok()
    };
    let found = (number("cu_device_ptr: "), number(" len: "));
    let (Some(address), Some(len)) = found else {
        panic!(
            "dfdx's text of a tensor has no address: `{text}`. This library needs dfdx 0.13.0 and cudarc 0.9.15"
        )
    };
    (address, len as usize)
}

/// Whether the strides of a tensor are those of its shape in row-major order.
pub(super) fn is_in_order<S: Shape, E: Unit>(
    t: &Tensor<S, E, AutoDevice>,
) -> Result<bool, DeviceError> {
    let found = match strides(t) {
        Some(found) => found,
        None => {
            // dfdx keeps a `Vec` that a tensor was made of, and writes its numbers before the strides: millions, for a data
            // set, at each batch. The tensor of a gradient has the strides of what it belongs to, and no such `Vec`.
            let mut gradients = Gradients::leaky();
            gradients.try_alloc_for(t)?;
            strides(&gradients.get(t)).expect("a gradient was not made of a Vec")
        }
    };
    assert_eq!(found.len(), S::NUM_DIMS, "dfdx's text of a tensor has no strides: {found:?}");
    let sizes = t.shape().concrete();
    let mut expected = 1;
    Ok((0..S::NUM_DIMS).rev().all(|axis| {
        let fits = sizes[axis] <= 1 || found[axis] == expected;
        expected *= sizes[axis];
        fits
    }))
}

/// The strides of a tensor, or `None` where the `Vec` that it was made of comes before them.
fn strides<S: Shape, E: Unit>(t: &Tensor<S, E, AutoDevice>) -> Option<Vec<usize>> {
    let mut text = Strides::default();
    let _ = write!(text, "{t:?}");
    if text.pieces == Pieces::Numbers {
        return None;
    }
    let text = text.text.trim_start_matches('[').trim_end_matches(']');
    Some(text.split(", ").filter_map(|stride| stride.parse().ok()).collect())
}

/// So long is the text at most, up to the length; a number has twenty digits at most.
const LONGEST: usize = 200;

/// The beginning of a text.
struct Start {
    text: [u8; LONGEST],
    len: usize,
}

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = (self.len + text.len()).min(LONGEST);
        self.text[self.len..end].copy_from_slice(&text.as_bytes()[..end - self.len]);
        self.len = end;
        // The device comes after the length.
        if end == LONGEST || text == "device" { Err(fmt::Error) } else { Ok(()) }
    }
}

/// What comes after `strides: `, up to the end of the brackets. The writing ends before the numbers of a `Vec`.
#[derive(Default)]
struct Strides {
    pieces: Pieces,
    text: String,
}

/// Which pieces of the text have come.
#[derive(Default, PartialEq)]
enum Pieces {
    #[default]
    Others,
    /// The name of the field for the `Vec`.
    HostBuffer,
    /// And that there is one.
    Numbers,
    /// The name of the field for the strides.
    Strides,
}

impl Write for Strides {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.pieces = match (&self.pieces, text) {
            (Pieces::Strides, ": ") => return Ok(()),
            (Pieces::Strides, _) => {
                self.text.push_str(text);
                return if text.ends_with(']') { Err(fmt::Error) } else { Ok(()) };
            }
            (Pieces::HostBuffer, "Some") => {
                self.pieces = Pieces::Numbers;
                return Err(fmt::Error);
            }
            (Pieces::HostBuffer, ": ") => Pieces::HostBuffer,
            (_, "host_buf") => Pieces::HostBuffer,
            (_, "strides") => Pieces::Strides,
            _ => Pieces::Others,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn a_tensor_has_an_address_and_a_copy_of_it_the_same() {
        let dev = AutoDevice::default();
        let t: Tensor<Rank2<2, 3>, f32, _> = dev.zeros();
        let (at, len) = address(&t);
        assert!(at != 0 && len == 6);
        assert_eq!(address(&t.clone()), (at, len));
        assert_eq!(address(&t.clone().permute::<Rank2<3, 2>, _>()), (at, len));
        assert_ne!(address(&(t.clone() + 1.0)).0, at);
        assert_eq!(address(&dev.tensor(5i64)).1, 1);
    }

    #[test]
    fn a_broadcast_tensor_has_fewer_numbers() {
        let row = AutoDevice::default().tensor([1.0f32, 2.0]);
        let repeated = row.clone().broadcast::<Rank2<3, 2>, Axis<0>>();
        assert_eq!(address(&repeated), address(&row));
        assert!(!is_in_order(&repeated).unwrap());
    }

    #[test]
    fn the_order_of_the_numbers() -> Result<(), DeviceError> {
        let dev = AutoDevice::default();
        let t = dev.tensor([[1u8, 2, 3], [4, 5, 6]]);
        assert!(is_in_order(&t)?);
        assert!(!is_in_order(&t.permute::<Rank2<3, 2>, _>())?);
        let row = dev.tensor([[1.0f32, 2.0, 3.0]]);
        assert!(is_in_order(&row.permute::<Rank2<3, 1>, _>())?);
        assert!(is_in_order(&dev.tensor(5.0f32))?);
        let repeated = dev.tensor([1.0f32, 2.0]).broadcast::<Rank2<3, 2>, Axis<0>>();
        assert!(!is_in_order(&repeated)?);
        Ok(())
    }

    #[test]
    fn the_numbers_that_a_tensor_was_made_of_are_not_written() -> Result<(), DeviceError> {
        let dev = AutoDevice::default();
        let t: Tensor<Rank2<2, 2>, f32, _> = dev.tensor_from_vec(vec![1.0; 4], Default::default());
        assert_eq!(strides(&t), None);
        assert!(is_in_order(&t)? && !is_in_order(&t.clone().permute::<Rank2<2, 2>, _>())?);
        assert_eq!(strides(&(t.clone() + 1.0)), Some(vec![2, 1]));
        Ok(())
    }
}
