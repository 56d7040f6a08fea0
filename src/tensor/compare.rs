//! Comparisons that dfdx has on the CPU only.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};
use dfdx::tensor_ops::TryEq;

use crate::device::DeviceError;

/// `eq` and `ne` for whole numbers and truth values on a GPU, where dfdx compares floats only.
///
/// It has the name of dfdx's own method, so `labels.eq(1)` and `a.eq(&b)` read the same on both devices.
/// Whole numbers are compared as `f64`, which holds those up to 2^53 exactly.
///
/// ```no_run
/// use mnist_from_scratch::prelude::*;
///
/// let labels = AutoDevice::default().tensor([1_i64, 0, 1]);
/// assert_eq!(labels.eq(1).eq(&labels.eq(0)).array(), [false; 3]);
/// ```
pub trait CompareExt<Rhs> {
    /// Where both sides are equal.
    type Output;

    /// Compares number by number.
    ///
    /// # Panics
    /// If the device fails.
    fn eq(&self, rhs: Rhs) -> Self::Output;

    /// The opposite of [`eq`](Self::eq).
    ///
    /// # Panics
    /// If the device fails.
    fn ne(&self, rhs: Rhs) -> Self::Output;
}

impl<S: Shape> CompareExt<i64> for Tensor<S, i64, AutoDevice> {
    type Output = Tensor<S, bool, AutoDevice>;

    fn eq(&self, rhs: i64) -> Self::Output {
        expect(self.clone().try_to_dtype::<f64>().and_then(|lhs| lhs.try_eq(rhs as f64)))
    }

    fn ne(&self, rhs: i64) -> Self::Output {
        !CompareExt::eq(self, rhs)
    }
}

impl<S: Shape> CompareExt<&Self> for Tensor<S, bool, AutoDevice> {
    type Output = Self;

    fn eq(&self, rhs: &Self) -> Self {
        !(self.clone() ^ rhs.clone())
    }

    fn ne(&self, rhs: &Self) -> Self {
        self.clone() ^ rhs.clone()
    }
}

fn expect<T>(result: Result<T, DeviceError>) -> T {
    result.unwrap_or_else(|error| panic!("eq: {error}"))
}
