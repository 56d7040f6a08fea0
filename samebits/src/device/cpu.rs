//! The operations on the computer's own memory: the functions on slices.

use std::convert::Infallible;

use super::checks::{assert_rows, assert_selected};
use super::{
    AdamPart, Device, Element, Losses, Matrices, NormEval, NormGradients, NormTrain, Running,
    SgdPart, SgdStep,
};
use super::{operations, steps};
use crate::simd::each;
use crate::sums::{self, Axis};
use crate::{
    AdamStep, BatchNorm, Conv2d, Function, Gradients, Statistics, Windows, column_means,
    cross_entropy, mean_absolute_differences, mnist_loss, mnist_loss_gradient, select_rows,
    softmax, softmax_gradient, zero,
};

/// The computer's own processor and memory.
///
/// ```
/// use samebits::{Cpu, Device, Function};
///
/// let mut y = [0.0; 2];
/// Cpu.function(Function::Exp, &[0.0, 1.0], &mut y)?;
/// assert_eq!(y, [1.0, std::f32::consts::E]);
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu;

type Done = Result<(), Infallible>;

impl Device for Cpu {
    type Error = Infallible;
    type Slice<'a, E: Element> = &'a [E];
    type SliceMut<'a, E: Element> = &'a mut [E];
    type Buffer<E: Element> = Vec<E>;
    type Statistics = Statistics;
    type Norm = BatchNorm;

    fn zeros<E: Element>(&self, len: usize) -> Result<Vec<E>, Infallible> {
        Ok(vec![E::default(); len])
    }

    fn room(&self, len: usize) -> Result<Vec<f32>, Infallible> {
        self.zeros(len)
    }

    fn copy_in<E: Element>(&self, numbers: &[E]) -> Result<Vec<E>, Infallible> {
        Ok(numbers.to_vec())
    }

    fn copy_out<E: Element>(&self, numbers: &[E]) -> Result<Vec<E>, Infallible> {
        Ok(numbers.to_vec())
    }

