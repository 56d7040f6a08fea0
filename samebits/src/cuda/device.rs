//! The GPU as a [`Device`]: each operation is that of a module beside this one.

use super::memory::{copy_out, fill_with_zeros, room};
use super::{
    Buffer, Error, Gpu, Norm, Slice, SliceMut, Statistics, conv, elementwise, functions, matmul,
    norm, optimizers, pool, select, sums,
};
use crate::device::{
    AdamPart, Device, Element, Matrices, NormEval, NormGradients, NormTrain, SgdPart, SgdStep,
};
use crate::{AdamStep, Axis, Conv2d, Function, Windows};

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

    fn zero(&self, numbers: SliceMut<'_, f32>) -> Result<(), Error> {
        fill_with_zeros(*self, numbers.address(), 4 * numbers.len())
    }

    fn conv_forward(
        &self,
        conv: &Conv2d,
        x: Slice<'_, f32>,
        weight: Slice<'_, f32>,
        y: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        conv::forward(*self, conv, x, weight, y)
    }

    fn conv_forward_statistics(
        &self,
        conv: &Conv2d,
        x: Slice<'_, f32>,
        weight: Slice<'_, f32>,
        y: SliceMut<'_, f32>,
    ) -> Result<Statistics, Error> {
        conv::forward_statistics(*self, conv, x, weight, y)
    }

    fn conv_gradients(
        &self,
        conv: &Conv2d,
        x: Slice<'_, f32>,
        weight: Slice<'_, f32>,
        dy: Slice<'_, f32>,
        dw: SliceMut<'_, f32>,
        dx: Option<SliceMut<'_, f32>>,
    ) -> Result<(), Error> {
        conv::gradients(*self, conv, x, weight, dy, dw, dx)
    }

    fn statistics(&self, x: Slice<'_, f32>, channels: usize) -> Result<Statistics, Error> {
        norm::statistics(*self, x, channels)
    }

    fn mean_and_variance(&self, of: &Statistics) -> Result<[Buffer<f32>; 2], Error> {
        norm::mean_and_variance(*self, of)
    }

    fn norm_train(&self, of: NormTrain<'_, Self>) -> Result<Norm, Error> {
        norm::train(*self, of)
    }

    fn norm_eval(&self, of: NormEval<'_, Self>) -> Result<(), Error> {
        norm::eval(*self, of)
    }

    fn norm_backward(
        &self,
        norm: &Norm,
        x: Slice<'_, f32>,
        y: Slice<'_, f32>,
        dy: Slice<'_, f32>,
        gradients: NormGradients<'_, Self>,
    ) -> Result<(), Error> {
        norm::backward(*self, norm, x, y, dy, gradients)
    }

    fn matmul(
        &self,
        sizes: Matrices,
        c: SliceMut<'_, f32>,
        a: Slice<'_, f32>,
        b: Slice<'_, f32>,
    ) -> Result<(), Error> {
        matmul::matmul(*self, sizes, c, a, b)
    }

    fn linear(
        &self,
        inputs: usize,
        x: Slice<'_, f32>,
        weight: Slice<'_, f32>,
        bias: Option<Slice<'_, f32>>,
        y: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        matmul::linear(*self, inputs, x, weight, bias, y)
    }

    fn add_rows(&self, rows: Slice<'_, f32>, sum: SliceMut<'_, f32>) -> Result<(), Error> {
        matmul::add_rows(*self, rows, sum)
    }

    fn max_pool(
        &self,
        windows: &Windows,
        x: Slice<'_, f32>,
        y: SliceMut<'_, f32>,
    ) -> Result<Buffer<u16>, Error> {
        pool::max(*self, windows, x, y)
    }

    fn max_pool_gradient(
        &self,
        windows: &Windows,
        places: &Buffer<u16>,
        dy: Slice<'_, f32>,
        dx: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        pool::max_gradient(*self, windows, places, dy, dx)
    }

    fn mean_pool(
        &self,
        windows: &Windows,
        x: Slice<'_, f32>,
        y: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        pool::mean(*self, windows, x, y)
    }

    fn mean_pool_gradient(
        &self,
        windows: &Windows,
        dy: Slice<'_, f32>,
        dx: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        pool::mean_gradient(*self, windows, dy, dx)
    }

    fn concat_pool(
        &self,
        channels: usize,
        pixels: usize,
        x: Slice<'_, f32>,
        y: SliceMut<'_, f32>,
    ) -> Result<Buffer<u16>, Error> {
        pool::concat(*self, channels, pixels, x, y)
    }

    fn concat_pool_gradient(
        &self,
        channels: usize,
        pixels: usize,
        places: &Buffer<u16>,
        dy: Slice<'_, f32>,
        dx: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        pool::concat_gradient(*self, channels, pixels, places, dy, dx)
    }

    fn dropout(
        &self,
        bits: Slice<'_, u32>,
        factor: f32,
        x: Slice<'_, f32>,
        y: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        elementwise::dropout(*self, bits, factor, x, y)
    }

    fn dropout_gradient(
        &self,
        bits: Slice<'_, u32>,
        factor: f32,
        dy: Slice<'_, f32>,
        dx: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        elementwise::dropout_gradient(*self, bits, factor, dy, dx)
    }

    fn relu(&self, x: Slice<'_, f32>, y: SliceMut<'_, f32>) -> Result<(), Error> {
        elementwise::relu(*self, x, y)
    }

    fn relu_gradient(
        &self,
        y: Slice<'_, f32>,
        dy: Slice<'_, f32>,
        dx: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        elementwise::relu_gradient(*self, y, dy, dx)
    }

    fn add_scaled(
        &self,
        factor: Slice<'_, f32>,
        x: Slice<'_, f32>,
        sum: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        elementwise::add_scaled(*self, factor, x, sum)
    }

    fn accuracy(
        &self,
        classes: usize,
        x: Slice<'_, f32>,
        targets: Slice<'_, i64>,
        share: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        elementwise::accuracy(*self, classes, x, targets, share)
    }

    fn share_of_true(
        &self,
        truths: Slice<'_, bool>,
        share: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        elementwise::share_of_true(*self, truths, share)
    }

    fn select_rows<E: Element>(
        &self,
        all: Slice<'_, E>,
        width: usize,
        rows: &[usize],
        to: SliceMut<'_, E>,
    ) -> Result<(), Error> {
        select::rows(*self, all, width, rows, to)
    }

    fn select_pictures(
        &self,
        all: Slice<'_, f32>,
        channels: usize,
        pixels: usize,
        pictures: &[usize],
        to: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        select::pictures(*self, all, channels, pixels, pictures, to)
    }

    fn column_means(&self, rows: Slice<'_, f32>, means: SliceMut<'_, f32>) -> Result<(), Error> {
        matmul::column_means(*self, rows, means)
    }

    fn mean_absolute_differences(
        &self,
        x: Slice<'_, f32>,
        b: Slice<'_, f32>,
        distances: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        matmul::mean_absolute_differences(*self, x, b, distances)
    }

    fn adam(
        &self,
        step: &AdamStep,
        parts: Vec<AdamPart<'_, Self>>,
        then_zero: bool,
    ) -> Result<(), Error> {
        optimizers::adam(*self, step, parts, then_zero)
    }

    fn sgd(&self, step: &SgdStep, parts: Vec<SgdPart<'_, Self>>) -> Result<(), Error> {
        optimizers::sgd(*self, step, parts)
    }

    fn zero_all(&self, parts: Vec<SliceMut<'_, f32>>) -> Result<(), Error> {
        optimizers::zero_all(*self, parts)
    }

    fn function(&self, of: Function, x: Slice<'_, f32>, y: SliceMut<'_, f32>) -> Result<(), Error> {
        functions::function(*self, of, x, y)
    }

    fn function_gradient(
        &self,
        of: Function,
        x: Slice<'_, f32>,
        y: Slice<'_, f32>,
        dy: Slice<'_, f32>,
        dx: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        functions::gradient(*self, of, x, y, dy, dx)
    }

    fn axpy(
        &self,
        a: SliceMut<'_, f32>,
        alpha: f32,
        b: Slice<'_, f32>,
        beta: f32,
    ) -> Result<(), Error> {
        elementwise::axpy(*self, a, alpha, b, beta)
    }

    fn sums(
        &self,
        x: Slice<'_, f32>,
        kept: &[Axis],
        reduced: &[Axis],
        y: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        sums::sums(*self, x, kept, reduced, y)
    }

    fn repeat(&self, x: Slice<'_, f32>, axes: &[Axis], y: SliceMut<'_, f32>) -> Result<(), Error> {
        sums::repeat(*self, x, axes, y, false)
    }

    fn add_repeated(
        &self,
        x: Slice<'_, f32>,
        axes: &[Axis],
        y: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        sums::repeat(*self, x, axes, y, true)
    }

    fn repeat_gradient(
        &self,
        axes: &[Axis],
        dy: Slice<'_, f32>,
        dx: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        sums::repeat_gradient(*self, axes, dy, dx)
    }

    fn softmax(
        &self,
        classes: usize,
        x: Slice<'_, f32>,
        p: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        functions::softmax(*self, classes, x, p)
    }

    fn softmax_gradient(
        &self,
        classes: usize,
        p: Slice<'_, f32>,
        dp: Slice<'_, f32>,
        dx: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        functions::softmax_gradient(*self, classes, p, dp, dx)
    }

    fn cross_entropy(
        &self,
        classes: usize,
        x: Slice<'_, f32>,
        targets: Slice<'_, i64>,
        eps: f32,
        slopes: SliceMut<'_, f32>,
        loss: SliceMut<'_, f32>,
    ) -> Result<(), Error> {
        functions::cross_entropy(*self, classes, x, targets, eps, slopes, loss)
    }
}
