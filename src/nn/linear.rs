//! `nn.Linear`: a layer that multiplies by weights and adds a bias.

use dfdx::nn::{ModuleVisitor, NonMutableModule, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, Device, Module};
use dfdx::shapes::{Dtype, HasShape, Rank1, Rank2};
use dfdx::tensor::{AutoDevice, Storage, Tape, Tensor};

use super::observe;
use crate::device::DeviceError;
use crate::ops;
use crate::random::uniform_numbers;
use crate::shapes::RowsOf;
use crate::show::Show;

/// A linear layer with `I` inputs and `O` outputs: `y_bo = sum_i x_bi w_oi + bias_o`, PyTorch's
/// `nn.Linear(I, O)`.
///
/// It is a module of dfdx: tuples of modules are models, and dfdx's optimizers know its parameters.
/// dfdx has a layer of the same name. This one starts from the numbers that PyTorch draws with the
/// same seed, is faster (see [`MatMul`](super::MatMul)), and takes a single row or a batch of them.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// // torch.manual_seed(42); nn.Linear(3, 2)
/// manual_seed(42);
/// let model = Linear::<3, 2>::new(&dev);
/// assert_eq!(model.weight.array()[0], [0.44140652, 0.47920528, -0.13525727]);
/// assert_eq!(model.num_trainable_params(), 8);
///
/// let batch: Tensor<Rank2<5, 3>, f32, _> = dev.ones();
/// let activations: Tensor<Rank2<5, 2>, f32, _> = model.forward(batch);
/// ```
///
/// An input of another size does not compile:
/// ```compile_fail,E0277
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let batch: Tensor<Rank2<5, 4>, f32, _> = dev.ones();
/// Linear::<3, 2>::new(&dev).forward(batch);
/// ```
#[derive(Debug, Clone)]
pub struct Linear<const I: usize, const O: usize, E: Dtype = f32, D: Storage<E> = AutoDevice> {
    /// The weights: for each output a row with one number for each input.
    pub weight: Tensor<Rank2<O, I>, E, D>,
    /// What is added to each output.
    pub bias: Tensor<Rank1<O>, E, D>,
}

impl<const I: usize, const O: usize> Linear<I, O> {
    /// A layer whose weights and then biases are drawn from this thread's generator, as PyTorch
    /// draws them: uniform between `-1/sqrt(I)` and `1/sqrt(I)`.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let layer = Linear::<4, 1>::new(&AutoDevice::default());
    /// assert!(layer.weight.as_vec().iter().all(|w| (-0.5..0.5).contains(w)));
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
    }
}

/// The bound of PyTorch's `kaiming_uniform_(weight, a=math.sqrt(5))`, in the same steps, so that no
/// bit differs.
pub(super) fn weight_bound(inputs: usize) -> f64 {
    let gain = f64::sqrt(2.0 / (1.0 + f64::sqrt(5.0).powi(2)));
    f64::sqrt(3.0) * (gain / f64::sqrt(inputs as f64))
}

pub(super) fn bias_bound(inputs: usize) -> f64 {
    1.0 / f64::sqrt(inputs as f64)
}

/// Uniform numbers of any type of element; drawn as `f32`.
pub(super) fn draw<E: Dtype>(n: usize, bound: f64) -> Vec<E> {
    let numbers = uniform_numbers(n, -bound, bound).into_iter();
    numbers.map(|x| E::from_f32(x).expect("an element type for weights is a float")).collect()
}

impl<const I: usize, const O: usize, E: Dtype, D: Device<E>> TensorCollection<E, D>
    for Linear<I, O, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = Linear<I, O, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let weight = TensorOptions::reset_with(|t: &mut Tensor<Rank2<O, I>, E, D>| {
            t.copy_from(&draw(O * I, weight_bound(I)));
            Ok(())
        });
        let bias = TensorOptions::reset_with(|t: &mut Tensor<Rank1<O>, E, D>| {
            t.copy_from(&draw(O, bias_bound(I)));
            Ok(())
        });
        visitor.visit_fields(
            (
                Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, weight),
                Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, bias),
            ),
            |(weight, bias)| Linear { weight, bias },
        )
    }
}

impl<const I: usize, const O: usize, E: Dtype, D: Device<E>> NonMutableModule
    for Linear<I, O, E, D>
{
}

impl<const I: usize, const O: usize, S, T> Module<Tensor<S, f32, AutoDevice, T>> for Linear<I, O>
where
    S: RowsOf<I>,
    T: Tape<f32, AutoDevice>,
{
    type Output = Tensor<S::Outputs<O>, f32, AutoDevice, T>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<S, f32, AutoDevice, T>) -> Result<Self::Output, DeviceError> {
        let y = ops::linear(x, &self.weight, Some(&self.bias))?;
        observe::layer("Linear", y.shape(), I * O + O);
        Ok(y)
    }
}

/// As PyTorch prints it.
impl<const I: usize, const O: usize> Show for Linear<I, O> {
    fn text(&self) -> String {
        format!("Linear(in_features={I}, out_features={O}, bias=True)")
    }
}

/// A linear layer without bias, PyTorch's `nn.Linear(I, O, bias=False)`; else as [`Linear`]. A batch
/// norm after it has a bias of its own.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let layer = UnbiasedLinear::<3, 2>::new(&AutoDevice::default());
/// assert_eq!(layer.num_trainable_params(), 6);
/// ```
#[derive(Debug, Clone)]
pub struct UnbiasedLinear<
    const I: usize,
    const O: usize,
    E: Dtype = f32,
    D: Storage<E> = AutoDevice,
> {
    /// The weights: for each output a row with one number for each input.
    pub weight: Tensor<Rank2<O, I>, E, D>,
}

impl<const I: usize, const O: usize> UnbiasedLinear<I, O> {
    /// A layer whose weights are drawn as [`Linear::new`] draws them.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let layer = UnbiasedLinear::<4, 1>::new(&AutoDevice::default());
    /// assert!(layer.weight.as_vec().iter().all(|w| (-0.5..0.5).contains(w)));
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
    }
}

impl<const I: usize, const O: usize, E: Dtype, D: Device<E>> TensorCollection<E, D>
    for UnbiasedLinear<I, O, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = UnbiasedLinear<I, O, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let weight = TensorOptions::reset_with(|t: &mut Tensor<Rank2<O, I>, E, D>| {
            t.copy_from(&draw(O * I, weight_bound(I)));
            Ok(())
        });
        visitor.visit_fields(
            Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, weight),
            |weight| UnbiasedLinear { weight },
        )
    }
}

impl<const I: usize, const O: usize, E: Dtype, D: Device<E>> NonMutableModule
    for UnbiasedLinear<I, O, E, D>
{
}

impl<const I: usize, const O: usize, S, T> Module<Tensor<S, f32, AutoDevice, T>>
    for UnbiasedLinear<I, O>
where
    S: RowsOf<I>,
    T: Tape<f32, AutoDevice>,
{
    type Output = Tensor<S::Outputs<O>, f32, AutoDevice, T>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<S, f32, AutoDevice, T>) -> Result<Self::Output, DeviceError> {
        let y = ops::linear(x, &self.weight, None)?;
        observe::layer("Linear", y.shape(), I * O);
        Ok(y)
    }
}
