//! A book on disk: where its parts lie, and its chapters.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use mdbook_driver::MDBook;
use mdbook_driver::book::{Book as MdBook, BookItem};
use mdbook_driver::config::{Config, RustEdition};
use serde::Deserialize;

use crate::chapter::{Chapter, Problem};
use crate::preprocess::Literate;

/// The table `[preprocessor.literate]` of `book.toml`. Paths are relative to the book's folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The manifest of the package whose library the chapters use.
    pub manifest: PathBuf,
    /// The library's name in `use` lines; the package's own name when left out.
    #[serde(rename = "crate")]
    pub crate_name: Option<String>,
    /// The head of each chapter's main function.
    pub main: String,
    /// The folder of the examples, one for each chapter with cells.
    pub examples: PathBuf,
    /// The folder of the accepted outputs.
    pub snapshots: PathBuf,
    /// The folder for `mdbook test -L`: this crate fills it with one build's libraries.
    pub libs: PathBuf,
    /// A folder below the book's sources for the library's API docs; none when left out.
    pub api_docs: Option<PathBuf>,

    // mdBook's own keys in the same table.
    command: Option<String>,
    before: Vec<String>,
    after: Vec<String>,
    renderers: Option<Vec<String>>,
    optional: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            manifest: "../Cargo.toml".into(),
            crate_name: None,
            main: "fn main() -> Result<(), Box<dyn std::error::Error>>".into(),
            examples: "../examples".into(),
            snapshots: "../tests/snapshots".into(),
            libs: "../target/book-libs".into(),
            api_docs: None,
            command: None,
            before: Vec::new(),
            after: Vec::new(),
            renderers: None,
            optional: false,
        }
    }
}

/// A chapter's path below the book's sources, and what was read there.
pub type Reading = (PathBuf, Result<Chapter, Vec<Problem>>);

/// A book whose chapters are programs.
#[derive(Debug, Clone)]
pub struct Book {
    /// The folder of `book.toml`.
    pub root: PathBuf,
    /// The folder of the chapters.
    pub source: PathBuf,
    /// The folder of the package's manifest.
    pub package: PathBuf,
    /// The library's name in `use` lines.
    pub crate_name: String,
    /// `2024` and so on: that of the chapters.
    pub edition: &'static str,
    /// What `book.toml` says of this crate.
    pub settings: Settings,
}

impl Book {
    /// Opens the book in the folder `root`.
    ///
    /// # Errors
    /// When there is no `book.toml`, or it has unknown or ill-formed settings; the message names
    /// the file.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let file = root.as_ref().join("book.toml");
        let config = Config::from_disk(&file)
            .with_context(|| format!("{} cannot be read", file.display()))?;
        Self::with_config(root.as_ref(), &config)
            .with_context(|| format!("{}, table [preprocessor.literate]", file.display()))
    }

    /// The book of a configuration that mdBook has read.
    pub(crate) fn with_config(root: &Path, config: &Config) -> Result<Self> {
        let settings: Settings = config.get("preprocessor.literate")?.unwrap_or_default();
        let root = root
            .canonicalize()
            .with_context(|| format!("folder {} cannot be opened", root.display()))?;
        let manifest = root.join(&settings.manifest);
        let manifest = manifest.canonicalize().with_context(|| {
            format!("manifest = \"{}\" is not there", settings.manifest.display())
        })?;
        let crate_name = match &settings.crate_name {
            Some(name) => name.clone(),
            None => package_name(&manifest)?,
        };
        let edition = match config.rust.edition {
            Some(RustEdition::E2015) => "2015",
            Some(RustEdition::E2018) => "2018",
            Some(RustEdition::E2021) => "2021",
            Some(_) => "2024",
            None => bail!("say edition = \"2024\" in the table [rust]: rustdoc takes 2015 without"),
        };
        Ok(Self {
            source: root.join(&config.book.src),
            package: manifest.parent().unwrap_or(&root).to_path_buf(),
            crate_name,
            edition,
            settings,
            root,
        })
    }

    /// mdBook's view of the book, with this crate as its preprocessor.
    ///
    /// # Errors
    /// What mdBook says, such as a chapter that is not there.
    pub fn load(&self) -> Result<MDBook> {
        let mut book = MDBook::load(&self.root)
            .with_context(|| format!("the book {} cannot be loaded", self.root.display()))?;
        // Takes the place of the command of the same name in `book.toml`.
        book.with_preprocessor(Literate);
        Ok(book)
    }

    /// The book's chapters in reading order, each read and checked, with its path in the book.
    ///
    /// # Errors
    /// When mdBook cannot load the book. A chapter's own mistakes are in its place of the list.
    pub fn chapters(&self) -> Result<Vec<Reading>> {
        Ok(self.chapters_of(&self.load()?.book))
    }

    pub(crate) fn chapters_of(&self, book: &MdBook) -> Vec<Reading> {
        book.iter()
            .filter_map(|item| match item {
                BookItem::Chapter(chapter) => {
                    let path = chapter.source_path.as_ref()?;
                    Some((path.clone(), self.chapter(path, &chapter.content)))
                }
                _ => None,
            })
            .collect()
    }

    /// Reads the chapter at `path` below the book's sources.
    pub(crate) fn chapter(&self, path: &Path, markdown: &str) -> Result<Chapter, Vec<Problem>> {
        let name = path.with_extension("").to_string_lossy().replace(['/', '\\'], "-");
        let full = self.source.join(path);
        let chapter = Chapter::parse(&name, &self.shown(&full), markdown)?;
        match chapter.missing_includes(full.parent().unwrap_or(&self.source)) {
            missing if missing.is_empty() => Ok(chapter),
            missing => Err(missing),
        }
    }

    /// A path as messages show it: from the package's folder, with forward slashes.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.package).unwrap_or(path);
        short.to_string_lossy().replace('\\', "/")
    }

    /// The folder of the accepted outputs.
    pub fn snapshots(&self) -> PathBuf {
        self.folder(&self.settings.snapshots)
    }

    /// The folder of the examples.
    pub fn examples(&self) -> PathBuf {
        self.folder(&self.settings.examples)
    }

    /// The folder for `mdbook test -L`.
    pub fn libs(&self) -> PathBuf {
        self.folder(&self.settings.libs)
    }

    /// `root/../x` as `x` beside the book: messages then show short paths.
    fn folder(&self, setting: &Path) -> PathBuf {
        let mut path = self.root.clone();
        for part in setting.components() {
            match part {
                std::path::Component::ParentDir => drop(path.pop()),
                part => path.push(part),
            }
        }
        path
    }

    /// The nearest folder at or above `from` that holds a book: itself, or its folder `book`.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(from: &Path) -> Result<PathBuf> {
        let candidates = from.ancestors().flat_map(|folder| [folder.into(), folder.join("book")]);
        candidates
            .into_iter()
            .find(|folder: &PathBuf| folder.join("book.toml").is_file())
            .with_context(|| {
                format!(
                    "no book.toml in {} or above, nor in a folder `book` there: name the book's \
                     folder with --dir",
                    from.display()
                )
            })
    }
}

/// The library name that Cargo gives to a package by default.
fn package_name(manifest: &Path) -> Result<String> {
    #[derive(Deserialize)]
    struct Manifest {
        package: Package,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
    }
    let text = std::fs::read_to_string(manifest)?;
    let manifest: Manifest = toml::from_str(&text).with_context(|| {
        format!("{} has no [package] name: say crate = \"…\"", manifest.display())
    })?;
    Ok(manifest.package.name.replace('-', "_"))
}
