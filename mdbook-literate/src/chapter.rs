//! Reads a chapter: its cells, its stand-alone Rust snippets, and what is wrong with them.

use std::path::{Path, PathBuf};

use crate::attributes::{self, attributes};
use crate::fences::{Fence, Shape, fences};
use crate::includes::Whole;
pub use crate::options::CellOptions;
use crate::problem::Place;
pub use crate::problem::Problem;
use crate::values;
pub use crate::values::Value;

/// A cell: a fence ```` ```rust,cell=NAME ````. All cells of a chapter are one program.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Cell {
    /// Unique in the chapter.
    pub name: String,
    /// Line of the opening fence, counted from 1.
    pub open: usize,
    /// Line of the closing fence.
    pub close: usize,
    /// What the `//|` lines say.
    pub options: CellOptions,
    /// How many option lines there are.
    pub option_lines: usize,
}

/// A fence that is no cell. Where it is Rust, it is a doc test of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snippet {
    /// The info string, such as `rust,compile_fail`; empty for one without a label.
    pub info: String,
    /// Line of the opening fence, counted from 1; of an indented block, the first line of code.
    pub open: usize,
    /// Line of the closing fence.
    pub close: usize,
    /// The code, without what a list or a quote has before it.
    pub code: Vec<String>,
    /// Whether it is four spaces that make it code.
    pub is_indented: bool,
    /// Whether it stands in a list or a quote, or behind spaces.
    pub is_nested: bool,
}

impl Snippet {
    /// The line of the chapter on which the code starts.
    pub(crate) fn first_line(&self) -> usize {
        self.open + usize::from(!self.is_indented)
    }
}

/// A chapter of the book, read and checked.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Chapter {
    /// Name of the chapter's program, its example and its snapshots: the file name without `.md`.
    pub name: String,
    /// Path as messages show it, such as `book/src/02_pixels.md`.
    pub file: String,
    /// The Markdown source.
    pub lines: Vec<String>,
    /// In the order of the page.
    pub cells: Vec<Cell>,
    /// The fences that rustdoc takes for Rust, and that are no cells, in the order of the page.
    pub snippets: Vec<Snippet>,
    /// The fences of other languages.
    pub others: Vec<Snippet>,
    /// Lines that would open a fence, if they were not within HTML, such as a comment.
    pub in_html: Vec<usize>,
    /// Values in the text, `{{= expression }}`, in the order of the page. A chapter without cells has none.
    pub values: Vec<Value>,
}

/// A chapter's path below the book's sources, and what was read there.
pub type Reading = (PathBuf, Result<Chapter, Vec<Problem>>);

