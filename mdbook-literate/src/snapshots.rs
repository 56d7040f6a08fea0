//! The accepted outputs: files that insta writes and compares, one for each cell.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use similar::{ChangeTag, TextDiff};

use crate::book::Book;
use crate::chapter::{Cell, Chapter};
use crate::files::{self, Room};
use crate::lock::Lock;
use crate::message;
use crate::names::snapshot_name;
use crate::output;
use crate::problem::{Place, Problem, count};
use crate::record::CellOutput;
use crate::stale;
use crate::values;

/// The accepted output of a cell; `None` when there is none yet.
pub fn accepted(book: &Book, chapter: &str, cell: &str) -> Option<String> {
    let text = files::read_text(&file(book, chapter, cell)).ok()?;
    Some(output::accepted(&text).to_string())
}

fn file(book: &Book, chapter: &str, cell: &str) -> PathBuf {
    book.snapshots().join(format!("{}.snap", snapshot_name(chapter, cell)))
}

/// What the engine notes in the snapshot of a cell. It is how the engine knows its own snapshots
/// again among those of other tests.
pub(crate) fn description(chapter: &Chapter, cell: &str) -> String {
    format!("cell `{cell}` of {}", chapter.file)
}

/// The cell and the chapter's file that a snapshot is described with; `None` for one that is not
/// the engine's.
fn described(snapshot: &str) -> Option<(String, String)> {
    let (header, _) = output::header(snapshot)?;
    let described = header.lines().find_map(|line| line.strip_prefix("description: "))?;
    let text = match described.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => described.trim_matches('\'').to_string(),
    };
    let (cell, file) = text.strip_prefix("cell `")?.split_once("` of ")?;
    Some((cell.into(), file.into()))
}

/// What a chapter has outputs of, with the line on which it stands: its cells, and the values in its text.
pub(crate) fn all(chapter: &Chapter) -> impl Iterator<Item = (&str, usize)> {
    let cells = chapter.cells.iter().map(|cell| (cell.name.as_str(), cell.open));
    cells.chain(chapter.values.first().map(|value| (values::NAME, value.line)))
}

/// A mistake for each accepted output that is that of a cell of another book, which has its snapshots in the
/// same folder.
pub(crate) fn of_another_book(book: &Book, chapter: &Chapter) -> Vec<Problem> {
    let messages = message::all(book, chapter);
    let messages = messages.iter().map(|(snippet, name)| (name.as_str(), snippet.open));
    all(chapter)
        .chain(messages)
        .filter_map(|(name, line)| of_another(book, chapter, name, line))
        .collect()
}

fn of_another(book: &Book, chapter: &Chapter, cell: &str, line: usize) -> Option<Problem> {
    let path = file(book, &chapter.name, cell);
    let (_, other) = described(&files::read_text(&path).ok()?)?;
    let page = files::tidy(&book.package.join(&other));
    if is_page_of(book, &page) || !page.is_file() {
        return None;
    }
    let message = format!("the snapshot {} is that of {other}", book.shown(&path));
    Some(Place::new(&chapter.file, line).problem(message).help(
        "rename one of the two cells or chapters, or give each book a folder of its own in the \
         setting `snapshots`",
    ))
}

/// Snapshots of this book, also pending ones, whose cell is gone, by path. Those of other tests
/// and other books may lie in the same folder: they do not count.
///
/// # Errors
/// When the folder cannot be read; a folder that is not there holds none.
pub(crate) fn orphans(book: &Book, chapters: &[Chapter]) -> Result<Vec<PathBuf>> {
    let cells: BTreeSet<String> = chapters
        .iter()
        .flat_map(|chapter| {
            let messages = message::all(book, chapter).into_iter().map(|(_, name)| name);
            all(chapter)
                .map(|(cell, _)| cell.to_string())
                .chain(messages)
                .map(|cell| snapshot_name(&chapter.name, &cell))
        })
        .collect();
    let mut orphans = Vec::new();
    for extension in [".snap", ".snap.new"] {
        let mut files = own_files(book, extension)?;
        files.retain(|path| !is_living(path, extension, &cells));
        orphans.extend(files);
    }
    Ok(orphans)
}

/// Whether a snapshot is that of one of the cells. On some disks a file has the name of a cell in capitals, too.
fn is_living(path: &Path, extension: &str, cells: &BTreeSet<String>) -> bool {
    let name = stem(path, extension);
    let is_same = |cell: &String| {
        let other = path.with_file_name(format!("{cell}{extension}"));
        cell.to_lowercase() == name.to_lowercase()
            && path.canonicalize().is_ok_and(|path| other.canonicalize().is_ok_and(|o| o == path))
    };
    cells.contains(name) || cells.iter().any(is_same)
}

