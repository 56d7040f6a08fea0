//! Stochastic gradient descent as fastai has it.

use dfdx::nn::TensorCollection;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::state::{keep, kept_of};
use super::{Optim, OptimError, OptimState, check_not_negative};
use crate::device::DeviceError;
use crate::ops::SgdUpdate;
use crate::parameters::{Change, Parameter, change};
use crate::shapes::Grads;

/// Stochastic gradient descent, fastai's `SGD(params, lr, mom=0., wd=0.)`.
///
/// A step is, with `v` starting at 0 (the formulas of `fastai/optimizer.py`):
///
/// ```text
/// p *= 1 - lr * weight_decay
/// v  = momentum * v + grad
/// p -= lr * v
/// ```
///
/// Without momentum and weight decay that is [`BasicOptim`](super::BasicOptim).
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let mut x: Tensor<Rank0, f32, _> = AutoDevice::default().tensor(1.);
/// let mut opt = SGD::new(0.125).momentum(0.5);
/// for expected in [0.75, 0.4375] {
///     let mut grads = x.leaky_trace().square().backward();
///     opt.step(&mut x, &mut grads)?;
///     assert_eq!(x.array(), expected);
/// }
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SGD {
    lr: f64,
    momentum: f64,
    weight_decay: f64,
    /// The `v` of each parameter, found by the parameter it belongs to as gradients are.
    averages: Grads,
}

impl SGD {
    /// Steps with the learning rate `lr`, without momentum and weight decay.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let opt = SGD::new(0.1);
    /// assert_eq!(Optim::<Linear<1, 1>>::lr(&opt), 0.1);
    /// ```
    pub fn new(lr: f64) -> Self {
        Self { lr, momentum: 0.0, weight_decay: 0.0, averages: Grads::leaky() }
    }

    /// How much of the direction of the last steps is kept, from 0 (nothing) to 1 (excluded).
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let opt = SGD::new(0.1).momentum(0.9);
    /// ```
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// How much each step shrinks the parameters, relative to the learning rate.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let opt = SGD::new(0.1).weight_decay(0.01);
    /// ```
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

/// Made for a [`Learner`](crate::learner::Learner), which sets the learning rate itself.
impl Default for SGD {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl SGD {
    /// A step of all parameters; if `then_zero`, their gradients are 0 afterwards.
    fn walk<M: TensorCollection<f32, AutoDevice>>(
        &mut self,
        model: &mut M,
        gradients: &mut Grads,
        then_zero: bool,
    ) -> Result<(), OptimError> {
        check_not_negative("learning rate", self.lr)?;
        check_not_negative("momentum", self.momentum)?;
        check_not_negative("weight decay", self.weight_decay)?;
        let update = SgdUpdate::new([self.lr, self.momentum, self.weight_decay], then_zero);
        let mut each = EachParameter { update, averages: &mut self.averages, gradients };
        change(model, &mut each).and_then(|()| each.update.finish()).map_err(OptimError::device)
    }
}

impl<M: TensorCollection<f32, AutoDevice>> Optim<M> for SGD {
    fn step(&mut self, model: &mut M, gradients: &mut Grads) -> Result<(), OptimError> {
        self.walk(model, gradients, false)
    }

    fn step_and_zero_grads(
        &mut self,
        model: &mut M,
        gradients: &mut Grads,
    ) -> Result<(), OptimError> {
        self.walk(model, gradients, true)
    }

    fn heeds_losses(&self) -> bool {
        true
    }

    fn lr(&self) -> f64 {
        self.lr
    }

    fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }

    /// As in fastai, an `SGD` that was made without momentum stays without.
    fn set_momentum(&mut self, momentum: f64) {
        if self.momentum != 0.0 {
            self.momentum = momentum;
        }
    }

    fn state(&self, model: &M) -> Option<OptimState> {
        Some(OptimState {
            optimizer: "SGD",
            numbers: vec![
                ("lr", self.lr),
                ("momentum", self.momentum),
                ("weight_decay", self.weight_decay),
            ],
            tensors: vec![("averages", kept_of(model, &self.averages))],
        })
    }

    fn set_state(&mut self, model: &mut M, state: &OptimState) {
        self.lr = state.number("lr");
        self.momentum = state.number("momentum");
        self.weight_decay = state.number("weight_decay");
        self.averages = keep(model, state.tensors("averages"));
    }
}

/// Goes through a model's parameters.
struct EachParameter<'a> {
    update: SgdUpdate<'a>,
    averages: &'a mut Grads,
    gradients: &'a mut Grads,
}

impl Change for EachParameter<'_> {
    type Error = DeviceError;

    fn change<S: Shape>(
        &mut self,
        parameter: &Parameter,
        p: &mut Tensor<S, f32, AutoDevice>,
    ) -> Result<(), Self::Error> {
        match parameter.learns {
            true => self.update.parameter(p, [&mut *self.averages, &mut *self.gradients]),
            false => Ok(()),
        }
    }
}
