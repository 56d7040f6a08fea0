//! Watching what a model's layers do.

use std::cell::RefCell;

use dfdx::shapes::Shape;

/// A layer, as it was seen in a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSummary {
    /// Its type, without sizes: `Conv2d`.
    pub name: String,
    /// The shape of its output, with the batch first.
    pub output: Vec<usize>,
    /// How many numbers it learns.
    pub parameters: usize,
}

thread_local! {
    static SEEN: RefCell<Option<Vec<LayerSummary>>> = const { RefCell::new(None) };
}

/// Runs `pass` and returns which layers of this crate have worked in it, in their order.
pub(crate) fn layers<R>(pass: impl FnOnce() -> R) -> (R, Vec<LayerSummary>) {
    /// Ends the watch also where `pass` panics.
    struct End(Option<Vec<LayerSummary>>);
    impl Drop for End {
        fn drop(&mut self) {
            SEEN.set(self.0.take());
        }
    }
    let end = End(SEEN.replace(Some(Vec::new())));
    let result = pass();
    let seen = SEEN.take().unwrap_or_default();
    drop(end);
    (result, seen)
}

/// Called by each layer after its work.
pub(super) fn layer<S: Shape>(name: &str, output: &S, parameters: usize) {
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            let output = output.concrete().into();
            seen.push(LayerSummary { name: name.into(), output, parameters });
        }
    });
}
