//! On the GPU.

use std::cell::{Cell, RefCell};

use cudarc::driver::{DevicePtr, DeviceSlice, DriverError};
use dfdx::shapes::{HasShape, Rank0, Shape, Unit};
use dfdx::tensor::{AutoDevice, CudaError, Tape, Tensor, TensorFromVec, ZerosTensor};
use dfdx::tensor_ops::{ReshapeTo, TryAdd};
use samebits::cuda::{self, Gpu};
use samebits::{AdamPart, AdamStep, Device as _, Element, SgdPart, SgdStep};

use super::address::{self, address};
use super::{Room, Slice, SliceMut};
use crate::device::DeviceError;
use crate::shapes::{as_vec, contiguous};

/// Where the arithmetic is done.
pub(in crate::ops) type On = Gpu;

/// Where the arithmetic is done: in the default stream of the GPU that dfdx uses, behind what dfdx puts there.
pub(in crate::ops) fn device() -> Result<On, DeviceError> {
    done(Gpu::get())
}

/// The result of the arithmetic. A failure is told by its text where the driver's own says less.
pub(in crate::ops) fn done<R>(result: Result<R, cuda::Error>) -> Result<R, DeviceError> {
    result.map_err(|error| {
        if matches!(error, cuda::Error::TooLarge { .. }) {
            panic!("{error}");
        }
        CudaError::Driver(DriverError(error.cuda()))
    })
}

/// The same tensor with its numbers in the order of its shape: itself if they lie like that, otherwise a copy, whose
/// gradient goes back to `x`.
pub(in crate::ops) fn in_order<S: Shape, T: Tape<f32, AutoDevice>>(
    x: Tensor<S, f32, AutoDevice, T>,
) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError> {
    let (x, tape) = dfdx::tensor::SplitTape::split_tape(x);
    let is_broadcast = T::OWNS_TAPE && address(&x).1 < x.shape().num_elements();
    let x = dfdx::tensor::PutTape::put_tape(x, tape);
    if is_broadcast {
        // Of a broadcast tensor in another order, dfdx's gradient is wrong on a GPU. That of a sum is right, and
        // x + -0 is x, whatever x is.
        let zeros = x.device().try_zeros_like(x.shape())?;
        return x.try_add(dfdx::tensor_ops::TryMul::try_mul(zeros, -1.0f32)?);
    }
    contiguous(x)
}

/// The same for numbers of any kind, which have no gradient.
pub(in crate::ops) fn data_in_order<S: Shape, E: Unit>(
    x: &Tensor<S, E, AutoDevice>,
) -> Result<Tensor<S, E, AutoDevice>, DeviceError> {
    // dfdx knows it of floats at once. Of others its text of the tensor tells, which takes longer.
    if let Some(x) = (x as &dyn std::any::Any).downcast_ref::<Tensor<S, f32, AutoDevice>>() {
        let ordered: Box<dyn std::any::Any> = Box::new(x.clone().try_contiguous()?);
        return Ok(*ordered.downcast().expect("a tensor of the same type"));
    }
    // Of a single axis there is but one order.
    let axes = x.shape().concrete().into_iter().filter(|size| *size > 1).count();
    let all = address(x).1 == x.shape().num_elements();
    match all && (axes <= 1 || address::is_in_order(x)?) {
        true => Ok(x.clone()),
        false => x.device().try_tensor_from_vec(as_vec(x), *x.shape()),
    }
}

/// The numbers of a tensor that is [in order](in_order).
pub(in crate::ops) fn numbers<S: Shape, E: Unit + Element>(
    x: &Tensor<S, E, AutoDevice>,
) -> Slice<'_, E> {
    let (at, len) = address(x);
    assert_eq!(len, x.shape().num_elements(), "a tensor in order");
    // SAFETY: dfdx keeps `len` numbers of a tensor at this address, in memory of the first GPU's primary context, and has
    // written all of them: it makes no tensor otherwise. All its work, and all of ours, goes through the default stream. It
    // frees them when the last tensor that shares them is dropped, in the same stream, and changes them through `&mut` of a
    // tensor only; `x` is borrowed meanwhile. (What shares `x`'s numbers gets its own before dfdx changes them; for changes
    // of ours see `writable`.)
    unsafe { cuda::Slice::from_raw(at, len) }
}

/// The numbers of a new tensor.
pub(in crate::ops) fn fresh<S: Shape, E: Unit + Element>(
    y: &mut Tensor<S, E, AutoDevice>,
) -> SliceMut<'_, E> {
    let (at, len) = address(y);
    assert_eq!(len, y.shape().num_elements(), "a tensor in order");
    // SAFETY: As in `numbers`; it is borrowed mutably, and new: nobody shares its numbers.
    unsafe { cuda::SliceMut::from_raw(at, len) }
}

