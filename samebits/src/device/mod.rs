//! Where numbers lie and arithmetic runs: one set of operations, with the same bits on each device.

mod checks;
mod cpu;
mod element;
mod operations;
mod parts;
mod steps;

use std::fmt::Debug;

#[cfg(feature = "cuda")]
pub(crate) use checks::{
    assert_bits, assert_classes, assert_losses, assert_rows, assert_selected, concat_batch,
    linear_sizes,
};
pub use cpu::Cpu;
pub use element::Element;
pub use parts::{
    AdamPart, Losses, Matrices, NormEval, NormGradients, NormTrain, Order, Running, SgdPart,
    SgdStep,
};

use crate::sums::Axis;
use crate::{AdamStep, Conv2d, Function, Windows};

/// The operations of training a neural net, on numbers that lie on one device: [`Cpu`], and with the feature `cuda`
/// a GPU. Whoever writes a training step once, for any `D: Device`, gets the same bits from all of them.
///
/// Each operation is that of the same name on slices, where the order of its sums is written down.
///
/// # Panics
/// Each operation looks at the sizes before it writes anything, and panics if they do not fit, with a text that names them.
///
/// # Errors
/// On a GPU, where its driver refuses: no memory is left, say, or slices are longer than kernels can count. On a CPU never.
pub trait Device: Copy + Debug {
    /// Why an operation was not done.
    type Error: std::error::Error + Send + Sync + 'static;
    /// Numbers to read.
    type Slice<'a, E: Element>: Copy + Debug;
    /// Numbers to change.
    type SliceMut<'a, E: Element>: Debug;
    /// Numbers of one's own.
    type Buffer<E: Element>: Debug;
    /// Mean and variance of each channel, or what they can be made of.
    type Statistics: Debug;
    /// What a batch norm in training keeps for the way back.
    type Norm: Debug;

