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
    /// A number that the optimizer was made with would ruin the model.
    #[error("the optimizer's {name} is {number:?}: it has to be {wanted}")]
    Number {
        /// What the number is.
        name: &'static str,
        /// Its value.
        number: f64,
        /// Which values it may have.
        wanted: &'static str,
    },
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

/// Refuses a number that is negative, infinite or none, as the constructors of PyTorch's optimizers do.
fn check_not_negative(name: &'static str, number: f64) -> Result<(), OptimError> {
    // As the weights will have it: 1e39 is infinite.
    match number >= 0.0 && (number as f32).is_finite() {
        true => Ok(()),
        false => Err(OptimError::Number { name, number, wanted: "0 or more, and finite as `f32`" }),
    }
}

/// Refuses a number that cannot be the part of an average that is kept.
fn check_part(name: &'static str, number: f64) -> Result<(), OptimError> {
    match (0.0..1.0).contains(&number) {
        true => Ok(()),
        false => Err(OptimError::Number { name, number, wanted: "at least 0 and less than 1" }),
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
    /// If a parameter has no gradient, if a number that the optimizer was made with would ruin the model, or if
    /// the device fails.
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

    /// Whether its steps are left out on a GPU where the loss is not finite, so that nobody has to wait for the loss
    /// before: those of the library's own.
    #[doc(hidden)]
    fn heeds_losses(&self) -> bool {
        false
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

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    type Model = Linear<1, 1>;

    /// What the first step says, which leaves the weights as they are.
    fn error(mut opt: impl Optim<Model>) -> String {
        let dev = AutoDevice::default();
        let mut model = Model::new(&dev);
        let before = model.weight.array();
        let mut grads = model.forward(dev.tensor([[1.]]).leaky_trace()).square().sum().backward();
        let error = opt.step(&mut model, &mut grads).unwrap_err();
        assert_eq!(model.weight.array(), before);
        error.to_string()
    }

    #[test]
    fn numbers_that_would_ruin_a_model_are_refused_before_the_first_step() {
        for number in [f64::NAN, f64::INFINITY, 1e39, -0.1] {
            let says = |name: &str, error: String| {
                let expected = format!("the optimizer's {name} is {number:?}: it has to be ");
                assert!(error.starts_with(&expected), "{error}");
            };
            says("learning rate", error(SGD::new(number)));
            says("learning rate", error(Adam::new(number)));
            says("momentum", error(SGD::new(0.1).momentum(number)));
            says("momentum", error(Adam::new(0.1).momentum(number)));
            says("sqr_mom", error(Adam::new(0.1).sqr_mom(number)));
            says("weight decay", error(SGD::new(0.1).weight_decay(number)));
            says("weight decay", error(Adam::new(0.1).weight_decay(number)));

            let model = Model::new(&AutoDevice::default());
            let weight_decay = Some(WeightDecay::L2(number));
            says(
                "weight decay",
                error(Sgd::new(&model, SgdConfig { weight_decay, ..Default::default() })),
            );
            let betas = [0.9, number];
            let config = AdamConfig { betas, ..Default::default() };
            says("second beta", error(dfdx::optim::Adam::new(&model, config)));
            let config = RMSpropConfig { eps: number, ..Default::default() };
            says("eps", error(RMSprop::new(&model, config)));
        }
        // 1 - momentum^t would be 0, by which Adam divides.
        let of_1 = error(Adam::new(0.1).momentum(1.));
        assert_eq!(
            of_1,
            "the optimizer's momentum is 1.0: it has to be at least 0 and less than 1"
        );
    }
}
