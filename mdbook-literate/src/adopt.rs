//! `cargo book adopt`: looks at the fences of a book as it is, says what each kind of them needs, and makes those
//! changes that need no thought.

mod book_toml;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;

use crate::book::Book;
use crate::chapter::{Chapter, Snippet};
use crate::diagnosis::{Kind, diagnose};
use crate::doctest;
use crate::files::{self, Room};
use crate::libs::Libs;
use crate::origins::{self, Origins};
use crate::preprocess::{Literate, is_text};
use crate::problem::count;
use crate::summary::Came;

/// A change that `cargo book adopt` makes, one commit's worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Change {
    /// Turns this preprocessor on in `book.toml`
    Preprocessor,
    /// Names the edition in `book.toml` that most fences need
    Edition,
    /// Labels what is no Rust, and has no label, as `text`
    Text,
    /// Labels fragments of programs as `ignore`: mdBook shows them, and nobody tests them
    Ignore,
    /// Labels what does not compile as `compile_fail`, with the error's code
    CompileFail,
}

/// A fence, and what it needs.
struct Found {
    chapter: usize,
    snippet: usize,
    kind: Kind,
}

/// A book that was looked at.
pub(crate) struct Adoption<'a> {
    book: &'a Book,
    chapters: Vec<Chapter>,
    found: Vec<Found>,
}

/// An edition that a book without one may mean, the latest first.
const EDITIONS: [&str; 3] = ["2024", "2021", "2018"];

impl<'a> Adoption<'a> {
    /// Tests all fences as they are.
    ///
    /// # Errors
    /// When the book cannot be read, its crates do not build, or a tool cannot be started.
    pub(crate) fn new(book: &'a Book) -> Result<Self> {
        let (mut chapters, mut paths) = (Vec::new(), Vec::new());
        for (path, reading) in book.chapters()? {
            match reading {
                Ok(chapter) => {
                    chapters.push(chapter);
                    paths.push(path);
                }
                Err(problems) => bail!("{}", problems[0]),
            }
        }
        let pages = book.pages_for_test(Literate { is_out: Some(is_text), draft: false })?;
        let libs = Libs::build(book, false)?;
        let mut adoption = Self { book, chapters, found: Vec::new() };
        let kinds = adoption.each_chapter(|at| {
            let page = pages.get(&paths[at]).context("mdBook has lost the chapter")?;
            adoption.kinds(at, &libs, page)
        })?;
        adoption.found = kinds.into_iter().flatten().collect();
        Ok(adoption)
    }

