//! The product of a batch with a matrix of weights, and its gradients.

use dfdx::shapes::Rank2;
use dfdx::tensor::{AutoDevice, Tape, Tensor};

use crate::ops;
use crate::shapes::{JoinTape, RowsOf};

/// The product of matrices in the order of PyTorch's `xb @ weights`.
pub trait MatMul<const I: usize, S: RowsOf<I>, T> {
    /// Each row of this tensor times the matrix `weights`: `y_bo = sum_i x_bi w_io`, PyTorch's `@` or
    /// `torch.mm`.
    ///
    /// dfdx has it as `matmul`. The difference is which gradients are worked out. dfdx wants the tape
    /// on the left tensor and finds the gradients of both. Here the types decide: a left tensor
    /// without a tape is data, of which no gradient is needed. The result has the tapes of both.
    ///
    /// Sizes that do not fit are a compile error.
    ///
    /// # Example
    /// ```
    /// use mnist_from_scratch::prelude::*;
    ///
    /// let dev = AutoDevice::default();
    /// let xb = dev.tensor([[1., 2., 3.], [4., 5., 6.]]);
    /// let weights: Tensor<Rank2<3, 1>, f32, _> = dev.ones();
    /// let preds = xb.mm(weights.leaky_trace());
    /// assert_eq!(preds.array(), [[6.], [15.]]);
    /// assert_eq!(preds.sum().backward().get(&weights).array(), [[5.], [7.], [9.]]);
    /// ```
    fn mm<const O: usize, R>(
        self,
        weights: Tensor<Rank2<I, O>, f32, AutoDevice, R>,
    ) -> Tensor<S::Outputs<O>, f32, AutoDevice, T::Joined>
    where
        T: JoinTape<R>,
        R: Tape<f32, AutoDevice>;
}

impl<const I: usize, S: RowsOf<I>, T> MatMul<I, S, T> for Tensor<S, f32, AutoDevice, T> {
    fn mm<const O: usize, R>(
        self,
        weights: Tensor<Rank2<I, O>, f32, AutoDevice, R>,
    ) -> Tensor<S::Outputs<O>, f32, AutoDevice, T::Joined>
    where
        T: JoinTape<R>,
        R: Tape<f32, AutoDevice>,
    {
        ops::mm(self, weights).unwrap_or_else(|error| panic!("mm: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    type Gradients2 = (Vec<f32>, Vec<f32>);

    /// The gradients of `sum((x w)^2)` by dfdx's own operations.
    fn by_dfdx(
        x: &Tensor<Rank2<5, 4>, f32, AutoDevice>,
        w: &Tensor<Rank2<4, 3>, f32, AutoDevice>,
    ) -> Gradients2 {
        let gradients = x.leaky_trace().matmul(w.clone()).square().sum().backward();
        (gradients.get(x).as_vec(), gradients.get(w).as_vec())
    }

    fn assert_close(ours: &[f32], expected: &[f32]) {
        assert_eq!(ours.len(), expected.len());
        for (ours, expected) in ours.iter().zip(expected) {
            assert!((ours - expected).abs() < 1e-4, "{ours}, expected {expected}");
        }
    }

    #[test]
    fn the_gradients_of_dfdx() {
        let dev = AutoDevice::default();
        manual_seed(42);
        let (x, w): (Tensor<Rank2<5, 4>, f32, _>, _) = (randn(&dev), randn(&dev));
        let (dx, dw) = by_dfdx(&x, &w);

        let both = x.leaky_trace().mm(w.clone()).square().sum().backward();
        assert_close(&both.get(&x).as_vec(), &dx);
        assert_close(&both.get(&w).as_vec(), &dw);

        let weights_only = x.clone().mm(w.leaky_trace()).square().sum().backward();
        assert_close(&weights_only.get(&w).as_vec(), &dw);
    }

    #[test]
    fn gradients_add_up() {
        let dev = AutoDevice::default();
        let (x, w): (Tensor<Rank2<2, 3>, f32, _>, Tensor<Rank2<3, 1>, f32, _>) =
            (dev.ones(), dev.ones());
        let mut gradients = w.alloc_grads();
        for times in 1..=3 {
            gradients = x.clone().mm(w.trace(gradients)).sum().backward();
            assert_eq!(gradients.get(&w).array(), [[2. * times as f32]; 3]);
        }
    }

    #[test]
    fn tensors_that_do_not_lie_in_order() {
        let dev = AutoDevice::default();
        let row = dev.tensor([1., 2., 3.]);
        let x = row.leaky_trace().broadcast::<Rank2<2, 3>, Axis<0>>();
        let w = dev.tensor([[1., 10., 100.], [2., 20., 200.]]);
        let y = x.mm(w.leaky_trace().permute::<Rank2<3, 2>, _>());
        assert_eq!(y.array(), [[321., 642.]; 2]);
        let gradients = y.sum().backward();
        assert_eq!(gradients.get(&row).array(), [6., 60., 600.]);
        assert_eq!(gradients.get(&w).array(), [[2., 4., 6.]; 2]);
    }

    #[test]
    fn one_row_and_none() {
        let dev = AutoDevice::default();
        let w: Tensor<Rank2<3, 2>, f32, _> = dev.ones();
        assert_eq!(dev.tensor([1., 2., 3.]).mm(w.clone()).array(), [6., 6.]);
        let nothing: Tensor<(usize, Const<3>), f32, _> = dev.zeros_like(&(0, Const));
        assert_eq!(nothing.mm(w).shape().0, 0);
    }

    #[test]
    fn the_gradient_of_the_models_input_is_left_out() {
        let dev = AutoDevice::default();
        let (x, w): (Tensor<Rank2<2, 3>, f32, _>, Tensor<Rank2<3, 1>, f32, _>) =
            (dev.ones(), dev.ones());
        let run = || x.leaky_trace().mm(w.clone()).sum().backward();
        assert_eq!(run().get(&x).array(), [[1.; 3]; 2]);
        // A gradient that nobody has written is there as zeros.
        let mut gradients = ops::without_gradient(&x, run);
        gradients.get_or_alloc_mut(&x).unwrap();
        assert_eq!(gradients.get(&x).as_vec(), [0.; 6]);
        assert_eq!(gradients.get(&w).array(), [[2.]; 3]);
    }
}
