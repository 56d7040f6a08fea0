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
use dfdx::tensor::{AutoDevice, Tensor};

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
pub(super) fn is_in_order<S: Shape, E: Unit>(t: &Tensor<S, E, AutoDevice>) -> bool {
    let sizes = t.shape().concrete();
    let mut strides = Strides::default();
    let _ = write!(strides, "{t:?}");
    let text = strides.text.trim_start_matches('[').trim_end_matches(']');
    let found: Vec<usize> = text.split(", ").filter_map(|stride| stride.parse().ok()).collect();
    assert_eq!(found.len(), S::NUM_DIMS, "dfdx's text of a tensor has no strides: `{text}`");
    let mut expected = 1;
    (0..S::NUM_DIMS).rev().all(|axis| {
        let fits = sizes[axis] <= 1 || found[axis] == expected;
        expected *= sizes[axis];
        fits
    })
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

/// What comes after `strides: `, up to the end of the brackets.
#[derive(Default)]
struct Strides {
    found: bool,
    text: String,
}

impl Write for Strides {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !self.found {
            self.found = text == "strides";
            return Ok(());
        }
        if text != ": " {
            self.text.push_str(text);
        }
        if text.ends_with(']') { Err(fmt::Error) } else { Ok(()) }
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
        assert_ne!(address(&(t + 1.0)).0, at);
        assert_eq!(address(&dev.tensor(5i64)).1, 1);
    }

    #[test]
    fn a_broadcast_tensor_has_fewer_numbers() {
        let row = AutoDevice::default().tensor([1.0f32, 2.0]);
        let repeated = row.clone().broadcast::<Rank2<3, 2>, Axis<0>>();
        assert_eq!(address(&repeated), address(&row));
        assert!(!is_in_order(&repeated));
    }

    #[test]
    fn the_order_of_the_numbers() {
        let t = AutoDevice::default().tensor([[1u8, 2, 3], [4, 5, 6]]);
        assert!(is_in_order(&t));
        assert!(!is_in_order(&t.permute::<Rank2<3, 2>, _>()));
        let row = AutoDevice::default().tensor([[1.0f32, 2.0, 3.0]]);
        assert!(is_in_order(&row.permute::<Rank2<3, 1>, _>()));
        assert!(is_in_order(&AutoDevice::default().tensor(5.0f32)));
    }
}
