//! What a program has printed so far, told in pieces while it runs.

use std::time::{Duration, Instant};

use super::event::Event;
use crate::chapter::{Cell, Chapter};
use crate::output::{self, Part};
use crate::record::{CellOutput, Recorder};
use crate::{html, markup, terminal};

/// Between two pieces at least.
const PAUSE: Duration = Duration::from_millis(40);

/// What has been told.
pub(super) struct Live<'a> {
    chapter: &'a Chapter,
    /// The number of the last cell to be told of.
    last: usize,
    /// How many cells have been told to have started.
    started: usize,
    /// How much of the last one's complete output has been told.
    closed: usize,
    /// The number of its next block, and of its next figure.
    block: usize,
    figure: usize,
    /// The text of that block so far.
    shown: String,
    /// How many values in the text have been told.
    values: usize,
    /// Not before: a long text takes long to look through.
    next: Instant,
}

impl<'a> Live<'a> {
    pub(super) fn new(chapter: &'a Chapter, last: usize) -> Self {
        let (shown, next) = (String::new(), Instant::now());
        Self { chapter, last, started: 0, closed: 0, block: 0, figure: 0, shown, values: 0, next }
    }

    /// Tells what is new, unless it was asked too soon.
    pub(super) fn tell(&mut self, recorder: &Recorder, tell: &mut impl FnMut(Event)) {
        let now = Instant::now();
        if now >= self.next {
            let (cells, open) = recorder.so_far();
            self.tell_all(cells, open, tell);
            self.next = Instant::now() + PAUSE.max(9 * now.elapsed());
        }
    }

    /// Tells all that is new of these outputs; the last cell has printed `open` besides.
    pub(super) fn tell_all(
        &mut self,
        cells: &[CellOutput],
        open: &[u8],
        tell: &mut impl FnMut(Event),
    ) {
        let asked = cells.iter().enumerate().take(self.last + 1);
        for (number, output) in asked.skip(self.started.saturating_sub(1)) {
            if number >= self.started {
                self.started = number + 1;
                (self.closed, self.block, self.figure) = (0, 0, 0);
                self.shown.clear();
                tell(Event::Cell { cell: output.name.clone() });
            }
            let cell = self.chapter.cells.iter().find(|cell| cell.name == output.name);
            let Some(cell) = cell.filter(|cell| cell.options.output) else { continue };
            let closed = &output.text[self.closed..];
            if !closed.is_empty() {
                self.closed = output.text.len();
                self.close(cell, output::parts(closed), tell);
            }
            if number + 1 == cells.len() {
                let text = terminal::shown(&String::from_utf8_lossy(open)).into_owned();
                self.text(cell, &text, tell);
            }
        }
        let values = cells.iter().take(self.last + 1).flat_map(|output| &output.values);
        for text in values.skip(self.values) {
            tell(Event::Value { value: self.values, text: text.clone() });
            self.values += 1;
        }
    }

    /// Complete parts. The first ends the block that is open.
    fn close(&mut self, cell: &Cell, parts: Vec<Part>, tell: &mut impl FnMut(Event)) {
        if !matches!(parts.first(), Some(Part::Text(_))) && !self.shown.is_empty() {
            self.text(cell, "", tell);
        }
        for part in parts {
            match part {
                Part::Text(text) => {
                    self.text(cell, &text, tell);
                    self.shown.clear();
                    self.block += 1;
                }
                Part::Figure { media, width, content } => {
                    tell(self.figure(cell, &media, width, &content));
                    self.block += 1;
                    self.figure += 1;
                }
            }
        }
    }

    fn figure(&self, cell: &Cell, media: &str, width: Option<u32>, content: &str) -> Event {
        let name = cell.name.clone();
        match markup::check(media, content) {
            Ok(()) => {
                let html = html::figure_html(cell, self.figure, media, width, content);
                Event::Figure { cell: name, block: self.block, html }
            }
            Err(what) => {
                let text = format!("a figure with {what} is not shown");
                Event::Error { cell: Some(name), at: None, text }
            }
        }
    }

    /// The text of the block that is open.
    fn text(&mut self, cell: &Cell, text: &str, tell: &mut impl FnMut(Event)) {
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let text = if text.trim().is_empty() { String::new() } else { lines.join("\n") };
        if text == self.shown {
            return;
        }
        let (append, new) = match text.strip_prefix(&self.shown) {
            Some(new) if !self.shown.is_empty() => (true, new.to_string()),
            _ => (false, text.clone()),
        };
        self.shown = text;
        tell(Event::Text { cell: cell.name.clone(), block: self.block, text: new, append });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter() -> Chapter {
        let cell = |name, options| format!("```rust,cell={name}\n{options}f();\n```\n\n");
        let cells =
            [cell("a", "//| fig-alt: a dot\n"), cell("b", ""), cell("c", "//| output: false\n")];
        Chapter::parse("x", "x.md", &format!("# X\n\nT\n\n{}", cells.concat())).unwrap()
    }

    /// What is told of these pieces of output, with `C` and `F` for the beginnings of marks.
    fn told(pieces: &[&str]) -> Vec<Event> {
        let (chapter, mut recorder, mut events) = (chapter(), Recorder::new(), Vec::new());
        let mut live = Live::new(&chapter, usize::MAX - 1);
        for piece in pieces {
            let piece = piece.replace('C', &format!("\u{1e}{} ", recorder.cell_secret()));
            let piece = piece.replace('F', &format!("\u{1e}{} ", recorder.figure_secret()));
            recorder.bytes(piece.as_bytes());
            let (cells, open) = recorder.so_far();
            live.tell_all(cells, open, &mut |event| events.push(event));
        }
        events
    }

    fn cell(cell: &str) -> Event {
        Event::Cell { cell: cell.into() }
    }

    fn text(cell: &str, block: usize, text: &str, append: bool) -> Event {
        Event::Text { cell: cell.into(), block, text: text.into(), append }
    }

    #[test]
    fn text_is_told_as_it_grows() {
        assert_eq!(
            told(&["Ccell a\n1\n", "", "2", "3\nCcell b\n", "4\nCend\n"]),
            [
                cell("a"),
                text("a", 0, "1", false),
                text("a", 0, "\n2", true),
                text("a", 0, "3", true),
                cell("b"),
                text("b", 0, "4", false)
            ]
        );
    }

    #[test]
    fn a_line_that_is_written_over_is_told_anew() {
        let expected = [cell("a"), text("a", 0, "10%", false), text("a", 0, "20%", false)];
        assert_eq!(told(&["Ccell a\n\r10%", "\r20%", "\nCcell c\nhidden\n"])[..3], expected);
    }

    #[test]
    fn figures_stand_between_texts_and_harmful_ones_are_refused() {
        let told = told(&[
            "Ccell a\nbefore\nFfigure image/svg+xml\n<svg>",
            "</svg>\nFend\nafter\n",
            "Ccell b\nFfigure text/html\n<script>x</script>\nFend\n",
        ]);
        assert_eq!(told[1], text("a", 0, "before", false));
        let Event::Figure { block: 1, html, .. } = &told[2] else { panic!("{told:?}") };
        assert!(html.starts_with("<figure>\n<div role=\"img\" aria-label=\"a dot\">"), "{html}");
        assert_eq!(told[3], text("a", 2, "after", false));
        let Event::Error { cell: Some(cell), text, .. } = &told[5] else { panic!("{told:?}") };
        assert!(cell == "b" && text.contains("script"), "{told:?}");
    }

    #[test]
    fn a_hidden_output_is_not_told() {
        assert_eq!(told(&["Ccell c\nhidden\nCend\n"]), [cell("c")]);
    }
}
