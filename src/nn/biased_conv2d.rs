//! `nn.Conv2d` with a bias.

use dfdx::nn::{ModuleVisitor, ScalarOptions, TensorCollection, TensorOptions};
use dfdx::prelude::{BuildModule, Device, Module, ModuleMut};
use dfdx::shapes::{Dtype, HasShape, Rank1, Rank4};
use dfdx::tensor::{AutoDevice, NoneTape, Storage, Tape, Tensor};

use super::conv2d::{draw_weight, taps_met};
use super::linear::{bias_bound, draw};
use super::observe;
use crate::device::DeviceError;
use crate::ops::{Convolved, conv2d};
use crate::parameters::taps;
use crate::shapes::{ImagesOf, Recorded, Traced, Window};

/// A convolution with a bias, PyTorch's `nn.Conv2d(I, O, K, S, P)`: for each output channel one number that is added
/// to all its pixels; else as [`Conv2d`](super::Conv2d).
///
/// ```text
/// y[b, o, r, c] = bias[o] + sum_jki x[b, i, S r + j - P, S c + k - P] weight[j, k, i, o]
/// ```
///
/// Before a batch norm, which has a bias of its own, take [`Conv2d`](super::Conv2d).
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let conv = BiasedConv2d::<1, 8, 5, 2, 2>::new(&dev);
/// assert_eq!(conv.num_trainable_params(), 8 * 5 * 5 + 8);
///
/// let white: Tensor<Rank4<2, 1, 28, 28>, f32, _> = dev.zeros();
/// let activations = conv.forward(white);
/// assert_eq!(activations.size(), [2, 8, 14, 14]);
/// assert_eq!(activations.array()[1][7][0][0], conv.bias.array()[7]);
/// ```
///
/// A wrong number of channels does not compile:
/// ```compile_fail,E0277
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let gray: Tensor<Rank4<5, 1, 28, 28>, f32, _> = dev.ones();
/// BiasedConv2d::<3, 64, 7, 2, 3>::new(&dev).forward(gray);
/// ```
#[derive(Debug, Clone)]
pub struct BiasedConv2d<
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize = 1,
    const P: usize = 0,
    E: Dtype = f32,
    D: Storage<E> = AutoDevice,
> {
    /// The weights, in the order of [`Conv2d::weight`](super::Conv2d::weight).
    pub weight: Tensor<Rank4<K, K, I, O>, E, D>,
    /// A number for each output channel.
    pub bias: Tensor<Rank1<O>, E, D>,
    /// The taps of the kernel that have met a pixel in training, one bit each; see [`taps`].
    taps: u64,
}

impl<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize>
    BiasedConv2d<I, O, K, S, P>
{
    /// A layer whose weights and bias are drawn from this thread's generator as PyTorch draws them: uniform
    /// between `-1/sqrt(I K K)` and `1/sqrt(I K K)`.
    ///
    /// # Panics
    /// If the device has no room for it.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// // torch.manual_seed(42); nn.Conv2d(1, 2, 2): the numbers of nn.Linear(4, 2).
    /// let dev = AutoDevice::default();
    /// manual_seed(42);
    /// let conv = BiasedConv2d::<1, 2, 2>::new(&dev);
    /// manual_seed(42);
    /// let linear = Linear::<4, 2>::new(&dev);
    /// assert_eq!(conv.bias.array(), linear.bias.array());
    /// ```
    pub fn new(dev: &AutoDevice) -> Self {
        Self::build(dev)
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
        let y = conv2d(x, &self.weight, Some(&self.bias))?;
        observe::layer("Conv2d", y.shape(), K * K * I * O + O);
        Ok(y)
    }
}

impl<X, const I: usize, const O: usize, const K: usize, const S: usize, const P: usize>
    Module<Tensor<X, f32, AutoDevice>> for BiasedConv2d<I, O, K, S, P>
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
    ModuleMut<Traced<X>> for BiasedConv2d<I, O, K, S, P>
where
    X: ImagesOf<I>,
    X::Height: Window<K, S, P>,
    X::Width: Window<K, S, P>,
{
    type Output = Convolved<X, K, S, P, O, Recorded>;
    type Error = DeviceError;

    fn try_forward_mut(&mut self, x: Traced<X>) -> Result<Self::Output, DeviceError> {
        self.taps |= taps_met::<X, I, O, K, S, P>();
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
> TensorCollection<E, D> for BiasedConv2d<I, O, K, S, P, E, D>
{
    type To<E2: Dtype, D2: Device<E2>> = BiasedConv2d<I, O, K, S, P, E2, D2>;

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let weight = TensorOptions::reset_with(draw_weight);
        let bias = TensorOptions::reset_with(|t: &mut Tensor<Rank1<O>, E, D>| {
            t.copy_from(&draw(O, bias_bound(I * K * K)));
            Ok(())
        });
        let none = ScalarOptions::from_default(0);
        visitor.visit_fields(
            (
                // Right before the weight that they are of.
                Self::scalar(taps::NAME, |s| &s.taps, |s| &mut s.taps, none),
                Self::tensor("weight", |s| &s.weight, |s| &mut s.weight, weight),
                Self::tensor("bias", |s| &s.bias, |s| &mut s.bias, bias),
            ),
            |(taps, weight, bias)| BiasedConv2d { weight, bias, taps },
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn a_bias_is_added_to_each_channel_and_learns() {
        let dev = AutoDevice::default();
        manual_seed(42);
        let mut biased = BiasedConv2d::<2, 3, 3, 2, 1>::new(&dev);
        manual_seed(42);
        let mut bare = Conv2d::<2, 3, 3, 2, 1>::new(&dev);
        let x: Tensor<Rank4<2, 2, 5, 5>, f32, _> = randn(&dev);
        let (y, without) = (biased.forward(x.clone()).array(), bare.forward(x.clone()).array());
        let bias = biased.bias.array();
        for (y, without) in y.iter().zip(&without) {
            for ((y, without), bias) in y.iter().zip(without).zip(bias) {
                for (y, without) in y.as_flattened().iter().zip(without.as_flattened()) {
                    assert_eq!(*y, without + bias);
                }
            }
        }
        // d/dbias sum(y) is the number of pixels; the weights' gradients are as without.
        let grads = biased.forward_mut(x.clone().traced(biased.alloc_grads())).sum().backward();
        let without = bare.forward_mut(x.traced(bare.alloc_grads())).sum().backward();
        assert_eq!(grads.get(&biased.bias).array(), [2.0 * 9.0; 3]);
        assert_eq!(grads.get(&biased.weight).array(), without.get(&bare.weight).array());
    }

    #[test]
    fn its_file_has_pytorchs_names_and_order() {
        let dev = AutoDevice::default();
        let net = (BiasedConv2d::<1, 2, 3>::new(&dev), Flatten::<8>, Linear::<8, 1>::new(&dev));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        save_weights(&net, &path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut names = file.names();
        names.sort();
        assert_eq!(names, ["0.bias", "0.weight", "2.bias", "2.weight"]);
        assert_eq!(file.tensor("0.weight").unwrap().shape(), [2, 1, 3, 3]);
        let mut other = net.clone();
        other.0.bias.set([0], 7.0);
        load_weights(&mut other, &path).unwrap();
        assert_eq!(other.0.bias.array(), net.0.bias.array());
        assert_eq!(other.0.weight.array(), net.0.weight.array());
    }
}
