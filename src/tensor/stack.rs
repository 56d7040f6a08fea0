//! `stack` as in dfdx, but that it says what does not fit.
//!
//! The trait has dfdx's name; in the [`prelude`](crate::prelude) it stands in the place of dfdx's.

use dfdx::shapes::{Dtype, Shape};
use dfdx::tensor::{AutoDevice, Storage, Tensor};
use dfdx::tensor_ops as theirs;

use crate::device::DeviceError;

/// Puts tensors of one shape together along a new first axis, `torch.stack`: a list of them, an array, or a pair of
/// those.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let rows = vec![dev.tensor([1., 2.]), dev.tensor([3., 4.])];
/// let stacked: Tensor<(usize, Const<2>), f32, _> = rows.stack();
/// assert_eq!(stacked.size(), [2, 2]);
/// ```
pub trait TryStack: Sized {
    /// All of them as one tensor.
    type Stacked;

    /// The tensors as one.
    ///
    /// # Panics
    /// If there are none, if an axis whose length is known only at run time differs, or if the device has no room
    /// for the result.
    #[track_caller]
    fn stack(self) -> Self::Stacked {
        self.try_stack().unwrap_or_else(|error| panic!("stack: {error}"))
    }

    /// [`stack`](Self::stack), or an error.
    ///
    /// # Errors
    /// If the device has no room for the result.
    ///
    /// # Panics
    /// If there are no tensors, or if an axis whose length is known only at run time differs.
    fn try_stack(self) -> Result<Self::Stacked, DeviceError>;
}

impl<Items: theirs::TryStack<Err = DeviceError> + Tensors> TryStack for Items {
    type Stacked = <Self as theirs::TryStack>::Stacked;

    #[track_caller]
    fn try_stack(self) -> Result<Self::Stacked, DeviceError> {
        self.check();
        theirs::TryStack::try_stack(self)
    }
}

/// Tensors that can be put together if their shapes are the same.
pub trait Tensors {
    /// Says what is wrong with them.
    ///
    /// # Panics
    /// If something is.
    fn check(&self);
}

impl<S: Shape, E: Dtype, T> Tensors for Vec<Tensor<S, E, AutoDevice, T>>
where
    AutoDevice: Storage<E>,
{
    #[track_caller]
    fn check(&self) {
        of_one_shape(self);
    }
}

impl<S: Shape, E: Dtype, T, const N: usize> Tensors for [Tensor<S, E, AutoDevice, T>; N]
where
    AutoDevice: Storage<E>,
{
    #[track_caller]
    fn check(&self) {
        of_one_shape(self);
    }
}

impl<A: Tensors, B: Tensors> Tensors for (A, B) {
    #[track_caller]
    fn check(&self) {
        self.0.check();
        self.1.check();
    }
}

#[track_caller]
fn of_one_shape<S: Shape, E: Dtype, T>(tensors: &[Tensor<S, E, AutoDevice, T>])
where
    AutoDevice: Storage<E>,
{
    use dfdx::shapes::HasShape as _;
    let Some(first) = tensors.first() else {
        panic!("stack: there are no tensors to put together");
    };
    let size = |tensor: &Tensor<S, E, AutoDevice, T>| tensor.shape().concrete();
    if let Some(at) = tensors.iter().position(|tensor| tensor.shape() != first.shape()) {
        panic!(
            "stack: tensor {at} has the size {:?}, and tensor 0 has {:?}",
            size(&tensors[at]),
            size(first)
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    #[should_panic = "stack: there are no tensors to put together"]
    fn no_tensors() {
        Vec::<Pixels>::new().stack();
    }

    #[test]
    #[should_panic = "stack: tensor 1 has the size [2, 1], and tensor 0 has [3, 1]"]
    fn another_length() {
        let dev = AutoDevice::default();
        let [three, two]: [Rows<1>; 2] = [column(&[1., 2., 3.], &dev), column(&[1., 2.], &dev)];
        vec![three, two].stack();
    }

    #[test]
    fn a_pair_of_lists_and_their_gradient() {
        let dev = AutoDevice::default();
        let [a, b] = [dev.tensor([1., 2.]), dev.tensor([3., 4.])];
        let pair = (vec![a.leaky_trace(), b.leaky_trace()], vec![dev.tensor(1_u8)]);
        let (stacked, of_bytes) = pair.stack();
        assert_eq!(of_bytes.as_vec(), [1]);
        let gradients = stacked.square().sum::<Rank0, _>().backward();
        assert_eq!(gradients.get(&b).array(), [6., 8.]);
    }
}
