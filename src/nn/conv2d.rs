//! `nn.Conv2d`: the convolution of pictures.

use dfdx::nn::{ModuleVisitor, ScalarOptions, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, Device, Module, ModuleMut};
use dfdx::shapes::{Axes4, Dtype, HasShape, Rank4, Shape};
use dfdx::tensor::{AutoDevice, NoneTape, Storage, Tape, Tensor};
use dfdx::tensor_ops::PermuteTo;

use super::linear::{draw, weight_bound};
use super::observe;
use crate::device::DeviceError;
use crate::ops::{Convolved, conv2d, conv2d_sizes};
use crate::parameters::taps;
use crate::shapes::{ImagesOf, Recorded, Traced, Window};

/// A convolution without bias, PyTorch's `nn.Conv2d(I, O, K, S, P, bias=False)`: from `I` channels to
/// `O`, with a kernel of `K` rows and columns that moves `S` pixels at a time and reaches `P` pixels
/// over the edge.
///
/// With `x` as 0 outside of the picture, for each picture `b` of the batch
///
/// ```text
/// y[b, o, r, c] = sum_ijk x[b, i, S r + j - P, S c + k - P] weight[j, k, i, o]
/// ```
///
/// The sum goes over the kernel's rows `j`, its columns `k`, and the input channels `i`, in this order.
/// A batch norm has its own bias, so the layer before it needs none.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let conv = Conv2d::<3, 64, 7, 2, 3>::new(&dev);
/// assert_eq!(conv.num_trainable_params(), 9408);
///
/// let pictures: Tensor<(usize, Const<3>, Const<28>, Const<28>), f32, _> =
///     randn_like(&dev, &(5, Const, Const, Const));
/// let activations = conv.forward(pictures);
/// assert_eq!(activations.size(), [5, 64, 14, 14]);
/// ```
///
/// A wrong number of channels does not compile:
/// ```compile_fail,E0277
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let gray: Tensor<Rank4<5, 1, 28, 28>, f32, _> = dev.ones();
/// Conv2d::<3, 64, 7, 2, 3>::new(&dev).forward(gray);
/// ```
///
/// A kernel that is larger than the picture does not, either:
/// ```compile_fail,E0277
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let small: Tensor<Rank4<5, 3, 4, 4>, f32, _> = dev.ones();
/// Conv2d::<3, 64, 5>::new(&dev).forward(small);
/// ```
#[derive(Debug, Clone)]
pub struct Conv2d<
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize = 1,
    const P: usize = 0,
    E: Dtype = f32,
    D: Storage<E> = AutoDevice,
> {
    /// The weights: for each row and column of the kernel a matrix with a row for each input channel
    /// and a column for each output channel. PyTorch's order is (O, I, K, K): see
    /// [`pytorch_weight`](Self::pytorch_weight).
    pub weight: Tensor<Rank4<K, K, I, O>, E, D>,
    /// The taps of the kernel that have met a pixel in training, one bit each; see [`taps`].
    taps: u64,
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize>
    Conv2d<I, O, K, S, P>
{
    /// A layer whose weights are drawn from this thread's generator as PyTorch draws them: uniform
    /// between `-1/sqrt(I K K)` and `1/sqrt(I K K)`.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// // torch.manual_seed(42); nn.Conv2d(1, 2, 2, bias=False).weight[0, 0]
    /// manual_seed(42);
    /// let conv = Conv2d::<1, 2, 2>::new(&AutoDevice::default());
    /// let first = conv.pytorch_weight().array()[0][0];
    /// assert_eq!(first, [[0.38226926, 0.41500396], [-0.11713624, 0.45930564]]);
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
    }

    /// The weights in PyTorch's order, (output channel, input channel, row, column).
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let conv = Conv2d::<3, 64, 7, 2, 3>::new(&AutoDevice::default());
    /// assert_eq!(conv.pytorch_weight().size(), [64, 3, 7, 7]);
    /// ```
    pub fn pytorch_weight(&self) -> Tensor<Rank4<O, I, K, K>, f32, AutoDevice> {
        self.weight.clone().permute::<_, Axes4<3, 2, 0, 1>>()
    }

    fn run<X, T>(
        &self,
        x: Tensor<X, f32, AutoDevice, T>,
    ) -> Result<Convolved<X, K, S, P, O, T>, DeviceError>
    where
        X: ImagesOf<I>,
        X::Height: Window<K, S, P>,
        X::Width: Window<K, S, P>,
        T: Tape<f32, AutoDevice>,
    {
        Ok(Self::seen(conv2d(x, &self.weight, None)?))
    }

    /// Notes which taps meet a pixel of pictures of shape `X`.
    pub(super) fn meets<X: ImagesOf<I>>(&mut self) {
        self.taps |= taps_met::<X, I, O, K, S, P>();
    }

    pub(super) fn seen<Y: Shape, T>(
        y: Tensor<Y, f32, AutoDevice, T>,
    ) -> Tensor<Y, f32, AutoDevice, T> {
        observe::layer("Conv2d", y.shape(), K * K * I * O);
        y
    }
}

/// Draws a kernel's weights as PyTorch draws them, in its order.
pub(super) fn draw_weight<
    const I: usize,
    const O: usize,
    const K: usize,
    E: Dtype,
    D: Device<E>,
>(
    weight: &mut Tensor<Rank4<K, K, I, O>, E, D>,
) -> Result<(), D::Err> {
    let drawn = draw(O * I * K * K, weight_bound(I * K * K));
    weight.copy_from(&taps::from_pytorch(&drawn, [O, I, K, K]));
    Ok(())
}

/// The taps of a kernel that meet a pixel of pictures of shape `X`, one bit each.
pub(super) fn taps_met<
    X: ImagesOf<I>,
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
>() -> u64 {
    taps::bits(&conv2d_sizes::<X, I, O, K, S, P>(1).taps_that_meet())
}

impl<X, const I: usize, const O: usize, const K: usize, const S: usize, const P: usize>
    Module<Tensor<X, f32, AutoDevice>> for Conv2d<I, O, K, S, P>
where
    X: ImagesOf<I>,
    X::Height: Window<K, S, P>,
    X::Width: Window<K, S, P>,
{
    type Output = Convolved<X, K, S, P, O, NoneTape>;
    type Error = DeviceError;

    fn try_forward(&self, x: Tensor<X, f32, AutoDevice>) -> Result<Self::Output, DeviceError> {
        self.run(x)
    }
}

impl<X, const I: usize, const O: usize, const K: usize, const S: usize, const P: usize>
    ModuleMut<Traced<X>> for Conv2d<I, O, K, S, P>
where
    X: ImagesOf<I>,
    X::Height: Window<K, S, P>,
    X::Width: Window<K, S, P>,
{
    type Output = Convolved<X, K, S, P, O, Recorded>;
    type Error = DeviceError;

    fn try_forward_mut(&mut self, x: Traced<X>) -> Result<Self::Output, DeviceError> {
        self.meets::<X>();
        self.run(x)
    }
}

impl<
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
    E: Dtype,
    D: Device<E>,
> TensorCollection<E, D> for Conv2d<I, O, K, S, P, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = Conv2d<I, O, K, S, P, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let weight = TensorOptions::reset_with(draw_weight);
        let none = ScalarOptions::from_default(0);
        visitor.visit_fields(
            (
                // First, for whoever wants to know it when the weights come.
                Self::scalar(taps::NAME, |s| &s.taps, |s| &mut s.taps, none),
                Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, weight),
            ),
            |(taps, weight)| Conv2d { weight, taps },
        )
    }
}
