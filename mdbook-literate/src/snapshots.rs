//! The accepted outputs: files that insta writes and compares, one for each cell.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use similar::{ChangeTag, TextDiff};

use crate::book::Book;
use crate::chapter::Chapter;
use crate::output;

/// The name of a cell's snapshot, without its extension.
///
/// ```
/// assert_eq!(mdbook_literate::snapshots::name("02_pixels", "im3"), "02_pixels__im3");
/// ```
pub fn name(chapter: &str, cell: &str) -> String {
    format!("{chapter}__{cell}")
}

/// The accepted output of a cell; `None` when there is none yet.
pub fn accepted(book: &Book, chapter: &str, cell: &str) -> Option<String> {
    let file = book.snapshots().join(name(chapter, cell)).with_extension("snap");
    fs::read_to_string(file).ok().map(|text| output::accepted(&text).to_string())
}

/// Snapshots whose cell is gone, by path. Only files named `CHAPTER__CELL.snap` count, so that
/// other snapshots may lie in the same folder.
///
/// # Errors
/// When the folder cannot be read; a folder that is not there holds none.
pub fn orphans(book: &Book, chapters: &[Chapter]) -> Result<Vec<PathBuf>> {
    let cells: BTreeSet<String> = chapters
        .iter()
        .flat_map(|chapter| chapter.cells.iter().map(|cell| name(&chapter.name, &cell.name)))
        .collect();
    let mut orphans = files(&book.snapshots(), ".snap")?;
    orphans.retain(|path| {
        let stem = stem(path, ".snap");
        stem.contains("__") && !cells.contains(stem)
    });
    Ok(orphans)
}

/// An output that differs from the accepted one, as the last test run left it.
#[derive(Debug)]
pub struct Pending {
    /// The file `….snap.new`.
    file: PathBuf,
    /// The accepted file, which may not be there yet.
    snapshot: PathBuf,
    /// `CHAPTER__CELL`
    pub name: String,
}

/// The pending outputs of the book, in the order of their names.
///
/// # Errors
/// When the folder cannot be read.
pub fn pending(book: &Book) -> Result<Vec<Pending>> {
    let files = files(&book.snapshots(), ".snap.new")?;
    Ok(files
        .into_iter()
        .map(|file| {
            let name = stem(&file, ".snap.new").to_string();
            Pending { snapshot: file.with_extension(""), name, file }
        })
        .collect())
}

impl Pending {
    /// The lines that differ, marked `-` (accepted) and `+` (new), with a little context.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn difference(&self) -> Result<String> {
        let new = self.read(&self.file)?;
        let old = match self.snapshot.exists() {
            true => self.read(&self.snapshot)?,
            false => String::new(),
        };
        Ok(difference(output::accepted(&old), output::accepted(&new)))
    }

    /// Makes the new output the accepted one.
    ///
    /// # Errors
    /// When a file cannot be read or written. The accepted file is replaced as a whole or not at
    /// all.
    pub fn accept(self) -> Result<()> {
        // insta notes the line of its assertion in pending files only.
        let text = self.read(&self.file)?;
        let kept = text.lines().filter(|line| !line.starts_with("assertion_line: "));
        let text: String = kept.flat_map(|line| [line, "\n"]).collect();
        fs::write(&self.file, text)
            .and_then(|()| fs::rename(&self.file, &self.snapshot))
            .with_context(|| format!("{} cannot be written", self.snapshot.display()))
    }

    fn read(&self, file: &Path) -> Result<String> {
        fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
    }
}

/// The lines that differ, with a little context.
fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old.trim_end(), new.trim_end());
    let mut out = String::new();
    for group in diff.grouped_ops(2) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            out.push_str(&format!("  {sign} {}\n", shortened(change.value().trim_end())));
        }
    }
    out
}

/// A figure's content may be one long line.
fn shortened(line: &str) -> String {
    const LONGEST: usize = 160;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} characters)", &line[..end], line.chars().count()),
        None => line.into(),
    }
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)
        .with_context(|| format!("the folder {} cannot be read", folder.display()))?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|path| path.to_string_lossy().ends_with(extension));
    files.sort();
    Ok(files)
}

fn stem<'a>(path: &'a Path, extension: &str) -> &'a str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_suffix(extension).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_snapshot_is_no_output() {
        assert_eq!(output::accepted("---\nsource: tests/book.rs\n---\n1\n---\n2\n"), "1\n---\n2\n");
        assert_eq!(output::accepted("---\nsource: tests/book.rs\n---\n"), "");
    }

    #[test]
    fn a_difference_shows_old_and_new_lines() {
        assert_eq!(difference("a\nb\nc\n", "a\nB\nc"), "    a\n  - b\n  + B\n    c\n");
        assert!(difference("", &"x".repeat(500)).contains("… (500 characters)"));
    }
}
