//! Reads the chapters of a book that mdBook has loaded.

use std::path::Path;

use mdbook_driver::book::{Book as MdBook, BookItem};

use crate::book::Book;
use crate::chapter::{Chapter, Reading};
use crate::problem::{Place, Problem};
use crate::{names, snapshots};

/// The book's chapters in reading order, each read and checked, with its path in the book.
pub(crate) fn chapters(book: &Book, loaded: &MdBook) -> Vec<Reading> {
    let mut chapters: Vec<Reading> = loaded
        .iter()
        .filter_map(|item| match item {
            BookItem::Chapter(chapter) => {
                let path = chapter.source_path.as_ref()?;
                Some((path.clone(), read(book, path, &chapter.content)))
            }
            _ => None,
        })
        .collect();
    names::check_distinct(&mut chapters);
    for (_, reading) in &mut chapters {
        let Ok(chapter) = reading else { continue };
        let cells = chapter.cells.iter();
        let problems: Vec<Problem> =
            cells.filter_map(|cell| snapshots::of_another_book(book, chapter, cell)).collect();
        if !problems.is_empty() {
            *reading = Err(problems);
        }
    }
    chapters
}

/// Reads the chapter at `path` below the book's sources.
fn read(book: &Book, path: &Path, markdown: &str) -> Result<Chapter, Vec<Problem>> {
    let full = book.source.join(path);
    let chapter = Chapter::parse(&names::chapter_name(path), &book.shown(&full), markdown)?;
    if let (false, Some(cell)) = (book.names_edition, chapter.cells.first()) {
        let what = "cells in a book of the edition of 2015, as rustdoc takes it to be";
        let problem = Place::new(&chapter.file, cell.open).problem(what);
        return Err(vec![problem.help("say edition = \"2024\" in the table [rust] of book.toml")]);
    }
    match chapter.missing_includes(full.parent().unwrap_or(&book.source)) {
        missing if missing.is_empty() => Ok(chapter),
        missing => Err(missing),
    }
}
