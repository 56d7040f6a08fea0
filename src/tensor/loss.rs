//! How far two tensors are apart, in one number.

use dfdx::shapes::{Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use super::TensorExt;

/// The mean absolute difference, also called L1 norm: `(1/n) sum_i |a_i - b_i|`.
///
/// Tensors of different shapes do not compile.
///
/// # Panics
/// If an axis whose length is known only at run time differs.
///
/// # Example
/// ```
/// use dfdx::prelude::*;
/// use mnist_from_scratch::tensor::l1_loss;
///
/// let dev = AutoDevice::default();
/// let (a, b) = (dev.tensor([0.0, 1.0]), dev.tensor([0.5, 0.75]));
/// assert_eq!(l1_loss(&a, &b).array(), 0.375);
/// ```
pub fn l1_loss<S: Shape>(
    a: &Tensor<S, f32, AutoDevice>,
    b: &Tensor<S, f32, AutoDevice>,
) -> Tensor<Rank0, f32, AutoDevice> {
    (a.clone() - b.clone()).abs().mean_all()
}

/// The mean squared error, MSE: `(1/n) sum_i (a_i - b_i)^2`. Its root is the RMSE or L2 norm.
///
/// Tensors of different shapes do not compile.
///
/// # Panics
/// If an axis whose length is known only at run time differs.
///
/// # Example
/// ```
/// use dfdx::prelude::*;
/// use mnist_from_scratch::tensor::mse_loss;
///
/// let dev = AutoDevice::default();
/// let (a, b) = (dev.tensor([0.0, 1.0]), dev.tensor([0.5, 0.5]));
/// assert_eq!(mse_loss(&a, &b).array(), 0.25);
/// assert_eq!(mse_loss(&a, &b).sqrt().array(), 0.5);
/// ```
pub fn mse_loss<S: Shape>(
    a: &Tensor<S, f32, AutoDevice>,
    b: &Tensor<S, f32, AutoDevice>,
) -> Tensor<Rank0, f32, AutoDevice> {
    (a.clone() - b.clone()).square().mean_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{AsArray, TensorFrom};

    #[test]
    fn the_values_of_pytorch() {
        let dev = AutoDevice::default();
        let a = dev.tensor([[0.1f32, 0.9, 0.4], [0.7, 0.2, 0.6]]);
        let b = dev.tensor([[0.3f32, 0.5, 0.4], [0.1, 0.8, 0.55]]);
        // a = torch.tensor([[0.1, 0.9, 0.4], [0.7, 0.2, 0.6]])
        // b = torch.tensor([[0.3, 0.5, 0.4], [0.1, 0.8, 0.55]])
        // F.l1_loss(a, b).item(), F.mse_loss(a, b).item()
        assert!((l1_loss(&a, &b).array() - 0.308_333_34).abs() < 1e-6);
        assert!((mse_loss(&a, &b).array() - 0.153_75).abs() < 1e-6);
    }
}
