//! The GPU as a [`Device`]: each operation is that of a module beside this one.

use super::memory::{copy_out, fill_with_zeros, room};
use super::{
    Buffer, Error, Gpu, Norm, Slice, SliceMut, Statistics, conv, elementwise, functions, matmul,
    norm, optimizers, pool, select, sums,
};
use crate::device::{
    AdamPart, Device, Element, Losses, Matrices, NormEval, NormGradients, NormTrain, SgdPart,
    SgdStep,
};
use crate::{AdamStep, Axis, Conv2d, Function, Windows};

/// Numbers to read, numbers to change, and the result of an operation that leaves some.
type Read<'a> = Slice<'a, f32>;
type Write<'a> = SliceMut<'a, f32>;
type Done = Result<(), Error>;

impl Device for Gpu {
    type Error = Error;
    type Slice<'a, E: Element> = Slice<'a, E>;
    type SliceMut<'a, E: Element> = SliceMut<'a, E>;
    type Buffer<E: Element> = Buffer<E>;
    type Statistics = Statistics;
    type Norm = Norm;

    fn zeros<E: Element>(&self, len: usize) -> Result<Buffer<E>, Error> {
        let mut buffer = room(*self, len)?;
        buffer.zero()?;
        Ok(buffer)
    }

    fn room(&self, len: usize) -> Result<Buffer<f32>, Error> {
        // Of floats: whatever bits lie there, they are one. So to read them is a fault, and no more.
        room(*self, len)
    }

    fn copy_in<E: Element>(&self, numbers: &[E]) -> Result<Buffer<E>, Error> {
        let mut buffer = room(*self, numbers.len())?;
        buffer.fill(numbers)?;
        Ok(buffer)
    }

    fn copy_out<E: Element>(&self, numbers: Slice<'_, E>) -> Result<Vec<E>, Error> {
        copy_out(*self, numbers)
    }

