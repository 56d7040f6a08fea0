//! Predictions of classes: a row has a number for each of them.

use crate::sizes::product;
use crate::{exp, ln};

/// The probabilities that rows of `classes` numbers stand for, to `p`: `p_i = e^(x_i - m) / sum_j e^(x_j - m)` with the
/// largest number `m` of the row. The sum has the order of the classes.
///
/// # Panics
/// If the slices have not the same length, or not whole rows.
///
/// ```
/// let mut p = [0.0; 2];
/// samebits::softmax(&[1000.0, 1000.0], 2, &mut p);
/// assert_eq!(p, [0.5, 0.5]);
/// ```
pub fn softmax(x: &[f32], classes: usize, p: &mut [f32]) {
    check("softmax", x.len(), classes, p.len());
    for (x, p) in x.chunks_exact(classes.max(1)).zip(p.chunks_exact_mut(classes.max(1))) {
        let (sum, _) = powers(x, p);
        p.iter_mut().for_each(|p| *p /= sum);
    }
}

/// Adds to `dx` what the gradient `dp` of [`softmax`]'s result comes to: `p_i (dp_i - sum_j p_j dp_j)`.
///
/// # Panics
/// If the slices have not the same length, or not whole rows.
///
/// ```
/// let mut dx = [0.0; 2];
/// samebits::softmax_gradient(&[0.5, 0.5], 2, &[4.0, 0.0], &mut dx);
/// assert_eq!(dx, [1.0, -1.0]);
/// ```
pub fn softmax_gradient(p: &[f32], classes: usize, dp: &[f32], dx: &mut [f32]) {
    check("softmax_gradient", p.len(), classes, dp.len());
    check("softmax_gradient", p.len(), classes, dx.len());
    let rows = |x| <[f32]>::chunks_exact(x, classes.max(1));
    for ((p, dp), dx) in rows(p).zip(rows(dp)).zip(dx.chunks_exact_mut(classes.max(1))) {
        let mean = p.iter().zip(dp).fold(0.0, |sum, (p, dp)| sum + p * dp);
        for ((dx, p), dp) in dx.iter_mut().zip(p).zip(dp) {
            *dx += p * (dp - mean);
        }
    }
}

/// The mean over the rows of `-sum_i q_i ln p_i`, with `p` as [`softmax`] has it; `q` is `1 - eps` for the target, and `eps`
/// is shared among all classes. The gradient of the result with respect to `x`, `(p_i - q_i) / rows`, goes to `slopes`.
///
/// # Panics
/// If there is not a target for each row, if a target is no class, or if the slices have not the same length.
///
/// ```
/// let mut slopes = [0.0; 2];
/// let loss = samebits::cross_entropy(&[0.0, 0.0], 2, &[1], 0.0, &mut slopes);
/// assert_eq!((loss, slopes), (std::f32::consts::LN_2, [0.5, -0.5]));
/// ```
pub fn cross_entropy(
    x: &[f32],
    classes: usize,
    targets: &[i64],
    eps: f32,
    slopes: &mut [f32],
) -> f32 {
    check("cross_entropy", x.len(), classes, slopes.len());
    let of = format_args!("cross_entropy: {} targets of {classes} classes", targets.len());
    assert_eq!(x.len(), product([targets.len(), classes], of), "{of}");
    let rows = targets.len() as f32;
    let each = eps / classes as f32;
    let mut loss = 0.0;
    let inputs = x.chunks_exact(classes.max(1)).zip(targets);
    for ((x, &target), slopes) in inputs.zip(slopes.chunks_exact_mut(classes.max(1))) {
        let right = usize::try_from(target).ok().filter(|right| *right < classes);
        let right = right.unwrap_or_else(|| {
            panic!("cross_entropy: there is no class {target}, they are 0 to {}", classes - 1)
        });
        let (sum, largest) = powers(x, slopes);
        let minus_ln_p = |class: usize| f64::from(ln(sum) - (x[class] - largest));
        loss += f64::from(1.0 - eps) * minus_ln_p(right);
        if eps > 0.0 {
            loss += f64::from(each) * (0..classes).map(minus_ln_p).sum::<f64>();
        }
        for (class, slope) in slopes.iter_mut().enumerate() {
            let q = each + if class == right { 1.0 - eps } else { 0.0 };
            *slope = (*slope / sum - q) / rows;
        }
    }
    (loss / f64::from(rows)) as f32
}

/// `e^(x_i - m)` to `powers`; returns their sum, and the largest number `m`.
fn powers(x: &[f32], powers: &mut [f32]) -> (f32, f32) {
    let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (power, x) in powers.iter_mut().zip(x) {
        *power = exp(x - largest);
        sum += *power;
    }
    (sum, largest)
}

#[track_caller]
pub(crate) fn check(function: &str, numbers: usize, classes: usize, others: usize) {
    assert_eq!(numbers, others, "{function}: numbers of the slices");
    assert_eq!(
        numbers.checked_rem(classes).unwrap_or(numbers),
        0,
        "{function}: rows of {classes} numbers"
    );
}
