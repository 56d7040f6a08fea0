//! Where training starts from.

use dfdx::nn::{
    RecursiveWalker, ScalarOptions, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
    ViewTensorName,
};
use dfdx::shapes::{ConstShape, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
use num_traits::NumCast;

use super::taps::{self, Taps};
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
    let mut each = Kaiming { fan, taps: Taps::default() };
    let Ok(_) = M::iter_tensors(&mut RecursiveWalker { m: (model, String::new()), f: &mut each });
}

/// Goes through a model's parameters.
struct Kaiming {
    fan: Fan,
    taps: Taps,
}

impl TensorVisitor<f32, AutoDevice> for Kaiming {
    type Viewer = (ViewTensorMut, ViewTensorName);
    type Err = std::convert::Infallible;
    type E2 = f32;
    type D2 = AutoDevice;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, AutoDevice>,
        (p, name): (&mut Tensor<S, f32, AutoDevice>, String),
    ) -> Result<Option<Tensor<S, f32, AutoDevice>>, Self::Err> {
        let sizes: Vec<usize> = p.shape().concrete().into();
        let conv = self.taps.of(&name).is_some();
        let (outputs, inputs, places) = match sizes[..] {
            [rows, columns, inputs, outputs] if conv => (outputs, inputs, rows * columns),
            [outputs, inputs] if options.do_gradient_update => (outputs, inputs, 1),
            _ => return Ok(None),
        };
        let connections = places * if self.fan == Fan::In { inputs } else { outputs };
        // In the steps of PyTorch, so that no bit differs.
        let std = f64::sqrt(2.0) / f64::sqrt(connections as f64);
        let drawn = normal_numbers(p.shape().num_elements(), 0.0, std);
        p.copy_from(&match sizes[..] {
            [rows, columns, ..] if conv => {
                taps::from_pytorch(&drawn, [outputs, inputs, rows, columns])
            }
            _ => drawn,
        });
        Ok(None)
    }

    fn visit_scalar<N: NumCast>(
        &mut self,
        _: ScalarOptions<N>,
        (value, name): (&mut N, String),
    ) -> Result<Option<N>, Self::Err> {
        self.taps.scalar(&name, value);
        Ok(None)
    }
}
