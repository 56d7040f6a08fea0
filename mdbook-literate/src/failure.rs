//! What came of a chapter's run.

use serde::{Deserialize, Serialize};

use crate::record::CellOutput;

/// What came of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The cells that ran to their end or to the failure, in order.
    pub(crate) outputs: Vec<CellOutput>,
    /// What went wrong, if anything.
    pub(crate) failures: Vec<Failure>,
    /// The cell that ended the program before the last cell, as its option `exits` allows.
    pub(crate) exited: Option<String>,
    /// Whether this is known from an earlier run.
    #[serde(skip)]
    pub(crate) is_kept: bool,
}

impl Run {
    /// What is wrong with the test of this name, or with all of them.
    pub(crate) fn failure_of(&self, name: &str) -> Option<&str> {
        let is_mine = |failed: &Option<String>| failed.as_ref().is_none_or(|failed| failed == name);
        let failure = self.failures.iter().find(|failure| is_mine(&failure.cell))?;
        Some(&failure.message)
    }

    pub(crate) fn without_outputs(failures: Vec<Failure>) -> Self {
        Self { outputs: Vec::new(), failures, exited: None, is_kept: false }
    }
}

/// What is wrong with a cell: it did not compile, panicked, returned an error, ended the whole program, took
/// too long or printed too much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// The cell's name; `None` when it cannot be told.
    pub(crate) cell: Option<String>,
    /// With chapter, line and cell.
    pub(crate) message: String,
}