/// What is wrong when there are [`orphans`], and what to do.
///
/// # Errors
/// As [`orphans`].
pub(crate) fn orphans_told(book: &Book, chapters: &[Chapter]) -> Result<Option<String>> {
    let orphans = orphans(book, chapters)?;
    let list: Vec<String> =
        orphans.iter().map(|path| format!("\n  {}", book.shown(path))).collect();
    let what = format!("{} without a cell:{}", count(orphans.len(), "snapshot"), list.concat());
    let told = format!("{what}\n  help: `cargo book accept` removes them");
    Ok((!orphans.is_empty()).then_some(told))
}

/// Removes one of the [`orphans`].
///
/// # Errors
/// When the disk does not let it go.
pub(crate) fn remove(book: &Book, orphan: &Path) -> Result<()> {
    book.snapshots_room().remove(orphan.file_name().unwrap_or_default())
}

/// Keeps other processes from writing outputs meanwhile; waits for those that do. Removes what an earlier run that
/// was killed has left half written.
///
/// # Errors
/// When the target folder cannot be written.
pub(crate) fn lock(book: &Book) -> Result<Lock> {
    let lock = book.lock()?;
    book.snapshots_room().sweep()?;
    Ok(lock)
}

/// An output that differs from the accepted one, as the last test run left it.
#[derive(Debug)]
pub(crate) struct Pending {
    room: Room,
    /// `CHAPTER__CELL`
    pub(crate) name: String,
}

/// The pending outputs of the book's cells, in the order of their names.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn pending(book: &Book) -> Result<Vec<Pending>> {
    let files = own_files(book, ".snap.new")?;
    let names = files.iter().map(|file| stem(file, ".snap.new").to_string());
    Ok(names.map(|name| Pending { room: book.snapshots_room(), name }).collect())
}

impl Pending {
    /// The file of the output.
    pub(crate) fn file(&self) -> PathBuf {
        self.room.folder().join(format!("{}.snap.new", self.name))
    }

    /// The lines that differ, marked `-` (accepted) and `+` (new), with a little context.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn difference(&self) -> Result<String> {
        let new = self.read(".snap.new")?;
        // None yet, or one that is no text any more.
        let old = self.read(".snap").unwrap_or_default();
        Ok(difference(output::accepted(&old), output::accepted(&new)))
    }

    /// Makes the new output the accepted one.
    ///
    /// # Errors
    /// When a file cannot be read or written. The accepted file is replaced as a whole or not at
    /// all, and the pending one is there until then.
    pub(crate) fn accept(self) -> Result<()> {
        // insta notes the line of its assertion in pending files only.
        let text = self.read(".snap.new")?;
        let (header, output) = output::header(&text)
            .with_context(|| format!("{}.snap.new has no header", self.name))?;
        let kept = header.lines().filter(|line| !line.starts_with("assertion_line: "));
        let header: String = kept.flat_map(|line| [line, "\n"]).collect();
        self.room.write(format!("{}.snap", self.name), format!("---\n{header}---\n{output}"))?;
        self.room.remove(format!("{}.snap.new", self.name))
    }

    fn read(&self, extension: &str) -> Result<String> {
        let file = self.room.path(format!("{}{extension}", self.name))?;
        files::read_text(&file).with_context(|| format!("{} cannot be read", file.display()))
    }
}

/// Makes what a cell has printed the accepted output of it, and of its code as it is now, and the values in the text below
/// it the accepted ones. What the files say besides stays.
///
/// # Errors
/// When a file cannot be written, and for a value of several lines.
pub(crate) fn accept(
    book: &Book,
    chapter: &Chapter,
    cell: &Cell,
    printed: &CellOutput,
) -> Result<()> {
    let _lock = lock(book)?;
    let number = chapter.cells.iter().position(|other| other.name == cell.name);
    let old = accepted(book, &chapter.name, values::NAME).unwrap_or_default();
    let list =
        values::replaced(&chapter.values, &old, number.unwrap_or(usize::MAX), &printed.values);
    let list = list.map_err(|(number, lines)| {
        let expression = &chapter.values[number].expression;
        anyhow!("the value `{expression}` has {lines} lines: print it in a cell")
    })?;
    let stamped = |header: &str| stale::stamped(header, chapter, cell);
    write(book, chapter, &cell.name, &printed.text, stamped)?;
    match printed.values.is_empty() {
        true => Ok(()),
        false => write(book, chapter, values::NAME, &list, |header| format!("{header}\n")),
    }
}

