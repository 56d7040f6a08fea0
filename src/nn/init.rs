//! Where training starts from.

use std::convert::Infallible;

use dfdx::nn::TensorCollection;
use dfdx::shapes::{ConstShape, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use crate::parameters::{Change, Parameter, change};
use crate::random::{normal_numbers, randn};

/// Random parameters to start from: normal numbers with mean 0 and standard deviation `std`, the
/// course's `(torch.randn(size)*std).requires_grad_()`.
///
/// The size is that of the type.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// manual_seed(42);
/// let weights: Tensor<Rank2<784, 1>, f32, _> = init_params(&dev, 1.);
/// assert_eq!(weights.array()[0], [1.9269153]);
/// ```
pub fn init_params<S: ConstShape>(dev: &AutoDevice, std: f32) -> Tensor<S, f32, AutoDevice> {
    randn(dev) * std
}

/// Which connections of a layer [`kaiming_normal_`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fan {
    /// Those that come into an output: activations keep their size on the way forward.
    In,
    /// Those that go out from an input: gradients keep theirs on the way back.
    Out,
}

/// Draws the weights of all convolutions and linear layers of a model anew from this thread's generator:
/// normal numbers with mean 0 and standard deviation `sqrt(2 / n)`, where `n` is the number of
/// connections (K. He and others, "Delving Deep into Rectifiers", 2015). PyTorch's
/// `nn.init.kaiming_normal_` with the gain for a ReLU, for one layer after the other.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// // torch.manual_seed(42); nn.init.kaiming_normal_(torch.empty(2, 8))[0, 0]
/// let mut layer = UnbiasedLinear::<8, 2>::new(&AutoDevice::default());
/// manual_seed(42);
/// kaiming_normal_(&mut layer, Fan::In);
/// assert_eq!(layer.weight.array()[0][0], 0.96345764);
/// ```
pub fn kaiming_normal_<M: TensorCollection<f32, AutoDevice>>(model: &mut M, fan: Fan) {
    let Ok(()) = change(model, &mut Kaiming { fan });
}

/// Goes through a model's parameters.
struct Kaiming {
    fan: Fan,
}

impl Change for Kaiming {
    type Error = Infallible;

    fn change<S: Shape>(
        &mut self,
        parameter: &Parameter,
        p: &mut Tensor<S, f32, AutoDevice>,
    ) -> Result<(), Infallible> {
        let (outputs, inputs, places) = match parameter.sizes()[..] {
            [outputs, inputs, rows, columns] if parameter.is_convolution() => {
                (outputs, inputs, rows * columns)
            }
            [outputs, inputs] if parameter.learns => (outputs, inputs, 1),
            _ => return Ok(()),
        };
        let connections = places * if self.fan == Fan::In { inputs } else { outputs };
        // In the steps of PyTorch, so that no bit differs.
        let std = f64::sqrt(2.0) / f64::sqrt(connections as f64);
        let drawn = normal_numbers(p.shape().num_elements(), 0.0, std);
        p.copy_from(&parameter.in_memory_order(drawn));
        Ok(())
    }
}