/// Rows of `width` numbers of a tensor that is [in order](in_order), as a tensor of the shape `to`.
pub(in crate::ops) fn selected<S: Shape, To: Shape, E: Unit + Element>(
    x: &Tensor<S, E, AutoDevice>,
    width: usize,
    rows: &[usize],
    to: &To,
) -> Result<Tensor<To, E, AutoDevice>, DeviceError> {
    let mut selected = super::zeros(x.device(), to)?;
    done(device()?.select_rows(numbers(x), width, rows, fresh(&mut selected)))?;
    Ok(selected)
}

/// The numbers of a tensor in the order in which they lie in memory, which is also that of its gradient; `None` for a
/// tensor that shows numbers more than once or not all of them.
pub(in crate::ops) fn memory<S: Shape>(x: &Tensor<S, f32, AutoDevice>) -> Option<Slice<'_>> {
    // Whatever the order: as many numbers as there are, and each is shown, so once.
    (address(x).1 == x.shape().num_elements()).then(|| numbers(x))
}

thread_local! {
    static OTHERS_MAY_HAVE_COPIES: Cell<bool> = const { Cell::new(true) };
}

/// Runs `f`, in which parameters are changed that nobody has made a copy of since they were last changed.
///
/// dfdx's tensors share their numbers with their clones until one of them changes. Whether one is shared, dfdx does not tell.
/// So each time that a parameter is [`writable`] its numbers are copied first, but for where it is known that nobody has
/// had a chance to clone it.
pub(crate) fn without_copies<R>(f: impl FnOnce() -> R) -> R {
    struct End(bool);
    impl Drop for End {
        fn drop(&mut self) {
            OTHERS_MAY_HAVE_COPIES.set(self.0);
        }
    }
    let _end = End(OTHERS_MAY_HAVE_COPIES.replace(false));
    f()
}

/// All numbers of a model's parameter as they lie in memory, to change them. If others have a copy of the tensor, theirs
/// stay as they are.
pub(in crate::ops) fn writable<S: Shape>(
    p: &mut Tensor<S, f32, AutoDevice>,
) -> Result<SliceMut<'_>, DeviceError> {
    if OTHERS_MAY_HAVE_COPIES.get() {
        let shared = p.clone();
        // Whoever changes a tensor whose numbers others have, too, gets its own first: dfdx makes new room here.
        p.try_fill_with_zeros()?;
        let (from, to) = (address(&shared), address(p));
        assert!(from.0 != to.0 || from.1 == 0, "numbers of its own for a tensor that is changed");
        // SAFETY: As in `numbers`: both tensors are there, with memory of their own.
        let (from, to) = unsafe {
            (cuda::Slice::<f32>::from_raw(from.0, from.1), cuda::SliceMut::from_raw(to.0, to.1))
        };
        done(device()?.select_rows(from, to.len().max(1), &[0][..to.len().min(1)], to))?;
    }
    let (at, len) = address(p);
    // SAFETY: As in `numbers`; it is borrowed mutably, and nobody else has these numbers: they have just been made for it, or
    // the caller of `without_copies` says so.
    Ok(unsafe { cuda::SliceMut::from_raw(at, len) })
}

/// Whether the numbers of a parameter lie in the order of its shape.
pub(in crate::ops) fn is_in_order<S: Shape>(
    p: &Tensor<S, f32, AutoDevice>,
) -> Result<bool, DeviceError> {
    // A tensor in order is its own copy in order.
    Ok(address(&p.clone().try_contiguous()?) == address(p))
}

/// Where the first number of `x` lies; 0 if it has none.
pub(in crate::ops) fn start<S: Shape>(x: &Tensor<S, f32, AutoDevice>) -> usize {
    match address(x) {
        (_, 0) => 0,
        (at, _) => at as usize,
    }
}

/// A gradient, or what an optimizer remembers, to change.
pub(in crate::ops) fn write(room: &mut Room) -> SliceMut<'_> {
    // SAFETY: dfdx has set all of it to 0 at least, in the stream that we use; it is borrowed mutably as long as the slice, and
    // gradients are not shared.
    unsafe { cuda::SliceMut::from_raw(*room.device_ptr(), room.len()) }
}

/// A gradient, taken out for the while: dfdx's `Gradients` lend one of them at a time. On a GPU it stays where it is.
#[derive(Debug)]
pub(in crate::ops) struct Taken {
    address: u64,
    len: usize,
}

impl Taken {
    /// Takes it out. Until it comes [back](Self::back) nobody else may use it.
    pub(in crate::ops) fn out_of(room: &mut Room) -> Self {
        Self { address: *room.device_ptr(), len: room.len() }
    }

    /// To read.
    pub(in crate::ops) fn numbers(&self) -> Slice<'_> {
        // SAFETY: As in `write`: `Gradients` keep what they have until the way back has ended, however many come to it.
        unsafe { cuda::Slice::from_raw(self.address, self.len) }
    }

    /// To change.
    pub(in crate::ops) fn numbers_mut(&mut self) -> SliceMut<'_> {
        // SAFETY: As in `numbers`.
        unsafe { cuda::SliceMut::from_raw(self.address, self.len) }
    }

    /// Puts it back.
    pub(in crate::ops) fn back(self, room: &mut Room) {
        assert_eq!((self.address, self.len), (*room.device_ptr(), room.len()), "its own room");
    }
}