/// Writes an accepted output; `header` changes the header that it had.
fn write(
    book: &Book,
    chapter: &Chapter,
    cell: &str,
    output: &str,
    header: impl Fn(&str) -> String,
) -> Result<()> {
    let (room, name) = (book.snapshots_room(), snapshot_name(&chapter.name, cell));
    let old = files::read_text(&room.path(format!("{name}.snap"))?).unwrap_or_default();
    let head = match output::header(&old) {
        Some((head, _)) => head.to_string(),
        None => format!(
            "source: {}\ndescription: {:?}",
            book.shown(&book.root.join("book.toml")),
            description(chapter, cell)
        ),
    };
    let text = format!("---\n{}---\n{}\n", header(&head), output.trim_end());
    room.write(format!("{name}.snap"), text)?;
    room.remove(format!("{name}.snap.new"))
}

/// Removes the pending output of a cell unless it is `output`: a disk that was full may have left
/// half of it.
///
/// # Errors
/// Where none can be written. insta does not say so.
pub(crate) fn keep_whole(book: &Book, name: &str, output: &str) -> Result<()> {
    let (room, file) = (book.snapshots_room(), format!("{name}.snap.new"));
    match files::read_text(&room.path(&file)?) {
        Ok(text) if output::accepted(&text).trim_end() == output.trim_end() => Ok(()),
        _ => room.write(&file, "").and_then(|_| room.remove(file)),
    }
}

/// The lines that differ, with a little context.
fn difference(old: &str, new: &str) -> String {
    // Of two very long texts that differ in all, a rough difference will do.
    let mut configured = TextDiff::configure();
    let diff =
        configured.timeout(Duration::from_secs(2)).diff_lines(old.trim_end(), new.trim_end());
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

/// The files of a kind that the engine made for this book.
fn own_files(book: &Book, extension: &str) -> Result<Vec<PathBuf>> {
    let mut files = files_of(&book.snapshots(), extension)?;
    files.retain(|path| {
        let described = files::read_text(path).ok().and_then(|text| described(&text));
        described.is_some_and(|(cell, file)| {
            let page = files::tidy(&book.package.join(file));
            stem(path, extension).ends_with(&format!("__{cell}")) && is_page_of(book, &page)
        })
    });
    Ok(files)
}

/// Whether a page lies among the sources of this book, and not of one that lies among them.
fn is_page_of(book: &Book, page: &Path) -> bool {
    let between = page.ancestors().skip(1).take_while(|folder| *folder != book.source);
    page.starts_with(&book.source)
        && between.into_iter().all(|folder| !folder.join("book.toml").is_file())
}

fn files_of(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
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

    #[cfg(unix)]
    #[test]
    fn a_file_with_the_name_of_a_cell_in_capitals_may_be_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let [own, other] = ["Intro__a.snap", "INTRO__a.snap"].map(|name| folder.path().join(name));
        fs::write(&own, "").unwrap();
        let cells = BTreeSet::from(["intro__a".to_string()]);
        assert!(!is_living(&own, ".snap", &cells));
        // As on a disk that takes both names for one.
        std::os::unix::fs::symlink("Intro__a.snap", folder.path().join("intro__a.snap")).unwrap();
        assert!(is_living(&own, ".snap", &cells));
        fs::write(&other, "").unwrap();
        assert!(!is_living(&other, ".snap", &cells));
    }

    #[test]
    fn the_header_of_a_snapshot_is_no_output() {
        assert_eq!(output::accepted("---\nsource: tests/book.rs\n---\n1\n---\n2\n"), "1\n---\n2\n");
        assert_eq!(output::accepted("---\nsource: tests/book.rs\n---\n"), "");
    }

    #[test]
    fn the_engine_knows_its_own_snapshots_by_their_description() {
        let ours =
            "---\nsource: tests/book.rs\ndescription: \"cell `sum` of book/src/1.md\"\n---\n4\n";
        assert_eq!(described(ours), Some(("sum".into(), "book/src/1.md".into())));
        for other in [
            "---\nsource: tests/api.rs\nexpression: users\n---\nann\n",
            "---\nsource: tests/api.rs\ndescription: a user\n---\nann\n",
            "---\nsource: tests/api.rs\n---\ndescription: cell `sum` of a.md\n---\n",
            "",
        ] {
            assert_eq!(described(other), None);
        }
    }

    #[test]
    fn a_difference_shows_old_and_new_lines() {
        assert_eq!(difference("a\nb\nc\n", "a\nB\nc"), "    a\n  - b\n  + B\n    c\n");
        assert!(difference("", &"x".repeat(500)).contains("… (500 characters)"));
    }
}
