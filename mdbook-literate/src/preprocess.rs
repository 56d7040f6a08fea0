//! The mdBook preprocessor: weaves the outputs into the pages, prepares the chapters for
//! `mdbook test`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use mdbook_driver::book::{Book as MdBook, BookItem};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::book::Book;
use crate::cargo;
use crate::chapter::{Chapter, Snippet};
use crate::compile;
use crate::doc_page::{self, Alias};
use crate::facades;
use crate::files::Room;
use crate::filled::{self, How};
use crate::html::problem_html;
use crate::markdown::Pictures;
use crate::message;
use crate::problem::{Problem, count};
use crate::reading;
use crate::settings::Unlabelled;
use crate::snapshots;
use crate::stale;
use crate::weave::{weave, weave_all, weave_plain};

/// The preprocessor `literate`.
///
/// For the renderer `test` (that of `mdbook test`) each chapter becomes one doc test, and the
/// libraries that it links are built. For the renderer `html` the accepted outputs are woven into the page. Every
/// other renderer, such as that of an EPUB, gets plain Markdown: fences, tables, and pictures in the folder of the
/// setting `figures`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Literate {
    /// Whether a snippet is left out: this crate tests the others itself, and has built the crates in a folder of its
    /// own. `None` for mdBook's own `mdbook test`.
    pub(crate) is_out: Option<fn(&Book, &Snippet) -> bool>,
    /// For the pages of an author, who changes them meanwhile: what is wrong with a chapter stands on
    /// its page, and fails nothing; the API docs are as they were.
    pub(crate) draft: bool,
}

impl Preprocessor for Literate {
    fn name(&self) -> &str {
        "literate"
    }

    fn run(&self, context: &PreprocessorContext, mut md_book: MdBook) -> Result<MdBook> {
        let book = Book::with_config(&context.root, &context.config)?;
        let testing = context.renderer == "test";
        if !testing && !self.draft {
            api_docs(&book)?;
        }
        let mut contents = HashMap::new();
        let mut notices = HashMap::new();
        let mut problems = Vec::new();
        let is_html = context.renderer == "html";
        let mut pictures = Pictures::new();
        let chapters = reading::chapters(&book, &md_book);
        let aliases = match testing && self.is_out.is_none() {
            true => {
                facades::build(&book, chapters.iter().filter_map(|(_, read)| read.as_ref().ok()))?
            }
            false => Vec::new(),
        };
        for (path, chapter) in chapters {
            let made = chapter.and_then(|chapter| {
                let accepted = |cell: &str| snapshots::accepted(&book, &chapter.name, cell);
                match (testing, self.is_out) {
                    (true, Some(is_out)) => {
                        let is_out = |snippet: &Snippet| is_out(&book, snippet);
                        Ok(doc_page::snippets(&chapter, is_out).join("\n") + "\n")
                    }
                    (true, None) => Ok(for_mdbook_test(&book, &chapter, &aliases)),
                    (false, _) if self.draft => {
                        Ok(weave_all(&chapter, &message::all(&book, &chapter), accepted).0)
                    }
                    (false, _) => {
                        let warnings = stale::warnings(&book, &chapter);
                        warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
                        let messages = message::all(&book, &chapter);
                        if is_html {
                            return weave(&chapter, &messages, accepted);
                        }
                        let folder = way(&path, &book.settings.figures);
                        let (page, more) = weave_plain(&chapter, &messages, accepted, &folder)?;
                        pictures.extend(more);
                        Ok(page)
                    }
                }
            });
            match made {
                Ok(content) => drop(contents.insert(path, content)),
                Err(more) if self.draft => {
                    let more: Vec<String> = more.iter().map(Problem::to_string).collect();
                    notices.insert(path, problem_html(&more.join("\n")));
                }
                Err(more) => problems.extend(more),
            }
        }
        bail_on(&problems)?;
        if !testing && !is_html {
            put(&book, pictures)?;
        }
        md_book.for_each_mut(|item| {
            let BookItem::Chapter(chapter) = item else { return };
            let Some(path) = &chapter.source_path else { return };
            if let Some(content) = contents.remove(path) {
                chapter.content = content;
            }
            if let Some(notice) = notices.remove(path) {
                chapter.content.insert_str(0, &notice);
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

fn for_mdbook_test(book: &Book, chapter: &Chapter, crates: &[Alias]) -> String {
    let run = !chapter.any(|o| o.slow) && chapter.missing_variable().is_none();
    let limit = run.then_some(book.settings.time_limit);
    let is_out = |snippet: &Snippet| is_text(book, snippet);
    doc_page::for_mdbook(chapter, &book.settings.main, crates, limit, is_out)
}

/// Whether a fence without a label is text in this book.
pub(crate) fn is_text(book: &Book, snippet: &Snippet) -> bool {
    snippet.info.is_empty() && book.settings.unlabelled == Unlabelled::Text
}

/// Whether the harness has a test of its own for a snippet, which looks more closely than rustdoc, or none at all.
pub(crate) fn is_checked_apart(book: &Book, snippet: &Snippet) -> bool {
    is_text(book, snippet) || compile::is_checked(book, snippet)
}

/// The way from a chapter to a folder of the book's sources.
fn way(chapter: &Path, folder: &Path) -> String {
    let up = chapter.components().skip(1).map(|_| "..".to_string());
    let down = folder.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// Puts the figures into their folder below the book's sources, where other renderers look for pictures. Git leaves
/// the folder out.
fn put(book: &Book, mut pictures: Pictures) -> Result<()> {
    let folder = &book.settings.figures;
    let setting = format!("figures = \"{}\"", folder.display());
    let to = &Room::new(book.source.join(folder), setting);
    if pictures.is_empty() && !to.folder().join(filled::MARK).is_file() {
        return Ok(());
    }
    pictures.insert(".gitignore".into(), b"*\n".to_vec());
    filled::check(to)?;
    let _lock = book.lock_folder(to.folder())?;
    filled::write(to, &pictures)
}

/// Makes rustdoc's pages and copies them into the book's sources, from where mdBook takes them
/// along: chapters can then link to them. Where the book has no setting `api-docs`, there are none.
pub(crate) fn api_docs(book: &Book) -> Result<()> {
    let Some(folder) = &book.settings.api_docs else { return Ok(()) };
    let setting = format!("api-docs = \"{}\"", folder.display());
    let to = &Room::new(book.source.join(folder), setting);
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
    fn the_way_to_the_figures_starts_at_the_chapter() {
        let way = |chapter: &str, folder: &str| way(Path::new(chapter), Path::new(folder));
        assert_eq!(way("a.md", "figures"), "figures");
        assert_eq!(way("part/one/a.md", "made/figures"), "../../made/figures");
    }

    #[test]
    fn the_doc_folder_is_read_off_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","filenames":["/t/doc/a/index.html"]}
{"reason":"build-finished","success":true}"#;
        assert_eq!(doc_folder(messages), Some(PathBuf::from("/t/doc")));
    }
}
