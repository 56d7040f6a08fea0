//! Rows of numbers: one, or a batch of them.

use dfdx::shapes::{Const, Dim, Rank1, Shape};

/// The shapes that a layer with `I` inputs takes: one row of `I` numbers, or any number of rows.
#[diagnostic::on_unimplemented(
    message = "a tensor of shape `{Self}` does not fit a layer with {I} inputs",
    label = "the last axis of its input has to be `Const<{I}>`",
    note = "one row of numbers has the shape `Rank1<{I}>`, a batch of them `(usize, Const<{I}>)`"
)]
pub trait RowsOf<const I: usize>: Shape {
    /// The same rows, with `O` numbers in each.
    type Outputs<const O: usize>: Shape;

    /// How many rows there are.
    fn rows(&self) -> usize;
    /// See [`Outputs`](Self::Outputs).
    fn outputs<const O: usize>(&self) -> Self::Outputs<O>;
}

impl<const I: usize> RowsOf<I> for Rank1<I> {
    type Outputs<const O: usize> = Rank1<O>;

    fn rows(&self) -> usize {
        1
    }

    fn outputs<const O: usize>(&self) -> Rank1<O> {
        (Const,)
    }
}

impl<B: Dim, const I: usize> RowsOf<I> for (B, Const<I>) {
    type Outputs<const O: usize> = (B, Const<O>);

    fn rows(&self) -> usize {
        self.0.size()
    }

    fn outputs<const O: usize>(&self) -> (B, Const<O>) {
        (self.0, Const)
    }
}
