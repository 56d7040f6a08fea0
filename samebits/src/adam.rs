//! The Adam optimizer.

use crate::simd::each;
use crate::threads::{rows_of_piece, share};

/// One step of Adam with decoupled weight decay, as fastai has it (the formulas of
/// `fastai/optimizer.py`; D. Kingma, J. Ba, "Adam", 2015; I. Loshchilov, F. Hutter, "Decoupled Weight
/// Decay Regularization", 2019):
///
/// ```text
/// p = p (1 - lr wd)
/// m = beta1 m + (1 - beta1) g
/// v = beta2 v + (1 - beta2) g g
/// p = p - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps)
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    beta1: f32,
    beta2: f32,
    eps: f32,
    /// `1 - lr wd`
    kept: f32,
    /// `lr / (1 - beta1^t)`
    rate: f32,
    /// `1 / (1 - beta2^t)`
    correction: f32,
}

impl AdamStep {
    /// Step number `t`, counted from 1, with the learning rate `lr` and the weight decay `wd`.
    ///
    /// # Panics
    /// If `t` is 0.
    pub fn new(t: i32, lr: f64, betas: [f64; 2], eps: f64, wd: f64) -> Self {
        assert!(t > 0, "step {t}: they count from 1");
        let [beta1, beta2] = betas;
        Self {
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            eps: eps as f32,
            kept: (1.0 - lr * wd) as f32,
            rate: (lr / (1.0 - power(beta1, t))) as f32,
            correction: (1.0 / (1.0 - power(beta2, t))) as f32,
        }
    }

    /// Changes the parameters `p` with the gradients `g`; `m` and `v` are what the optimizer
    /// remembers, 0 at the start. If `then_zero`, the gradients are 0 afterwards: in the same pass over memory.
    ///
    /// # Panics
    /// If the slices have not the same length.
    ///
    /// ```
    /// // The first step has the size of the learning rate, whatever the gradient.
    /// let step = samebits::AdamStep::new(1, 0.1, [0.9, 0.99], 0.0, 0.0);
    /// let (mut p, mut m, mut v, mut g) = ([1.0], [0.0], [0.0], [123.0]);
    /// step.update(&mut p, &mut m, &mut v, &mut g, true);
    /// assert!((p[0] - 0.9f32).abs() < 1e-6);
    /// assert_eq!(g, [0.0]);
    /// ```
    pub fn update(
        &self,
        p: &mut [f32],
        m: &mut [f32],
        v: &mut [f32],
        g: &mut [f32],
        then_zero: bool,
    ) {
        assert_eq!([m.len(), v.len(), g.len()], [p.len(); 3], "numbers of m, v and g, and of p");
        let piece = rows_of_piece(p.len(), 1);
        let state = m.chunks_mut(piece).zip(v.chunks_mut(piece));
        let pieces = p.chunks_mut(piece).zip(g.chunks_mut(piece)).zip(state);
        share(pieces, |((p, g), (m, v))| match then_zero {
            true => self.update_piece::<true>(p, m, v, g),
            false => self.update_piece::<false>(p, m, v, g),
        });
    }

    fn update_piece<const ZERO: bool>(
        &self,
        p: &mut [f32],
        m: &mut [f32],
        v: &mut [f32],
        g: &mut [f32],
    ) {
        let Self { beta1, beta2, eps, kept, rate, correction } = *self;
        let (rest1, rest2) = (1.0 - beta1, 1.0 - beta2);
        each(|| {
            for (((p, g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                *m = beta1 * *m + rest1 * *g;
                *v = beta2 * *v + rest2 * (*g * *g);
                *p = *p * kept - rate * *m / ((*v * correction).sqrt() + eps);
                if ZERO {
                    *g = 0.0;
                }
            }
        });
    }
}

impl AdamStep {
    /// `beta1`, `beta2`, `eps`, `1 - lr wd`, `lr / (1 - beta1^t)`, `1 / (1 - beta2^t)`.
    #[cfg(feature = "cuda")]
    pub(crate) fn factors(&self) -> [f32; 6] {
        let Self { beta1, beta2, eps, kept, rate, correction } = *self;
        [beta1, beta2, eps, kept, rate, correction]
    }

    /// The same step with `wd = 0`.
    pub(crate) fn without_decay(&self) -> Self {
        Self { kept: 1.0, ..*self }
    }
}

/// `base^n`. The standard library's `powi` may differ in the last bit from one computer to another.
fn power(base: f64, n: i32) -> f64 {
    (0..n).fold(1.0, |power, _| power * base)
}
