//! Tensors that remember how they came about, and their gradients.

use dfdx::tensor::{AutoDevice, Gradients, Merge, NoneTape, OwnedTape, Tape, Tensor};

/// The tape that records what happens to a tensor.
pub type Recorded = OwnedTape<f32, AutoDevice>;

/// A tensor of shape `S` that remembers how it came about: it can be asked for gradients.
pub type Traced<S> = Tensor<S, f32, AutoDevice, Recorded>;

/// The gradients of any number of tensors, found by the tensor they belong to.
pub type Grads = Gradients<f32, AutoDevice>;

/// The tape of a result of two tensors: it records if one of them does.
pub trait JoinTape<Right>: Tape<f32, AutoDevice> {
    /// The tape of the result.
    type Joined: Tape<f32, AutoDevice>;

    /// Both records in one.
    fn join(self, right: Right) -> Self::Joined;
}

impl<Right: Tape<f32, AutoDevice>> JoinTape<Right> for NoneTape {
    type Joined = Right;

    fn join(self, right: Right) -> Right {
        right
    }
}

impl<Right> JoinTape<Right> for OwnedTape<f32, AutoDevice>
where
    Self: Merge<Right>,
{
    type Joined = Self;

    fn join(self, right: Right) -> Self {
        self.merge(right)
    }
}
