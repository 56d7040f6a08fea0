//! In the computer's own memory.

use std::convert::Infallible;
use std::marker::PhantomData;

use dfdx::shapes::{HasShape, Rank0, Shape, Unit};
use dfdx::tensor::{AutoDevice, Tape, Tensor, TensorFromVec};
use samebits::{AdamPart, AdamStep, Device as _, SgdPart, SgdStep};

use super::kept::{give, take};
use super::view::{all_in_memory, in_memory, view, view_mut};
use super::{Room, Slice, SliceMut};
use crate::device::DeviceError;
use crate::shapes::{as_vec, contiguous};

/// Where the arithmetic is done.
pub(in crate::ops) type On = samebits::Cpu;

/// Where the arithmetic is done.
pub(in crate::ops) fn device() -> Result<On, DeviceError> {
    Ok(samebits::Cpu)
}

/// The result of the arithmetic, which cannot fail here.
pub(in crate::ops) fn done<R>(result: Result<R, Infallible>) -> Result<R, DeviceError> {
    let Ok(result) = result;
    Ok(result)
}

/// The same tensor with its numbers in the order of its shape: itself if they lie like that, otherwise a copy, whose
/// gradient goes back to `x`.
pub(in crate::ops) fn in_order<S: Shape, T: Tape<f32, AutoDevice>>(
    x: Tensor<S, f32, AutoDevice, T>,
) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError> {
    contiguous(x)
}

/// The same for numbers of any kind, which have no gradient.
pub(in crate::ops) fn data_in_order<S: Shape, E: Unit>(
    x: &Tensor<S, E, AutoDevice>,
) -> Result<Tensor<S, E, AutoDevice>, DeviceError> {
    match view(x) {
        Some(_) => Ok(x.clone()),
        None => x.device().try_tensor_from_vec(as_vec(x), *x.shape()),
    }
}

/// The numbers of a tensor that is [in order](in_order).
pub(in crate::ops) fn numbers<S: Shape, E: Unit + samebits::Element>(
    x: &Tensor<S, E, AutoDevice>,
) -> Slice<'_, E> {
    view(x).expect("a tensor in order")
}

/// The numbers of a new tensor.
pub(in crate::ops) fn fresh<S: Shape, E: Unit + samebits::Element>(
    y: &mut Tensor<S, E, AutoDevice>,
) -> SliceMut<'_, E> {
    view_mut(y).expect("a tensor in order")
}

/// Rows of `width` numbers of a tensor that is [in order](in_order), as a tensor of the shape `to`. Each number is written
/// once, which is most of the work of a small step.
pub(in crate::ops) fn selected<S: Shape, To: Shape, E: Unit + samebits::Element>(
    x: &Tensor<S, E, AutoDevice>,
    width: usize,
    rows: &[usize],
    to: &To,
) -> Result<Tensor<To, E, AutoDevice>, DeviceError> {
    x.device().try_tensor_from_vec(samebits::select_rows(numbers(x), width, rows), *to)
}

/// The numbers of a tensor in the order in which they lie in memory, which is also that of its gradient; `None` for a
/// tensor that shows numbers more than once or not all of them.
pub(in crate::ops) fn memory<S: Shape>(x: &Tensor<S, f32, AutoDevice>) -> Option<Slice<'_>> {
    in_memory(x)
}

/// All numbers of a model's parameter as they lie in memory, to change them. If others have a copy of the tensor, theirs
/// stay as they are.
pub(in crate::ops) fn writable<S: Shape>(
    p: &mut Tensor<S, f32, AutoDevice>,
) -> Result<SliceMut<'_>, DeviceError> {
    Ok(all_in_memory(p))
}

/// Whether the numbers of a parameter lie in the order of its shape.
pub(in crate::ops) fn is_in_order<S: Shape>(
    p: &Tensor<S, f32, AutoDevice>,
) -> Result<bool, DeviceError> {
    Ok(view(p).is_some())
}

