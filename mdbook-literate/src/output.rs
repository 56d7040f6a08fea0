//! The output of a cell, as a snapshot holds it: lines of text and blocks of figures.
//!
//! A figure is a block
//! ```text
//! [[figure image/png width=140]]
//! iVBORw0KGgo…
//! [[/figure]]
//! ```

use std::time::{Duration, Instant};

use crate::display::MARK;

const FIGURE_END: &str = "[[/figure]]";

/// A part of a cell's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Lines that the cell printed.
    Text(String),
    /// A figure: media type, width in CSS pixels where known, and content (base64 for PNG).
    Figure {
        /// `image/png`, `image/svg+xml` or `text/html`.
        media: String,
        /// Width on the page.
        width: Option<u32>,
        /// What the figure is made of.
        content: String,
    },
}

impl Part {
    /// What can be read as text: lines, and the source of HTML and SVG. The bytes of a PNG cannot.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Figure { media, .. } if media == "image/png" => None,
            Self::Figure { content, .. } => Some(content),
        }
    }

    /// Type and width of a figure; `None` for text.
    pub fn header(&self) -> Option<(&str, Option<u32>)> {
        match self {
            Self::Text(_) => None,
            Self::Figure { media, width, .. } => Some((media, *width)),
        }
    }
}

/// Splits an accepted output into text and figures.
///
/// ```
/// use mdbook_literate::output::{Part, parts};
///
/// let output = "6131\n[[figure text/html]]\n<table></table>\n[[/figure]]\n";
/// assert_eq!(parts(output)[0], Part::Text("6131".into()));
/// assert!(matches!(&parts(output)[1], Part::Figure { media, .. } if media == "text/html"));
/// ```
pub fn parts(output: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text: Vec<&str> = Vec::new();
    let flush = |text: &mut Vec<&str>, parts: &mut Vec<Part>| {
        if text.iter().any(|line| !line.trim().is_empty()) {
            parts.push(Part::Text(text.join("\n")));
        }
        text.clear();
    };
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        let header = line.strip_prefix("[[figure ").and_then(|rest| rest.strip_suffix("]]"));
        let Some(header) = header else {
            text.push(line);
            continue;
        };
        flush(&mut text, &mut parts);
        let (media, rest) = header.split_once(' ').unwrap_or((header, ""));
        let width = rest.strip_prefix("width=").and_then(|width| width.parse().ok());
        let content: Vec<&str> = lines.by_ref().take_while(|line| *line != FIGURE_END).collect();
        parts.push(Part::Figure { media: media.into(), width, content: content.join("\n") });
    }
    flush(&mut text, &mut parts);
    parts
}

/// The output in an insta snapshot file: what stands below its header.
///
/// ```
/// use mdbook_literate::output::accepted;
///
/// assert_eq!(accepted("---\nsource: tests/book.rs\n---\n6131\n"), "6131\n");
/// ```
pub fn accepted(snapshot: &str) -> &str {
    let below = snapshot.strip_prefix("---\n").unwrap_or(snapshot);
    match below.split_once("\n---\n") {
        Some((_, contents)) => contents,
        None => snapshot,
    }
}

/// How many figures an output holds.
pub fn figures(output: &str) -> usize {
    parts(output).iter().filter(|part| matches!(part, Part::Figure { .. })).count()
}

/// What a cell printed in a run, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellOutput {
    /// The cell's name.
    pub name: String,
    /// As a snapshot holds it.
    pub text: String,
    /// From the cell's start to the next cell's.
    pub time: Duration,
}

/// Takes the standard output of a [recorded](crate::program::recorded) program line by line and sorts it
/// by cell.
///
/// The program has to run with [`RECORDING`](crate::display::RECORDING) in its environment: without it a
/// figure is a file, and its path is printed.
///
/// ```
/// use mdbook_literate::output::Recorder;
///
/// let mut recorder = Recorder::new();
/// for line in ["\u{1e}cell sum", "4", "\u{1e}cell product", "3"] {
///     recorder.line(line);
/// }
/// let cells = recorder.finish();
/// assert_eq!((cells[0].name.as_str(), cells[0].text.as_str()), ("sum", "4\n"));
/// assert_eq!(cells[1].name, "product");
/// ```
#[derive(Debug)]
pub struct Recorder {
    cells: Vec<CellOutput>,
    started: Instant,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// A recorder for a program that starts now.
    pub fn new() -> Self {
        Self { cells: Vec::new(), started: Instant::now() }
    }

    /// Takes the next line, without its end. What comes before the first cell is dropped.
    pub fn line(&mut self, line: &str) {
        // A cell may end its output without a new line: the mark then follows on the same one.
        if let Some((rest, record)) = line.split_once(MARK) {
            if !rest.is_empty() {
                self.push(rest);
            }
            match record.split_once(' ') {
                Some(("cell", name)) => self.start(name),
                Some(("figure", header)) => self.push(&format!("[[figure {header}]]")),
                _ => self.push(FIGURE_END),
            }
        } else {
            self.push(line);
        }
    }

    fn push(&mut self, line: &str) {
        if let Some(cell) = self.cells.last_mut() {
            cell.text.push_str(line.trim_end());
            cell.text.push('\n');
        }
    }

    fn start(&mut self, name: &str) {
        self.stop();
        self.cells.push(CellOutput {
            name: name.into(),
            text: String::new(),
            time: Duration::ZERO,
        });
    }

    fn stop(&mut self) {
        if let Some(cell) = self.cells.last_mut() {
            cell.time = self.started.elapsed();
        }
        self.started = Instant::now();
    }

    /// The outputs of the cells that have started, in order.
    pub fn finish(mut self) -> Vec<CellOutput> {
        self.stop();
        self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_sorted_by_cell() {
        let mut recorder = Recorder::new();
        for line in
            ["\u{1e}cell a", "1", "", "2\u{1e}cell b", "\u{1e}figure image/svg+xml", "<svg>"]
        {
            recorder.line(line);
        }
        recorder.line("\u{1e}end");
        let cells = recorder.finish();
        assert_eq!((cells[0].name.as_str(), cells[0].text.as_str()), ("a", "1\n\n2\n"));
        assert_eq!(cells[1].text, "[[figure image/svg+xml]]\n<svg>\n[[/figure]]\n");
    }

    #[test]
    fn text_and_figures_keep_their_order() {
        let output = "a\nb\n[[figure image/png width=140]]\niVBO\n[[/figure]]\nc";
        let figure =
            Part::Figure { media: "image/png".into(), width: Some(140), content: "iVBO".into() };
        assert_eq!(parts(output), [Part::Text("a\nb".into()), figure, Part::Text("c".into())]);
        assert_eq!(figures(output), 1);
        assert_eq!(parts(""), []);
    }
}
