//! The input is known by where its numbers lie.

use std::cell::Cell;

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor};

use super::InputKernel;
use crate::ops::cpu::SameBits;

thread_local! {
    // Where the numbers of the present input start.
    static INPUT: Cell<*const f32> = const { Cell::new(std::ptr::null()) };
}

impl InputKernel for SameBits {
    /// The operations that work out a gradient of the left side of a product ask [`is_input`] first:
    /// `linear`, `mm` and `conv2d`. Others do not: where the input first meets one of those, its gradient is
    /// worked out.
    fn without_gradient<S: Shape, R>(x: &Tensor<S, f32, AutoDevice>, f: impl FnOnce() -> R) -> R {
        /// Ends the mark also where `f` panics.
        struct End(*const f32);
        impl Drop for End {
            fn drop(&mut self) {
                INPUT.set(self.0);
            }
        }
        // `x` is borrowed until `f` has ended: no other tensor can come to lie at its place.
        let _end = End(INPUT.replace(start(x)));
        f()
    }
}

/// Whether `x` is the input of the [`without_gradient`](InputKernel::without_gradient) that runs now.
pub(in crate::ops) fn is_input<S: Shape, T>(x: &Tensor<S, f32, AutoDevice, T>) -> bool {
    !INPUT.get().is_null() && start(x) == INPUT.get()
}

/// Where the first number of `x` lies; null if it has none.
fn start<S: Shape, T>(x: &Tensor<S, f32, AutoDevice, T>) -> *const f32 {
    if x.shape().num_elements() == 0 {
        return std::ptr::null();
    }
    &raw const x[S::Concrete::default()]
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
        SameBits::without_gradient(&x, || {
            assert!(is_input(&x));
            let traced: Traced<Rank2<2, 3>> = x.leaky_trace();
            assert!(is_input(&traced));
            assert!(!is_input(&other));
            SameBits::without_gradient(&other, || assert!(!is_input(&x)));
            assert!(is_input(&x));
        });
        assert!(!is_input(&x));
    }

    #[test]
    fn a_panic_ends_it() {
        let x: Tensor<Rank1<2>, f32, _> = AutoDevice::default().ones();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            SameBits::without_gradient(&x, || panic!("as planned"));
        }));
        assert!(panicked.is_err());
        assert!(!is_input(&x));
    }
}
