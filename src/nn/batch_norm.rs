//! `nn.BatchNorm1d`, `nn.BatchNorm2d`: activations with mean 0 and standard deviation 1, channel by
//! channel.

use dfdx::nn::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, Device, Module, ModuleMut};
use dfdx::shapes::{Dtype, HasShape, Rank1, Shape};
use dfdx::tensor::{AutoDevice, Storage, Tensor};

use super::observe;
use crate::device::DeviceError;
use crate::fault::found_in_layer;
use crate::ops::{self, Activation, Training};
use crate::shapes::{Channels, Recorded, Traced};

/// What is added to the variance, so that nothing is divided by 0; PyTorch's default.
const EPS: f32 = 1e-5;

/// How far the running statistics move to those of a batch; PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// Batch norm for rows of `C` numbers, PyTorch's `nn.BatchNorm1d(C)`; see [`BatchNorm`].
pub type BatchNorm1d<const C: usize, E = f32, D = AutoDevice> = BatchNorm<C, E, D>;

/// Batch norm for pictures with `C` channels, PyTorch's `nn.BatchNorm2d(C)`; see [`BatchNorm`].
pub type BatchNorm2d<const C: usize, E = f32, D = AutoDevice> = BatchNorm<C, E, D>;

/// Batch normalization (S. Ioffe, C. Szegedy, 2015) of `C` channels:
///
/// ```text
/// y = (x - mean) / sqrt(variance + 1e-5) * weight + bias
/// ```
///
/// In training mean and variance are those of the batch, for each channel over all pictures and pixels.
/// Each batch moves the running statistics a tenth of the way to its own, where the variance is that
/// with `n - 1`. A finished model uses the running statistics instead.
///
/// # Panics
/// In training by hand, if a batch has a single number for each channel; a [`Learner`](crate::learner::Learner)
/// returns an error. PyTorch does the same: the running variance would be NaN from then on.
///
/// As with dfdx's batch norm the types tell which is meant: a tensor that records, and
/// `forward_mut`, is training; one that does not, and `forward`, is the finished model. dfdx's layers
/// `BatchNorm1D` and `BatchNorm2D` do the same, with general operations and so more slowly.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let mut bn = BatchNorm1d::<1>::new(&dev);
/// let x = dev.tensor([[1.], [3.]]);
/// let y = bn.forward_mut(x.clone().leaky_traced());
/// assert!((y.array()[1][0] - 1.).abs() < 1e-4);
/// assert_eq!(bn.running_mean.array(), [0.2]); // 0 + 0.1 * (2 - 0)
/// assert_eq!(bn.running_var.array(), [1.1]); // 1 + 0.1 * (2 - 1)
///
/// let y = bn.forward(x);
/// assert!((y.array()[0][0] - (1. - 0.2) / 1.1f32.sqrt()).abs() < 1e-4);
/// ```
#[derive(Debug, Clone)]
pub struct BatchNorm<const C: usize, E: Dtype = f32, D: Storage<E> = AutoDevice> {
    /// What each channel is multiplied by, 1 at the start.
    pub weight: Tensor<Rank1<C>, E, D>,
    /// What is added to each channel, 0 at the start.
    pub bias: Tensor<Rank1<C>, E, D>,
    /// The mean of each channel over the last batches.
    pub running_mean: Tensor<Rank1<C>, E, D>,
    /// The variance of each channel over the last batches.
    pub running_var: Tensor<Rank1<C>, E, D>,
}

impl<const C: usize> BatchNorm<C> {
    /// A layer with weight 1 and bias 0, that has seen nothing.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let bn = BatchNorm2d::<64>::new(&AutoDevice::default());
    /// assert_eq!(bn.num_trainable_params(), 128);
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
    }

    /// Training; `residual` is added before the activation.
    pub(super) fn train<S: Channels<C>>(
        &mut self,
        x: Traced<S>,
        residual: Option<Traced<S>>,
        activation: Activation,
    ) -> Result<Traced<S>, DeviceError> {
        let of = self.training(x.shape(), activation)?;
        Ok(Self::seen(ops::batch_norm_train(x, residual, of)?, activation))
    }

    /// What training with a batch of this shape is made of.
    pub(super) fn training<S: Shape>(
        &mut self,
        shape: &S,
        activation: Activation,
    ) -> Result<Training<'_, C>, DeviceError> {
        if shape.num_elements() / C < 2 {
            let shape = shape.concrete();
            return Err(found_in_layer(format!(
                "batch norm: expected more than 1 value per channel when training, got a batch of size \
                 {shape:?}. The variance of a single value is unknown: choose a batch size that leaves no \
                 last batch of one, or leave it out by `drop_last(true)`"
            )));
        }
        Ok(Training {
            affine: [&self.weight, &self.bias],
            running: [&mut self.running_mean, &mut self.running_var],
            momentum: MOMENTUM,
            eps: EPS,
            activation,
        })
    }

    /// The finished model; as [`train`](Self::train).
    pub(super) fn eval<S: Channels<C>>(
        &self,
        x: Tensor<S, f32, AutoDevice>,
        residual: Option<Tensor<S, f32, AutoDevice>>,
        activation: Activation,
    ) -> Result<Tensor<S, f32, AutoDevice>, DeviceError> {
        let parameters = [&self.running_mean, &self.running_var, &self.weight, &self.bias];
        let y = ops::batch_norm_eval(x, residual, parameters, EPS, activation)?;
        Ok(Self::seen(y, activation))
    }

    pub(super) fn seen<S: Shape, T>(
        y: Tensor<S, f32, AutoDevice, T>,
        activation: Activation,
    ) -> Tensor<S, f32, AutoDevice, T> {
        let name = if S::NUM_DIMS == 2 { "BatchNorm1d" } else { "BatchNorm2d" };
        observe::layer(name, y.shape(), 2 * C);
        if activation == Activation::Relu {
            observe::layer("ReLU", y.shape(), 0);
        }
        y
    }
}

