//! Steps of optimizers, on slices.

use super::checks::assert_losses;
use super::{AdamPart, Cpu, Losses, SgdPart, SgdStep};
use crate::simd::each;
use crate::{AdamStep, zero};

pub(super) fn adam(
    step: &AdamStep,
    parts: Vec<AdamPart<'_, Cpu>>,
    then_zero: bool,
    losses: Losses<'_, Cpu>,
) {
    if !are_finite(losses) {
        return;
    }
    for AdamPart { p, m, v, g, decays } in parts {
        let step = if decays { *step } else { step.without_decay() };
        step.update(p, m, v, g, then_zero);
    }
}

pub(super) fn sgd(
    step: &SgdStep,
    parts: Vec<SgdPart<'_, Cpu>>,
    then_zero: bool,
    losses: Losses<'_, Cpu>,
) {
    if !are_finite(losses) {
        return;
    }
    let SgdStep { momentum, kept, factor } = *step;
    for SgdPart { p, v, g } in parts {
        assert_eq!(g.len(), p.len(), "numbers of g, and of p");
        match v {
            Some(v) => {
                assert_eq!(v.len(), p.len(), "numbers of v, and of p");
                each(|| v.iter_mut().zip(&*g).for_each(|(v, g)| *v = momentum * *v + g));
                axpy(p, kept, v, factor);
            }
            None => axpy(p, kept, g, factor),
        }
        if then_zero {
            zero(g);
        }
    }
}

/// Whether a step is to be made.
fn are_finite(losses: Losses<'_, Cpu>) -> bool {
    assert_losses(losses.map(|loss| loss.map(<[f32]>::len)));
    losses.into_iter().flatten().flatten().all(|loss| loss.is_finite())
}

/// `a = a alpha + b beta`, each step rounded.
pub(super) fn axpy(a: &mut [f32], alpha: f32, b: &[f32], beta: f32) {
    assert_eq!(a.len(), b.len(), "numbers of a and b");
    each(|| a.iter_mut().zip(b).for_each(|(a, b)| *a = *a * alpha + b * beta));
}
