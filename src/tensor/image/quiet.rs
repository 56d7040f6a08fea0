//! A panic of a decoder, turned into an error.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether panics of this thread print nothing.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Calls `decode`; a panic in it becomes an error with the panic's message, and prints nothing.
///
/// For that, the first call puts a panic hook in front of the one that is there; it hands on all panics but
/// these. Where a program sets a hook of its own later, or panics abort it, that is what happens.
pub(super) fn catch<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    // A hook cannot be set by a thread that panics: this is a `drop` on the way down, and may be heard.
    if !std::thread::panicking() {
        HOOK.call_once(|| {
            let loud = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if !QUIET.try_with(Cell::get).unwrap_or(false) {
                    loud(info);
                }
            }));
        });
    }
    let before = QUIET.replace(true);
    // What `decode` can have left in a broken state is its own, and gone.
    let result = panic::catch_unwind(AssertUnwindSafe(decode));
    QUIET.set(before);
    result.map_err(message)
}

fn message(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or("no message").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        assert_eq!(catch(|| 7), Ok(7));
        assert_eq!(catch(|| panic!("row {}", 3)).map(|()| 0), Err("row 3".into()));
        assert_eq!(catch(|| panic!("no rows")).map(|()| 0), Err("no rows".into()));
        assert_eq!(catch(|| panic::panic_any(3)).map(|()| 0), Err("no message".into()));
        // And this thread can be heard again.
        assert!(!QUIET.get());
    }
}
