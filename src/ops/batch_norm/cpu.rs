//! Batch norm with [`samebits::BatchNorm`].

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Merge, SplitTape, Tensor, TensorFromVec};
use samebits::{Activation, BatchNorm, Gradients, Statistics};

use super::{BatchNormKernel, BatchNormed, Each};
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, record, values};
use crate::shapes::Traced;

impl BatchNormKernel for SameBits {
    fn train_by_pixel<S: Shape, const C: usize>(
        x: Traced<S>,
        residual: Option<Traced<S>>,
        [weight, bias]: [&Each<C>; 2],
        eps: f32,
        relu: bool,
    ) -> Result<BatchNormed<C, Traced<S>>, DeviceError> {
        let (x, mut tape) = x.split_tape();
        let statistics = Statistics::of(&values(&x), C);
        let each =
            |numbers: &[f32]| x.device().try_tensor_from_vec(numbers.to_vec(), *weight.shape());
        let (mean, variance) = (each(&statistics.mean)?, each(&statistics.variance)?);
        let norm =
            BatchNorm::new(statistics, eps, &values(weight), &values(bias), activation(relu));
        let residual = match residual {
            Some(residual) => {
                let (residual, other) = residual.split_tape();
                tape = tape.merge(other);
                Some(residual)
            }
            None => None,
        };

        let mut y = vec![0.0; x.shape().num_elements()];
        norm.forward(&values(&x), residual.as_ref().map(values).as_deref(), &mut y);
        let y = x.device().try_tensor_from_vec(y, *x.shape())?;

        let (output, residual) = (y.clone(), residual.map(|residual| residual.ghost()));
        let (weight, bias) = (weight.ghost(), bias.ghost());
        let y = record(y, tape, move |dy, gradients| {
            // Taken out for the while: `gradients` lends one of them at a time.
            let mut dweight = std::mem::take(&mut **gradients.get_or_alloc_mut(&weight)?);
            let mut dbias = std::mem::take(&mut **gradients.get_or_alloc_mut(&bias)?);
            let dx = gradients.get_or_alloc_mut(&x)?;
            let into = Gradients { dx, dweight: &mut dweight, dbias: &mut dbias };
            let y = values(&output);
            norm.backward(&values(&x), &y, dy, into);
            **gradients.get_or_alloc_mut(&bias)? = dbias;
            **gradients.get_or_alloc_mut(&weight)? = dweight;
            if let Some(residual) = &residual {
                norm.residual_gradient(&y, dy, gradients.get_or_alloc_mut(residual)?);
            }
            Ok(())
        });
        Ok(BatchNormed { y, mean, variance })
    }

    fn eval_by_pixel<S: Shape, const C: usize>(
        x: Tensor<S, f32, AutoDevice>,
        residual: Option<Tensor<S, f32, AutoDevice>>,
        [mean, variance, weight, bias]: [&Each<C>; 4],
        eps: f32,
        relu: bool,
    ) -> Result<Tensor<S, f32, AutoDevice>, DeviceError> {
        let statistics = Statistics { mean: mean.as_vec(), variance: variance.as_vec() };
        let norm =
            BatchNorm::new(statistics, eps, &values(weight), &values(bias), activation(relu));
        let mut y = vec![0.0; x.shape().num_elements()];
        norm.forward(&values(&x), residual.as_ref().map(values).as_deref(), &mut y);
        x.device().try_tensor_from_vec(y, *x.shape())
    }
}

fn activation(relu: bool) -> Activation {
    if relu { Activation::Relu } else { Activation::Identity }
}