    fn slice<'a, E: Element>(&self, buffer: &'a Vec<E>) -> &'a [E] {
        buffer
    }

    fn slice_mut<'a, E: Element>(&self, buffer: &'a mut Vec<E>) -> &'a mut [E] {
        buffer
    }

    fn zero(&self, numbers: &mut [f32]) -> Done {
        zero(numbers);
        Ok(())
    }

    fn conv_forward(&self, conv: &Conv2d, x: &[f32], weight: &[f32], y: &mut [f32]) -> Done {
        conv.forward(x, weight, y);
        Ok(())
    }

    fn conv_forward_statistics(
        &self,
        conv: &Conv2d,
        x: &[f32],
        weight: &[f32],
        y: &mut [f32],
    ) -> Result<Statistics, Infallible> {
        conv.forward(x, weight, y);
        Ok(Statistics::of(y, conv.out_channels))
    }

    fn conv_gradients(
        &self,
        conv: &Conv2d,
        x: &[f32],
        weight: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        dx: Option<&mut [f32]>,
    ) -> Done {
        conv.weight_gradient(x, dy, dw);
        if let Some(dx) = dx {
            conv.input_gradient(dy, weight, dx);
        }
        Ok(())
    }

    fn statistics(&self, x: &[f32], channels: usize) -> Result<Statistics, Infallible> {
        Ok(Statistics::of(x, channels))
    }

    fn mean_and_variance(&self, of: &Statistics) -> Result<[Vec<f32>; 2], Infallible> {
        Ok([of.mean.clone(), of.variance.clone()])
    }

    fn norm_train(&self, of: NormTrain<'_, Self>) -> Result<BatchNorm, Infallible> {
        let NormTrain { statistics, x, residual, weight, bias, eps, activation, running, y } = of;
        let statistics = statistics.unwrap_or_else(|| Statistics::of(x, weight.len()));
        if let Some(Running { mean, variance, momentum }) = running {
            let channels = weight.len();
            assert_eq!([mean.len(), variance.len()], [channels; 2], "running statistics");
            let rows = x.len() / channels.max(1);
            let [kept, of_mean, of_variance] = Running::<Self>::factors(momentum, rows);
            steps::axpy(mean, kept, &statistics.mean, of_mean);
            steps::axpy(variance, kept, &statistics.variance, of_variance);
        }
        let norm = BatchNorm::new(statistics, eps, weight, bias, activation);
        norm.forward(x, residual, y);
        Ok(norm)
    }

    fn norm_eval(&self, of: NormEval<'_, Self>) -> Done {
        let NormEval { x, residual, mean, variance, weight, bias, eps, activation, y } = of;
        let statistics = Statistics { mean: mean.to_vec(), variance: variance.to_vec() };
        BatchNorm::new(statistics, eps, weight, bias, activation).forward(x, residual, y);
        Ok(())
    }

    fn norm_backward(
        &self,
        norm: &BatchNorm,
        x: &[f32],
        y: &[f32],
        dy: &[f32],
        NormGradients { dx, fresh, dweight, dbias, dresidual }: NormGradients<'_, Self>,
    ) -> Done {
        norm.backward(x, y, dy, Gradients { dx, fresh, dweight, dbias, dresidual });
        Ok(())
    }

    fn matmul(&self, sizes: Matrices, c: &mut [f32], a: &[f32], b: &[f32]) -> Done {
        operations::matrix_product(sizes, c, a, b);
        Ok(())
    }

    fn linear(
        &self,
        inputs: usize,
        x: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) -> Done {
        operations::linear(inputs, x, weight, bias, y);
        Ok(())
    }

    fn add_rows(&self, rows: &[f32], sum: &mut [f32]) -> Done {
        assert_rows(rows.len(), sum.len());
        for row in rows.chunks_exact(sum.len().max(1)) {
            each(|| sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x));
        }
        Ok(())
    }

    fn max_pool(
        &self,
        windows: &Windows,
        x: &[f32],
        y: &mut [f32],
    ) -> Result<Vec<u16>, Infallible> {
        Ok(windows.max(x, y))
    }

    fn max_pool_gradient(
        &self,
        windows: &Windows,
        places: &Vec<u16>,
        dy: &[f32],
        dx: &mut [f32],
    ) -> Done {
        windows.max_gradient(places, dy, dx);
        Ok(())
    }

    fn mean_pool(&self, windows: &Windows, x: &[f32], y: &mut [f32]) -> Done {
        windows.mean(x, y);
        Ok(())
    }

    fn mean_pool_gradient(&self, windows: &Windows, dy: &[f32], dx: &mut [f32]) -> Done {
        windows.mean_gradient(dy, dx);
        Ok(())
    }

    fn concat_pool(
        &self,
        channels: usize,
        pixels: usize,
        x: &[f32],
        y: &mut [f32],
    ) -> Result<Vec<u16>, Infallible> {
        Ok(operations::concat_pool(channels, pixels, x, y))
    }

    fn concat_pool_gradient(
        &self,
        channels: usize,
        pixels: usize,
        places: &Vec<u16>,
        dy: &[f32],
        dx: &mut [f32],
    ) -> Done {
        operations::concat_pool_gradient(channels, pixels, places, dy, dx);
        Ok(())
    }

    fn dropout_of_minus(&self, bits: &[u32], factor: f32, y: &mut [f32]) -> Done {
        operations::dropout_of_minus(bits, factor, y);
        Ok(())
    }

    fn dropout_gradient(&self, bits: &[u32], factor: f32, dy: &[f32], dx: &mut [f32]) -> Done {
        operations::dropout_gradient(bits, factor, dy, dx);
        Ok(())
    }

    fn relu_of_minus(&self, y: &mut [f32]) -> Done {
        operations::relu_of_minus(y);
        Ok(())
    }

    fn relu_gradient(&self, y: &[f32], dy: &[f32], dx: &mut [f32]) -> Done {
        operations::relu_gradient(y, dy, dx);
        Ok(())
    }

    fn add_scaled(&self, factor: &[f32], x: &[f32], sum: &mut [f32]) -> Done {
        operations::add_scaled(factor, x, sum);
        Ok(())
    }

    fn accuracy(&self, classes: usize, x: &[f32], targets: &[i64], share: &mut [f32]) -> Done {
        assert_eq!(share.len(), 1, "numbers of the share");
        share[0] = operations::accuracy(classes, x, targets);
        Ok(())
    }

    fn function(&self, of: Function, x: &[f32], y: &mut [f32]) -> Done {
        of.forward(x, y);
        Ok(())
    }

    fn function_gradient(
        &self,
        of: Function,
        x: &[f32],
        y: &[f32],
        dy: &[f32],
        dx: &mut [f32],
    ) -> Done {
        of.gradient(x, y, dy, dx);
        Ok(())
    }

    fn axpy(&self, a: &mut [f32], alpha: f32, b: &[f32], beta: f32) -> Done {
        steps::axpy(a, alpha, b, beta);
        Ok(())
    }

    fn sums(&self, x: &[f32], kept: &[Axis], reduced: &[Axis], y: &mut [f32]) -> Done {
        sums::sums(x, kept, reduced, y);
        Ok(())
    }

    fn repeat(&self, x: &[f32], axes: &[Axis], y: &mut [f32]) -> Done {
        sums::repeat(x, axes, y);
        Ok(())
    }

    fn add_repeated(&self, x: &[f32], axes: &[Axis], y: &mut [f32]) -> Done {
        sums::add_repeated(x, axes, y);
        Ok(())
    }

    fn repeat_gradient(&self, axes: &[Axis], dy: &[f32], dx: &mut [f32]) -> Done {
        sums::repeat_gradient(axes, dy, dx);
        Ok(())
    }

    fn softmax(&self, classes: usize, x: &[f32], p: &mut [f32]) -> Done {
        softmax(x, classes, p);
        Ok(())
    }

    fn softmax_gradient(&self, classes: usize, p: &[f32], dp: &[f32], dx: &mut [f32]) -> Done {
        softmax_gradient(p, classes, dp, dx);
        Ok(())
    }

    fn cross_entropy(
        &self,
        classes: usize,
        x: &[f32],
        targets: &[i64],
        eps: f32,
        slopes: &mut [f32],
        loss: &mut [f32],
    ) -> Done {
        assert_eq!(loss.len(), 1, "numbers of the loss");
        loss[0] = cross_entropy(x, classes, targets, eps, slopes);
        Ok(())
    }

    fn mnist_loss(&self, x: &[f32], targets: &[i64], p: &mut [f32], loss: &mut [f32]) -> Done {
        assert_eq!(loss.len(), 1, "numbers of the loss");
        loss[0] = mnist_loss(x, targets, p);
        Ok(())
    }

    fn mnist_loss_gradient(&self, p: &[f32], of: &[i64], dloss: &[f32], dx: &mut [f32]) -> Done {
        assert_eq!(dloss.len(), 1, "numbers of the loss's gradient");
        mnist_loss_gradient(p, of, dloss[0], dx);
        Ok(())
    }

    fn share_of_true(&self, truths: &[bool], share: &mut [f32]) -> Done {
        assert_eq!(share.len(), 1, "numbers of the share");
        share[0] = operations::share_of_true(truths);
        Ok(())
    }

    fn select_rows<E: Element>(
        &self,
        all: &[E],
        width: usize,
        rows: &[usize],
        to: &mut [E],
    ) -> Done {
        assert_selected(all.len(), width, rows, to.len());
        to.copy_from_slice(&select_rows(all, width, rows));
        Ok(())
    }

    fn select_pictures(
        &self,
        all: &[f32],
        channels: usize,
        pixels: usize,
        pictures: &[usize],
        to: &mut [f32],
    ) -> Done {
        operations::select_pictures(all, channels, pixels, pictures, to);
        Ok(())
    }

    fn column_means(&self, rows: &[f32], means: &mut [f32]) -> Done {
        means.copy_from_slice(&column_means(rows, means.len()));
        Ok(())
    }

    fn mean_absolute_differences(&self, x: &[f32], b: &[f32], distances: &mut [f32]) -> Done {
        mean_absolute_differences(x, b, distances);
        Ok(())
    }

    fn adam(
        &self,
        step: &AdamStep,
        parts: Vec<AdamPart<'_, Self>>,
        then_zero: bool,
        losses: Losses<'_, Self>,
    ) -> Done {
        steps::adam(step, parts, then_zero, losses);
        Ok(())
    }

    fn sgd(
        &self,
        step: &SgdStep,
        parts: Vec<SgdPart<'_, Self>>,
        then_zero: bool,
        losses: Losses<'_, Self>,
    ) -> Done {
        steps::sgd(step, parts, then_zero, losses);
        Ok(())
    }

    fn zero_all(&self, parts: Vec<&mut [f32]>) -> Done {
        parts.into_iter().for_each(zero);
        Ok(())
    }
}
