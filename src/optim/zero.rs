//! Gradients back to 0.

use dfdx::nn::TensorCollection;
use dfdx::tensor::{AutoDevice, HasErr};
#[cfg(not(feature = "dfdx-ops"))]
use dfdx::{
    nn::{RecursiveWalker, TensorOptions, TensorVisitor, ViewTensorName, ViewTensorRef},
    shapes::{HasShape, Shape},
    tensor::Tensor,
};
#[cfg(not(feature = "dfdx-ops"))]
use num_traits::NumCast;

#[cfg(not(feature = "dfdx-ops"))]
use crate::nn::Taps;
use crate::tensor::Grads;

/// Sets the gradients of a model's parameters to 0: dfdx's `model.zero_grads(gradients)`.
#[cfg(feature = "dfdx-ops")]
pub(crate) fn zero_grads<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    gradients: &mut Grads,
) -> Result<(), <AutoDevice as HasErr>::Err> {
    dfdx::nn::ZeroGrads::try_zero_grads(model, gradients)
}

/// Sets the gradients of a model's parameters to 0, as dfdx's `model.zero_grads(gradients)` does, but
/// does not touch those that are 0 anyway: of taps of convolutions that have met no pixel.
#[cfg(not(feature = "dfdx-ops"))]
pub(crate) fn zero_grads<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    gradients: &mut Grads,
) -> Result<(), <AutoDevice as HasErr>::Err> {
    let mut each = EachParameter { gradients, taps: Taps::default() };
    M::iter_tensors(&mut RecursiveWalker { m: (model, String::new()), f: &mut each })?;
    Ok(())
}

#[cfg(not(feature = "dfdx-ops"))]
struct EachParameter<'a> {
    gradients: &'a mut Grads,
    taps: Taps,
}

#[cfg(not(feature = "dfdx-ops"))]
impl TensorVisitor<f32, AutoDevice> for EachParameter<'_> {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = <AutoDevice as HasErr>::Err;
    type E2 = f32;
    type D2 = AutoDevice;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, AutoDevice>,
        (p, name): (&Tensor<S, f32, AutoDevice>, String),
    ) -> Result<Option<Tensor<S, f32, AutoDevice>>, Self::Err> {
        if options.do_gradient_update {
            let gradient = self.gradients.get_or_alloc_mut(p)?;
            for range in self.taps.ranges(&name, p.shape().concrete().as_ref()) {
                samebits::zero(&mut gradient[range]);
            }
        }
        Ok(None)
    }

    fn visit_scalar<N: NumCast>(
        &mut self,
        _: dfdx::nn::ScalarOptions<N>,
        (value, name): (&N, String),
    ) -> Result<Option<N>, Self::Err> {
        self.taps.scalar(&name, value);
        Ok(None)
    }
}