    /// Looks at the chapters side by side.
    fn each_chapter<T: Send>(&self, look: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
        let (next, all) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= self.chapters.len() {
                            break;
                        }
                        let found = look(at);
                        all.lock().unwrap_or_else(|p| p.into_inner()).insert(at, found);
                    }
                });
            }
        });
        all.into_inner().unwrap_or_else(|p| p.into_inner()).into_values().collect()
    }

    /// The kinds of a chapter's fences.
    fn kinds(&self, at: usize, libs: &Libs, page: &str) -> Result<Vec<Found>> {
        let chapter = &self.chapters[at];
        let is_tested = |snippet: &&Snippet| !is_text(self.book, snippet);
        let tested: Vec<usize> =
            chapter.snippets.iter().filter(is_tested).map(|s| s.open).collect();
        if tested.is_empty() {
            return Ok(Vec::new());
        }
        let origins = Origins::new(page, &origins::whole(self.book, chapter, is_text));
        let mut books = vec![self.book.clone()];
        if !self.book.names_edition {
            books.extend(EDITIONS.map(|edition| {
                let mut book = self.book.clone();
                book.edition = edition;
                book
            }));
        }
        let mut kinds: BTreeMap<usize, Kind> =
            tested.iter().map(|line| (*line, Kind::Unknown)).collect();
        for (number, book) in books.iter().enumerate() {
            let (failure, by_line) = match doctest::test(book, libs, chapter, page, false) {
                Ok(told) => {
                    let by_line = told.by_line(&tested, &origins);
                    (told.failure.unwrap_or_default(), by_line)
                }
                // rustdoc did not come to its end.
                Err(error) => {
                    let all = tested.iter().map(|line| (*line, *line, Came::Failed));
                    (format!("{error:#}"), all.collect())
                }
            };
            for (line, told_line, came) in by_line {
                let Some(known) = kinds.get_mut(&line) else { continue };
                let snippet = chapter.snippets.iter().find(|snippet| snippet.open == line);
                let kind = match came {
                    Came::Failed => {
                        snippet.map_or(Kind::Unknown, |s| diagnose(s, &failure, told_line))
                    }
                    Came::Ignored => Kind::Ignored,
                    _ if number > 0 => Kind::NeedsEdition(book.edition),
                    _ => Kind::Passes,
                };
                let is_better = match &*known {
                    Kind::Unknown => true,
                    Kind::NeedsEdition(_) => false,
                    // Errors are told as the latest edition has them.
                    known => {
                        known.is_failure() && (number == 1 || matches!(kind, Kind::NeedsEdition(_)))
                    }
                };
                if is_better {
                    *known = kind;
                }
            }
            if !kinds.values().any(Kind::is_failure) {
                break;
            }
        }
        let numbered = chapter.snippets.iter().enumerate();
        let found = numbered.filter_map(|(snippet, s)| {
            Some(Found { chapter: at, snippet, kind: kinds.remove(&s.open)? })
        });
        Ok(found.collect())
    }

    /// How many fences there are of each kind, what they need, and where they are.
    pub(crate) fn table(&self) -> String {
        let mut kinds: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
        for found in &self.found {
            let chapter = &self.chapters[found.chapter];
            let place = format!("{}:{}", chapter.file, chapter.snippets[found.snippet].open);
            kinds.entry(found.kind.clone()).or_default().push(place);
        }
        let others: usize = self.chapters.iter().map(|chapter| chapter.others.len()).sum();
        let cells: usize = self.chapters.iter().map(|chapter| chapter.cells.len()).sum();
        let all = self.found.len() + others + cells;
        let mut table =
            format!("{} in {}\n", count(all, "fence"), count(self.chapters.len(), "chapter"));
        let mut line =
            |number: usize, what: &str| table.push_str(&format!("{number:>6}  {what}\n"));
        line(others, "of other languages");
        if cells > 0 {
            line(cells, "cells");
        }
        for (kind, places) in &kinds {
            line(places.len(), &kind.to_string());
        }
        let wanting = kinds.iter().filter(|(kind, _)| kind.is_failure());
        for (kind, places) in wanting {
            table.push_str(&format!("\n{kind}:\n  {}\n", places.join("\n  ")));
        }
        table
    }

    /// The changes that can be made, with the number of fences that each is about.
    pub(crate) fn changes(&self) -> Vec<(Change, usize)> {
        let number = |change| {
            self.found.iter().filter(|found| change_of(self, found) == Some(change)).count()
        };
        let all = [Change::Edition, Change::Text, Change::Ignore, Change::CompileFail];
        let mut changes: Vec<_> = all.map(|change| (change, number(change))).to_vec();
        changes.retain(|(_, number)| *number > 0);
        let toml = files::read_text(&self.book.root.join("book.toml")).unwrap_or_default();
        if !book_toml::has(&toml, "preprocessor.literate") {
            changes.insert(0, (Change::Preprocessor, 0));
        }
        changes
    }

    /// Makes one of the changes; returns the files that it changed.
    ///
    /// # Errors
    /// When there is nothing to change, or a file cannot be written.
    pub(crate) fn make(&self, change: Change) -> Result<Vec<String>> {
        match change {
            Change::Preprocessor => self.edit_settings("preprocessor.literate", PREPROCESSOR),
            Change::Edition => {
                let mut editions: BTreeMap<&str, usize> = BTreeMap::new();
                for found in &self.found {
                    if let Kind::NeedsEdition(edition) = found.kind {
                        *editions.entry(edition).or_default() += 1;
                    }
                }
                let most = editions.into_iter().max_by_key(|(_, number)| *number);
                let (edition, _) = most.context("no fence needs another edition")?;
                self.edit_settings("rust", &format!("edition = \"{edition}\"\n"))
            }
            _ => self.relabel(change),
        }
    }

    /// Adds lines to a table of `book.toml`.
    fn edit_settings(&self, table: &str, lines: &str) -> Result<Vec<String>> {
        let file = self.book.root.join("book.toml");
        // As it is: with its own line ends.
        let toml = std::fs::read_to_string(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        if table.contains("literate") && book_toml::has(&toml, table) {
            bail!("book.toml has [{table}]");
        }
        replace(&file, &book_toml::with_lines(&toml, table, lines)?)?;
        Ok(vec![self.book.shown(&file)])
    }

    /// Changes the labels of the fences that a change is about.
    fn relabel(&self, change: Change) -> Result<Vec<String>> {
        let about = self.found.iter().filter(|found| change_of(self, found) == Some(change));
        let mut chapters: BTreeMap<usize, Vec<&Found>> = BTreeMap::new();
        about.for_each(|found| chapters.entry(found.chapter).or_default().push(found));
        if chapters.is_empty() {
            bail!("no fence needs this change");
        }
        let mut changed = Vec::new();
        for (at, found) in chapters {
            let chapter = &self.chapters[at];
            let file = self.book.package.join(&chapter.file);
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let mut lines: Vec<String> = text.split_inclusive('\n').map(String::from).collect();
            for found in found {
                let snippet = &chapter.snippets[found.snippet];
                let line = lines
                    .get_mut(snippet.open - 1)
                    .ok_or_else(|| anyhow!("{} has changed", chapter.file))?;
                *line = relabelled(line, snippet, &found.kind);
            }
            replace(&file, &lines.concat())?;
            changed.push(chapter.file.clone());
        }
        Ok(changed)
    }
}

