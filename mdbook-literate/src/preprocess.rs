//! The mdBook preprocessor: weaves the outputs into the pages, prepares the chapters for
//! `mdbook test`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use mdbook_driver::book::{Book as MdBook, BookItem};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::book::Book;
use crate::cargo;
use crate::chapter::Chapter;
use crate::files::Room;
use crate::filled::{self, How};
use crate::libs::Libs;
use crate::problem::{Problem, count};
use crate::program;
use crate::reading;
use crate::snapshots;
use crate::weave::weave;

/// The preprocessor `literate`.
///
/// For the renderer `test` (that of `mdbook test`) each chapter becomes one doc test, and the
/// libraries that it links are built. For every other renderer the accepted outputs are woven
/// into the page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Literate {
    /// Under `cargo test` the harness has built the libraries, in a folder of its own.
    pub(crate) has_libs: bool,
}

impl Preprocessor for Literate {
    fn name(&self) -> &str {
        "literate"
    }

    fn run(&self, context: &PreprocessorContext, mut md_book: MdBook) -> Result<MdBook> {
        let book = Book::with_config(&context.root, &context.config)?;
        let testing = context.renderer == "test";
        if testing && !self.has_libs {
            Libs::build_for_mdbook(&book)?;
        } else if let (false, Some(folder)) = (testing, &book.settings.api_docs) {
            let setting = format!("api-docs = \"{}\"", folder.display());
            api_docs(&book, &Room::new(book.source.join(folder), setting))?;
        }
        let mut contents = HashMap::new();
        let mut problems = Vec::new();
        for (path, chapter) in reading::chapters(&book, &md_book) {
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

fn for_mdbook_test(book: &Book, chapter: &Chapter) -> String {
    let run = !chapter.any(|o| o.slow) && chapter.missing_variable().is_none();
    let limit = run.then_some(book.settings.time_limit);
    program::doctests(chapter, &book.settings.main, &book.crate_name, limit)
}

/// Makes rustdoc's pages and copies them into the book's sources, from where mdBook takes them
/// along: chapters can then link to them.
fn api_docs(book: &Book, to: &Room) -> Result<()> {
    filled::check(to)?;
    let _lock = book.lock_folder(to.folder())?;
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
    let mut pages = filled::files_below(&from)
        .with_context(|| format!("the API docs in {} cannot be read", from.display()))?;
    pages.retain(|_, page| page.file_name().is_some_and(|name| name != ".lock"));
    filled::fill(to, &pages, How::Copies)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doc_folder_is_read_off_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","filenames":["/t/doc/a/index.html"]}
{"reason":"build-finished","success":true}"#;
        assert_eq!(doc_folder(messages), Some(PathBuf::from("/t/doc")));
    }
}
