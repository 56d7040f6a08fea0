//! The share of right answers.

use dfdx::shapes::{Const, Dim, Rank0};
use dfdx::tensor::{AutoDevice, Tensor};

/// The share of rows whose largest prediction is that of the right class, fastai's `accuracy`. Of equal
/// predictions the first counts.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let (preds, targets) = (dev.tensor([[0.1, 0.9], [0.7, 0.3], [2., 1.]]), dev.tensor([1, 1, 0]));
/// assert_eq!(accuracy(preds, targets).array(), 2. / 3.);
/// ```
pub fn accuracy<B: Dim, const N: usize>(
    predictions: Tensor<(B, Const<N>), f32, AutoDevice>,
    targets: Tensor<(B,), i64, AutoDevice>,
) -> Tensor<Rank0, f32, AutoDevice> {
    #[cfg(feature = "dfdx-ops")]
    return crate::device::accuracy(predictions, targets)
        .unwrap_or_else(|error| panic!("accuracy: {error}"));
    #[cfg(not(feature = "dfdx-ops"))]
    on_the_cpu(predictions, targets)
}

#[cfg(not(feature = "dfdx-ops"))]
fn on_the_cpu<B: Dim, const N: usize>(
    predictions: Tensor<(B, Const<N>), f32, AutoDevice>,
    targets: Tensor<(B,), i64, AutoDevice>,
) -> Tensor<Rank0, f32, AutoDevice> {
    use crate::tensor::values;
    use dfdx::tensor::TensorFrom;

    let targets = values(&targets);
    let right = values(&predictions)
        .chunks_exact(N)
        .zip(targets.iter())
        .filter(|(row, target)| usize::try_from(**target) == Ok(argmax(row)))
        .count();
    predictions.device().tensor(right as f32 / targets.len() as f32)
}

/// The place of the largest number; of equal ones the first.
#[cfg(not(feature = "dfdx-ops"))]
fn argmax(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}
