//! Adam as fastai has it.

use dfdx::nn::TensorCollection;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};
use samebits::AdamStep;

use super::state::{keep, kept_of};
use super::{Optim, OptimError, OptimState, check_not_negative, check_part};
use crate::ops::{AdamUpdate, Stepped};
use crate::parameters::{Change, Parameter, change};
use crate::shapes::Grads;

/// Adam with decoupled weight decay: fastai's `Adam(params, lr, mom=0.9, sqr_mom=0.99, eps=1e-5,
/// wd=0.01)`, the optimizer of its `vision_learner`.
///
/// Step number `t`, with the gradient `g`, and `m` and `v` 0 at the start, is (the formulas of
/// `fastai/optimizer.py`; D. Kingma, J. Ba, "Adam", 2015; I. Loshchilov, F. Hutter, "Decoupled Weight
/// Decay Regularization", 2019):
///
/// ```text
/// p = p (1 - lr wd)
/// m = mom m + (1 - mom) g
/// v = sqr_mom v + (1 - sqr_mom) g g
/// p = p - lr m / (1 - mom^t) / (sqrt(v / (1 - sqr_mom^t)) + eps)
/// ```
///
/// As in fastai, parameters with one axis, which are biases and those of batch norms, do not decay. A
/// tap of a convolution that has met nothing but padding has no gradient and is left alone, as PyTorch
/// leaves a parameter whose `grad` is `None`.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let mut x: Tensor<Rank1<2>, f32, _> = AutoDevice::default().tensor([1., -4.]);
/// let mut opt = Adam::new(0.1);
/// let mut grads = x.leaky_trace().square().sum().backward();
/// opt.step(&mut x, &mut grads)?;
/// // At first each parameter moves by the learning rate, however steep it is.
/// assert!((x.array()[0] - 0.9).abs() < 1e-5 && (x.array()[1] + 3.9).abs() < 1e-5);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Adam {
    lr: f64,
    momentum: f64,
    sqr_mom: f64,
    eps: f64,
    weight_decay: f64,
    /// How many steps have been made.
    steps: i32,
    /// The averages `m` and `v` of each parameter, found by the parameter as gradients are.
    averages: Grads,
    squares: Grads,
}

impl Adam {
    /// Steps with the learning rate `lr`, and fastai's defaults for the rest.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let opt = Adam::new(1e-3);
    /// ```
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            momentum: 0.9,
            sqr_mom: 0.99,
            eps: 1e-5,
            weight_decay: 0.01,
            steps: 0,
            averages: Grads::leaky(),
            squares: Grads::leaky(),
        }
    }

    /// How much of the average `m` each step keeps, from 0 to 1 (excluded).
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let opt = Adam::new(1e-3).momentum(0.95);
    /// ```
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// How much of the average `v` each step keeps, from 0 to 1 (excluded).
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let opt = Adam::new(1e-3).sqr_mom(0.999);
    /// ```
    pub fn sqr_mom(mut self, sqr_mom: f64) -> Self {
        self.sqr_mom = sqr_mom;
        self
    }

    /// How much each step shrinks the weights, relative to the learning rate.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let opt = Adam::new(1e-3).weight_decay(0.);
    /// ```
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// A step of all parameters; if `then_zero`, their gradients are 0 afterwards.
    fn walk<M: TensorCollection<f32, AutoDevice>>(
        &mut self,
        model: &mut M,
        gradients: &mut Grads,
        then_zero: bool,
    ) -> Result<(), OptimError> {
        check_not_negative("learning rate", self.lr)?;
        check_part("momentum", self.momentum)?;
        check_part("sqr_mom", self.sqr_mom)?;
        check_not_negative("weight decay", self.weight_decay)?;
        self.steps += 1;
        let betas = [self.momentum, self.sqr_mom];
        let step = AdamStep::new(self.steps, self.lr, betas, self.eps, self.weight_decay);
        let mut each = EachParameter {
            update: AdamUpdate::new(step, then_zero),
            averages: &mut self.averages,
            squares: &mut self.squares,
            gradients,
        };
        change(model, &mut each)?;
        each.update.finish().map_err(OptimError::device)
    }
}

/// Made for a [`Learner`](crate::learner::Learner), which sets the learning rate itself.
impl Default for Adam {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl<M: TensorCollection<f32, AutoDevice>> Optim<M> for Adam {
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

    fn set_momentum(&mut self, momentum: f64) {
        self.momentum = momentum;
    }

    fn state(&self, model: &M) -> Option<OptimState> {
        Some(OptimState {
            optimizer: "Adam",
            numbers: vec![
                ("lr", self.lr),
                ("momentum", self.momentum),
                ("sqr_mom", self.sqr_mom),
                ("eps", self.eps),
                ("weight_decay", self.weight_decay),
                ("steps", f64::from(self.steps)),
            ],
            tensors: vec![
                ("averages", kept_of(model, &self.averages)),
                ("squares", kept_of(model, &self.squares)),
            ],
        })
    }

    fn set_state(&mut self, model: &mut M, state: &OptimState) {
        self.lr = state.number("lr");
        self.momentum = state.number("momentum");
        self.sqr_mom = state.number("sqr_mom");
        self.eps = state.number("eps");
        self.weight_decay = state.number("weight_decay");
        self.steps = state.number("steps") as i32;
        self.averages = keep(model, state.tensors("averages"));
        self.squares = keep(model, state.tensors("squares"));
    }
}

/// Goes through a model's parameters.
struct EachParameter<'a> {
    update: AdamUpdate<'a>,
    averages: &'a mut Grads,
    squares: &'a mut Grads,
    gradients: &'a mut Grads,
}

impl Change for EachParameter<'_> {
    type Error = OptimError;

    fn change<S: Shape>(
        &mut self,
        parameter: &Parameter,
        p: &mut Tensor<S, f32, AutoDevice>,
    ) -> Result<(), OptimError> {
        if !parameter.learns {
            return Ok(());
        }
        let (decays, taps) = (S::NUM_DIMS > 1, parameter.taps_met());
        let numbers = [&mut *self.averages, &mut *self.squares, &mut *self.gradients];
        match self.update.parameter(p, numbers, decays, taps.as_deref()) {
            Ok(Stepped::Yes) => Ok(()),
            Ok(Stepped::NotInOrder) => Err(OptimError::Layout(parameter.name.clone())),
            Err(error) => Err(OptimError::device(error)),
        }
    }
}
