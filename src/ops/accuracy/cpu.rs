//! Counting.

use dfdx::shapes::{Const, Dim, Rank0, Shape};
use dfdx::tensor::{AutoDevice, Tensor, TensorFrom};

use super::AccuracyKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, values};

impl AccuracyKernel for SameBits {
    fn accuracy<B: Dim, const N: usize>(
        predictions: Tensor<(B, Const<N>), f32, AutoDevice>,
        targets: Tensor<(B,), i64, AutoDevice>,
    ) -> Result<Tensor<Rank0, f32, AutoDevice>, DeviceError> {
        let targets = values(&targets);
        let right = values(&predictions)
            .chunks_exact(N)
            .zip(targets.iter())
            .filter(|(row, target)| usize::try_from(**target) == Ok(argmax(row)))
            .count();
        predictions.device().try_tensor(right as f32 / targets.len() as f32)
    }

    fn share_of_true<S: Shape>(
        truths: Tensor<S, bool, AutoDevice>,
    ) -> Result<Tensor<Rank0, f32, AutoDevice>, DeviceError> {
        let values = values(&truths);
        let count = values.iter().filter(|truth| **truth).count();
        truths.device().try_tensor((count as f64 / values.len() as f64) as f32)
    }
}

/// The place of the largest number; of equal ones the first.
fn argmax(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}
