//! The accepted outputs of the book's cells, as they were when the program was built.

use mdbook_literate::compare::{Comparison, Tolerance};
use mdbook_literate::output;
// `build.rs` writes their names.
#[allow(unused_imports)]
use mdbook_literate::compare::Tolerance::{Absolute, Relative};

/// A chapter with cells.
#[derive(Debug)]
pub struct Chapter {
    /// The name of its file, without `.md`.
    pub name: &'static str,
    /// In the order of the page.
    pub cells: &'static [Cell],
}

/// A cell, and what the book shows under it.
#[derive(Debug)]
pub struct Cell {
    /// Unique in the chapter.
    pub name: &'static str,
    /// `FILE:LINE`
    pub place: &'static str,
    /// Whether the book's own tests compare it.
    pub compare: bool,
    /// The cell's option of that name.
    pub sanitize: Option<&'static str>,
    /// The cell's option of that name.
    pub tolerance: Option<Tolerance>,
    snapshot: &'static str,
}

impl Cell {
    /// The accepted output.
    pub fn accepted(&self) -> &'static str {
        output::accepted(self.snapshot)
    }

    /// How the book's own tests compare.
    pub fn comparison(&self) -> Comparison {
        // The options have been read once, when the program was built.
        let sanitize = self.sanitize.and_then(|pattern| pattern.parse().ok());
        Comparison::new(self.tolerance, sanitize)
    }
}

/// The chapters of the book that have cells, in the order of their names.
///
/// ```
/// let chapters = gpu_folder::outputs::CHAPTERS;
/// let (pixels, dist_3) = (&chapters[2], "dist_3");
/// let cell = pixels.cells.iter().find(|cell| cell.name == dist_3).unwrap();
/// assert!(cell.accepted().contains("0.1114"));
/// ```
// A `static`: the program holds the outputs once.
pub static CHAPTERS: &[Chapter] = include!(concat!(env!("OUT_DIR"), "/outputs.rs"));
