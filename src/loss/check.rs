//! Whether predictions and targets fit, for losses and metrics.

use dfdx::shapes::{Const, Dim, HasShape, Rank0, Shape};
use dfdx::tensor::{AutoDevice, PutTape, SplitTape, Tape, Tensor, TensorFrom};

use crate::fault;

/// Whether there is a target for each prediction and all of them are 0 or 1; else what is wrong.
pub(crate) fn zeros_and_ones<S: Shape, T>(
    function: &str,
    predictions: &Tensor<S, f32, AutoDevice, T>,
    targets: &Tensor<S, i64, AutoDevice>,
) -> Result<(), String> {
    let sizes = |shape: &S| shape.concrete().into();
    lengths(function, sizes(predictions.shape()), sizes(targets.shape()))?;
    each(
        function,
        targets,
        |target| matches!(target, 0 | 1),
        || "the targets have to be 0 and 1, for example `y.eq(3)` made to numbers".into(),
    )
}

/// Whether there is a target for each row of predictions and all of them are numbers of classes; else what is wrong.
pub(crate) fn classes<B: Dim, const N: usize, T>(
    function: &str,
    predictions: &Tensor<(B, Const<N>), f32, AutoDevice, T>,
    targets: &Tensor<(B,), i64, AutoDevice>,
) -> Result<(), String> {
    let rows = |size: usize| vec![size];
    lengths(function, rows(predictions.shape().0.size()), rows(targets.shape().0.size()))?;
    let is_class = |target| usize::try_from(target).is_ok_and(|target| target < N);
    each(function, targets, is_class, || {
        format!("the {N} predictions of a row are for the classes 0 to {}", N.saturating_sub(1))
    })
}

/// Whether predictions and targets have the same shape, which their type does not say of axes whose length is known only at
/// run time; else what is wrong.
pub(super) fn shapes<S: Shape>(function: &str, predictions: &S, targets: &S) -> Result<(), String> {
    let sizes = |shape: &S| shape.concrete().into();
    same(function, &sizes(predictions), &sizes(targets))
}

fn same(function: &str, predictions: &Vec<usize>, targets: &Vec<usize>) -> Result<(), String> {
    match predictions == targets {
        true => Ok(()),
        false => Err(format!("{function}: {predictions:?} predictions and {targets:?} targets")),
    }
}

fn lengths(function: &str, predictions: Vec<usize>, targets: Vec<usize>) -> Result<(), String> {
    same(function, &predictions, &targets)?;
    if predictions.contains(&0) {
        return Err(format!("{function}: there are no predictions"));
    }
    Ok(())
}

fn each<S: Shape>(
    function: &str,
    targets: &Tensor<S, i64, AutoDevice>,
    fits: impl Fn(i64) -> bool,
    wanted: impl FnOnce() -> String,
) -> Result<(), String> {
    if !fault::targets_are_checked() {
        return Ok(());
    }
    let targets = targets.as_vec();
    match targets.iter().position(|target| !fits(*target)) {
        None => Ok(()),
        Some(at) => {
            let (target, wanted) = (targets[at], wanted());
            Err(format!("{function}: target {at} of the batch is {target}, but {wanted}"))
        }
    }
}

/// The loss of a batch that has none: not a number.
///
/// # Panics
/// With what is wrong, unless a learner takes care of it.
#[track_caller]
pub(super) fn no_loss<S: Shape, T: Tape<f32, AutoDevice>>(
    predictions: Tensor<S, f32, AutoDevice, T>,
    problem: String,
) -> Tensor<Rank0, f32, AutoDevice, T> {
    fault::found(problem);
    let (predictions, tape) = predictions.split_tape();
    predictions.device().tensor(f32::NAN).put_tape(tape)
}
