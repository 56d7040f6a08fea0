//! The block that residual nets are made of.

use dfdx::nn::{ModuleVisitor, NonMutableModule, TensorCollection, ZeroSizedModule};
use dfdx::prelude::{BuildModule, Device, Module, ModuleMut};
use dfdx::shapes::{Const, Dim, Dtype};
use dfdx::tensor::{AutoDevice, HasErr, NoneTape, Storage, Tensor, WithEmptyTape};

use super::batch_norm::BatchNorm2d;
use super::conv_norm;
use super::conv2d::Conv2d;
use crate::device::DeviceError;
use crate::ops::{Activation, Convolved};
use crate::shapes::{ImagesOf, Recorded, Traced, Window};

/// Two convolutions, and a way around them: torchvision's `BasicBlock` (K. He and others, "Deep
/// Residual Learning for Image Recognition", 2015).
///
/// ```text
/// y = relu(bn2(conv2(relu(bn1(conv1(x))))) + downsample(x))
/// ```
///
/// From `I` channels to `O`; with `S = 2` the picture has half as many rows and columns afterwards. The
/// way around is `x` itself, [`Identity`], where the shape stays the same. Elsewhere it is a convolution with a
/// batch norm: see [`DownBlock`].
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let block = BasicBlock::<64>::new(&dev);
/// let pictures: Tensor<Rank4<5, 64, 7, 7>, f32, _> = dev.ones();
/// assert_eq!(block.forward(pictures).size(), [5, 64, 7, 7]);
/// ```
#[derive(Debug, Clone)]
pub struct ResidualBlock<
    const I: usize,
    const O: usize,
    const S: usize,
    Shortcut,
    E: Dtype = f32,
    D: Storage<E> = AutoDevice,
> {
    /// The first convolution; it changes the number of channels and the size.
    pub conv1: Conv2d<I, O, 3, S, 1, E, D>,
    /// Its batch norm.
    pub bn1: BatchNorm2d<O, E, D>,
    /// The second convolution.
    pub conv2: Conv2d<O, O, 3, 1, 1, E, D>,
    /// Its batch norm.
    pub bn2: BatchNorm2d<O, E, D>,
    /// The way around.
    pub downsample: Shortcut,
}

/// A residual block with `C` channels that keeps the shape.
pub type BasicBlock<const C: usize, E = f32, D = AutoDevice> =
    ResidualBlock<C, C, 1, Identity, E, D>;

/// A residual block from `I` channels to `O` that halves height and width. On the way around, a 1x1
/// convolution does the same.
pub type DownBlock<const I: usize, const O: usize, E = f32, D = AutoDevice> =
    ResidualBlock<I, O, 2, Downsample<I, O, E, D>, E, D>;

impl<const I: usize, const O: usize, const S: usize, Shortcut> ResidualBlock<I, O, S, Shortcut>
where
    Self: BuildModule<AutoDevice, f32>,
{
    /// A block whose weights are drawn as each of its layers draws them.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let block = DownBlock::<64, 128>::new(&AutoDevice::default());
    /// assert_eq!(block.num_trainable_params(), 9 * 64 * 128 + 9 * 128 * 128 + 64 * 128 + 3 * 2 * 128);
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
    }
}

/// Returns its input, PyTorch's `nn.Identity`.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([1., 2.]);
/// assert_eq!(Identity.forward(x).array(), [1., 2.]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity;

impl ZeroSizedModule for Identity {}
impl NonMutableModule for Identity {}

impl<X: HasErr> Module<X> for Identity {
    type Output = X;
    type Error = X::Err;

    fn try_forward(&self, x: X) -> Result<X, X::Err> {
        Ok(x)
    }
}

/// The way around a [`DownBlock`], torchvision's `downsample`: a 1x1 convolution that leaves out every other row and
/// column, and its batch norm.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let pictures: Tensor<Rank4<5, 64, 7, 7>, f32, _> = dev.ones();
/// assert_eq!(Downsample::<64, 128>::new(&dev).forward(pictures).size(), [5, 128, 4, 4]);
/// ```
#[derive(Debug, Clone)]
pub struct Downsample<const I: usize, const O: usize, E: Dtype = f32, D: Storage<E> = AutoDevice>(
    pub Conv2d<I, O, 1, 2, 0, E, D>,
    pub BatchNorm2d<O, E, D>,
);

impl<const I: usize, const O: usize> Downsample<I, O> {
    /// A way around whose weights are drawn as its layers draw them.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let around = Downsample::<64, 128>::new(&AutoDevice::default());
    /// assert_eq!(around.num_trainable_params(), 64 * 128 + 2 * 128);
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
    }
}

impl<X, const I: usize, const O: usize> Module<Tensor<X, f32, AutoDevice>> for Downsample<I, O>
where
    X: ImagesOf<I>,
    X::Height: Window<1, 2, 0>,
    X::Width: Window<1, 2, 0>,
{
    type Output = Convolved<X, 1, 2, 0, O, NoneTape>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<X, f32, AutoDevice>) -> Result<Self::Output, DeviceError> {
        self.1.eval(self.0.try_forward(x)?, None, Activation::Identity)
    }
}

