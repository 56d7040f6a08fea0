//! `nn.Flatten`: pictures to rows.

use dfdx::nn::{NonMutableModule, ZeroSizedModule};
use dfdx::prelude::Module;
use dfdx::shapes::{Const, ConstDim, Dim, HasShape};
use dfdx::tensor::{AutoDevice, Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

use super::observe;
use crate::device::DeviceError;
use crate::shapes::contiguous;

/// All numbers of a picture in a row, PyTorch's `nn.Flatten()`: `N` of them, channel by channel, row by
/// row.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let pictures: Tensor<Rank4<5, 3, 2, 2>, f32, _> = dev.ones();
/// assert_eq!(Flatten::<12>.forward(pictures).size(), [5, 12]);
/// ```
///
/// `N` has to be their number:
/// ```compile_fail,E0080
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let pictures: Tensor<Rank4<5, 3, 2, 2>, f32, _> = dev.ones();
/// Flatten::<10>.forward(pictures);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Flatten<const N: usize>;

impl<const N: usize> ZeroSizedModule for Flatten<N> {}
impl<const N: usize> NonMutableModule for Flatten<N> {}

impl<B, const C: usize, H, W, const N: usize, T>
    Module<Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>> for Flatten<N>
where
    B: Dim,
    H: ConstDim,
    W: ConstDim,
    T: Tape<f32, AutoDevice>,
{
    type Output = Tensor<(B, Const<N>), f32, AutoDevice, T>;
    type Error = DeviceError;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<C>, H, W), f32, AutoDevice, T>,
    ) -> Result<Self::Output, Self::Error> {
        const {
            assert!(
                N == C * H::SIZE * W::SIZE,
                "Flatten<N>: N is channels times height times width"
            )
        };
        let shape = (x.shape().0, Const);
        let y = contiguous(x)?.try_reshape_like(&shape)?;
        observe::layer("Flatten", y.shape(), 0);
        Ok(y)
    }
}
