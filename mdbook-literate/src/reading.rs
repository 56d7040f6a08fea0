//! Reads the chapters of a book that mdBook has loaded.

use std::path::Path;

use mdbook_driver::book::{Book as MdBook, BookItem};

use crate::book::Book;
use crate::chapter::{Chapter, Reading, Value};
use crate::problem::{Place, Problem};
use crate::{lexer, names, parts, snapshots};

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
        let problems = snapshots::of_another_book(book, chapter);
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
    let misplaced: Vec<Problem> =
        chapter.values.iter().filter_map(|v| misplaced(&chapter, v)).collect();
    if !misplaced.is_empty() {
        return Err(misplaced);
    }
    match chapter.missing_includes(full.parent().unwrap_or(&book.source)) {
        missing if missing.is_empty() => Ok(chapter),
        missing => Err(missing),
    }
}

/// A mistake when a value stands where none of the chapter's variables are known.
fn misplaced(chapter: &Chapter, value: &Value) -> Option<Problem> {
    let cell = &chapter.cells[value.cell];
    lexer::has_main(parts::code_of(chapter, cell)).then(|| {
        let what = format!("the value `{}` stands below a cell with a `main` of its own", value.expression);
        let help = "its variables are gone there: print the value in the cell, or put it below another one";
        Place::new(&chapter.file, value.line).problem(what).help(help)
    })
}
