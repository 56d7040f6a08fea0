//! Optimizers: how a step changes the parameters.
//!
//! | fastai, PyTorch | here |
//! | --- | --- |
//! | the course's `BasicOptim` | [`BasicOptim`] |
//! | fastai's `SGD` | [`SGD`] |
//! | fastai's `Adam` | [`Adam`] |
//! | `torch.optim.Adam`, `RMSprop` | dfdx's `dfdx::optim::Adam`, `RMSprop` |
//!
//! [`Optim`] is what a [`Learner`](crate::learner::Learner) wants of an optimizer. For one of your own
//! say what happens to one parameter, as an [`UpdateRule`].

mod adam;
mod basic;
mod dfdx_optimizers;
mod kept;
mod rule;
mod sgd;
mod state;

pub use crate::parameters::OptimState;
pub use adam::Adam;
pub use basic::BasicOptim;
pub use kept::PerParameter;
pub use rule::UpdateRule;
pub use sgd::SGD;

pub use dfdx::optim::{AdamConfig, Momentum, RMSprop, RMSpropConfig, Sgd, SgdConfig, WeightDecay};

use dfdx::nn::TensorCollection;
use dfdx::tensor::AutoDevice;

use crate::device::{DeviceError, ModuleError, remedy};
use crate::ops;
use crate::shapes::Grads;

/// An optimizer could not make its step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptimError {
    /// A parameter has no gradient.
    #[error(
        "a parameter has no gradient: is each layer of the model used when it makes its predictions? \
         Start with `let mut grads = model.alloc_grads();`"
    )]
    NoGradient,
    /// A parameter is a view of another tensor, with its numbers in another order.
    #[error("the numbers of the parameter `{0}` do not lie in order: make it with `.contiguous()`")]
    Layout(String),
    /// The device failed, for lack of memory for example.
    #[error("changing the parameters{}", remedy(.0))]
    Device(#[source] ModuleError),
}

impl OptimError {
    /// The device failed.
    pub(crate) fn device(error: DeviceError) -> Self {
        Self::Device(ModuleError::new(error))
    }
}

/// An optimizer for the model `M`: it changes the model's parameters, knowing their gradients.
///
/// dfdx's `Sgd`, `Adam` and `RMSprop` are optimizers, and so is each [`UpdateRule`].
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let mut x: Tensor<Rank0, f32, _> = dev.tensor(3.);
/// let mut opt = SGD::new(0.25);
/// let mut grads = x.trace(x.alloc_grads()).square().backward();
/// opt.step(&mut x, &mut grads)?;
/// assert_eq!(x.array(), 1.5); // 3 - 0.25 * 2 * 3
/// # Ok::<(), anyhow::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimizer for the model `{M}`",
    note = "`SGD::new(lr)` is one, and so are dfdx's `Sgd`, `Adam` and `RMSprop` made for this type of model; \
            for a type of your own, implement `UpdateRule`"
)]
pub trait Optim<M> {
    /// Changes all parameters of the model. It leaves the gradients as they are: set them to zero
    /// before the next pass with `model.zero_grads(&mut gradients)`.
    ///
    /// # Errors
    /// If a parameter has no gradient, or the device fails.
    fn step(&mut self, model: &mut M, gradients: &mut Grads) -> Result<(), OptimError>;

    /// [`step`](Self::step), and then all gradients to 0: what a [`Learner`](crate::learner::Learner) does. An optimizer
    /// that can do both in one pass over memory has its own.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn step_and_zero_grads(
        &mut self,
        model: &mut M,
        gradients: &mut Grads,
    ) -> Result<(), OptimError>
    where
        M: TensorCollection<f32, AutoDevice>,
    {
        self.step(model, gradients)?;
        ops::zero_grads(model, gradients).map_err(OptimError::device)
    }

    /// The learning rate.
    fn lr(&self) -> f64;

    /// Sets the learning rate of the steps to come.
    fn set_lr(&mut self, lr: f64);

    /// Sets the momentum of the steps to come; an optimizer that has none pays no attention.
    fn set_momentum(&mut self, momentum: f64);

    /// What it remembers of the model's parameters, to go on later; `None` if that cannot be saved, as with dfdx's
    /// optimizers.
    fn state(&self, _model: &M) -> Option<OptimState> {
        None
    }

    /// Goes on from what [`state`](Self::state) has returned, for a model with the same parameters.
    fn set_state(&mut self, _model: &mut M, _state: &OptimState) {}
}
