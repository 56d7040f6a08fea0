//! The loss and its gradient, row by row.

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor, TensorFrom};
use dfdx::tensor_ops::ReshapeTo;

use super::CrossEntropyKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, record, values};

impl CrossEntropyKernel for SameBits {
    fn cross_entropy<B: Dim, const N: usize, T: Tape<f32, AutoDevice>>(
        predictions: Tensor<(B, Const<N>), f32, AutoDevice, T>,
        targets: Tensor<(B,), i64, AutoDevice>,
        eps: f32,
    ) -> Result<Tensor<Rank0, f32, AutoDevice, T>, DeviceError> {
        let (x, tape) = predictions.try_contiguous()?.split_tape();
        let (loss, slopes) = loss_and_gradient(&values(&x), N, &values(&targets), eps);
        let loss = x.device().try_tensor(loss)?;
        let x = x.ghost();
        Ok(record(loss, tape, move |dloss, gradients| {
            let dx = gradients.get_or_alloc_mut(&x)?;
            dx.iter_mut().zip(&slopes).for_each(|(dx, slope)| *dx += dloss[0] * slope);
            Ok(())
        }))
    }
}

/// The loss, and its gradient with respect to the predictions: `(p_i - q_i) / rows`, where `q` are the
/// probabilities that the targets stand for.
fn loss_and_gradient(x: &[f32], classes: usize, targets: &[i64], eps: f32) -> (f32, Vec<f32>) {
    assert_eq!(x.len(), targets.len() * classes, "cross_entropy: a target for each row");
    let rows = targets.len() as f32;
    let each = eps / classes as f32;
    let (mut loss, mut gradient) = (0.0, Vec::with_capacity(x.len()));
    for (x, &target) in x.chunks_exact(classes).zip(targets) {
        let right = usize::try_from(target).ok().filter(|right| *right < classes);
        let right = right.unwrap_or_else(|| {
            panic!("cross_entropy: there is no class {target}, they are 0 to {}", classes - 1)
        });
        let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f32> = x.iter().map(|x| libm::expf(x - largest)).collect();
        let sum: f32 = powers.iter().sum();
        let minus_ln_p = |class: usize| f64::from(libm::logf(sum) - (x[class] - largest));
        loss += f64::from(1.0 - eps) * minus_ln_p(right);
        if eps > 0.0 {
            loss += f64::from(each) * (0..classes).map(minus_ln_p).sum::<f64>();
        }
        let slope = |(class, power)| {
            let q = each + if class == right { 1.0 - eps } else { 0.0 };
            (power / sum - q) / rows
        };
        gradient.extend(powers.into_iter().enumerate().map(slope));
    }
    ((loss / f64::from(rows)) as f32, gradient)
}
