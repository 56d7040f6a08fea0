//! Loads a book with mdBook, with this crate as its preprocessor, and builds its pages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use mdbook_driver::MDBook;
use mdbook_driver::book::BookItem;
use mdbook_driver::config::Config;
use mdbook_renderer::{RenderContext, Renderer};

use crate::book::Book;
use crate::causes::told_once;
use crate::chapter::Reading;
use crate::files::{self, Room};
use crate::lock::Lock;
use crate::preprocess::Literate;
use crate::{filled, reading};

impl Book {
    /// The book's chapters in reading order, each read and checked, with its path in the book.
    ///
    /// # Errors
    /// When mdBook cannot load the book. A chapter's own mistakes are in its place of the list.
    pub fn chapters(&self) -> Result<Vec<Reading>> {
        Ok(reading::chapters(self, &self.load(Literate::default())?.book))
    }

    /// mdBook's view of the book.
    pub(crate) fn load(&self, literate: Literate) -> Result<MDBook> {
        let mut config = self.config()?;
        // A name that is mistyped is a mistake, and no chapter to begin with.
        config.build.create_missing = false;
        let mut book = self.load_with(config)?;
        // Takes the place of the command of the same name in `book.toml`.
        book.with_preprocessor(literate);
        Ok(book)
    }

    fn config(&self) -> Result<Config> {
        let file = self.root.join("book.toml");
        let mut config = Config::from_disk(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        config.update_from_env()?;
        Ok(config)
    }

    fn load_with(&self, config: Config) -> Result<MDBook> {
        MDBook::load_with_config(&self.root, config).map_err(|error| {
            let what = format!("the book {} cannot be loaded", self.root.display());
            let told = format!("{:#}", told_once(error));
            let help = match told.contains("failed to read chapter") {
                true => "\n  help: SUMMARY.md names that file: correct the name there, letter for letter, or write the file",
                false => "",
            };
            anyhow!("{told}{help}").context(what)
        })
    }

    /// The chapters as mdBook's preprocessors leave them for its test, by their path in the book.
    pub(crate) fn pages_for_test(&self, literate: Literate) -> Result<BTreeMap<PathBuf, String>> {
        struct Test;
        impl Renderer for Test {
            fn name(&self) -> &str {
                "test"
            }

            fn render(&self, _: &RenderContext) -> Result<()> {
                Ok(())
            }
        }
        let (book, _) = self.load(literate)?.preprocess_book(&Test).map_err(told_once)?;
        let mut pages = BTreeMap::new();
        for item in book.iter() {
            if let BookItem::Chapter(chapter) = item
                && let Some(path) = &chapter.source_path
            {
                pages.insert(path.clone(), chapter.content.clone());
            }
        }
        Ok(pages)
    }

    /// Builds the pages, and whatever else the book's renderers make, and returns the folder of the pages; for a book
    /// without `html`, that of its first renderer.
    ///
    /// # Errors
    /// What mdBook says; and when one of the folders holds files of somebody else, which it would remove.
    pub fn build(&self) -> Result<PathBuf> {
        let mdbook = self.load(Literate::default())?;
        let outputs = mdbook.config.outputs::<serde_json::Value>()?;
        let mut names: Vec<&str> = outputs.keys().map(String::as_str).collect();
        names.sort_by_key(|name| *name != "html");
        if names.is_empty() {
            names.push("html");
        }
        let folders: Vec<PathBuf> =
            names.iter().map(|name| files::tidy(&mdbook.build_dir_for(name))).collect();
        let workshop = self.workshop()?;
        let _lock = Lock::take(&workshop, "pages.lock", "the pages of this book")?;
        for folder in &folders {
            let pages = Room::new(folder, "build-dir");
            filled::check_pages(&pages, &workshop.path("pages")?)?;
            let names_host = mdbook.config.html_config().is_some_and(|html| html.cname.is_some());
            filled::check_published(&pages, |name| {
                name == "CNAME" && names_host || self.source.join(name).exists()
            })?;
        }
        // A build that is broken off leaves folders that are known.
        let known: Vec<_> = folders.iter().map(|folder| folder.to_string_lossy()).collect();
        workshop.write("pages", known.join("\n"))?;
        mdbook.build().map_err(told_once)?;
        if names[0] == "html" {
            self.leave_figures(&folders[0])?;
        }
        folders.into_iter().next().context("the book has no renderer")
    }

    /// Leaves out of the pages what other renderers have for figures: mdBook copies all that lies among the sources.
    fn leave_figures(&self, pages: &Path) -> Result<()> {
        let figures = &self.settings.figures;
        let copy = Room::new(pages.join(figures), format!("figures = \"{}\"", figures.display()));
        if copy.folder().join(filled::MARK).is_file() {
            filled::write(&copy, &BTreeMap::new())?;
            copy.remove(filled::MARK)?;
            Room::new(pages, "build-dir").remove_empty_folders(&figures.join(filled::MARK))?;
        }
        Ok(())
    }

    /// Builds the pages for an author into `folder`, and returns the chapters: what is wrong with one
    /// stands on its page. Without other renderers than HTML.
    pub(crate) fn build_draft(&self, folder: &Path) -> Result<Vec<Reading>> {
        let mut config = self.config()?;
        let html: Option<serde_json::Value> = config.get("output.html")?;
        config.set(
            "output",
            serde_json::json!({ "html": html.unwrap_or_else(|| serde_json::json!({})) }),
        )?;
        config.build.build_dir = folder.to_path_buf();
        let mut book = self.load_with(config)?;
        book.with_preprocessor(Literate { draft: true, ..Literate::default() });
        let chapters = reading::chapters(self, &book.book);
        book.build().map_err(told_once)?;
        self.leave_figures(folder)?;
        Ok(chapters)
    }
}
