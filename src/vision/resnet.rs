//! ResNet18, with the head that fastai gives it.

use dfdx::nn::{ModuleVisitor, TensorCollection};
use dfdx::prelude::{BuildModule, Device, Module, ModuleMut};
use dfdx::shapes::Dtype;
use dfdx::tensor::{AutoDevice, NoneTape, Storage, Tensor};

use crate::device::DeviceError;
use crate::nn::{
    AdaptiveConcatPool2d, BasicBlock, BatchNorm1d, BatchNormReLU, Conv2d, DownBlock, Dropout, Fan,
    MaxPool2d, ReLU, UnbiasedLinear, conv_norm, kaiming_normal_,
};
use crate::ops::{Activation, Convolved};
use crate::random::uniform_numbers;
use crate::shapes::{ImagesOf, Recorded, Traced, Window};

/// A residual net with 18 layers that have weights, for pictures with three channels and `N` classes: a
/// [body](ResNetBody) and a [head](ResNetHead). [`resnet18`] makes one.
pub type ResNet18<const N: usize> = (ResNetBody, ResNetHead<N>);

/// The first layers: they make maps with 64 channels, with a quarter of the rows and columns.
#[derive(Debug, Clone)]
pub struct Stem<E: Dtype = f32, D: Storage<E> = AutoDevice> {
    /// A convolution with large kernels.
    pub conv1: Conv2d<3, 64, 7, 2, 3, E, D>,
    /// Its batch norm, with the ReLU after it.
    pub bn1: BatchNormReLU<64, E, D>,
    /// The largest of each 3x3 pixels.
    pub maxpool: MaxPool2d<3, 2, 1>,
}

/// Four times two residual blocks. Each but the first halves rows and columns and doubles the channels.
pub type Layers<E = f32, D = AutoDevice> = (
    (BasicBlock<64, E, D>, BasicBlock<64, E, D>),
    (DownBlock<64, 128, E, D>, BasicBlock<128, E, D>),
    (DownBlock<128, 256, E, D>, BasicBlock<256, E, D>),
    (DownBlock<256, 512, E, D>, BasicBlock<512, E, D>),
);

/// The body of torchvision's `resnet18` (K. He and others, "Deep Residual Learning for Image
/// Recognition", 2015): from pictures with 3 channels to maps with 512 and a 32nd of the rows and
/// columns, rounded up. Of 28x28 a single pixel is left.
///
/// In a file its parameters have the names of fastai's model: `0.weight`, `4.0.conv1.weight`, ...
#[derive(Debug, Clone)]
pub struct ResNetBody<E: Dtype = f32, D: Storage<E> = AutoDevice> {
    /// The first layers.
    pub stem: Stem<E, D>,
    /// The residual blocks.
    pub layers: Layers<E, D>,
}

/// The pool of fastai's head and what follows, up to its ReLU.
pub type Hidden<E = f32, D = AutoDevice> = (
    AdaptiveConcatPool2d<1024>,
    BatchNorm1d<1024, E, D>,
    Dropout<25>,
    UnbiasedLinear<1024, 512, E, D>,
    ReLU,
);

/// Its last layers: a number for each of `N` classes.
pub type Output<const N: usize, E = f32, D = AutoDevice> =
    (BatchNorm1d<512, E, D>, Dropout<50>, UnbiasedLinear<512, N, E, D>);

/// The head that fastai's `vision_learner` puts on a ResNet18: from maps with 512 channels to `N`
/// predictions.
///
/// In a file its parameters have the names of fastai's model: `2.weight`, `4.weight`, ...
#[derive(Debug, Clone)]
pub struct ResNetHead<const N: usize, E: Dtype = f32, D: Storage<E> = AutoDevice> {
    /// From the maps to 512 numbers.
    pub hidden: Hidden<E, D>,
    /// From these to the predictions.
    pub output: Output<N, E, D>,
}

/// A ResNet18 whose weights are drawn from this thread's generator as `vision_learner(dls, resnet18,
/// pretrained=False)` draws them in fastai, equal to the last bit for the same seed: the convolutions
/// from a normal distribution with standard deviation `sqrt(2 / (O K K))`, the linear layers with
/// `sqrt(2 / I)` (K. He and others, "Delving Deep into Rectifiers", 2015).
///
/// # Panics
/// If the device has no room for it.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let net: ResNet18<2> = resnet18(&dev);
/// assert_eq!(net.num_trainable_params(), 11_704_896);
/// ```
pub fn resnet18<const N: usize>(dev: &AutoDevice) -> ResNet18<N> {
    // torchvision's constructor first draws what every layer starts from, also for the linear layer
    // with a bias that fastai then cuts off.
    let mut body = ResNetBody::build(dev);
    uniform_numbers(512 * 1000 + 1000, 0.0, 1.0);
    // Then the convolutions anew, in the order of their names.
    kaiming_normal_(&mut body, Fan::Out);
    // fastai passes a random picture of 32x32 through the body, to see how many channels come out.
    uniform_numbers(3 * 32 * 32, 0.0, 1.0);
    let mut head = ResNetHead::<N>::build(dev);
    kaiming_normal_(&mut head, Fan::In);
    // fastai's batch norms start like that.
    head.hidden.1.bias.copy_from(&[1e-3; 1024]);
    head.output.0.bias.copy_from(&[1e-3; 512]);
    (body, head)
}

