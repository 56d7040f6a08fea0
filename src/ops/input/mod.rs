//! Which tensor is the input of a model in training. It is known by where its numbers lie.

use std::cell::Cell;

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::numbers::start;

thread_local! {
    // Where the numbers of the present input start.
    static INPUT: Cell<usize> = const { Cell::new(0) };
}

/// Runs `f`, in which the gradient with respect to `x` is not needed.
///
/// Nobody trains the pixels of an image. In PyTorch they therefore have `requires_grad=False`. dfdx has no
/// such mark: the tape starts at the input, and each operation also works out the gradient of its input. In
/// the first layer of a small net that is a third of the work.
///
/// The operations that work out a gradient of the left side of a product ask [`is_input`] first:
/// `linear`, `mm` and `conv2d`; it is then 0. Others do not: where the input first meets one of those, its gradient is
/// worked out.
pub(crate) fn without_gradient<S: Shape, R>(
    x: &Tensor<S, f32, AutoDevice>,
    f: impl FnOnce() -> R,
) -> R {
    /// Ends the mark also where `f` panics.
    struct End(usize);
    impl Drop for End {
        fn drop(&mut self) {
            INPUT.set(self.0);
        }
    }
    // `x` is borrowed until `f` has ended: no other tensor can come to lie at its place.
    let _end = End(INPUT.replace(start(x)));
    f()
}

/// Whether `x` is the input of the [`without_gradient`] that runs now.
pub(super) fn is_input<S: Shape>(x: &Tensor<S, f32, AutoDevice>) -> bool {
    INPUT.get() != 0 && start(x) == INPUT.get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[test]
    fn only_the_input_and_only_meanwhile() {
        let dev = AutoDevice::default();
        let x: Tensor<Rank2<2, 3>, f32, _> = dev.ones();
        let other: Tensor<Rank2<2, 3>, f32, _> = dev.ones();
        without_gradient(&x, || {
            assert!(is_input(&x));
            assert!(is_input(&x.clone()));
            assert!(!is_input(&other));
            without_gradient(&other, || assert!(!is_input(&x)));
            assert!(is_input(&x));
        });
        assert!(!is_input(&x));
    }

    #[test]
    fn a_panic_ends_it() {
        let x: Tensor<Rank1<2>, f32, _> = AutoDevice::default().ones();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            without_gradient(&x, || panic!("as planned"));
        }));
        assert!(panicked.is_err());
        assert!(!is_input(&x));
    }
}
