//! Where a number that is none comes from: the data, the weights, the learning rate?
//!
//! Nothing of this runs unless something went wrong.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;

use dfdx::nn::TensorCollection;
use dfdx::shapes::{Const, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use super::data::items;
use crate::data::{DataLoader, Dataset};
use crate::nn::NonFiniteNumbers;
use crate::parameters::{Look, Parameter, look_at};

/// Where an infinite number or one that is none comes from, and what helps.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// From the data.
    Data(BrokenItem),
    /// From weights that the model had before the first step.
    WeightsBefore(NonFiniteNumbers),
    /// Data and weights were finite, and the steps were too large for them to stay so.
    Diverged,
    /// As [`Diverged`](Self::Diverged), and it has reached the weights.
    WeightsDiverged(NonFiniteNumbers),
    /// Data and weights are finite: from the model or the loss function.
    Function,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(item) => write!(
                f,
                "{item}. No learning rate helps: look at how the data are made, for a division by 0 for \
                 example"
            ),
            Self::WeightsBefore(numbers) => {
                write!(
                    f,
                    "before the first step, {numbers}. Make the model anew, or load other weights"
                )
            }
            Self::Diverged => write!(
                f,
                "training has diverged. The model is as it was before this batch; start anew with a \
                 smaller learning rate"
            ),
            Self::WeightsDiverged(numbers) => write!(
                f,
                "{numbers}: training has diverged. Make the model anew, and start with a smaller learning \
                 rate"
            ),
            Self::Function => write!(
                f,
                "inputs, targets and weights are finite, so it is the model or the loss function that makes \
                 it. Look for a division by 0, a logarithm of 0, or predictions that are too large"
            ),
        }
    }
}

/// An item of a data set with a number that is infinite or not a number.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BrokenItem {
    /// `training` or `validation`.
    pub set: &'static str,
    /// The number of the item, from 0.
    pub item: usize,
    /// `inputs` or `target`.
    pub part: &'static str,
    /// Where in the item.
    pub place: Vec<usize>,
    /// The number.
    pub number: f32,
}

impl fmt::Display for BrokenItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { set, item, part, place, number } = self;
        write!(f, "the {part} of item {item} of the {set} set {} {number}", are(part))?;
        if place.is_empty() { Ok(()) } else { write!(f, " at {place:?}") }
    }
}

fn are(part: &str) -> &'static str {
    if part == "inputs" { "are" } else { "is" }
}

/// The first item of a data set with a broken number, if there is one. `batch` is how many items it is asked for
/// at a time.
pub(super) fn broken_item<S, D, Y>(
    set: &'static str,
    loader: &DataLoader<D>,
    batch: usize,
) -> Option<BrokenItem>
where
    S: Shape,
    D: Dataset<Batch = (Tensor<S, f32, AutoDevice>, Y)>,
    Y: 'static,
{
    let dataset = loader.dataset();
    let (all, batch) = (dataset.n_items(), batch.max(1));
    for start in (0..all).step_by(batch) {
        // The last one once more with some of those before, for batches of a fixed size.
        let start = if start + batch > all { all.saturating_sub(batch) } else { start };
        let numbers: Vec<usize> = (start..all.min(start + batch)).collect();
        let (x, y) = dataset.batch(&numbers);
        if let Some((part, row, place, number)) = broken(&x, &y) {
            return Some(BrokenItem { set, item: start + row, part, place, number });
        }
    }
    None
}

/// Whether a batch has a broken number.
pub(super) fn is_broken<S: Shape, Y: 'static>(x: &Tensor<S, f32, AutoDevice>, y: &Y) -> bool {
    broken(x, y).is_some()
}

/// The first broken number of a batch: inputs or target, its row, its place in the row, and itself.
fn broken<S: Shape, Y: 'static>(
    x: &Tensor<S, f32, AutoDevice>,
    y: &Y,
) -> Option<(&'static str, usize, Vec<usize>, f32)> {
    let rows = items(x).max(1);
    let find = |part, numbers: Vec<f32>, sizes: &[usize]| {
        let at = numbers.iter().position(|number| !number.is_finite())?;
        let row = at / (numbers.len() / rows).max(1);
        Some((part, row, place(at, sizes), numbers[at]))
    };
    let sizes: Vec<usize> = x.shape().concrete().into();
    find("inputs", x.as_vec(), &sizes).or_else(|| {
        // Of targets in general nothing is known; these are the usual ones that can be broken.
        let y: &dyn Any = y;
        if let Some(y) = y.downcast_ref::<Tensor<(usize,), f32, AutoDevice>>() {
            return find("target", y.as_vec(), &[rows]);
        }
        let y = y.downcast_ref::<Tensor<(usize, Const<1>), f32, AutoDevice>>()?;
        find("target", y.as_vec(), &[rows])
    })
}

/// The place of a number in an item, given its place in the batch and the batch's sizes.
fn place(mut at: usize, sizes: &[usize]) -> Vec<usize> {
    let mut place = Vec::new();
    for size in sizes.iter().skip(1).rev() {
        place.push(at % size);
        at /= size;
    }
    place.reverse();
    place
}

/// Which weights of a model are infinite or not a number.
pub(super) fn non_finite_weights<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
) -> NonFiniteNumbers {
    struct Count(NonFiniteNumbers);

    impl Look for Count {
        type Error = Infallible;

        fn look<S: Shape>(
            &mut self,
            parameter: &Parameter,
            tensor: &Tensor<S, f32, AutoDevice>,
        ) -> Result<(), Infallible> {
            self.0.count(&parameter.name, &tensor.as_vec());
            Ok(())
        }
    }

    let mut count = Count(NonFiniteNumbers::default());
    let Ok(()) = look_at(model, &mut count);
    count.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_an_item() {
        assert!(place(0, &[4]).is_empty());
        assert_eq!(place(7, &[4, 3]), [1]);
        assert_eq!(place(2 * 28 * 28 + 28 + 3, &[4, 1, 28, 28]), [0, 1, 3]);
    }
}
