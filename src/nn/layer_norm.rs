//! `nn.LayerNorm`: the numbers of each row with mean 0 and standard deviation 1.

use dfdx::nn::{ModuleVisitor, NonMutableModule, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, Device, Module};
use dfdx::shapes::{Axis, Const, Dtype, HasShape, Rank1};
use dfdx::tensor::{AutoDevice, Storage, Tape, Tensor, WithEmptyTape};
use dfdx::tensor_ops::{ReshapeTo, TryAdd, TryDiv, TryMul, TrySub};

use super::observe;
use crate::device::DeviceError;
use crate::shapes::RowsOf;
use crate::tensor::{BroadcastTo, MeanTo};

/// What is added to the variance, so that nothing is divided by 0; PyTorch's default.
const EPS: f32 = 1e-5;

/// Layer normalization (J. Ba, J. Kiros, G. Hinton, 2016) of rows of `N` numbers, PyTorch's
/// `nn.LayerNorm(N)`:
///
/// ```text
/// y = (x - mean) / sqrt(variance + 1e-5) * weight + bias
/// ```
///
/// Mean and variance are those of the row, so nothing depends on the other rows of the batch, and a
/// finished model does the same as one in training. In a [`BatchNorm`](super::BatchNorm) they are those of
/// a channel over the batch.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let layer = LayerNorm::<2>::new(&dev);
/// let y = layer.forward(dev.tensor([[1., 3.], [70., 50.]])).array();
/// assert!((y[0][1] - 1.).abs() < 1e-4 && (y[1][1] + 1.).abs() < 1e-4);
/// ```
///
/// Rows of another size do not compile:
/// ```compile_fail,E0277
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// LayerNorm::<3>::new(&dev).forward(dev.tensor([[1., 3.]]));
/// ```
#[derive(Debug, Clone)]
pub struct LayerNorm<const N: usize, E: Dtype = f32, D: Storage<E> = AutoDevice> {
    /// What each number of a row is multiplied by, 1 at the start.
    pub weight: Tensor<Rank1<N>, E, D>,
    /// What is added to each number of a row, 0 at the start.
    pub bias: Tensor<Rank1<N>, E, D>,
}

impl<const N: usize> LayerNorm<N> {
    /// A layer with weight 1 and bias 0.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let layer = LayerNorm::<30>::new(&AutoDevice::default());
    /// assert_eq!(layer.num_trainable_params(), 60);
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
    }
}

impl<const N: usize, E: Dtype, D: Device<E>> TensorCollection<E, D> for LayerNorm<N, E, D> {
    type To<E2: Dtype, D2: Device<E2>> = LayerNorm<N, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let (ones, zeros) = (TensorOptions::reset_to_ones(), TensorOptions::reset_to_zeros());
        visitor.visit_fields(
            (
                Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, ones),
                Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, zeros),
            ),
            |(weight, bias)| LayerNorm { weight, bias },
        )
    }
}

impl<const N: usize, E: Dtype, D: Device<E>> NonMutableModule for LayerNorm<N, E, D> {}

impl<const N: usize, S: RowsOf<N>, T: Tape<f32, AutoDevice>> Module<Tensor<S, f32, AutoDevice, T>>
    for LayerNorm<N>
{
    type Output = Tensor<S, f32, AutoDevice, T>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<S, f32, AutoDevice, T>) -> Result<Self::Output, DeviceError> {
        let shape = *x.shape();
        let rows = (shape.rows(), Const::<N>);
        let x = x.try_reshape_like(&rows)?;
        let mean = x.with_empty_tape().try_mean::<(usize,), Axis<1>>()?;
        let centered = x.try_sub(mean.try_broadcast_like::<_, Axis<1>>(&rows)?)?;
        // Not the mean of the squares less the square of the mean: that loses digits.
        let squares = centered.with_empty_tape().try_square()?;
        let deviation = squares.try_mean::<(usize,), Axis<1>>()?.try_add(EPS)?.try_sqrt()?;
        let y = centered.try_div(deviation.try_broadcast_like::<_, Axis<1>>(&rows)?)?;
        // With tapes of their own, so that the parameters get gradients, too.
        let [weight, bias] = [&self.weight, &self.bias].map(|parameter| parameter.retaped::<T>());
        let y = y.try_mul(weight.try_broadcast_like::<_, Axis<0>>(&rows)?)?;
        let y = y.try_add(bias.try_broadcast_like::<_, Axis<0>>(&rows)?)?;
        let y = y.try_reshape_like(&shape)?;
        observe::layer("LayerNorm", y.shape(), 2 * N);
        Ok(y)
    }
}
