//! What layers, losses and metrics find wrong where their types leave no room for an error.
//!
//! A loss function returns a tensor, and the only errors of a dfdx module are those of its device. Called by
//! hand they end the program with a message. Called by a [`Learner`](crate::learner::Learner) they go on with
//! numbers that do not matter, and the learner returns the message as an error.

use std::cell::{Cell, RefCell};

use crate::device::DeviceError;

thread_local! {
    /// What was found first; `None` on the outside where nobody asks.
    static FOUND: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
    /// Whether to look at the targets of a batch where that holds up the device; `None` where nobody has said it.
    static TARGETS: Cell<Option<bool>> = const { Cell::new(None) };
    /// How many batches are still looked at where nobody has said it.
    static BY_HAND: Cell<usize> = const { Cell::new(16) };
}

/// Runs `f`, and returns what was found wrong in it first.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> (R, Option<String>) {
    /// Puts back what was there, also where `f` panics.
    struct End(Option<Option<String>>);
    impl Drop for End {
        fn drop(&mut self) {
            FOUND.replace(self.0.take());
        }
    }
    let end = End(FOUND.replace(Some(None)));
    let result = f();
    let found = FOUND.take().flatten();
    drop(end);
    (result, found)
}

/// Something is wrong with what a function was given.
///
/// # Panics
/// With the message, if nobody catches it.
#[track_caller]
pub(crate) fn found(message: String) {
    let caught = FOUND.with_borrow_mut(|found| match found {
        Some(first) => {
            first.get_or_insert_with(|| message.clone());
            true
        }
        None => false,
    });
    assert!(caught, "{message}");
}

/// As [`found`], for a layer: an error that it can return.
#[track_caller]
pub(crate) fn found_in_layer(message: String) -> DeviceError {
    found(message);
    let error = dfdx::tensor::CpuError::WrongNumElements;
    #[cfg(feature = "cuda")]
    let error = error.into();
    error
}

/// Runs `f`, in which targets are looked at, or on a GPU are not.
pub(crate) fn with_targets_checked<R>(check: bool, f: impl FnOnce() -> R) -> R {
    struct End(Option<bool>);
    impl Drop for End {
        fn drop(&mut self) {
            TARGETS.set(self.0);
        }
    }
    let _end = End(TARGETS.replace(Some(check)));
    f()
}

/// Whether a loss function is to look at its targets. On the CPU that costs nothing; on a GPU it waits for all
/// that has been asked for, so a learner has it done in the first epoch only, in which each target comes up, and
/// in validations. Who calls a loss function by hand has those of the first batches looked at: what is wrong with
/// targets mostly is wrong with all.
pub(crate) fn targets_are_checked() -> bool {
    if cfg!(not(feature = "cuda")) {
        return true;
    }
    TARGETS.get().unwrap_or_else(|| {
        let left = BY_HAND.get();
        BY_HAND.set(left.saturating_sub(1));
        left > 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_is_returned() {
        let ((), found) = catch(|| {
            super::found("first".into());
            super::found("second".into());
        });
        assert_eq!(found.as_deref(), Some("first"));
        assert_eq!(catch(|| 7), (7, None));
    }

    #[test]
    #[should_panic = "nobody asks"]
    fn where_nobody_asks_it_is_a_panic() {
        let _ = catch(|| ());
        found("nobody asks".into());
    }
}
