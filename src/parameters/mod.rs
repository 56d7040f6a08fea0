//! One walk over the parameters of a model: each tensor with its name and with what is known of it.
//!
//! dfdx walks with types of its own, a `TensorVisitor`, and says nothing of the taps of a convolution. This
//! module is the only one that knows both.

mod saved;
pub(crate) mod taps;

use dfdx::nn::{
    RecursiveWalker, ScalarOptions, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
    ViewTensorName, ViewTensorRef,
};
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};
use num_traits::NumCast;

pub use saved::OptimState;
pub(crate) use saved::SavedTensor;

/// What is known of a parameter besides its numbers.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name: of a tuple's layers that of an `nn.Sequential`, such as `0.weight`.
    pub name: String,
    /// Whether it is trained; the running statistics of a batch norm are not.
    pub learns: bool,
    sizes: Vec<usize>,
    /// If it is the weights of a convolution: the taps that have met a pixel, one bit each.
    taps: Option<u64>,
}

impl Parameter {
    /// The sizes in PyTorch's order, (output, input, row, column) for a convolution.
    pub fn sizes(&self) -> Vec<usize> {
        match (self.taps, &self.sizes[..]) {
            (Some(_), &[rows, columns, inputs, outputs]) => vec![outputs, inputs, rows, columns],
            _ => self.sizes.clone(),
        }
    }

    /// Whether it is the weights of a convolution.
    pub fn is_convolution(&self) -> bool {
        self.taps.is_some()
    }

    /// Its numbers in PyTorch's order.
    pub fn in_pytorchs_order(&self, numbers: Vec<f32>) -> Vec<f32> {
        match (self.taps, &self.sizes()[..]) {
            (Some(_), &[outputs, inputs, rows, columns]) => {
                taps::to_pytorch(&numbers, [outputs, inputs, rows, columns])
            }
            _ => numbers,
        }
    }

    /// Numbers that are in PyTorch's order, as they lie in memory.
    pub fn in_memory_order(&self, numbers: Vec<f32>) -> Vec<f32> {
        match (self.taps, &self.sizes()[..]) {
            (Some(_), &[outputs, inputs, rows, columns]) => {
                taps::from_pytorch(&numbers, [outputs, inputs, rows, columns])
            }
            _ => numbers,
        }
    }

    /// Which taps have met a pixel, if it is the weights of a convolution and not all have.
    pub fn taps_met(&self) -> Option<Vec<bool>> {
        let bits = self.taps.filter(|bits| *bits != u64::MAX)?;
        let met: Vec<bool> =
            (0..self.sizes[0] * self.sizes[1]).map(|at| bits >> at & 1 == 1).collect();
        met.contains(&false).then_some(met)
    }
}

/// Looks at each parameter.
pub(crate) trait Look {
    /// Why the walk may end early.
    type Error;

    /// Called for each parameter, in the order of the model's fields.
    fn look<S: Shape>(
        &mut self,
        parameter: &Parameter,
        tensor: &Tensor<S, f32, AutoDevice>,
    ) -> Result<(), Self::Error>;
}

/// Changes each parameter.
pub(crate) trait Change {
    /// Why the walk may end early.
    type Error;

    /// Called for each parameter, in the order of the model's fields.
    fn change<S: Shape>(
        &mut self,
        parameter: &Parameter,
        tensor: &mut Tensor<S, f32, AutoDevice>,
    ) -> Result<(), Self::Error>;
}

/// Shows all parameters of a model to `look`.
pub(crate) fn look_at<M: TensorCollection<f32, AutoDevice>, L: Look>(
    model: &M,
    look: &mut L,
) -> Result<(), L::Error> {
    let mut walk = LookWalk { each: look, taps: None };
    M::iter_tensors(&mut RecursiveWalker { m: (model, String::new()), f: &mut walk }).map(|_| ())
}

/// Hands all parameters of a model to `change`.
pub(crate) fn change<M: TensorCollection<f32, AutoDevice>, C: Change>(
    model: &mut M,
    change: &mut C,
) -> Result<(), C::Error> {
    let mut walk = ChangeWalk { each: change, taps: None };
    M::iter_tensors(&mut RecursiveWalker { m: (model, String::new()), f: &mut walk }).map(|_| ())
}

