//! Rows of a slice.

use dfdx::shapes::{Shape, Unit};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};

use super::GatherKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, values};

impl<E: Unit> GatherKernel<E> for SameBits {
    fn gather_rows<S: Shape, To: Shape>(
        t: &Tensor<S, E, AutoDevice>,
        [_, size]: [usize; 2],
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, E, AutoDevice>, DeviceError> {
        t.device().try_tensor_from_vec(samebits::select_rows(&values(t), size, items), *to)
    }
}
