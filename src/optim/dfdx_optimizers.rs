//! dfdx's own optimizers.

use dfdx::nn::TensorCollection;
use dfdx::optim::{
    Adam, AdamConfig, Momentum, Optimizer, OptimizerUpdateError, RMSprop, RMSpropConfig, Sgd,
    SgdConfig, WeightDecay,
};
use dfdx::tensor::AutoDevice;

use super::{Optim, OptimError, check_not_negative, check_part};
use crate::shapes::Grads;

/// What differs between the settings of dfdx's optimizers.
trait Config {
    /// As with ours, those that were made without momentum stay without.
    fn set_momentum(&mut self, momentum: f64);

    /// Refuses numbers that would ruin a model.
    fn check(&self) -> Result<(), OptimError>;
}

impl Config for SgdConfig {
    fn set_momentum(&mut self, momentum: f64) {
        if let Some(Momentum::Classic(old) | Momentum::Nesterov(old)) = &mut self.momentum {
            *old = momentum;
        }
    }

    fn check(&self) -> Result<(), OptimError> {
        if let Some(Momentum::Classic(momentum) | Momentum::Nesterov(momentum)) = self.momentum {
            check_not_negative("momentum", momentum)?;
        }
        check_decay(self.weight_decay)
    }
}

impl Config for AdamConfig {
    /// Adam's is its first beta.
    fn set_momentum(&mut self, momentum: f64) {
        self.betas[0] = momentum;
    }

    fn check(&self) -> Result<(), OptimError> {
        check_part("first beta", self.betas[0])?;
        check_part("second beta", self.betas[1])?;
        check_not_negative("eps", self.eps)?;
        check_decay(self.weight_decay)
    }
}

impl Config for RMSpropConfig {
    fn set_momentum(&mut self, momentum: f64) {
        if let Some(old) = &mut self.momentum {
            *old = momentum;
        }
    }

    fn check(&self) -> Result<(), OptimError> {
        check_not_negative("momentum", self.momentum.unwrap_or_default())?;
        check_part("alpha", self.alpha)?;
        check_not_negative("eps", self.eps)?;
        check_decay(self.weight_decay)
    }
}

fn check_decay(decay: Option<WeightDecay>) -> Result<(), OptimError> {
    match decay {
        Some(WeightDecay::L2(decay) | WeightDecay::Decoupled(decay)) => {
            check_not_negative("weight decay", decay)
        }
        None => Ok(()),
    }
}

macro_rules! optim {
    ($($optimizer:ident),*) => {$(
        impl<M: TensorCollection<f32, AutoDevice>> Optim<M> for $optimizer<M, f32, AutoDevice> {
            fn step(&mut self, model: &mut M, gradients: &mut Grads) -> Result<(), OptimError> {
                check_not_negative("learning rate", self.cfg.lr)?;
                self.cfg.check()?;
                self.update(model, gradients).map_err(|error| match error {
                    OptimizerUpdateError::UnusedParams(_) => OptimError::NoGradient,
                    OptimizerUpdateError::DeviceError(error) => OptimError::device(error),
                })
            }

            fn lr(&self) -> f64 {
                self.cfg.lr
            }

            fn set_lr(&mut self, lr: f64) {
                self.cfg.lr = lr;
            }

            fn set_momentum(&mut self, momentum: f64) {
                self.cfg.set_momentum(momentum);
            }
        }
    )*};
}

optim!(Sgd, Adam, RMSprop);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use dfdx::optim::Adam;

    #[test]
    fn dfdxs_sgd_makes_the_same_step_as_ours() {
        let dev = AutoDevice::default();
        let step = |opt: &mut dyn Optim<Linear<3, 1>>, model: &mut Linear<3, 1>| {
            let x = dev.tensor([[1., -2., 3.]]);
            let mut grads = model.forward(x.leaky_trace()).square().sum().backward();
            opt.step(model, &mut grads).unwrap();
        };
        let mut ours = Linear::<3, 1>::new(&dev);
        let mut dfdxs = ours.clone();
        step(&mut SGD::new(0.1), &mut ours);
        let mut sgd = Sgd::new(&dfdxs, SgdConfig { lr: 1e-3, momentum: None, weight_decay: None });
        Optim::<Linear<3, 1>>::set_lr(&mut sgd, 0.1);
        step(&mut sgd, &mut dfdxs);
        assert_eq!(ours.weight.array(), dfdxs.weight.array());
        assert_eq!(ours.bias.array(), dfdxs.bias.array());
    }

    #[test]
    fn momentum_is_set_where_there_is_one() {
        type Model = Linear<1, 1>;
        let model = Model::new(&AutoDevice::default());
        let momentum = Some(Momentum::Classic(0.9));
        let mut sgd = Sgd::new(&model, SgdConfig { momentum, ..Default::default() });
        Optim::<Model>::set_momentum(&mut sgd, 0.8);
        assert!(matches!(sgd.cfg.momentum, Some(Momentum::Classic(0.8))));
        let mut plain = Sgd::new(&model, SgdConfig::default());
        Optim::<Model>::set_momentum(&mut plain, 0.8);
        assert!(plain.cfg.momentum.is_none());
        let mut adam = Adam::new(&model, AdamConfig::default());
        Optim::<Model>::set_momentum(&mut adam, 0.8);
        assert_eq!(adam.cfg.betas, [0.8, 0.999]);
    }

    #[test]
    fn a_layer_that_had_no_part_in_the_loss() {
        let dev = AutoDevice::default();
        let mut model = (Linear::<1, 1>::new(&dev), Linear::<1, 1>::new(&dev));
        let x = dev.tensor([[1.]]);
        let run = |model: &(Linear<1, 1>, Linear<1, 1>)| {
            model.0.forward(x.leaky_trace()).sum().backward()
        };
        let mut sgd = Sgd::new(&model, SgdConfig::default());
        let mut grads = run(&model);
        let error = sgd.step(&mut model, &mut grads).unwrap_err();
        assert!(error.to_string().starts_with("a parameter has no gradient"), "{error}");
        let before = model.1.weight.array();
        SGD::new(1.).step(&mut model, &mut grads).unwrap();
        assert_eq!(model.1.weight.array(), before);
    }
}
