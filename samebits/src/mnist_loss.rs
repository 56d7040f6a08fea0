//! The loss of fast.ai's first net: how far predictions are from targets that are 0 or 1.

use crate::Function;
use crate::simd::each;

/// The mean of `1 - p` where the target is 1, and of `p` where it is 0, with `p = sigmoid(x)`, which goes to `p`. The terms
/// are added up in `f32`, one after the other, and the sum is multiplied by 1 by how many there are. Another target makes the
/// result NaN.
///
/// # Panics
/// If there is not a target for each prediction, or `p` has another length.
///
/// ```
/// let mut p = [0.0; 2];
/// assert_eq!(samebits::mnist_loss(&[0.0, 1000.0], &[1, 0], &mut p), 0.75);
/// assert_eq!(p, [0.5, 1.0]);
/// ```
pub fn mnist_loss(x: &[f32], targets: &[i64], p: &mut [f32]) -> f32 {
    check(x.len(), targets.len(), p.len());
    Function::Sigmoid.forward(x, p);
    let term = |(p, target): (&f32, &i64)| match target {
        1 => -p + 1.0,
        0 => *p,
        _ => f32::NAN,
    };
    p.iter().zip(targets).map(term).fold(0.0, |sum, term| sum + term) * one_by(p.len())
}

/// Adds to `dx` what the gradient `dloss` of [`mnist_loss`]'s result comes to, given its `p`: `-p (1 - p) dloss / n` where the
/// target is 1, else `p (1 - p) dloss / n`.
///
/// # Panics
/// If there is not a target for each `p`, or `dx` has another length.
///
/// ```
/// let mut dx = [0.0; 2];
/// samebits::mnist_loss_gradient(&[0.5, 0.5], &[1, 0], 1.0, &mut dx);
/// assert_eq!(dx, [-0.125, 0.125]);
/// ```
pub fn mnist_loss_gradient(p: &[f32], targets: &[i64], dloss: f32, dx: &mut [f32]) {
    check(p.len(), targets.len(), dx.len());
    // Sums with 0, which make 0 of -0, as where gradients are added up step by step.
    let d = 0.0 + dloss * one_by(p.len());
    each(|| {
        for ((dx, p), target) in dx.iter_mut().zip(p).zip(targets) {
            let dp = if *target == 1 { 0.0 - d } else { d };
            *dx += p * (1.0 - p) * dp;
        }
    });
}

pub(crate) fn check(x: usize, targets: usize, p: usize) {
    assert_eq!([targets, p], [x; 2], "mnist_loss: targets and results of {x} predictions");
}

/// What a sum of `n` terms is multiplied by.
pub(crate) fn one_by(n: usize) -> f32 {
    (1.0 / n as f64) as f32
}