/// Writes a file of the author's anew; what lies behind a symbolic link, at its own place.
fn replace(file: &Path, text: &str) -> Result<()> {
    let file = files::real(file);
    let folder = file.parent().context("a file lies in a folder")?;
    let name = file.file_name().context("a file has a name")?;
    Room::new(folder, "the book's sources").write(name, text).map(drop)
}

/// What is written in `book.toml` for this preprocessor.
const PREPROCESSOR: &str = "command = \"mdbook-literate\"\nbefore = [\"links\"]\n";

/// The change that makes a fence pass, or be left out, if one does without thought.
fn change_of(adoption: &Adoption<'_>, found: &Found) -> Option<Change> {
    let snippet = &adoption.chapters[found.chapter].snippets[found.snippet];
    match &found.kind {
        Kind::NeedsEdition(_) => Some(Change::Edition),
        // Four spaces take no label.
        _ if snippet.is_indented => None,
        Kind::NotRust => Some(Change::Text),
        Kind::Fragment => Some(Change::Ignore),
        Kind::DoesNotCompile(_) => Some(Change::CompileFail),
        _ => None,
    }
}

/// The opening line of a fence with the label that its kind asks for.
fn relabelled(line: &str, snippet: &Snippet, kind: &Kind) -> String {
    let info = snippet.info.as_str();
    let with = |more: &str| match info {
        "" => format!("rust,{more}"),
        info => format!("{info},{more}"),
    };
    let new = match kind {
        Kind::NotRust => "text".to_string(),
        Kind::Fragment => with("ignore"),
        Kind::DoesNotCompile(codes) => {
            let codes: String = codes.iter().map(|code| format!(",{code}")).collect();
            with(&format!("compile_fail{codes}"))
        }
        _ => return line.to_string(),
    };
    let end = line.len() - line.trim_end().len();
    let (text, end) = line.split_at(line.len() - end);
    match text.rfind(info).filter(|_| !info.is_empty()) {
        Some(at) => format!("{}{new}{}{end}", &text[..at], &text[at + info.len()..]),
        None => format!("{text}{new}{end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_changes_and_nothing_else_of_its_line() {
        let page = "# A\n\n1. x\n\n   ```rust, editable\n   f();\n   ```\n\n> ~~~~\n> ls\n> ~~~~\n";
        let chapter = Chapter::parse("a", "a.md", page).unwrap();
        let [first, second] = &chapter.snippets[..] else { panic!("{:?}", chapter.snippets) };
        let kind = Kind::DoesNotCompile(vec!["E0277".into(), "E0308".into()]);
        assert_eq!(
            relabelled("   ```rust, editable\r\n", first, &kind),
            "   ```rust, editable,compile_fail,E0277,E0308\r\n"
        );
        assert_eq!(relabelled("> ~~~~\n", second, &Kind::NotRust), "> ~~~~text\n");
        assert_eq!(relabelled("> ~~~~\n", second, &Kind::Fragment), "> ~~~~rust,ignore\n");
    }
}
