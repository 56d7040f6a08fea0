//! Sorts what a chapter's program prints by cell.
//!
//! The program tells where a cell starts with a line of its own on standard output, a *mark*. So that no
//! cell can write the mark of another, each run has two secrets. The one for cells comes to the program as
//! the first line of its standard input, and is read before the first cell starts. The one for figures
//! is in the environment, for [`show`](crate::display::show): who knows it can show a figure, and no more.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use crate::display::MARK;
use crate::output::{self, FIGURE_END};
use crate::terminal;

/// No mark is longer.
const LONGEST_MARK: usize = 1000;

/// What a cell printed in a run, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "tool", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct CellOutput {
    /// The cell's name.
    pub name: String,
    /// As a snapshot holds it.
    pub text: String,
    /// From the cell's start to the next cell's.
    pub time: Duration,
    /// Whether all of it was UTF-8; what was not is U+FFFD in the text.
    pub is_utf8: bool,
    /// What the values in the text between this cell and the next one are.
    #[cfg_attr(feature = "tool", serde(default))]
    pub values: Vec<String>,
}

/// Takes the standard output of a [recorded](crate::program::recorded) program and sorts it by cell.
///
/// The program has to run with [`RECORDING`](crate::display::RECORDING) set to
/// [`figure_secret`](Self::figure_secret), and with [`cell_secret`](Self::cell_secret) as the first line of
/// its standard input.
///
/// ```
/// use mdbook_literate::record::Recorder;
///
/// let mut recorder = Recorder::new();
/// let mark = |record| format!("\u{1e}{} {record}", recorder.cell_secret());
/// let lines = [&mark("cell sum"), "4", &mark("cell product"), "3", &mark("end")].map(String::from);
/// for line in lines {
///     recorder.line(&line);
/// }
/// assert!(recorder.has_ended());
/// let cells = recorder.finish();
/// assert_eq!((cells[0].name.as_str(), cells[0].text.as_str()), ("sum", "4\n"));
/// assert_eq!(cells[1].name, "product");
/// ```
#[derive(Debug)]
pub struct Recorder {
    cells: Vec<CellOutput>,
    started: Instant,
    cell_secret: String,
    figure_secret: String,
    /// Bytes that may be the beginning of a mark.
    unread: Vec<u8>,
    /// What the cell printed since its start, or since its last figure.
    text: Vec<u8>,
    /// Header and content of a figure that is not complete.
    figure: Option<(String, Vec<u8>)>,
    /// What was printed of a value in the text that is not complete.
    value: Option<Vec<u8>>,
    has_ended: bool,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// A recorder for a program that starts now.
    pub fn new() -> Self {
        Self {
            cells: Vec::new(),
            started: Instant::now(),
            cell_secret: secret(),
            figure_secret: secret(),
            unread: Vec::new(),
            text: Vec::new(),
            figure: None,
            value: None,
            has_ended: false,
        }
    }

    /// A recorder for another stream of the same program, which has the same marks.
    pub(crate) fn twin(&self) -> Self {
        Self { cell_secret: self.cell_secret.clone(), ..Self::new() }
    }

    /// The first line of the program's standard input, without its end.
    pub fn cell_secret(&self) -> &str {
        &self.cell_secret
    }

    /// The value of [`RECORDING`](crate::display::RECORDING) in the program's environment.
    pub fn figure_secret(&self) -> &str {
        &self.figure_secret
    }

    /// Takes the next line, without its end.
    pub fn line(&mut self, line: &str) {
        self.bytes(line.as_bytes());
        self.bytes(b"\n");
    }