impl Chapter {
    /// Reads a chapter's Markdown.
    ///
    /// # Errors
    /// All mistakes that were found: a fence that is not closed, an ill-formed or repeated cell
    /// name, an unknown option, a missing blank line around a cell, a value above the first cell.
    ///
    /// # Example
    /// ````
    /// use mdbook_literate::chapter::Chapter;
    ///
    /// let markdown = "# One\n\nText.\n\n```rust,cell=hello\nprintln!(\"hello\");\n```\n";
    /// let chapter = Chapter::parse("01_one", "book/src/01_one.md", markdown).unwrap();
    /// assert_eq!(chapter.cells[0].name, "hello");
    /// assert_eq!(chapter.cells[0].open, 5);
    /// ````
    pub fn parse(name: &str, file: &str, markdown: &str) -> Result<Self, Vec<Problem>> {
        let lines: Vec<&str> = markdown.lines().collect();
        let mut problems = Vec::new();
        if lines.len() == 1 && lines[0].contains('\r') {
            let place = Place::new(file, 1);
            problems.push(
                place
                    .problem("the lines end in carriage returns alone, as on computers of 1990")
                    .help("save the file with line feeds: what counts lines takes it for one"),
            );
        }
        let (mut cells, mut snippets, mut others) = (Vec::<Cell>::new(), Vec::new(), Vec::new());
        let found = fences(markdown);
        for fence in found.blocks {
            let place = Place::new(file, fence.open);
            if fence.shape == Shape::Open {
                problems.push(fence.not_closed(&lines, &place));
                continue;
            }
            match fence.cell_name() {
                Some(cell_name) => match fence.cell(cell_name, &lines, &cells, &place) {
                    Ok(cell) => cells.push(cell),
                    Err(problem) => problems.push(problem),
                },
                None if attributes::is_rust(&fence.info) => {
                    problems.extend(fence.mistyped_attribute(&place));
                    snippets.push(fence.snippet());
                }
                None => others.push(fence.snippet()),
            }
        }
        if cells.first().is_some_and(|cell| cell.open < 5) {
            let place = Place::new(file, cells[0].open);
            problems.push(
                place
                    .problem("a cell so early in the chapter")
                    .help("put the chapter's title and a line of text above the first cell"),
            );
        }
        let mut values = Vec::new();
        if !cells.is_empty() {
            for found in values::found(markdown, &found.silent) {
                match value(&found, &cells, &Place::new(file, found.line)) {
                    Ok(value) => values.push(value),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let lines = lines.into_iter().map(String::from).collect();
        let (name, file, in_html) = (name.into(), file.into(), found.in_html);
        Ok(Self { name, file, lines, cells, snippets, others, in_html, values })
    }

    /// Checks that every file and every anchor that the chapter includes is there, also in a file that is included;
    /// mdBook itself only logs a missing file, and takes a missing anchor for an empty one. Nor may such a file hold a
    /// cell or a value.
    ///
    /// `folder` is that of the chapter's file.
    pub fn missing_includes(&self, folder: &Path) -> Vec<Problem> {
        let markdown = self.lines.join("\n");
        // On the page, a cell's code stays as it is.
        let whole = Whole::of(&markdown, folder, |line| self.cell_at(line).is_some());
        let problem = |line, what| Place::new(&self.file, line).problem(what);
        let mistakes = whole.mistakes.iter();
        let mut problems: Vec<Problem> = mistakes
            .map(|(line, what, help)| problem(*line, what.clone()).help(help.clone()))
            .collect();
        if whole.includes.iter().any(|(_, text)| text.contains("cell=")) {
            let mut own: Vec<&str> = self.cells.iter().map(|cell| cell.name.as_str()).collect();
            let found = fences(&whole.text).blocks;
            for name in found.iter().filter_map(Fence::cell_name) {
                if let Some(at) = own.iter().position(|own| *own == name) {
                    own.swap_remove(at);
                    continue;
                }
                let by =
                    whole.includes.iter().find(|(_, text)| text.contains(&format!("cell={name}")));
                let what = format!("an included file holds the cell `{name}`");
                problems.push(
                    problem(by.map_or(1, |(line, _)| *line), what)
                        .help("write the cell in the chapter: its lines are the program's lines"),
                );
            }
        }
        let is_code = |line: usize| {
            self.snippets.iter().any(|snippet| (snippet.open..=snippet.close).contains(&line))
        };
        for (line, text) in whole.includes.iter().filter(|(line, _)| !is_code(*line)) {
            for found in values::found(text, &fences(text).silent) {
                let what = found.expression.map(|expression| format!("the value `{expression}`"));
                let what = what.unwrap_or_else(str::to_string);
                let what = format!("an included file holds {what}");
                let help =
                    "write it in the chapter, below the cells that it needs; `\\{{=` is text";
                problems.push(problem(*line, what).help(help));
            }
        }
        problems
    }

    /// The code lines of a cell, without its option lines.
    pub fn code(&self, cell: &Cell) -> &[String] {
        &self.lines[cell.open + cell.option_lines..cell.close - 1]
    }

    /// Whether any of the chapter's cells has options of which `option` is true.
    pub fn any(&self, option: impl Fn(&CellOptions) -> bool) -> bool {
        self.cells.iter().any(|cell| option(&cell.options))
    }

    /// An environment variable that a cell requires, and that is not set or empty.
    pub(crate) fn missing_variable(&self) -> Option<&str> {
        let required = self.cells.iter().flat_map(|cell| &cell.options.requires);
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        required.map(String::as_str).find(|name| !is_set(name))
    }

    /// The cell that holds a line of the source, if any.
    pub fn cell_at(&self, line: usize) -> Option<&Cell> {
        self.cells.iter().find(|cell| (cell.open..=cell.close).contains(&line))
    }
}

/// A value in the text, below the nearest of the cells above it.
fn value(found: &values::Found<'_>, cells: &[Cell], place: &Place<'_>) -> Result<Value, Problem> {
    let help = "`{{= expression }}` is the value behind the cells above; `\\{{=` is text";
    let expression = found.expression.map_err(|what| place.problem(what).help(help))?.to_string();
    let above = cells.iter().rposition(|cell| cell.close < found.line);
    let cell = above.ok_or_else(|| {
        place.problem(format!("the value `{expression}` stands above all cells")).help(help)
    })?;
    Ok(Value { expression, line: found.line, columns: found.columns.clone(), cell })
}

impl Fence {
    fn is_rust(&self) -> bool {
        attributes(&self.info).next() == Some("rust")
    }

    fn cell_name(&self) -> Option<&str> {
        attributes(&self.info).find_map(|a| a.strip_prefix("cell="))
    }

    pub(crate) fn snippet(self) -> Snippet {
        let (is_indented, is_nested) = (self.shape == Shape::Indented, self.shape == Shape::Nested);
        let Self { info, open, close, code, .. } = self;
        Snippet { info, open, close, code, is_indented, is_nested }
    }

    fn not_closed(&self, lines: &[&str], place: &Place<'_>) -> Problem {
        let opening = lines[self.open - 1];
        let mark = if opening.starts_with('~') { '~' } else { '`' };
        let length = opening.len() - opening.trim_start_matches(mark).len();
        place
            .problem(format!("the fence {} is not closed", opening.trim_end()))
            .help(format!("close it with a line {}", &opening[..length]))
    }

    fn cell(
        &self,
        name: &str,
        lines: &[&str],
        earlier: &[Cell],
        place: &Place<'_>,
    ) -> Result<Cell, Problem> {
        if self.shape == Shape::Nested {
            return Err(place
                .problem(format!("cell `{name}` stands in a list or a quote, or behind spaces"))
                .help("start it at the start of the line: its lines are the program's lines"));
        }
        if !self.is_rust() {
            return Err(place
                .problem(format!("cell `{name}` is not Rust"))
                .help("a cell starts with ```rust,cell=NAME"));
        }
        let ill_formed = !name.starts_with(|c: char| c.is_ascii_lowercase())
            || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if ill_formed {
            return Err(place.problem(format!("ill-formed cell name `{name}`")).help(
                "a name is made of lower-case letters, digits and `_`, and starts with a letter",
            ));
        }
        if let Some(twin) = earlier.iter().find(|cell| cell.name == name) {
            return Err(place
                .problem(format!("cell `{name}` is already on line {}", twin.open))
                .help("give each cell of a chapter a name of its own"));
        }
        let other = attributes(&self.info).skip(1).find(|attribute| {
            !attribute.starts_with("cell=") && !CELL_ATTRIBUTES.contains(attribute)
        });
        if let Some(other) = other {
            return Err(place
                .problem(format!("unknown option `{other}` of cell `{name}`"))
                .help("options are lines `//| key: value` at the top of the cell"));
        }
        let blank = |line: usize| lines.get(line - 1).is_none_or(|l| l.trim().is_empty());
        if !blank(self.open - 1) || !blank(self.close + 1) {
            return Err(place
                .problem(format!("cell `{name}` touches the text"))
                .help("leave a blank line above and below each cell"));
        }
        let code = &lines[self.open..self.close - 1];
        if let Some(line) = code.iter().position(|l| l.trim_start().starts_with("{{#")) {
            return Err(place
                .down(line + 1)
                .problem(format!("cell `{name}` includes a file"))
                .help("write the code in the cell: its lines are the program's lines"));
        }
        let (mut options, option_lines) = CellOptions::parse(code, place)?;
        options.should_panic |= attributes::has(&self.info, "should_panic");
        Ok(Cell { name: name.into(), open: self.open, close: self.close, options, option_lines })
    }

    fn mistyped_attribute(&self, place: &Place<'_>) -> Option<Problem> {
        let mistyped = attributes::mistyped(&self.info)?;
        Some(place.problem(format!("unknown option `{mistyped}` of a Rust snippet")).help(format!(
            "known are cell=NAME, editionYEAR, an error code such as E0308, {}",
            attributes::KNOWN[1..].join(", ")
        )))
    }
}

/// What a cell's fence may say beside its name: the last three are mdBook's.
const CELL_ATTRIBUTES: [&str; 4] = ["should_panic", "editable", "noplayground", "mdbook-runnable"];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(markdown: &str) -> Result<Chapter, String> {
        Chapter::parse("01_a", "a.md", markdown)
            .map_err(|problems| problems.iter().map(|p| format!("{p}\n")).collect())
    }

    #[test]
    fn cells_and_snippets_are_told_apart() {
        let chapter = parse(
            "# A\n\nText\n\n```rust,cell=one\n//| echo: false\nf();\n```\n\n```rust,compile_fail\ng\n```\n\n```text\nx\n```\n\n<!--\n```rust,cell=two\n```\n-->\n",
        )
        .unwrap();
        assert_eq!(chapter.cells.len(), 1);
        assert_eq!(chapter.code(&chapter.cells[0]), ["f();"]);
        assert_eq!((chapter.cells[0].open, chapter.cells[0].close), (5, 8));
        assert_eq!(chapter.snippets.len(), 1);
        assert_eq!(chapter.snippets[0].info, "rust,compile_fail");
        assert_eq!(chapter.cell_at(7).unwrap().name, "one");
        assert_eq!(chapter.cell_at(11), None);
        assert_eq!((chapter.others.len(), chapter.in_html.as_slice()), (1, &[19][..]));
    }

    #[test]
    fn values_stand_in_the_text_below_cells() {
        let page = "# A\n\nT\n\n```rust,cell=a\nf();\n```\n\n- {{= x }} `{{= y }}`\n\n```text\n{{= z }}\n```\n";
        let values = parse(page).unwrap().values;
        let all: Vec<_> = values.iter().map(|v| (v.expression.as_str(), v.line, v.cell)).collect();
        assert_eq!(all, [("x", 9, 0)]);
        assert_eq!(parse("# A\n\n{{= x }}\n").unwrap().values, []);
    }

    #[test]
    fn a_fence_within_a_longer_fence_is_text() {
        let chapter = parse("# A\n\n````md\n```rust,cell=one\n```\n````\n").unwrap();
        assert!(chapter.cells.is_empty());
    }

    /// The chapter's mistakes must contain `expected`.
    #[track_caller]
    fn fails(markdown: &str, expected: &str) {
        let problems = parse(markdown).unwrap_err();
        assert!(problems.contains(expected), "{problems}");
    }

    #[test]
    fn mistakes_name_file_line_and_remedy() {
        fails("# A\n\nT\n\n```rust,cell=one\nf();\n", "a.md:5: the fence ```rust");
        fails("# A\n\nT\n\n```rust,cell=One\n```\n", "a.md:5: ill-formed cell name `One`\n  help:");
        fails("# A\n\nT\n\n```rust,cell=\n```\n", "ill-formed cell name ``");
        fails(
            "# A\n\nT\n\n```rust,cell=a\n```\n\n```rust,cell=a\n```\n",
            "a.md:8: cell `a` is already on line 5",
        );
        fails("# A\n\nT\n\n```rust,cell=a,hide\n```\n", "unknown option `hide` of cell `a`");
        fails("# A\n\n```rust,cel=a\n```\n", "a.md:3: unknown option `cel=a`");
        fails("# A\n\n1. T\n\n   ```rust,cell=a\n   ```\n", "a.md:5: cell `a` stands in a list");
        fails("# A\n\n```python,cell=a\n```\n", "cell `a` is not Rust");
        fails("# A\n\nText\n```rust,cell=a\n```\n", "cell `a` touches the text");
        fails("# A\n\n```rust,cell=a\n```\n", "a.md:3: a cell so early");
        fails(
            "# A\r\rT\r\r```rust,cell=a\r```\r",
            "a.md:1: the lines end in carriage returns alone",
        );
        fails("# A\n\n{{= x }}\n\n```rust,cell=a\n```\n", "a.md:3: the value `x` stands above all");
        fails("# A\n\nT\n\n```rust,cell=a\n```\n\n{{= x\n", "a.md:8: a value that is not closed");
        fails("# A\n\nT\n\n```rust,cell=a\n{{#include x.rs}}\n```\n", "a.md:6: cell `a` includes");
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let problems = parse("# A\n\nT\n\n```rust,cell=A\n```\n\n```rust,cell=B\n```\n");
        assert_eq!(problems.unwrap_err().matches("ill-formed").count(), 2);
    }
}