impl<X, const I: usize, const O: usize> ModuleMut<Traced<X>> for Downsample<I, O>
where
    X: ImagesOf<I>,
    X::Height: Window<1, 2, 0>,
    X::Width: Window<1, 2, 0>,
{
    type Output = Convolved<X, 1, 2, 0, O, Recorded>;
    type Error = DeviceError;

    fn try_forward_mut(&mut self, x: Traced<X>) -> Result<Self::Output, DeviceError> {
        conv_norm::train(&mut self.0, &mut self.1, x, None, Activation::Identity)
    }
}

impl<const I: usize, const O: usize, E: Dtype, D: Device<E>> TensorCollection<E, D>
    for Downsample<I, O, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = Downsample<I, O, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (Self::module("0", |s| &s.0, |s| &mut s.0), Self::module("1", |s| &s.1, |s| &mut s.1)),
            |(conv, norm)| Downsample(conv, norm),
        )
    }
}

/// A batch of pictures; `R` is the tape.
type Maps<B, const C: usize, H, W, R> = Tensor<(B, Const<C>, H, W), f32, AutoDevice, R>;

impl<B, const I: usize, const O: usize, H, W, const S: usize, Shortcut>
    Module<Tensor<(B, Const<I>, H, W), f32, AutoDevice>> for ResidualBlock<I, O, S, Shortcut>
where
    B: Dim,
    H: Window<3, S, 1>,
    W: Window<3, S, 1>,
    H::Out: Window<3, 1, 1, Out = H::Out>,
    W::Out: Window<3, 1, 1, Out = W::Out>,
    Shortcut: Module<
            Tensor<(B, Const<I>, H, W), f32, AutoDevice>,
            Output = Tensor<(B, Const<O>, H::Out, W::Out), f32, AutoDevice>,
            Error = DeviceError,
        >,
{
    type Output = Tensor<(B, Const<O>, H::Out, W::Out), f32, AutoDevice>;
    type Error = DeviceError;

    fn try_forward(
        &self,
        x: Tensor<(B, Const<I>, H, W), f32, AutoDevice>,
    ) -> Result<Self::Output, DeviceError> {
        let y = self.conv1.try_forward(x.clone())?;
        let y = self.bn1.eval(y, None, Activation::Relu)?;
        let y = self.conv2.try_forward(y)?;
        let around = self.downsample.try_forward(x)?;
        self.bn2.eval(y, Some(around), Activation::Relu)
    }
}

impl<B, const I: usize, const O: usize, H, W, const S: usize, Shortcut>
    ModuleMut<Maps<B, I, H, W, Recorded>> for ResidualBlock<I, O, S, Shortcut>
where
    B: Dim,
    H: Window<3, S, 1>,
    W: Window<3, S, 1>,
    H::Out: Window<3, 1, 1, Out = H::Out>,
    W::Out: Window<3, 1, 1, Out = W::Out>,
    Shortcut: ModuleMut<
            Traced<(B, Const<I>, H, W)>,
            Output = Traced<(B, Const<O>, H::Out, W::Out)>,
            Error = DeviceError,
        >,
{
    type Output = Traced<(B, Const<O>, H::Out, W::Out)>;
    type Error = DeviceError;

    fn try_forward_mut(
        &mut self,
        x: Traced<(B, Const<I>, H, W)>,
    ) -> Result<Self::Output, DeviceError> {
        let around = x.with_empty_tape();
        let y = conv_norm::train(&mut self.conv1, &mut self.bn1, x, None, Activation::Relu)?;
        let around = self.downsample.try_forward_mut(around)?;
        conv_norm::train(&mut self.conv2, &mut self.bn2, y, Some(around), Activation::Relu)
    }
}

impl<const I: usize, const O: usize, const S: usize, Shortcut, E, D> TensorCollection<E, D>
    for ResidualBlock<I, O, S, Shortcut, E, D>
where
    Shortcut: TensorCollection<E, D>,
    E: Dtype,
    D: Device<E>,
{
    type To<E2: Dtype, D2: Device<E2>> = ResidualBlock<I, O, S, Shortcut::To<E2, D2>, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                Self::module("conv1", |s| &s.conv1, |s| &mut s.conv1),
                Self::module("bn1", |s| &s.bn1, |s| &mut s.bn1),
                Self::module("conv2", |s| &s.conv2, |s| &mut s.conv2),
                Self::module("bn2", |s| &s.bn2, |s| &mut s.bn2),
                Self::module("downsample", |s| &s.downsample, |s| &mut s.downsample),
            ),
            |(conv1, bn1, conv2, bn2, downsample)| ResidualBlock {
                conv1,
                bn1,
                conv2,
                bn2,
                downsample,
            },
        )
    }
}
