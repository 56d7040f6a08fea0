//! Optimizers that treat one parameter after the other.

use dfdx::nn::TensorCollection;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::{Optim, OptimError};
use crate::device::DeviceError;
use crate::parameters::{Change, Parameter, change};
use crate::shapes::Grads;

/// How an optimizer changes one parameter: all that a simple optimizer is.
///
/// # Example
/// An optimizer that only looks at the sign of the gradient:
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// struct SignSGD {
///     lr: f64,
/// }
///
/// impl UpdateRule for SignSGD {
///     fn update<S: Shape>(
///         &mut self,
///         p: &mut Tensor<S, f32, AutoDevice>,
///         grad: &Tensor<S, f32, AutoDevice>,
///     ) {
///         let sign = grad.clone() / (grad.clone().abs() + 1e-12);
///         p.axpy(1., &sign, -self.lr); // p = 1 * p - lr * sign
///     }
///     fn lr(&self) -> f64 {
///         self.lr
///     }
///     fn set_lr(&mut self, lr: f64) {
///         self.lr = lr;
///     }
/// }
///
/// let mut x: Tensor<Rank1<2>, f32, _> = AutoDevice::default().tensor([1., -4.]);
/// let mut grads = x.leaky_trace().square().sum().backward();
/// SignSGD { lr: 0.5 }.step(&mut x, &mut grads)?;
/// assert_eq!(x.array(), [0.5, -3.5]);
/// # Ok::<(), anyhow::Error>(())
/// ```
pub trait UpdateRule {
    /// Changes the parameter `p`, whose gradient is `grad`; it is 0 for a parameter that had no part
    /// in the loss.
    fn update<S: Shape>(
        &mut self,
        p: &mut Tensor<S, f32, AutoDevice>,
        grad: &Tensor<S, f32, AutoDevice>,
    );

    /// The learning rate.
    fn lr(&self) -> f64;

    /// Sets the learning rate of the steps to come.
    fn set_lr(&mut self, lr: f64);

    /// Sets the momentum of the steps to come. Nothing has to be done for it by a rule that has none.
    fn set_momentum(&mut self, _momentum: f64) {}
}

/// Goes through a model's parameters.
struct EachParameter<'a, R> {
    rule: &'a mut R,
    gradients: &'a mut Grads,
}

impl<R: UpdateRule> Change for EachParameter<'_, R> {
    type Error = DeviceError;

    fn change<S: Shape>(
        &mut self,
        parameter: &Parameter,
        p: &mut Tensor<S, f32, AutoDevice>,
    ) -> Result<(), Self::Error> {
        if parameter.learns {
            self.gradients.try_alloc_for(p)?;
            self.rule.update(p, &self.gradients.get(p));
        }
        Ok(())
    }
}

impl<M: TensorCollection<f32, AutoDevice>, R: UpdateRule> Optim<M> for R {
    fn step(&mut self, model: &mut M, gradients: &mut Grads) -> Result<(), OptimError> {
        change(model, &mut EachParameter { rule: self, gradients }).map_err(OptimError::device)
    }

    fn lr(&self) -> f64 {
        UpdateRule::lr(self)
    }

    fn set_lr(&mut self, lr: f64) {
        UpdateRule::set_lr(self, lr);
    }

    fn set_momentum(&mut self, momentum: f64) {
        UpdateRule::set_momentum(self, momentum);
    }
}