    fn slice<'a, E: Element>(&self, buffer: &'a Buffer<E>) -> Slice<'a, E> {
        buffer.slice()
    }

    fn slice_mut<'a, E: Element>(&self, buffer: &'a mut Buffer<E>) -> SliceMut<'a, E> {
        buffer.slice_mut()
    }

    fn zero(&self, numbers: Write<'_>) -> Done {
        fill_with_zeros(*self, numbers.address(), 4 * numbers.len())
    }

    fn conv_forward(&self, conv: &Conv2d, x: Read<'_>, weight: Read<'_>, y: Write<'_>) -> Done {
        conv::forward(*self, conv, x, weight, y)
    }

    fn conv_forward_statistics(
        &self,
        conv: &Conv2d,
        x: Read<'_>,
        weight: Read<'_>,
        y: Write<'_>,
    ) -> Result<Statistics, Error> {
        conv::forward_statistics(*self, conv, x, weight, y)
    }

    fn conv_gradients(
        &self,
        conv: &Conv2d,
        x: Read<'_>,
        weight: Read<'_>,
        dy: Read<'_>,
        dw: Write<'_>,
        dx: Option<Write<'_>>,
    ) -> Done {
        conv::gradients(*self, conv, x, weight, dy, dw, dx)
    }

    fn statistics(&self, x: Read<'_>, channels: usize) -> Result<Statistics, Error> {
        norm::statistics(*self, x, channels)
    }

    fn mean_and_variance(&self, of: &Statistics) -> Result<[Buffer<f32>; 2], Error> {
        norm::mean_and_variance(*self, of)
    }

    fn norm_train(&self, of: NormTrain<'_, Self>) -> Result<Norm, Error> {
        norm::train(*self, of)
    }

    fn norm_eval(&self, of: NormEval<'_, Self>) -> Done {
        norm::eval(*self, of)
    }

    fn norm_backward(
        &self,
        norm: &Norm,
        x: Read<'_>,
        y: Read<'_>,
        dy: Read<'_>,
        gradients: NormGradients<'_, Self>,
    ) -> Done {
        norm::backward(*self, norm, x, y, dy, gradients)
    }

    fn matmul(&self, sizes: Matrices, c: Write<'_>, a: Read<'_>, b: Read<'_>) -> Done {
        matmul::matmul(*self, sizes, c, a, b)
    }

    fn linear(
        &self,
        inputs: usize,
        x: Read<'_>,
        weight: Read<'_>,
        bias: Option<Read<'_>>,
        y: Write<'_>,
    ) -> Done {
        matmul::linear(*self, inputs, x, weight, bias, y)
    }

    fn add_rows(&self, rows: Read<'_>, sum: Write<'_>) -> Done {
        matmul::add_rows(*self, rows, sum)
    }

    fn max_pool(&self, windows: &Windows, x: Read<'_>, y: Write<'_>) -> Result<Buffer<u16>, Error> {
        pool::max(*self, windows, x, y)
    }

    fn max_pool_gradient(
        &self,
        windows: &Windows,
        places: &Buffer<u16>,
        dy: Read<'_>,
        dx: Write<'_>,
    ) -> Done {
        pool::max_gradient(*self, windows, places, dy, dx)
    }

    fn mean_pool(&self, windows: &Windows, x: Read<'_>, y: Write<'_>) -> Done {
        pool::mean(*self, windows, x, y)
    }

    fn mean_pool_gradient(&self, windows: &Windows, dy: Read<'_>, dx: Write<'_>) -> Done {
        pool::mean_gradient(*self, windows, dy, dx)
    }

    fn concat_pool(
        &self,
        channels: usize,
        pixels: usize,
        x: Read<'_>,
        y: Write<'_>,
    ) -> Result<Buffer<u16>, Error> {
        pool::concat(*self, channels, pixels, x, y)
    }

    fn concat_pool_gradient(
        &self,
        channels: usize,
        pixels: usize,
        places: &Buffer<u16>,
        dy: Read<'_>,
        dx: Write<'_>,
    ) -> Done {
        pool::concat_gradient(*self, channels, pixels, places, dy, dx)
    }

    fn dropout_of_minus(&self, bits: &[u32], factor: f32, y: Write<'_>) -> Done {
        elementwise::dropout_of_minus(*self, bits, factor, y)
    }

    fn dropout_gradient(&self, bits: &[u32], factor: f32, dy: Read<'_>, dx: Write<'_>) -> Done {
        elementwise::dropout_gradient(*self, bits, factor, dy, dx)
    }

    fn relu_of_minus(&self, y: Write<'_>) -> Done {
        elementwise::relu_of_minus(*self, y)
    }

    fn relu_gradient(&self, y: Read<'_>, dy: Read<'_>, dx: Write<'_>) -> Done {
        elementwise::relu_gradient(*self, y, dy, dx)
    }

    fn add_scaled(&self, factor: Read<'_>, x: Read<'_>, sum: Write<'_>) -> Done {
        elementwise::add_scaled(*self, factor, x, sum)
    }

    fn accuracy(
        &self,
        classes: usize,
        x: Read<'_>,
        targets: Slice<'_, i64>,
        share: Write<'_>,
    ) -> Done {
        elementwise::accuracy(*self, classes, x, targets, share)
    }

    fn share_of_true(&self, truths: Slice<'_, bool>, share: Write<'_>) -> Done {
        elementwise::share_of_true(*self, truths, share)
    }

    fn select_rows<E: Element>(
        &self,
        all: Slice<'_, E>,
        width: usize,
        rows: &[usize],
        to: SliceMut<'_, E>,
    ) -> Done {
        select::rows(*self, all, width, rows, to)
    }

    fn select_pictures(
        &self,
        all: Read<'_>,
        channels: usize,
        pixels: usize,
        pictures: &[usize],
        to: Write<'_>,
    ) -> Done {
        select::pictures(*self, all, channels, pixels, pictures, to)
    }

    fn column_means(&self, rows: Read<'_>, means: Write<'_>) -> Done {
        matmul::column_means(*self, rows, means)
    }

    fn mean_absolute_differences(&self, x: Read<'_>, b: Read<'_>, distances: Write<'_>) -> Done {
        matmul::mean_absolute_differences(*self, x, b, distances)
    }

    fn adam(
        &self,
        step: &AdamStep,
        parts: Vec<AdamPart<'_, Self>>,
        then_zero: bool,
        losses: Losses<'_, Self>,
    ) -> Done {
        optimizers::adam(*self, step, parts, then_zero, losses)
    }

    fn sgd(
        &self,
        step: &SgdStep,
        parts: Vec<SgdPart<'_, Self>>,
        then_zero: bool,
        losses: Losses<'_, Self>,
    ) -> Done {
        optimizers::sgd(*self, step, parts, then_zero, losses)
    }

    fn zero_all(&self, parts: Vec<Write<'_>>) -> Done {
        optimizers::zero_all(*self, parts)
    }

    fn function(&self, of: Function, x: Read<'_>, y: Write<'_>) -> Done {
        functions::function(*self, of, x, y)
    }

    fn function_gradient(
        &self,
        of: Function,
        x: Read<'_>,
        y: Read<'_>,
        dy: Read<'_>,
        dx: Write<'_>,
    ) -> Done {
        functions::gradient(*self, of, x, y, dy, dx)
    }

    fn axpy(&self, a: Write<'_>, alpha: f32, b: Read<'_>, beta: f32) -> Done {
        elementwise::axpy(*self, a, alpha, b, beta)
    }

    fn sums(&self, x: Read<'_>, kept: &[Axis], reduced: &[Axis], y: Write<'_>) -> Done {
        sums::sums(*self, x, kept, reduced, y)
    }

    fn repeat(&self, x: Read<'_>, axes: &[Axis], y: Write<'_>) -> Done {
        sums::repeat(*self, x, axes, y, false)
    }

    fn add_repeated(&self, x: Read<'_>, axes: &[Axis], y: Write<'_>) -> Done {
        sums::repeat(*self, x, axes, y, true)
    }

    fn repeat_gradient(&self, axes: &[Axis], dy: Read<'_>, dx: Write<'_>) -> Done {
        sums::repeat_gradient(*self, axes, dy, dx)
    }

    fn softmax(&self, classes: usize, x: Read<'_>, p: Write<'_>) -> Done {
        functions::softmax(*self, classes, x, p)
    }

    fn softmax_gradient(&self, classes: usize, p: Read<'_>, dp: Read<'_>, dx: Write<'_>) -> Done {
        functions::softmax_gradient(*self, classes, p, dp, dx)
    }

    fn cross_entropy(
        &self,
        classes: usize,
        x: Read<'_>,
        targets: Slice<'_, i64>,
        eps: f32,
        slopes: Write<'_>,
        loss: Write<'_>,
    ) -> Done {
        functions::cross_entropy(*self, classes, x, targets, eps, slopes, loss)
    }

    fn mnist_loss(
        &self,
        x: Read<'_>,
        targets: Slice<'_, i64>,
        p: Write<'_>,
        loss: Write<'_>,
    ) -> Done {
        functions::mnist_loss(*self, x, targets, p, loss)
    }

    fn mnist_loss_gradient(
        &self,
        p: Read<'_>,
        targets: Slice<'_, i64>,
        dloss: Read<'_>,
        dx: Write<'_>,
    ) -> Done {
        functions::mnist_loss_gradient(*self, p, targets, dloss, dx)
    }
}
