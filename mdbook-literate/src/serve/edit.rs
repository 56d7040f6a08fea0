//! A chapter with the changes that a reader made in the page, and messages about it with lines of its cells.

use std::collections::BTreeMap;
use std::ops::Range;

use regex::{Captures, Regex};
use serde::Serialize;

use crate::chapter::{Cell, Chapter, Value};
use crate::parts;

/// New code of cells, by name.
pub(super) type Edits = BTreeMap<String, String>;

/// The code of a cell as a reader edits it: with the lines that the page hides at first.
pub(super) fn code(chapter: &Chapter, cell: &Cell) -> String {
    parts::code_of(chapter, cell).collect::<Vec<_>>().join("\n")
}

/// The chapter with other code in some of its cells, which stand on other lines then.
///
/// # Errors
/// When the chapter has no such cell.
pub(super) fn edited(chapter: &Chapter, edits: &Edits) -> Result<Chapter, String> {
    if let Some(name) = edits.keys().find(|name| chapter.cells.iter().all(|c| c.name != **name)) {
        return Err(format!("chapter {} has no cell `{name}` any more", chapter.name));
    }
    let mut made = Chapter { lines: Vec::new(), snippets: Vec::new(), ..chapter.clone() };
    let mut copied = 0;
    for (cell, old) in made.cells.iter_mut().zip(&chapter.cells) {
        let first = old.open + old.option_lines;
        move_values(&mut made.values, &chapter.values, copied..first, made.lines.len());
        made.lines.extend_from_slice(&chapter.lines[copied..first]);
        cell.open = made.lines.len() - old.option_lines;
        match edits.get(&old.name) {
            Some(code) => {
                made.lines.extend(code.lines().map(shielded));
                cell.options.output = true;
            }
            None => made.lines.extend_from_slice(chapter.code(old)),
        }
        cell.close = made.lines.len() + 1;
        copied = old.close - 1;
    }
    move_values(&mut made.values, &chapter.values, copied..chapter.lines.len(), made.lines.len());
    made.lines.extend_from_slice(&chapter.lines[copied..]);
    Ok(made)
}

/// Moves the values on some of the lines to where these lines are copied to.
fn move_values(made: &mut [Value], old: &[Value], lines: Range<usize>, to: usize) {
    for (value, old) in made.iter_mut().zip(old) {
        if lines.contains(&(old.line - 1)) {
            value.line = old.line - lines.start + to;
        }
    }
}

/// A line that `parts::unhidden` gives back as it is.
fn shielded(line: &str) -> String {
    match line.trim_start() {
        bare if parts::is_hidden(bare) || bare.starts_with("##") => format!("#{bare}"),
        _ => line.into(),
    }
}

/// A place in a cell's code. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Spot {
    pub(super) cell: String,
    pub(super) line: usize,
}

impl Spot {
    /// Of a line of the chapter; `None` outside of the cells.
    pub(super) fn of(chapter: &Chapter, line: usize) -> Option<Self> {
        let cell = chapter.cell_at(line)?;
        let line = line.checked_sub(cell.open + cell.option_lines).filter(|line| *line > 0)?;
        // What is missing at the end is told of the line below the last one.
        let line = line.min(chapter.code(cell).len().max(1));
        Some(Self { cell: cell.name.clone(), line })
    }
}