impl<const C: usize, S: Channels<C>> Module<Tensor<S, f32, AutoDevice>> for BatchNorm<C> {
    type Output = Tensor<S, f32, AutoDevice>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<S, f32, AutoDevice>) -> Result<Self::Output, DeviceError> {
        self.eval(x, None, Activation::Identity)
    }
}

impl<const C: usize, S: Channels<C>> ModuleMut<Tensor<S, f32, AutoDevice, Recorded>>
    for BatchNorm<C>
{
    type Output = Traced<S>;
    type Error = DeviceError;

    fn try_forward_mut(&mut self, x: Traced<S>) -> Result<Traced<S>, DeviceError> {
        self.train(x, None, Activation::Identity)
    }
}

/// A [`BatchNorm`] with a ReLU after it, in one pass over the numbers.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let x = dev.tensor([[1., -1.]]);
/// let y = BatchNormReLU::<2>::new(&dev).forward(x);
/// assert!(y.array()[0][0] > 0.99 && y.array()[0][1] == 0.);
/// ```
#[derive(Debug, Clone)]
pub struct BatchNormReLU<const C: usize, E: Dtype = f32, D: Storage<E> = AutoDevice>(
    pub BatchNorm<C, E, D>,
);

impl<const C: usize> BatchNormReLU<C> {
    /// A layer with weight 1 and bias 0, that has seen nothing.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let bn = BatchNormReLU::<64>::new(&AutoDevice::default());
    /// assert_eq!(bn.num_trainable_params(), 128);
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
    }
}

impl<const C: usize, S: Channels<C>> Module<Tensor<S, f32, AutoDevice>> for BatchNormReLU<C> {
    type Output = Tensor<S, f32, AutoDevice>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<S, f32, AutoDevice>) -> Result<Self::Output, DeviceError> {
        self.0.eval(x, None, Activation::Relu)
    }
}

impl<const C: usize, S: Channels<C>> ModuleMut<Traced<S>> for BatchNormReLU<C> {
    type Output = Traced<S>;
    type Error = DeviceError;

    fn try_forward_mut(&mut self, x: Traced<S>) -> Result<Traced<S>, DeviceError> {
        self.0.train(x, None, Activation::Relu)
    }
}

/// Tells dfdx what a layer consists of; `$norm` is where its batch norm is.
macro_rules! collection {
    ($layer:ident, |$this:ident| $norm:expr, |$built:ident| $build:expr) => {
        impl<const C: usize, E: Dtype, D: Device<E>> TensorCollection<E, D> for $layer<C, E, D> {
            type To<E2: Dtype, D2: Device<E2>> = $layer<C, E2, D2>;

            fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
                visitor: &mut V,
            ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
                let (ones, zeros) = (TensorOptions::reset_to_ones, TensorOptions::reset_to_zeros);
                let mean = TensorOptions::detached(|t| t.try_fill_with_zeros());
                let var = TensorOptions::detached(|t| t.try_fill_with_ones());
                macro_rules! tensor {
                    ($name:literal, $field:ident, $options:expr) => {
                        Self::tensor(
                            $name,
                            |$this| &$norm.$field,
                            |$this| &mut $norm.$field,
                            $options,
                        )
                    };
                }
                visitor.visit_fields(
                    (
                        tensor!("weight", weight, ones()),
                        tensor!("bias", bias, zeros()),
                        tensor!("running_mean", running_mean, mean),
                        tensor!("running_var", running_var, var),
                    ),
                    |(weight, bias, running_mean, running_var)| {
                        let $built = BatchNorm { weight, bias, running_mean, running_var };
                        $build
                    },
                )
            }
        }
    };
}

collection!(BatchNorm, |s| s, |norm| norm);
collection!(BatchNormReLU, |s| s.0, |norm| BatchNormReLU(norm));
