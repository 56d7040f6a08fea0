//! Loads a book with mdBook, with this crate as its preprocessor, and builds its pages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
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
        let mut book = MDBook::load(&self.root)
            .map_err(told_once)
            .with_context(|| format!("the book {} cannot be loaded", self.root.display()))?;
        // Takes the place of the command of the same name in `book.toml`.
        book.with_preprocessor(literate);
        Ok(book)
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

    /// Builds the pages, and returns their folder.
    ///
    /// # Errors
    /// What mdBook says; and when their folder holds files of somebody else, which it would remove.
    pub fn build(&self) -> Result<PathBuf> {
        let mdbook = self.load(Literate::default())?;
        let folder = files::tidy(&mdbook.build_dir_for("html"));
        let workshop = self.workshop()?;
        let _lock = Lock::take(&workshop, "pages.lock", "the pages of this book")?;
        let pages = Room::new(&folder, "build-dir");
        filled::check_pages(&pages, &workshop.path("pages")?)?;
        // A build that is broken off leaves a folder that is known.
        workshop.write("pages", folder.to_string_lossy().as_ref())?;
        mdbook.build().map_err(told_once)?;
        Ok(folder)
    }

    /// Builds the pages for an author into `folder`, and returns the chapters: what is wrong with one
    /// stands on its page. Without other renderers than HTML.
    pub(crate) fn build_draft(&self, folder: &Path) -> Result<Vec<Reading>> {
        let file = self.root.join("book.toml");
        let mut config = Config::from_disk(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        config.update_from_env()?;
        let html: Option<serde_json::Value> = config.get("output.html")?;
        config.set(
            "output",
            serde_json::json!({ "html": html.unwrap_or_else(|| serde_json::json!({})) }),
        )?;
        config.build.build_dir = folder.to_path_buf();
        let mut book = MDBook::load_with_config(&self.root, config)
            .map_err(told_once)
            .with_context(|| format!("the book {} cannot be loaded", self.root.display()))?;
        book.with_preprocessor(Literate { draft: true, ..Literate::default() });
        let chapters = reading::chapters(self, &book.book);
        book.build().map_err(told_once)?;
        Ok(chapters)
    }
}