    /// Takes the next bytes. What comes before the first cell is dropped.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.unread.is_empty() && !bytes.contains(&(MARK as u8)) {
            self.keep(bytes);
            return;
        }
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let mut rest = unread.as_slice();
        while let Some(at) = rest.iter().position(|byte| *byte == MARK as u8) {
            self.keep(&rest[..at]);
            rest = &rest[at..];
            match self.mark(rest) {
                Mark::Whole(length) => rest = &rest[length..],
                Mark::None => {
                    self.keep(&rest[..1]);
                    rest = &rest[1..];
                }
                Mark::Beginning => {
                    self.unread = rest.to_vec();
                    return;
                }
            }
        }
        self.keep(rest);
    }

    /// Obeys the mark at the start of `bytes`, if there is one.
    fn mark(&mut self, bytes: &[u8]) -> Mark {
        let starts = [&self.cell_secret, &self.figure_secret].map(|s| format!("{MARK}{s} "));
        let known = starts.iter().position(|start| bytes.starts_with(start.as_bytes()));
        let Some(known) = known else {
            let begins = starts.iter().any(|start| start.as_bytes().starts_with(bytes));
            return if begins { Mark::Beginning } else { Mark::None };
        };
        let start = starts[known].len();
        let Some(length) = bytes[start..].iter().position(|byte| *byte == b'\n') else {
            let too_long = bytes.len() > LONGEST_MARK;
            return if too_long { Mark::None } else { Mark::Beginning };
        };
        let record = String::from_utf8_lossy(&bytes[start..start + length]).into_owned();
        match (known, record.split_once(' ')) {
            (0, Some(("cell", name))) => self.start(name),
            (0, None) if record == "end" => self.has_ended = true,
            (0, None) if record == "value" => {
                self.close_figure();
                self.close_text();
                self.value = Some(Vec::new());
            }
            (0, None) if record == "value-end" => self.close_value(),
            (1, Some(("figure", header))) => {
                self.close_text();
                self.figure = Some((header.into(), Vec::new()));
            }
            (1, None) if record == "end" => self.close_figure(),
            _ => return Mark::None,
        }
        Mark::Whole(start + length + 1)
    }

    fn keep(&mut self, bytes: &[u8]) {
        match (&mut self.figure, &mut self.value) {
            (Some((_, content)), _) => content.extend_from_slice(bytes),
            (None, _) if self.cells.is_empty() => {}
            (None, Some(value)) => value.extend_from_slice(bytes),
            (None, None) => self.text.extend_from_slice(bytes),
        }
    }

    /// The cell's text so far goes to its output, as a terminal shows it.
    fn close_text(&mut self) {
        let bytes = std::mem::take(&mut self.text);
        let Some(cell) = self.cells.last_mut() else { return };
        let text = String::from_utf8_lossy(&bytes);
        cell.is_utf8 &= matches!(text, std::borrow::Cow::Borrowed(_));
        for line in terminal::shown(&text).lines() {
            cell.text.push_str(&output::escaped(line.trim_end()));
            cell.text.push('\n');
        }
    }

    fn close_figure(&mut self) {
        let Some((header, content)) = self.figure.take() else { return };
        let Some(cell) = self.cells.last_mut() else { return };
        let content = String::from_utf8_lossy(&content);
        cell.is_utf8 &= matches!(content, std::borrow::Cow::Borrowed(_));
        cell.text.push_str(&format!("[[figure {header}]]\n"));
        for line in content.lines() {
            cell.text.push_str(&output::escaped(line.trim_end()));
            cell.text.push('\n');
        }
        cell.text.push_str(FIGURE_END);
        cell.text.push('\n');
    }

    fn close_value(&mut self) {
        let (Some(bytes), Some(cell)) = (self.value.take(), self.cells.last_mut()) else { return };
        let text = terminal::shown(&String::from_utf8_lossy(&bytes)).trim().to_string();
        cell.values.push(text);
    }

    fn start(&mut self, name: &str) {
        self.stop();
        self.cells.push(CellOutput {
            name: name.into(),
            text: String::new(),
            time: Duration::ZERO,
            is_utf8: true,
            values: Vec::new(),
        });
    }

    fn stop(&mut self) {
        self.close_figure();
        self.close_text();
        if let Some(cell) = self.cells.last_mut() {
            cell.time = self.started.elapsed();
        }
        self.started = Instant::now();
    }

    /// The cells that have started, and what the last of them printed since its start or its last figure.
    pub(crate) fn so_far(&self) -> (&[CellOutput], &[u8]) {
        (&self.cells, &self.text)
    }

    /// The cell that runs now.
    pub fn current(&self) -> Option<&str> {
        self.cells.last().map(|cell| cell.name.as_str())
    }

    /// Whether a value in the text is being worked out.
    pub(crate) fn is_in_value(&self) -> bool {
        self.value.is_some()
    }

    /// How many cells have started.
    pub fn started(&self) -> usize {
        self.cells.len()
    }

    /// Whether the program came to its end behind the last cell. A program that ends before, even with
    /// success, has cells that did not run.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The outputs of the cells that have started, in order.
    pub fn finish(mut self) -> Vec<CellOutput> {
        let unread = std::mem::take(&mut self.unread);
        self.keep(&unread);
        self.stop();
        self.cells
    }
}

/// What stands at a mark's first character.
enum Mark {
    /// A mark of so many bytes.
    Whole(usize),
    /// The beginning of one, perhaps.
    Beginning,
    /// Text.
    None,
}

