//! What a page is told of a run: one line of JSON for each event.

use serde::Serialize;

use super::edit::Spot;

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum Event {
    /// The run has a number, by which it can be stopped.
    Run { id: u64 },
    /// The program is compiled.
    Compiling,
    /// A cell starts: what its last run printed is gone.
    Cell { cell: String },
    /// A block of text under a cell is this, or has this more at its end.
    Text { cell: String, block: usize, text: String, append: bool },
    /// A block under a cell is a figure.
    Figure { cell: String, block: usize, html: String },
    /// A value in the text is this now.
    Value { value: usize, text: String },
    /// A cell went wrong, by what stands `at` a place in it or above. Without a cell: the chapter did.
    Error { cell: Option<String>, at: Option<Spot>, text: String },
    /// For authors: the unchanged chapter printed something else than was accepted.
    Changed { cell: String },
    /// It is over.
    End { how: How, seconds: f64 },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum How {
    Done,
    Failed,
    Stopped,
}

impl Event {
    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}
