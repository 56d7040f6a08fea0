//! Tells an output that was accepted for other code than the cell now has.
//!
//! The snapshot of a cell notes which code it is of. Tests run the code and know better; but a page is built without
//! them. Code that changed and prints the same is noted by the tests, and `cargo book accept` brings the note into
//! the snapshot.

use anyhow::Result;

use crate::book::Book;
use crate::chapter::{Cell, Chapter};
use crate::files;
use crate::message;
use crate::names;
use crate::output;
use crate::parts;
use crate::problem::Place;

/// Stands for a cell's code, but for its white space.
pub(crate) fn stamp(chapter: &Chapter, cell: &Cell) -> String {
    parts::stamp_of(parts::code_of(chapter, cell))
}

/// The lines of a snapshot's header, with the stamp of a cell in place of an older one.
pub(crate) fn stamped(header: &str, chapter: &Chapter, cell: &Cell) -> String {
    let others = header.lines().filter(|line| !line.starts_with(INFO));
    let others: String = others.flat_map(|line| [line, "\n"]).collect();
    format!("{others}{INFO}{}\n", stamp(chapter, cell))
}

/// How the line of a snapshot's header starts that holds the stamp.
const INFO: &str = "info: ";

/// The line of a snapshot's header that holds the stamp, and the stamp.
fn noted(snapshot: &str) -> Option<(&str, &str)> {
    let (header, _) = output::header(snapshot)?;
    let line = header.lines().find(|line| line.starts_with(INFO))?;
    let stamp = line.strip_prefix(INFO)?.trim_matches(['"', '\'']);
    stamp.starts_with("code ").then_some((line, stamp))
}

fn file(chapter: &Chapter, cell: &Cell) -> String {
    format!("{}.snap", names::snapshot_name(&chapter.name, &cell.name))
}

/// The snapshot of a cell that notes other code; the text of it.
fn other(book: &Book, chapter: &Chapter, cell: &Cell) -> Option<String> {
    let text = files::read_text(&book.snapshots().join(file(chapter, cell))).ok()?;
    let (_, noted) = noted(&text)?;
    (noted != stamp(chapter, cell)).then_some(text)
}

/// A warning about each cell whose accepted output is that of other code.
pub(crate) fn warnings(book: &Book, chapter: &Chapter) -> Vec<String> {
    let stale = chapter.cells.iter().filter(|cell| other(book, chapter, cell).is_some());
    let warn = |line: usize, what: &str| {
        let what = format!("{what} was accepted for other code");
        let place = Place::new(&chapter.file, line);
        place.problem(what).help("run `cargo test`, then `cargo book accept`").to_string()
    };
    let cells = stale.map(|cell| warn(cell.open, &format!("the output of cell `{}`", cell.name)));
    let messages = message::all(book, chapter).into_iter().filter_map(|(snippet, name)| {
        let of = accepted_stamp(book, chapter, &name)?;
        let what = "the message of the compiler about this snippet";
        (of != message::stamp(snippet)).then(|| warn(snippet.open, what))
    });
    cells.chain(messages).collect()
}

/// What the snapshot of this name says that it is of.
pub(crate) fn accepted_stamp(book: &Book, chapter: &Chapter, name: &str) -> Option<String> {
    let file = format!("{}.snap", names::snapshot_name(&chapter.name, name));
    let text = files::read_text(&book.snapshots().join(file)).ok()?;
    noted(&text).map(|(_, stamp)| stamp.to_string())
}

/// Whether the output of a cell was accepted for other code than it now has.
pub(crate) fn is_of_other_code(book: &Book, chapter: &Chapter, cell: &Cell) -> bool {
    other(book, chapter, cell).is_some()
}

/// Notes that the code as it is now prints what was accepted.
pub(crate) fn note(book: &Book, chapter: &Chapter, cell: &Cell) -> Result<()> {
    if other(book, chapter, cell).is_none() {
        return Ok(());
    }
    book.workshop()?.room("same.d")?.write(file(chapter, cell), stamp(chapter, cell)).map(drop)
}

/// Brings what the tests have noted into the snapshots whose names contain `filter`; returns these.
pub(crate) fn accept(book: &Book, chapters: &[Chapter], filter: &str) -> Result<Vec<String>> {
    let same = book.workshop()?.room("same.d")?;
    let mut accepted = Vec::new();
    for chapter in chapters {
        for cell in &chapter.cells {
            let name = names::snapshot_name(&chapter.name, &cell.name);
            let Some(text) = other(book, chapter, cell).filter(|_| name.contains(filter)) else {
                continue;
            };
            let (file, stamp) = (file(chapter, cell), stamp(chapter, cell));
            let known = files::read_text(&same.path(&file)?).is_ok_and(|known| known == stamp);
            if let (true, Some((line, _))) = (known, noted(&text)) {
                let text = text.replacen(line, &format!("{INFO}{stamp}"), 1);
                book.snapshots_room().write(&file, text)?;
                accepted.push(name);
            }
        }
    }
    Ok(accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamped(code: &str) -> String {
        let page = format!("# A\n\nText\n\n```rust,cell=a\n{code}\n```\n");
        let chapter = Chapter::parse("a", "a.md", &page).unwrap();
        stamp(&chapter, &chapter.cells[0])
    }

    #[test]
    fn code_is_the_same_with_other_white_space_and_other_options() {
        assert_eq!(stamped("f( 1 );"), stamped("//| echo: false\n  f( 1\n);"));
        assert_ne!(stamped("f(1);"), stamped("f(2);"));
        assert_eq!(stamped("f(1);"), "code 796745752e27c366");
    }

    #[test]
    fn a_note_is_read_with_and_without_quotes() {
        let with = |line: &str| format!("---\nsource: a\n{line}\n---\ninfo: code 2\n");
        for line in ["info: code 1", "info: \"code 1\""] {
            assert_eq!(noted(&with(line)).unwrap(), (line, "code 1"));
        }
        assert_eq!(noted(&with("info: mine")), None);
        assert_eq!(noted("info: code 1\n"), None);
    }
}