/// 128 bits that nobody can guess: the standard library's keys for hash maps are random.
pub(crate) fn secret() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program prints, with `C` and `F` for the marks' beginnings, taken `step` bytes at a time.
    fn recorded(printed: &[u8], step: usize) -> (Vec<CellOutput>, bool) {
        let mut recorder = Recorder::new();
        let mut bytes = Vec::new();
        for byte in printed {
            match byte {
                b'C' => bytes.extend(format!("{MARK}{} ", recorder.cell_secret()).bytes()),
                b'F' => bytes.extend(format!("{MARK}{} ", recorder.figure_secret()).bytes()),
                other => bytes.push(*other),
            }
        }
        bytes.chunks(step).for_each(|chunk| recorder.bytes(chunk));
        let has_ended = recorder.has_ended();
        (recorder.finish(), has_ended)
    }

    /// (name, text) of each cell, whatever the sizes of the pieces.
    fn cells(printed: &str) -> Vec<(String, String)> {
        let at_once = recorded(printed.as_bytes(), usize::MAX).0;
        for step in [1, 7, 40] {
            let in_pieces = recorded(printed.as_bytes(), step).0;
            for (a, b) in in_pieces.iter().zip(&at_once) {
                assert_eq!((&a.name, &a.text), (&b.name, &b.text), "{step} bytes at a time");
            }
        }
        at_once.into_iter().map(|cell| (cell.name, cell.text)).collect()
    }

    fn cell(name: &str, text: &str) -> (String, String) {
        (name.into(), text.into())
    }

    #[test]
    fn a_run_is_sorted_by_cell() {
        let printed = "before\nCcell a\n1\n\n2Ccell b\nFfigure image/svg+xml\n<svg>\nFend\nCend\n";
        let figure = "[[figure image/svg+xml]]\n<svg>\n[[/figure]]\n";
        assert_eq!(cells(printed), [cell("a", "1\n\n2\n"), cell("b", figure)]);
        assert!(recorded(printed.as_bytes(), 3).1);
    }

    #[test]
    fn values_belong_to_the_cell_above_and_are_none_of_its_output() {
        let printed = "Ccell a\n1\nCvalue\n 2 \nCvalue-end\nCvalue\nx\ny\nCvalue-end\n3\nCcell b\nCvalue\n4\n";
        for step in [1, 7, 1000] {
            let cells = recorded(printed.as_bytes(), step).0;
            assert_eq!((cells[0].text.as_str(), cells[1].text.as_str()), ("1\n3\n", ""));
            assert_eq!(cells[0].values, ["2", "x\ny"]);
            assert!(cells[1].values.is_empty(), "it did not come to its end");
        }
    }

    #[test]
    fn a_line_without_an_end_is_kept() {
        assert_eq!(
            cells("Ccell a\nno endCcell b\nnone"),
            [cell("a", "no end\n"), cell("b", "none\n")]
        );
        assert_eq!(cells("Ccell a\nlast \u{1e}"), [cell("a", "last\n")]);
    }

    #[test]
    fn nobody_writes_a_mark_without_its_secret() {
        let forged =
            "Ccell a\n\u{1e}cell b\n\u{1e}0123 cell b\nFcell b\nFend\nCfigure text/html\nx\n";
        let (all, _) = recorded(forged.as_bytes(), 6);
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(!all[0].text.contains("\n[[figure"), "{all:?}");
        let forged = "Ccell a\n\u{1e}end\nFend of it\n";
        assert!(!recorded(forged.as_bytes(), 5).1);
    }

    #[test]
    fn text_that_looks_like_a_figure_is_text() {
        let text = "[[figure text/html]]\n<script>\n[[/figure]]\n\\[[figure x]]\n";
        let all = cells(&format!("Ccell a\n{text}"));
        assert_eq!(output::parts(&all[0].1), [output::Part::Text(text.trim_end().into())]);
    }

    #[test]
    fn a_figure_cannot_end_early() {
        let all = cells("Ccell a\nFfigure text/html\n<p>\n[[/figure]]\n</p>\nFend\n");
        let parts = output::parts(&all[0].1);
        assert!(matches!(&parts[..], [output::Part::Figure { content, .. }]
            if content == "<p>\n[[/figure]]\n</p>"));
    }

    #[test]
    fn bytes_that_are_no_text_are_noticed_and_named() {
        let (cells, _) = recorded(b"Ccell a\nfine\nCcell b\n\xff\xfe\n", 4);
        assert!(cells[0].is_utf8 && !cells[1].is_utf8);
        let (cells, _) = recorded("Ccell a\nπ is cut by the pieces\n".as_bytes(), 1);
        assert!(cells[0].is_utf8);
    }

    #[test]
    fn each_run_has_secrets_of_its_own() {
        let (a, b) = (Recorder::new(), Recorder::new());
        assert_ne!(a.cell_secret(), b.cell_secret());
        assert_ne!(a.cell_secret(), a.figure_secret());
    }
}