/// dfdx's visitors for the two walks. A convolution shows its taps as a scalar just before its weights.
macro_rules! walk {
    ($walk:ident, $each:ident::$function:ident, $viewer:ty, &$($mut:ident)?) => {
        struct $walk<'a, V> {
            each: &'a mut V,
            /// The name that the weights of the convolution will have, and the bits of its taps.
            taps: Option<(String, u64)>,
        }

        impl<V: $each> TensorVisitor<f32, AutoDevice> for $walk<'_, V> {
            type Viewer = ($viewer, ViewTensorName);
            type Err = V::Error;
            type E2 = f32;
            type D2 = AutoDevice;

            fn visit<S: Shape>(
                &mut self,
                options: TensorOptions<S, f32, AutoDevice>,
                (tensor, name): (&$($mut)? Tensor<S, f32, AutoDevice>, String),
            ) -> Result<Option<Tensor<S, f32, AutoDevice>>, V::Error> {
                let taps = self.taps.take().filter(|(weights, _)| *weights == name);
                let parameter = Parameter {
                    name,
                    learns: options.do_gradient_update,
                    sizes: tensor.shape().concrete().into(),
                    taps: taps.map(|(_, bits)| bits),
                };
                self.each.$function(&parameter, tensor)?;
                Ok(None)
            }

            fn visit_scalar<N: NumCast>(
                &mut self,
                _: ScalarOptions<N>,
                (value, name): (&$($mut)? N, String),
            ) -> Result<Option<N>, V::Error> {
                if let (Some(layer), Some(bits)) = (name.strip_suffix(taps::NAME), value.to_u64()) {
                    self.taps = Some((format!("{layer}weight"), bits));
                }
                Ok(None)
            }
        }
    };
}

walk!(LookWalk, Look::look, ViewTensorRef, &);
walk!(ChangeWalk, Change::change, ViewTensorMut, &mut);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    /// What a walk tells of each parameter.
    #[derive(Default)]
    struct Notes(Vec<String>);

    impl Look for Notes {
        type Error = std::convert::Infallible;

        fn look<S: Shape>(
            &mut self,
            p: &Parameter,
            _: &Tensor<S, f32, AutoDevice>,
        ) -> Result<(), Self::Error> {
            let kind = [(p.learns, "learns"), (p.is_convolution(), "convolution")];
            let kind: Vec<_> = kind.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
            self.0.push(format!("{} {:?} {}", p.name, p.sizes(), kind.join(" ")));
            Ok(())
        }
    }

    #[test]
    fn each_parameter_with_its_name_and_what_it_is() {
        let dev = AutoDevice::default();
        let net = (Conv2d::<3, 8, 5>::new(&dev), BatchNorm2d::<8>::new(&dev));
        let mut notes = Notes::default();
        let Ok(()) = look_at(&net, &mut notes);
        assert_eq!(
            notes.0,
            [
                "0.weight [8, 3, 5, 5] learns convolution",
                "1.weight [8] learns",
                "1.bias [8] learns",
                "1.running_mean [8] ",
                "1.running_var [8] ",
            ]
        );
    }

    #[test]
    fn the_taps_that_have_met_a_pixel() {
        let met = |taps, sizes: &[usize]| {
            let name = "1.conv.weight".into();
            Parameter { name, learns: true, sizes: sizes.into(), taps }.taps_met()
        };
        let bits = taps::bits(&[false, true, true, false]);
        assert_eq!(met(Some(bits), &[2, 2, 3, 5]), Some(vec![false, true, true, false]));
        assert_eq!(met(Some(taps::bits(&[true; 4])), &[2, 2, 1, 1]), None);
        // Whatever is no convolution's.
        assert_eq!(met(None, &[5]), None);
        // Kernels with many taps are taken as a whole.
        assert_eq!(met(Some(taps::bits(&[false; 81])), &[9, 9, 1, 2]), None);
    }
}