impl<E: Dtype, D: Device<E>> TensorCollection<E, D> for ResNetBody<E, D> {
    type To<E2: Dtype, D2: Device<E2>> = ResNetBody<E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                // 2 and 3 are ReLU and pool, which have no parameters.
                Self::module("0", |s| &s.stem.conv1, |s| &mut s.stem.conv1),
                Self::module("1", |s| &s.stem.bn1, |s| &mut s.stem.bn1),
                Self::module("4", |s| &s.layers.0, |s| &mut s.layers.0),
                Self::module("5", |s| &s.layers.1, |s| &mut s.layers.1),
                Self::module("6", |s| &s.layers.2, |s| &mut s.layers.2),
                Self::module("7", |s| &s.layers.3, |s| &mut s.layers.3),
            ),
            |(conv1, bn1, layer1, layer2, layer3, layer4)| ResNetBody {
                stem: Stem { conv1, bn1, maxpool: MaxPool2d },
                layers: (layer1, layer2, layer3, layer4),
            },
        )
    }
}

impl<const N: usize, E: Dtype, D: Device<E>> TensorCollection<E, D> for ResNetHead<N, E, D> {
    type To<E2: Dtype, D2: Device<E2>> = ResNetHead<N, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        visitor.visit_fields(
            (
                // In fastai pooling and flattening are two layers.
                Self::module("2", |s| &s.hidden.1, |s| &mut s.hidden.1),
                Self::module("4", |s| &s.hidden.3, |s| &mut s.hidden.3),
                Self::module("6", |s| &s.output.0, |s| &mut s.output.0),
                Self::module("8", |s| &s.output.2, |s| &mut s.output.2),
            ),
            |(norm1, linear1, norm2, linear2)| ResNetHead {
                hidden: (AdaptiveConcatPool2d, norm1, Dropout, linear1, ReLU),
                output: (norm2, Dropout, linear2),
            },
        )
    }
}

/// Maps with 64 channels of pictures of shape `X`.
type Maps<X, T> = Convolved<X, 7, 2, 3, 64, T>;

impl<X> Module<Tensor<X, f32, AutoDevice>> for Stem
where
    X: ImagesOf<3>,
    X::Height: Window<7, 2, 3>,
    X::Width: Window<7, 2, 3>,
    MaxPool2d<3, 2, 1>: Module<Maps<X, NoneTape>, Error = DeviceError>,
{
    type Output = <MaxPool2d<3, 2, 1> as Module<Maps<X, NoneTape>>>::Output;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<X, f32, AutoDevice>) -> Result<Self::Output, DeviceError> {
        self.maxpool.try_forward(self.bn1.try_forward(self.conv1.try_forward(x)?)?)
    }
}

impl<X> ModuleMut<Traced<X>> for Stem
where
    X: ImagesOf<3>,
    X::Height: Window<7, 2, 3>,
    X::Width: Window<7, 2, 3>,
    MaxPool2d<3, 2, 1>: ModuleMut<Maps<X, Recorded>, Error = DeviceError>,
{
    type Output = <MaxPool2d<3, 2, 1> as ModuleMut<Maps<X, Recorded>>>::Output;
    type Error = DeviceError;

    fn try_forward_mut(&mut self, x: Traced<X>) -> Result<Self::Output, DeviceError> {
        let (conv, norm) = (&mut self.conv1, &mut self.bn1.0);
        let y = conv_norm::train(conv, norm, x, None, Activation::Relu)?;
        self.maxpool.try_forward_mut(y)
    }
}

impl<X> Module<X> for ResNetBody
where
    Stem: Module<X>,
    Layers: Module<<Stem as Module<X>>::Output, Error = <Stem as Module<X>>::Error>,
{
    type Output = <Layers as Module<<Stem as Module<X>>::Output>>::Output;
    type Error = <Stem as Module<X>>::Error;

    fn try_forward(&self, x: X) -> Result<Self::Output, Self::Error> {
        self.layers.try_forward(self.stem.try_forward(x)?)
    }
}

impl<X> ModuleMut<X> for ResNetBody
where
    Stem: ModuleMut<X>,
    Layers: ModuleMut<<Stem as ModuleMut<X>>::Output, Error = <Stem as ModuleMut<X>>::Error>,
{
    type Output = <Layers as ModuleMut<<Stem as ModuleMut<X>>::Output>>::Output;
    type Error = <Stem as ModuleMut<X>>::Error;

    fn try_forward_mut(&mut self, x: X) -> Result<Self::Output, Self::Error> {
        self.layers.try_forward_mut(self.stem.try_forward_mut(x)?)
    }
}

impl<X, const N: usize> Module<X> for ResNetHead<N>
where
    Hidden: Module<X>,
    Output<N>: Module<<Hidden as Module<X>>::Output, Error = <Hidden as Module<X>>::Error>,
{
    type Output = <Output<N> as Module<<Hidden as Module<X>>::Output>>::Output;
    type Error = <Hidden as Module<X>>::Error;

    fn try_forward(&self, x: X) -> Result<Self::Output, Self::Error> {
        self.output.try_forward(self.hidden.try_forward(x)?)
    }
}

impl<X, const N: usize> ModuleMut<X> for ResNetHead<N>
where
    Hidden: ModuleMut<X>,
    Output<N>: ModuleMut<<Hidden as ModuleMut<X>>::Output, Error = <Hidden as ModuleMut<X>>::Error>,
{
    type Output = <Output<N> as ModuleMut<<Hidden as ModuleMut<X>>::Output>>::Output;
    type Error = <Hidden as ModuleMut<X>>::Error;

    fn try_forward_mut(&mut self, x: X) -> Result<Self::Output, Self::Error> {
        self.output.try_forward_mut(self.hidden.try_forward_mut(x)?)
    }
}
