//! The mdBook preprocessor: weaves the outputs into the pages, prepares the chapters for
//! `mdbook test`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use mdbook_driver::book::{Book as MdBook, BookItem};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::book::Book;
use crate::cargo;
use crate::chapter::{Chapter, Problem};
use crate::libs::Libs;
use crate::program;
use crate::snapshots;
use crate::weave::weave;

/// The preprocessor `literate`.
///
/// For the renderer `test` (that of `mdbook test`) each chapter becomes one doc test, and the
/// libraries that it links are built. For every other renderer the accepted outputs are woven
/// into the page.
#[derive(Debug, Clone, Copy)]
pub struct Literate;

impl Preprocessor for Literate {
    fn name(&self) -> &str {
        "literate"
    }

    fn run(&self, context: &PreprocessorContext, mut md_book: MdBook) -> Result<MdBook> {
        let book = Book::with_config(&context.root, &context.config)?;
        let testing = context.renderer == "test";
        if testing {
            build_libs_once(&book)?;
        } else if let Some(folder) = &book.settings.api_docs {
            api_docs(&book, &book.source.join(folder))?;
        }
        let mut contents = HashMap::new();
        let mut problems = Vec::new();
        for (path, chapter) in book.chapters_of(&md_book) {
            let made = chapter.and_then(|chapter| match testing {
                true => Ok(for_mdbook_test(&book, &chapter)),
                false => weave(&chapter, |cell| snapshots::accepted(&book, &chapter.name, cell)),
            });
            match made {
                Ok(content) => drop(contents.insert(path, content)),
                Err(more) => problems.extend(more),
            }
        }
        bail_on(&problems)?;
        md_book.for_each_mut(|item| {
            if let BookItem::Chapter(chapter) = item
                && let Some(content) = chapter.source_path.as_ref().and_then(|p| contents.remove(p))
            {
                chapter.content = content;
            }
        });
        Ok(md_book)
    }
}

/// Stops with all problems, one after another.
pub(crate) fn bail_on(problems: &[Problem]) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = problems.iter().map(Problem::to_string).collect();
    bail!("{} in the book's chapters:\n{}", count(problems.len(), "mistake"), list.join("\n"))
}

/// `1 mistake`, `2 mistakes`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn for_mdbook_test(book: &Book, chapter: &Chapter) -> String {
    let run = !chapter.any(|o| o.slow) && (!chapter.any(|o| o.cuda) || cuda());
    program::doctests(chapter, &book.settings.main, &book.crate_name, run)
}

/// Whether chapters that need a GPU are to be run.
pub(crate) fn cuda() -> bool {
    std::env::var_os("MDBOOK_LITERATE_CUDA").is_some()
}

/// Under `cargo test` the chapters are preprocessed once each: one build is enough for them all.
fn build_libs_once(book: &Book) -> Result<()> {
    use std::sync::Mutex;
    static BUILT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut built = BUILT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !built.contains(&book.root) {
        Libs::build(book, false)?;
        built.push(book.root.clone());
    }
    Ok(())
}

/// Makes rustdoc's pages and copies them into the book's sources, from where mdBook takes them
/// along: chapters can then link to them.
fn api_docs(book: &Book, to: &Path) -> Result<()> {
    let output = cargo::command()
        .current_dir(&book.package)
        .args(["doc", "--no-deps", "--lib", "--message-format=json"])
        .output()
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("the API docs of {} cannot be made", book.package.display());
    }
    let from = doc_folder(&String::from_utf8_lossy(&output.stdout))
        .context("cargo doc made no pages for a library")?;
    mirror(&from, to).with_context(|| format!("the API docs cannot be copied to {}", to.display()))
}

/// The folder `doc` of the target folder: two above `doc/CRATE/index.html`.
fn doc_folder(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| {
            let page = PathBuf::from(message["filenames"][0].as_str()?);
            let is_page = page.file_name().is_some_and(|name| name == "index.html");
            is_page.then(|| page.parent()?.parent().map(Path::to_path_buf)).flatten()
        })
        .next()
}

/// Makes `to` a copy of `from`; files that are as new and long are left alone.
fn mirror(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !from.join(entry.file_name()).exists() {
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            mirror(&entry.path(), &target)?;
        } else if entry.file_name() != ".lock" && !is_copy(&entry.path(), &target) {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Whether `copy` is as long as `file` and no older.
fn is_copy(file: &Path, copy: &Path) -> bool {
    let stamp = |path: &Path| {
        let data = fs::metadata(path).ok()?;
        Some((data.len(), data.modified().ok()?))
    };
    matches!((stamp(file), stamp(copy)), (Some((a, old)), Some((b, new))) if a == b && old <= new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doc_folder_is_read_off_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","filenames":["/t/doc/a/index.html"]}
{"reason":"build-finished","success":true}"#;
        assert_eq!(doc_folder(messages), Some(PathBuf::from("/t/doc")));
    }

    #[test]
    fn a_mirror_follows_changes_and_removals() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("a")).unwrap();
        fs::write(from.join("a/x"), "1").unwrap();
        fs::write(from.join("y"), "1").unwrap();
        mirror(&from, &to).unwrap();
        fs::write(from.join("a/x"), "22").unwrap();
        fs::remove_file(from.join("y")).unwrap();
        mirror(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("a/x")).unwrap(), "22");
        assert!(!to.join("y").exists());
    }
}
