//! Steps of optimizers, and gradients back to 0.

use std::ops::Range;

use dfdx::nn::TensorCollection;
use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::view::values_mut;
use super::{AdamStep, Err};
use crate::nn::parameters::{Look, Parameter, look_at};
use crate::optim::OptimError;
use crate::tensor::Grads;

/// A step of Adam for the parameter `p` called `name`. Where only some taps of a convolution have met a
/// pixel, the others stay as they are.
pub(crate) fn adam<S: Shape>(
    (p, name): (&mut Tensor<S, f32, AutoDevice>, &str),
    [averages, squares, gradients]: [&mut Grads; 3],
    step: &AdamStep,
    taps: Option<&[bool]>,
) -> Result<(), OptimError> {
    let &AdamStep { step, lr, betas, eps, weight_decay } = step;
    let step = samebits::AdamStep::new(step, lr, betas, eps, weight_decay);
    let gradient = gradients.get_or_alloc_mut(p).map_err(OptimError::Device)?;
    let average = averages.get_or_alloc_mut(p).map_err(OptimError::Device)?;
    let square = squares.get_or_alloc_mut(p).map_err(OptimError::Device)?;
    let p = values_mut(p).ok_or(OptimError::Layout(name.into()))?;
    for range in ranges(taps, p.len()) {
        step.update(
            &mut p[range.clone()],
            &mut average[range.clone()],
            &mut square[range.clone()],
            &gradient[range],
        );
    }
    Ok(())
}

/// A step of SGD: `v = momentum v + gradient`, and then `p = kept p - lr v`.
pub(crate) fn sgd<S: Shape>(
    p: &mut Tensor<S, f32, AutoDevice>,
    [averages, gradients]: [&mut Grads; 2],
    [lr, momentum, weight_decay]: [f64; 3],
) -> Result<(), Err> {
    let kept = 1.0 - lr * weight_decay;
    let gradient = gradients.get_or_alloc_mut(p)?;
    let average = match momentum != 0.0 {
        true => Some(averages.get_or_alloc_mut(p)?),
        false => None,
    };
    let step = match average {
        Some(average) => {
            average.iter_mut().zip(&**gradient).for_each(|(v, g)| *v = momentum as f32 * *v + g);
            average
        }
        None => gradient,
    };
    if let Some(p) = values_mut(p) {
        // In the steps of dfdx's `axpy`, so that no bit differs.
        let (kept, lr) = (kept as f32, -lr as f32);
        p.iter_mut().zip(&**step).for_each(|(p, step)| *p = *p * kept + step * lr);
        return Ok(());
    }
    // A view of another tensor, whose numbers lie in another order.
    let steps = if momentum != 0.0 { averages.get(p) } else { gradients.get(p) };
    p.try_axpy(kept, &steps, -lr)
}

/// Sets the gradients of a model's parameters to 0, as dfdx's `model.zero_grads(gradients)` does, but
/// does not touch those that are 0 anyway: of taps of convolutions that have met no pixel.
pub(crate) fn zero_grads<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    gradients: &mut Grads,
) -> Result<(), Err> {
    look_at(model, &mut ZeroEach { gradients })
}

struct ZeroEach<'a> {
    gradients: &'a mut Grads,
}

impl Look for ZeroEach<'_> {
    type Error = Err;

    fn look<S: Shape>(
        &mut self,
        parameter: &Parameter,
        p: &Tensor<S, f32, AutoDevice>,
    ) -> Result<(), Err> {
        if parameter.learns {
            let gradient = self.gradients.get_or_alloc_mut(p)?;
            for range in ranges(parameter.taps_met().as_deref(), gradient.len()) {
                samebits::zero(&mut gradient[range]);
            }
        }
        Ok(())
    }
}

/// Which of `len` numbers of a parameter may have a gradient, in ranges: all of them, or those of the taps
/// that have met a pixel.
fn ranges(taps: Option<&[bool]>, len: usize) -> Vec<Range<usize>> {
    let Some(taps) = taps else { return std::iter::once(0..len).collect() };
    let tap = len / taps.len();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for at in (0..taps.len()).filter(|at| taps[*at]) {
        match ranges.last_mut() {
            Some(range) if range.end == at * tap => range.end += tap,
            _ => ranges.push(at * tap..(at + 1) * tap),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_the_taps_that_have_met_a_pixel() {
        let ranges = |taps: Option<&[bool]>, len| -> Vec<[usize; 2]> {
            ranges(taps, len).into_iter().map(|range| [range.start, range.end]).collect()
        };
        assert_eq!(ranges(Some(&[false, true, true, false]), 60), [[15, 45]]);
        assert_eq!(ranges(Some(&[true, false, false, true]), 4), [[0, 1], [3, 4]]);
        assert_eq!(ranges(None, 7), [[0, 7]]);
    }
}