/// Numbers of an operation's own, whose memory the next ones get.
#[derive(Debug)]
pub(in crate::ops) struct Scratch(cuda::Buffer<f32>);

impl Scratch {
    /// So many, which mean nothing: each has to be written before it is read.
    pub(in crate::ops) fn new(len: usize) -> Result<Self, DeviceError> {
        done(device()?.room(len)).map(Self)
    }

    /// To read.
    pub(in crate::ops) fn numbers(&self) -> Slice<'_> {
        self.0.slice()
    }

    /// To change.
    pub(in crate::ops) fn numbers_mut(&mut self) -> SliceMut<'_> {
        self.0.slice_mut()
    }
}

/// Runs `f`. On a GPU memory is kept anyway.
pub(crate) fn keeping_memory<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// The first numbers of a slice, and all others.
pub(in crate::ops) fn split_at(slice: SliceMut<'_>, at: usize) -> [SliceMut<'_>; 2] {
    slice.split_at(at).into()
}

/// A loss on the GPU.
type Loss = Tensor<Rank0, f32, AutoDevice>;

thread_local! {
    /// Those on which the steps of optimizers depend.
    static LOSSES: RefCell<[Option<Loss>; 2]> = const { RefCell::new([None, None]) };
}

/// Runs `f`, in which steps of optimizers change nothing if one of these losses is not finite.
pub(in crate::ops) fn with_losses<R>(losses: [Option<Loss>; 2], f: impl FnOnce() -> R) -> R {
    struct End([Option<Loss>; 2]);
    impl Drop for End {
        fn drop(&mut self) {
            LOSSES.replace(std::mem::take(&mut self.0));
        }
    }
    let _end = End(LOSSES.replace(losses));
    f()
}

/// What an optimizer has to do, of all parameters: on a GPU that is done at once, in the end.
#[derive(Debug, Default)]
pub(in crate::ops) struct Queue<'a> {
    adam: Vec<AdamPart<'a, On>>,
    sgd: Vec<SgdPart<'a, On>>,
    zero: Vec<SliceMut<'a>>,
}

impl<'a> Queue<'a> {
    /// A step of Adam for some numbers of a parameter.
    pub(in crate::ops) fn adam(
        &mut self,
        _: &AdamStep,
        parts: Vec<AdamPart<'_, On>>,
        _: bool,
    ) -> Result<(), DeviceError> {
        // SAFETY: Only the lifetime changes. Whoever has a queue goes through the parameters of a model, which it has borrowed
        // as it has the gradients, and then runs the queue: until then all of them keep their rooms, since nobody else can
        // come to them and what dfdx makes room for lies elsewhere.
        self.adam.extend(unsafe {
            std::mem::transmute::<Vec<AdamPart<'_, On>>, Vec<AdamPart<'a, On>>>(parts)
        });
        Ok(())
    }

    /// A step of stochastic gradient descent for some numbers of a parameter.
    pub(in crate::ops) fn sgd(
        &mut self,
        _: &SgdStep,
        parts: Vec<SgdPart<'_, On>>,
        _: bool,
    ) -> Result<(), DeviceError> {
        // SAFETY: As in `adam`.
        self.sgd.extend(unsafe {
            std::mem::transmute::<Vec<SgdPart<'_, On>>, Vec<SgdPart<'a, On>>>(parts)
        });
        Ok(())
    }

    /// Some numbers to 0.
    pub(in crate::ops) fn zero(&mut self, parts: Vec<SliceMut<'_>>) -> Result<(), DeviceError> {
        // SAFETY: As in `adam`.
        self.zero
            .extend(unsafe { std::mem::transmute::<Vec<SliceMut<'_>>, Vec<SliceMut<'a>>>(parts) });
        Ok(())
    }

    /// Does what is left to do.
    pub(in crate::ops) fn run_adam(
        self,
        step: &AdamStep,
        then_zero: bool,
    ) -> Result<(), DeviceError> {
        LOSSES.with_borrow(|losses| {
            let losses = losses.each_ref().map(|loss| loss.as_ref().map(numbers));
            done(device()?.adam(step, self.adam, then_zero, losses))
        })
    }

    /// Does what is left to do.
    pub(in crate::ops) fn run_sgd(
        self,
        step: &SgdStep,
        then_zero: bool,
    ) -> Result<(), DeviceError> {
        LOSSES.with_borrow(|losses| {
            let losses = losses.each_ref().map(|loss| loss.as_ref().map(numbers));
            done(device()?.sgd(step, self.sgd, then_zero, losses))
        })
    }

    /// Does what is left to do.
    pub(in crate::ops) fn run_zero(self) -> Result<(), DeviceError> {
        done(device()?.zero_all(self.zero))
    }
}