    /// So many zeros.
    fn zeros<E: Element>(&self, len: usize) -> Result<Self::Buffer<E>, Self::Error>;
    /// So many numbers that mean nothing: each has to be written before it is read.
    fn room(&self, len: usize) -> Result<Self::Buffer<f32>, Self::Error>;
    /// A copy of the computer's own numbers.
    fn copy_in<E: Element>(&self, numbers: &[E]) -> Result<Self::Buffer<E>, Self::Error>;
    /// A copy for the computer.
    fn copy_out<E: Element>(&self, numbers: Self::Slice<'_, E>) -> Result<Vec<E>, Self::Error>;
    /// A buffer's numbers.
    fn slice<'a, E: Element>(&self, buffer: &'a Self::Buffer<E>) -> Self::Slice<'a, E>;
    /// A buffer's numbers, to change them.
    fn slice_mut<'a, E: Element>(&self, buffer: &'a mut Self::Buffer<E>) -> Self::SliceMut<'a, E>;
    /// Sets all numbers to 0.
    fn zero(&self, numbers: Self::SliceMut<'_, f32>) -> Result<(), Self::Error>;

    /// [`Conv2d::forward`].
    fn conv_forward(
        &self,
        conv: &Conv2d,
        x: Self::Slice<'_, f32>,
        weight: Self::Slice<'_, f32>,
        y: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`Conv2d::forward`], and the statistics of the output: on a GPU in one go.
    fn conv_forward_statistics(
        &self,
        conv: &Conv2d,
        x: Self::Slice<'_, f32>,
        weight: Self::Slice<'_, f32>,
        y: Self::SliceMut<'_, f32>,
    ) -> Result<Self::Statistics, Self::Error>;
    /// [`Conv2d::weight_gradient`], and [`Conv2d::input_gradient`] if there is a `dx`: on a GPU in one go.
    fn conv_gradients(
        &self,
        conv: &Conv2d,
        x: Self::Slice<'_, f32>,
        weight: Self::Slice<'_, f32>,
        dy: Self::Slice<'_, f32>,
        dw: Self::SliceMut<'_, f32>,
        dx: Option<Self::SliceMut<'_, f32>>,
    ) -> Result<(), Self::Error>;

    /// [`Statistics::of`](crate::Statistics::of).
    fn statistics(
        &self,
        x: Self::Slice<'_, f32>,
        channels: usize,
    ) -> Result<Self::Statistics, Self::Error>;
    /// The means and the variances.
    fn mean_and_variance(
        &self,
        of: &Self::Statistics,
    ) -> Result<[Self::Buffer<f32>; 2], Self::Error>;
    /// [`BatchNorm::forward`](crate::BatchNorm::forward) with the statistics of the batch.
    fn norm_train(&self, of: NormTrain<'_, Self>) -> Result<Self::Norm, Self::Error>;
    /// [`BatchNorm::forward`](crate::BatchNorm::forward) with statistics that are known.
    fn norm_eval(&self, of: NormEval<'_, Self>) -> Result<(), Self::Error>;
    /// [`BatchNorm::backward`](crate::BatchNorm::backward).
    fn norm_backward(
        &self,
        norm: &Self::Norm,
        x: Self::Slice<'_, f32>,
        y: Self::Slice<'_, f32>,
        dy: Self::Slice<'_, f32>,
        gradients: NormGradients<'_, Self>,
    ) -> Result<(), Self::Error>;

    /// [`matmul`](crate::matmul): adds the product of `a` and `b` to `c`.
    fn matmul(
        &self,
        sizes: Matrices,
        c: Self::SliceMut<'_, f32>,
        a: Self::Slice<'_, f32>,
        b: Self::Slice<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// `y = bias + x w^T`, row by row; without a `bias` it is 0. `weight` has a row for each output.
    fn linear(
        &self,
        inputs: usize,
        x: Self::Slice<'_, f32>,
        weight: Self::Slice<'_, f32>,
        bias: Option<Self::Slice<'_, f32>>,
        y: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// Adds each row of `rows` to `sum`, one after the other.
    fn add_rows(
        &self,
        rows: Self::Slice<'_, f32>,
        sum: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;

    /// [`Windows::max`].
    fn max_pool(
        &self,
        windows: &Windows,
        x: Self::Slice<'_, f32>,
        y: Self::SliceMut<'_, f32>,
    ) -> Result<Self::Buffer<u16>, Self::Error>;
    /// [`Windows::max_gradient`].
    fn max_pool_gradient(
        &self,
        windows: &Windows,
        places: &Self::Buffer<u16>,
        dy: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`Windows::mean`].
    fn mean_pool(
        &self,
        windows: &Windows,
        x: Self::Slice<'_, f32>,
        y: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`Windows::mean_gradient`].
    fn mean_pool_gradient(
        &self,
        windows: &Windows,
        dy: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// For each picture the largest number of each channel, then the mean of each: `x` is (pixel, picture, channel),
    /// `y` has a row of twice the `channels` for each picture. The window is the whole picture.
    ///
    /// # Panics
    /// Also if there are no pixels, or more than 65535.
    fn concat_pool(
        &self,
        channels: usize,
        pixels: usize,
        x: Self::Slice<'_, f32>,
        y: Self::SliceMut<'_, f32>,
    ) -> Result<Self::Buffer<u16>, Self::Error>;
    /// Adds the gradient of [`concat_pool`](Self::concat_pool), which has returned the `places`, to `dx`: first what comes
    /// from the largest number, then what comes from the mean.
    fn concat_pool_gradient(
        &self,
        channels: usize,
        pixels: usize,
        places: &Self::Buffer<u16>,
        dy: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;

    /// `y_i = 0 + x_i f_i`, in the place of `-x_i`; `f_i` is `factor` where bit `i % 32` of `bits[i / 32]` is 1, else 0. The
    /// bits are the computer's own. (Of minus, since that is how dfdx makes a tensor out of another in its place.)
    fn dropout_of_minus(
        &self,
        bits: &[u32],
        factor: f32,
        y: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// Adds the gradient of [`dropout_of_minus`](Self::dropout_of_minus) to `dx`.
    fn dropout_gradient(
        &self,
        bits: &[u32],
        factor: f32,
        dy: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// `y = max(x, 0)`, in the place of `-x`, and NaN for NaN; -0 stays.
    fn relu_of_minus(&self, y: Self::SliceMut<'_, f32>) -> Result<(), Self::Error>;
    /// Adds `dy` to `dx`, and 0 where `y <= 0`.
    fn relu_gradient(
        &self,
        y: Self::Slice<'_, f32>,
        dy: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// `sum_i += factor x_i`, where `factor` is a single number on the device.
    fn add_scaled(
        &self,
        factor: Self::Slice<'_, f32>,
        x: Self::Slice<'_, f32>,
        sum: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;

    /// [`Function::forward`].
    fn function(
        &self,
        of: Function,
        x: Self::Slice<'_, f32>,
        y: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`Function::gradient`].
    fn function_gradient(
        &self,
        of: Function,
        x: Self::Slice<'_, f32>,
        y: Self::Slice<'_, f32>,
        dy: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// `a = a alpha + b beta`, each product and the sum rounded.
    fn axpy(
        &self,
        a: Self::SliceMut<'_, f32>,
        alpha: f32,
        b: Self::Slice<'_, f32>,
        beta: f32,
    ) -> Result<(), Self::Error>;

    /// [`sums`](crate::sums).
    fn sums(
        &self,
        x: Self::Slice<'_, f32>,
        kept: &[Axis],
        reduced: &[Axis],
        y: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`repeat`](crate::repeat).
    fn repeat(
        &self,
        x: Self::Slice<'_, f32>,
        axes: &[Axis],
        y: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`add_repeated`](crate::add_repeated).
    fn add_repeated(
        &self,
        x: Self::Slice<'_, f32>,
        axes: &[Axis],
        y: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`repeat_gradient`](crate::repeat_gradient).
    fn repeat_gradient(
        &self,
        axes: &[Axis],
        dy: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;

    /// [`softmax`](crate::softmax).
    fn softmax(
        &self,
        classes: usize,
        x: Self::Slice<'_, f32>,
        p: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`softmax_gradient`](crate::softmax_gradient).
    fn softmax_gradient(
        &self,
        classes: usize,
        p: Self::Slice<'_, f32>,
        dp: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`cross_entropy`](crate::cross_entropy), with the result in `loss`, a single number. On a GPU a target that is no class
    /// is no panic: to look at the targets would hold it up. It makes the loss NaN.
    fn cross_entropy(
        &self,
        classes: usize,
        x: Self::Slice<'_, f32>,
        targets: Self::Slice<'_, i64>,
        eps: f32,
        slopes: Self::SliceMut<'_, f32>,
        loss: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;

    /// [`mnist_loss`](crate::mnist_loss), with the result in `loss`, a single number.
    fn mnist_loss(
        &self,
        x: Self::Slice<'_, f32>,
        targets: Self::Slice<'_, i64>,
        p: Self::SliceMut<'_, f32>,
        loss: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`mnist_loss_gradient`](crate::mnist_loss_gradient), where `dloss` is a single number on the device.
    fn mnist_loss_gradient(
        &self,
        p: Self::Slice<'_, f32>,
        targets: Self::Slice<'_, i64>,
        dloss: Self::Slice<'_, f32>,
        dx: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;

    /// The share of rows of `x` whose largest number, of equal ones the first, is at the row's target.
    fn accuracy(
        &self,
        classes: usize,
        x: Self::Slice<'_, f32>,
        targets: Self::Slice<'_, i64>,
        share: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// The share of truths that hold.
    fn share_of_true(
        &self,
        truths: Self::Slice<'_, bool>,
        share: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;

    /// [`select_rows`](crate::select_rows).
    fn select_rows<E: Element>(
        &self,
        all: Self::Slice<'_, E>,
        width: usize,
        rows: &[usize],
        to: Self::SliceMut<'_, E>,
    ) -> Result<(), Self::Error>;
    /// Pictures out of `all`, which is (picture, channel, pixel), as (pixel, picture, channel).
    fn select_pictures(
        &self,
        all: Self::Slice<'_, f32>,
        channels: usize,
        pixels: usize,
        pictures: &[usize],
        to: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`column_means`](crate::column_means), of as many columns as `means` has.
    fn column_means(
        &self,
        rows: Self::Slice<'_, f32>,
        means: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;
    /// [`mean_absolute_differences`](crate::mean_absolute_differences).
    fn mean_absolute_differences(
        &self,
        x: Self::Slice<'_, f32>,
        b: Self::Slice<'_, f32>,
        distances: Self::SliceMut<'_, f32>,
    ) -> Result<(), Self::Error>;

    /// [`AdamStep::update`] for all parameters, if the losses are finite; on a GPU in one go.
    fn adam(
        &self,
        step: &AdamStep,
        parts: Vec<AdamPart<'_, Self>>,
        then_zero: bool,
        losses: Losses<'_, Self>,
    ) -> Result<(), Self::Error>;
    /// [`SgdStep`] for all parameters, if the losses are finite; on a GPU in one go.
    fn sgd(
        &self,
        step: &SgdStep,
        parts: Vec<SgdPart<'_, Self>>,
        then_zero: bool,
        losses: Losses<'_, Self>,
    ) -> Result<(), Self::Error>;
    /// Sets all these numbers to 0; on a GPU in one go.
    fn zero_all(&self, parts: Vec<Self::SliceMut<'_, f32>>) -> Result<(), Self::Error>;
}
