//! What can be plotted.

use dfdx::shapes::Shape;
use dfdx::tensor::{Storage, Tensor};

use crate::shapes::as_vec;

/// Numbers that can be plotted: slices, vectors, arrays and tensors of one axis.
pub trait Values {
    /// The numbers in order.
    fn values(&self) -> Vec<f32>;
}

impl Values for [f32] {
    fn values(&self) -> Vec<f32> {
        self.to_vec()
    }
}

impl<const N: usize> Values for [f32; N] {
    fn values(&self) -> Vec<f32> {
        self.to_vec()
    }
}

impl Values for Vec<f32> {
    fn values(&self) -> Vec<f32> {
        self.clone()
    }
}

impl<N: dfdx::shapes::Dim, D: Storage<f32>, T> Values for Tensor<(N,), f32, D, T>
where
    (N,): Shape,
{
    fn values(&self) -> Vec<f32> {
        as_vec(self)
    }
}