/// A message of the compiler or of a panic, with cells and their lines in place of the chapter's, and
/// the first place in a cell that it names.
pub(super) fn told(chapter: &Chapter, message: &str) -> (String, Option<Spot>) {
    let file = regex::escape(&chapter.file);
    let pattern = |text: &str| Regex::new(text).expect("a well-formed expression");
    let place = pattern(&format!(r"{file}:(\d+)(?::(\d+))?"));
    let header = pattern(r"^\s*(?:-->|:::) ");
    let numbered = pattern(r"^(\s*)(\d+)(\s+[|~+-].*|\s*\|)$");
    let (mut first, mut is_ours) = (None, false);
    let mut lines = Vec::new();
    for line in message.lines() {
        if header.is_match(line) {
            is_ours = place.is_match(line);
        }
        let at = |number: &str| Spot::of(chapter, number.parse().ok()?);
        let mut made = place.replace_all(line, |found: &Captures<'_>| match at(&found[1]) {
            None => found[0].to_string(),
            Some(spot) => {
                let column = found.get(2).map(|column| format!(", column {}", column.as_str()));
                let place = format!(
                    "cell `{}`, line {}{}",
                    spot.cell,
                    spot.line,
                    column.unwrap_or_default()
                );
                first.get_or_insert(spot);
                place
            }
        });
        if let Some(found) = numbered.captures(line).filter(|_| is_ours)
            && let Some(spot) = at(&found[2])
        {
            let (number, width) = (spot.line, found[2].len());
            made = format!("{}{number:<width$}{}", &found[1], &found[3]).into();
        }
        lines.push(made.into_owned());
    }
    (lines.join("\n"), first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program;

    const MARKDOWN: &str = "# A\n\nT\n\n```rust,cell=one\n//| echo: true\nlet a = 1;\n# let h = 2;\n```\n\n\
                            ```rust,cell=two\nlet b = a;\nuse_of(b);\n```\n\nEnd {{= b }}.\n";

    fn chapter() -> Chapter {
        Chapter::parse("01_a", "src/01_a.md", MARKDOWN).unwrap()
    }

    fn with(name: &str, code: &str) -> Chapter {
        edited(&chapter(), &Edits::from([(name.into(), code.into())])).unwrap()
    }

    #[test]
    fn a_chapter_without_changes_stays_as_it_is() {
        assert_eq!(edited(&chapter(), &Edits::new()).unwrap(), chapter());
        let all = chapter().cells.iter().map(|c| (c.name.clone(), code(&chapter(), c))).collect();
        let same = edited(&chapter(), &all).unwrap();
        assert_eq!(program::recorded(&same, "fn main()").unwrap().lines().count(), 16);
    }

    #[test]
    fn changed_code_moves_the_cells_below() {
        let made = with("one", "let a = 1;\n\nlet c = 3;\nlet d = 4;\n");
        assert_eq!(code(&made, &made.cells[0]), "let a = 1;\n\nlet c = 3;\nlet d = 4;");
        assert_eq!(code(&made, &made.cells[1]), "let b = a;\nuse_of(b);");
        assert_eq!((made.cells[1].open, made.cells[1].close), (13, 16));
        assert_eq!(made.lines.last().unwrap(), "End {{= b }}.");
        assert_eq!(made.values[0].line, made.lines.len());
        let empty = with("one", "");
        assert_eq!(code(&empty, &empty.cells[0]), "");
        assert_eq!((empty.cells[0].open, empty.cells[0].close, empty.cells[1].open), (5, 7, 9));
    }

    #[test]
    fn every_line_that_a_reader_writes_is_compiled_as_it_is() {
        let text = "#\n# x\n## y\n#[derive(Debug)]\n```\nstruct S;\r\n//| echo: false";
        let made = with("two", text);
        assert_eq!(code(&made, &made.cells[1]), text.replace('\r', ""));
    }

    #[test]
    fn a_cell_that_is_gone_is_told() {
        let error = edited(&chapter(), &Edits::from([("gone".into(), "".into())])).unwrap_err();
        assert_eq!(error, "chapter 01_a has no cell `gone` any more");
    }

    #[test]
    fn messages_name_lines_of_cells() {
        let message = "error[E0425]: no `c`\n  --> src/01_a.md:13:8\n   |\n12 | let b = a;\n   |     - like\n13 | use_of(b);\n   | ^\n\
                       note: there\n  --> src/lib.rs:13:1\n   |\n13 | fn f() {}\nhelp: try\n  --> src/01_a.md:7:1\n   |\n7  + let c = 1;";
        let (told, spot) = told(&chapter(), message);
        assert_eq!(spot, Some(Spot { cell: "two".into(), line: 2 }));
        assert!(told.contains("--> cell `two`, line 2, column 8\n   |\n1  | let b"), "{told}");
        assert!(
            told.contains("2  | use_of") && told.contains("lib.rs:13:1\n   |\n13 | fn"),
            "{told}"
        );
        assert!(told.contains("--> cell `one`, line 1, column 1\n   |\n1  + let"), "{told}");
    }

    #[test]
    fn a_panic_names_the_line_of_its_cell_and_the_end_is_in_the_last_line() {
        let (told, spot) = told(&chapter(), "thread 'main' panicked at src/01_a.md:12:5:\nno");
        assert_eq!(told, "thread 'main' panicked at cell `two`, line 1, column 5:\nno");
        assert_eq!(spot.unwrap().line, 1);
        assert_eq!(Spot::of(&chapter(), 14).unwrap().line, 2);
        assert_eq!([4, 5, 6, 10, 16].map(|line| Spot::of(&chapter(), line)), [const { None }; 5]);
    }
}
