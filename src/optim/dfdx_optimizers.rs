//! dfdx's own optimizers.

use dfdx::nn::TensorCollection;
use dfdx::optim::{Adam, Momentum, Optimizer, OptimizerUpdateError, RMSprop, Sgd};
use dfdx::tensor::AutoDevice;

use super::{Optim, OptimError};
use crate::shapes::Grads;

macro_rules! optim {
    ($($optimizer:ident: |$config:ident, $momentum:ident| $set:expr;)*) => {$(
        impl<M: TensorCollection<f32, AutoDevice>> Optim<M> for $optimizer<M, f32, AutoDevice> {
            fn step(&mut self, model: &mut M, gradients: &mut Grads) -> Result<(), OptimError> {
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

            fn set_momentum(&mut self, $momentum: f64) {
                let $config = &mut self.cfg;
                $set
            }
        }
    )*};
}

// As ours, those that were made without momentum stay without. Adam's is its first beta.
optim! {
    Sgd: |config, momentum| match &mut config.momentum {
        Some(Momentum::Classic(old) | Momentum::Nesterov(old)) => *old = momentum,
        None => {}
    };
    Adam: |config, momentum| config.betas[0] = momentum;
    RMSprop: |config, momentum| {
        if let Some(old) = &mut config.momentum {
            *old = momentum;
        }
    };
}

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
