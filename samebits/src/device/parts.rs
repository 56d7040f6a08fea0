//! What operations of a [`Device`] take that have many arguments.

use super::Device;
use crate::Activation;

/// Up to two losses on which a step of an optimizer depends: if one of them is infinite or not a number, nothing is
/// changed. So whoever starts a step need not wait until its loss is known.
pub type Losses<'a, D> = [Option<<D as Device>::Slice<'a, f32>>; 2];

/// Which way a matrix lies in its slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Row after row.
    Rows,
    /// Column after column, as a [transposed](crate::Matrix::transposed) one.
    Columns,
}

/// The sizes of a product of matrices, and how its two sides lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrices {
    /// Rows of the left side, and of the product.
    pub rows: usize,
    /// Columns of the left side, and rows of the right one.
    pub depth: usize,
    /// Columns of the right side, and of the product.
    pub columns: usize,
    /// How the left and the right side lie.
    pub orders: [Order; 2],
}

/// Running statistics that a batch norm moves: `running = (1 - momentum) running + momentum new`. The new variance is the
/// unbiased one, with `n / (n - 1)`.
#[derive(Debug)]
pub struct Running<'a, D: Device> {
    /// The running means.
    pub mean: D::SliceMut<'a, f32>,
    /// The running variances.
    pub variance: D::SliceMut<'a, f32>,
    /// How far they go to the new ones.
    pub momentum: f64,
}

impl<D: Device> Running<'_, D> {
    /// How much of the old numbers is kept, and how much of the new mean and variance is added, with `rows` rows.
    pub(crate) fn factors(momentum: f64, rows: usize) -> [f32; 3] {
        let unbiased = rows as f64 / (rows as f64 - 1.0);
        [(1.0 - momentum) as f32, momentum as f32, (momentum * unbiased) as f32]
    }
}

/// A batch norm in training.
#[derive(Debug)]
pub struct NormTrain<'a, D: Device> {
    /// Those of `x`, if they are known already.
    pub statistics: Option<D::Statistics>,
    /// The input.
    pub x: D::Slice<'a, f32>,
    /// What is added before the activation.
    pub residual: Option<D::Slice<'a, f32>>,
    /// A factor for each channel.
    pub weight: D::Slice<'a, f32>,
    /// A summand for each channel.
    pub bias: D::Slice<'a, f32>,
    /// What is added to the variance.
    pub eps: f32,
    /// What follows.
    pub activation: Activation,
    /// What is to be moved, if anything.
    pub running: Option<Running<'a, D>>,
    /// The output.
    pub y: D::SliceMut<'a, f32>,
}

/// A batch norm of a finished model.
#[derive(Debug)]
pub struct NormEval<'a, D: Device> {
    /// The input.
    pub x: D::Slice<'a, f32>,
    /// What is added before the activation.
    pub residual: Option<D::Slice<'a, f32>>,
    /// The mean of each channel.
    pub mean: D::Slice<'a, f32>,
    /// The variance of each channel.
    pub variance: D::Slice<'a, f32>,
    /// A factor for each channel.
    pub weight: D::Slice<'a, f32>,
    /// A summand for each channel.
    pub bias: D::Slice<'a, f32>,
    /// What is added to the variance.
    pub eps: f32,
    /// What follows.
    pub activation: Activation,
    /// The output.
    pub y: D::SliceMut<'a, f32>,
}

/// Where the gradients of a batch norm are added.
#[derive(Debug)]
pub struct NormGradients<'a, D: Device> {
    /// Of the input.
    pub dx: D::SliceMut<'a, f32>,
    /// Whether `dx` is only room: whatever is there counts as 0.
    pub fresh: bool,
    /// Of the weight.
    pub dweight: D::SliceMut<'a, f32>,
    /// Of the bias.
    pub dbias: D::SliceMut<'a, f32>,
    /// Of what was added before the activation.
    pub dresidual: Option<D::SliceMut<'a, f32>>,
}

/// Some numbers of a parameter, for a step of Adam.
#[derive(Debug)]
pub struct AdamPart<'a, D: Device> {
    /// The parameter.
    pub p: D::SliceMut<'a, f32>,
    /// The average of its gradients.
    pub m: D::SliceMut<'a, f32>,
    /// The average of their squares.
    pub v: D::SliceMut<'a, f32>,
    /// Its gradient.
    pub g: D::SliceMut<'a, f32>,
    /// Whether it has weight decay: if not, it is a step with `wd = 0`.
    pub decays: bool,
}

/// A step of stochastic gradient descent:
///
/// ```text
/// v = momentum v + g
/// p = kept p + factor v
/// ```
///
/// Each product and each sum is rounded. Without momentum there is no `v`, and `g` takes its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdStep {
    /// How much of the average is kept.
    pub momentum: f32,
    /// How much of the parameter is kept: `1 - lr wd`.
    pub kept: f32,
    /// `-lr`
    pub factor: f32,
}

/// Some numbers of a parameter, for an [`SgdStep`].
#[derive(Debug)]
pub struct SgdPart<'a, D: Device> {
    /// The parameter.
    pub p: D::SliceMut<'a, f32>,
    /// The average of its gradients; none without momentum.
    pub v: Option<D::SliceMut<'a, f32>>,
    /// Its gradient, which stays as it is unless it is to be 0 afterwards.
    pub g: D::SliceMut<'a, f32>,
}
