//! A book on disk: where its parts lie.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use mdbook_driver::config::{Config, RustEdition};
use serde::Deserialize;

use crate::cargo;
use crate::files::{self, Room};
use crate::lock::Lock;
use crate::names;
pub use crate::settings::Settings;
use crate::settings::{self, Around};

/// A book whose chapters are programs.
#[derive(Debug, Clone)]
pub struct Book {
    /// The folder of `book.toml`.
    pub root: PathBuf,
    /// The folder of the chapters.
    pub source: PathBuf,
    /// The folder of the package's manifest; without one, the book's own folder.
    pub package: PathBuf,
    /// The package's manifest; `None` for a book that uses nothing but the standard library.
    pub manifest: Option<PathBuf>,
    /// The library's name in `use` lines; `None` where there is no library, or more than one.
    pub crate_name: Option<String>,
    /// `2024` and so on: that of the chapters.
    pub edition: &'static str,
    /// Whether `book.toml` names the edition.
    pub(crate) names_edition: bool,
    /// What `book.toml` says of this crate.
    pub settings: Settings,
    /// Whether mdBook makes `index.html` of a README.
    readme_is_index: bool,
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
        let mut settings: Settings = config.get("preprocessor.literate")?.unwrap_or_default();
        let unopened = || format!("folder {} cannot be opened", root.display());
        let named = files::as_named(root).with_context(unopened)?;
        // A book behind a symbolic link may belong to the folder of the link or to its own.
        let real = root.canonicalize().with_context(unopened)?;
        let manifest = |root: &Path| {
            let places = match &settings.manifest {
                Some(named) => vec![root.join(named)],
                // The one above a book that lies with its package may be a workspace's.
                None => vec![root.join("Cargo.toml"), root.join("../Cargo.toml")],
            };
            places.iter().map(|place| files::tidy(place)).find(|place| place.is_file())
        };
        let root = if manifest(&named).is_some() { named } else { real };
        let manifest = manifest(&root);
        if let (None, Some(named)) = (&manifest, &settings.manifest) {
            bail!("manifest = \"{}\" is not there", named.display());
        }
        let crate_name = match (&settings.crate_name, &manifest) {
            (Some(name), _) => Some(name.clone()),
            (None, Some(manifest)) => library_name(manifest)?,
            (None, None) => None,
        };
        let edition = match config.rust.edition {
            Some(RustEdition::E2015) => "2015",
            Some(RustEdition::E2018) => "2018",
            Some(RustEdition::E2021) => "2021",
            Some(_) => "2024",
            // So rustdoc has it, and so `mdbook test`.
            None => "2015",
        };
        let package = manifest.as_deref().and_then(Path::parent).unwrap_or(&root).to_path_buf();
        if package == root {
            // Nothing is written into the folder above, which is none of this book's.
            let is_free = |key: &str| -> Result<bool> {
                let key = format!("preprocessor.literate.{key}");
                Ok(config.get::<serde_json::Value>(&key)?.is_none())
            };
            if is_free("examples")? {
                settings.examples = "examples".into();
            }
            if is_free("snapshots")? {
                settings.snapshots = "tests/snapshots".into();
            }
        }
        let book = Self {
            source: files::tidy(&root.join(&config.book.src)),
            package,
            manifest,
            crate_name,
            edition,
            readme_is_index: config.build.use_default_preprocessors,
            names_edition: config.rust.edition.is_some(),
            settings,
            root,
        };
        let (source, built) = (&config.book.src, &config.build.build_dir);
        let around = Around { root: &book.root, package: &book.package, source, built };
        settings::check_apart(&book.settings, &around)?;
        Ok(book)
    }

    /// The path at which mdBook has the chapter at `path`.
    pub(crate) fn page(&self, path: &Path) -> PathBuf {
        match self.readme_is_index && names::is_readme(path) {
            true => path.with_file_name("index.md"),
            false => path.to_path_buf(),
        }
    }

    /// A path as messages show it: from the package's folder, with forward slashes.
    pub(crate) fn shown(&self, path: &Path) -> String {
        files::way(&self.package, path)
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
    ///
    /// # Errors
    /// When Cargo cannot say where its target folder is.
    pub fn libs(&self) -> Result<PathBuf> {
        Ok(self.libs_room()?.folder().to_path_buf())
    }

    pub(crate) fn libs_room(&self) -> Result<Room> {
        Ok(match &self.settings.libs {
            Some(libs) => Room::new(self.folder(libs), format!("libs = \"{}\"", libs.display())),
            None => self.target()?.room("book-libs")?,
        })
    }

    pub(crate) fn examples_room(&self) -> Room {
        let setting = format!("examples = \"{}\"", self.settings.examples.display());
        Room::new(self.examples(), setting)
    }

    pub(crate) fn snapshots_room(&self) -> Room {
        let setting = format!("snapshots = \"{}\"", self.settings.snapshots.display());
        Room::new(self.snapshots(), setting)
    }

    /// Cargo's target folder, wherever it is told to have it.
    pub(crate) fn target(&self) -> Result<Room> {
        let folder = match &self.manifest {
            Some(_) => cargo::workspace(&self.package)?.target_directory,
            None => {
                match std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()) {
                    Some(folder) => std::path::absolute(folder)?,
                    None => self.root.join("target"),
                }
            }
        };
        Ok(Room::new(folder, "Cargo's target folder"))
    }

    /// A folder of this book's own below the target folder.
    pub(crate) fn workshop(&self) -> Result<Room> {
        let root = files::real(&self.root);
        let mut hash = DefaultHasher::new();
        root.hash(&mut hash);
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        self.target()?.room(format!("literate/{name}-{:016x}", hash.finish()))
    }

    /// The folder of the programs, and of the libraries that they link, of a debug or release run.
    pub(crate) fn programs(&self, release: bool) -> Result<Room> {
        self.workshop()?.room(if release { "release" } else { "debug" })
    }

    /// Keeps other processes from running or accepting this book's cells at the same time.
    pub(crate) fn lock(&self) -> Result<Lock> {
        Lock::take(&self.workshop()?, "lock", &format!("the book {}", self.root.display()))
    }

    /// Keeps other processes from filling a folder, which other books may share, at the same time.
    pub(crate) fn lock_folder(&self, folder: &Path) -> Result<Lock> {
        let mut hash = DefaultHasher::new();
        files::real(folder).hash(&mut hash);
        let name = format!("{:016x}.lock", hash.finish());
        let work = format!("the folder {}", folder.display());
        Lock::take(&self.target()?.room("literate")?, name, &work)
    }

    /// `root/../x` as `x` beside the book: messages then show short paths.
    pub(crate) fn folder(&self, setting: &Path) -> PathBuf {
        files::tidy(&self.root.join(setting))
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

/// The name of the package's library, if it can have one: its own, or the package's.
fn library_name(manifest: &Path) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Manifest {
        package: Option<Named>,
        lib: Option<Library>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    #[derive(Deserialize)]
    struct Library {
        name: Option<String>,
        path: Option<PathBuf>,
    }
    let unread = || format!("{} cannot be read", manifest.display());
    let text = std::fs::read_to_string(manifest).with_context(unread)?;
    let read: Manifest = toml::from_str(&text).with_context(unread)?;
    let Some(package) = read.package else { return Ok(None) };
    let (name, path) = read.lib.map_or((None, None), |lib| (lib.name, lib.path));
    let source = manifest.with_file_name("").join(path.unwrap_or("src/lib.rs".into()));
    let name = name.unwrap_or(package.name).replace('-', "_");
    Ok(source.is_file().then_some(name))
}