/// Where the first number of `x` lies; 0 if it has none.
pub(in crate::ops) fn start<S: Shape>(x: &Tensor<S, f32, AutoDevice>) -> usize {
    match x.shape().num_elements() {
        0 => 0,
        _ => std::ptr::from_ref(&x[S::Concrete::default()]).addr(),
    }
}

/// A gradient, or what an optimizer remembers, to change.
pub(in crate::ops) fn write(room: &mut Room) -> SliceMut<'_> {
    room
}

/// A gradient, taken out for the while: dfdx's `Gradients` lend one of them at a time.
#[derive(Debug)]
pub(in crate::ops) struct Taken(Vec<f32>);

impl Taken {
    /// Takes it out; its room stays empty.
    pub(in crate::ops) fn out_of(room: &mut Room) -> Self {
        Self(std::mem::take(&mut **room))
    }

    /// To read.
    pub(in crate::ops) fn numbers(&self) -> Slice<'_> {
        &self.0
    }

    /// To change.
    pub(in crate::ops) fn numbers_mut(&mut self) -> SliceMut<'_> {
        &mut self.0
    }

    /// Puts it back.
    pub(in crate::ops) fn back(self, room: &mut Room) {
        **room = self.0;
    }
}

/// Numbers of an operation's own, whose memory the next ones get.
#[derive(Debug)]
pub(in crate::ops) struct Scratch(Vec<f32>);

impl Scratch {
    /// So many, which mean nothing: each has to be written before it is read.
    pub(in crate::ops) fn new(len: usize) -> Result<Self, DeviceError> {
        Ok(Self(take(len)))
    }

    /// To read.
    pub(in crate::ops) fn numbers(&self) -> Slice<'_> {
        &self.0
    }

    /// To change.
    pub(in crate::ops) fn numbers_mut(&mut self) -> SliceMut<'_> {
        &mut self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.0));
    }
}

/// The first numbers of a slice, and all others.
pub(in crate::ops) fn split_at(slice: SliceMut<'_>, at: usize) -> [SliceMut<'_>; 2] {
    slice.split_at_mut(at).into()
}

/// Runs `f`. On a CPU dfdx tells whether a tensor shares its numbers with others.
pub(crate) fn without_copies<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// Runs `f`. On a CPU a step is not begun whose loss is not finite.
pub(in crate::ops) fn with_losses<R>(
    _: [Option<Tensor<Rank0, f32, AutoDevice>>; 2],
    f: impl FnOnce() -> R,
) -> R {
    f()
}

/// What an optimizer has to do: here it is done at once.
#[derive(Debug, Default)]
pub(in crate::ops) struct Queue<'a>(PhantomData<&'a ()>);

impl Queue<'_> {
    /// A step of Adam for some numbers of a parameter.
    pub(in crate::ops) fn adam(
        &mut self,
        step: &AdamStep,
        parts: Vec<AdamPart<'_, On>>,
        then_zero: bool,
    ) -> Result<(), DeviceError> {
        done(samebits::Cpu.adam(step, parts, then_zero, [None; 2]))
    }

    /// A step of stochastic gradient descent for some numbers of a parameter.
    pub(in crate::ops) fn sgd(
        &mut self,
        step: &SgdStep,
        parts: Vec<SgdPart<'_, On>>,
        then_zero: bool,
    ) -> Result<(), DeviceError> {
        done(samebits::Cpu.sgd(step, parts, then_zero, [None; 2]))
    }

    /// Some numbers to 0.
    pub(in crate::ops) fn zero(&mut self, parts: Vec<SliceMut<'_>>) -> Result<(), DeviceError> {
        done(samebits::Cpu.zero_all(parts))
    }

    /// Does what is left to do.
    pub(in crate::ops) fn run_adam(self, _: &AdamStep, _: bool) -> Result<(), DeviceError> {
        Ok(())
    }

    /// Does what is left to do.
    pub(in crate::ops) fn run_sgd(self, _: &SgdStep, _: bool) -> Result<(), DeviceError> {
        Ok(())
    }

    /// Does what is left to do.
    pub(in crate::ops) fn run_zero(self) -> Result<(), DeviceError> {
        Ok(())
    }
}
