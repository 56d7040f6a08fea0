//! The libraries that a chapter's programs link: exactly one build of each.
//!
//! `target/debug/deps` may hold several builds of one crate, and rustc then stops with E0464. So
//! the files of one build are collected in a folder of their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::book::Book;
use crate::cargo;
use crate::files::{self, Room};
use crate::filled::{self, How};

/// One build of the library and all it depends on.
#[derive(Debug, Clone)]
pub(crate) struct Libs {
    /// The folder of the files, for `-L`.
    pub(crate) folder: PathBuf,
    /// The library itself.
    pub(crate) library: PathBuf,
    /// Folders of native libraries that build scripts named.
    pub(crate) native: Vec<PathBuf>,
}

impl Libs {
    /// Builds the book's library and collects the files of this build in the folder that the book
    /// has for a debug or release run. Once in a process.
    ///
    /// The build has the features that it has under `cargo test`, so that nothing is built twice.
    ///
    /// # Errors
    /// When the library does not build (Cargo's messages go to standard error), or the files
    /// cannot be linked or copied.
    pub(crate) fn build(book: &Book, release: bool) -> Result<Self> {
        Self::build_unless(book, release, true)
    }

    /// The same, after a change.
    pub(crate) fn build_again(book: &Book, release: bool) -> Result<Self> {
        Self::build_unless(book, release, false)
    }

    /// Builds, unless this process has and that is `enough`.
    fn build_unless(book: &Book, release: bool, enough: bool) -> Result<Self> {
        static BUILT: Mutex<BTreeMap<PathBuf, Libs>> = Mutex::new(BTreeMap::new());
        // No chapter's name has a dot.
        let room = book.programs(release)?.room("libs.d")?;
        let mut built = BUILT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A build that fails leaves none.
        if let Some(libs) = built.remove(room.folder()).filter(|_| enough) {
            built.insert(room.folder().to_path_buf(), libs.clone());
            return Ok(libs);
        }
        let libs = Self::build_into(book, &room, release)?;
        built.insert(room.folder().to_path_buf(), libs.clone());
        Ok(libs)
    }

    /// Builds the library and collects its files in the folder for `mdbook test -L`.
    ///
    /// # Errors
    /// As [`Libs::build`]; also when the folder holds files of somebody else.
    pub(crate) fn build_for_mdbook(book: &Book) -> Result<Self> {
        let room = book.libs_room()?;
        let folder = files::real(room.folder());
        let target = book.target()?;
        if files::real(target.folder()).starts_with(&folder) {
            bail!("folder {room} holds {target}\n  help: name a folder of its own for `libs`");
        }
        filled::check(&room)?;
        let _lock = book.lock_folder(room.folder())?;
        Self::build_into(book, &room, false)
    }

    fn build_into(book: &Book, room: &Room, release: bool) -> Result<Self> {
        let messages = cargo_build(book, release)?;
        let (mut files, mut native, mut library) = (BTreeMap::new(), Vec::new(), None);
        for line in messages.lines() {
            let message: Message = serde_json::from_str(line)
                .with_context(|| format!("a message of cargo: {line}"))?;
            native.extend(message.linked_paths.iter().map(|path| match path.split_once('=') {
                Some((_kind, path)) => PathBuf::from(path),
                None => PathBuf::from(path),
            }));
            for file in message.filenames.into_iter().filter(|file| is_library(file)) {
                let name = file.file_name().unwrap_or_default().to_os_string();
                if message.target.as_ref().is_some_and(|t| t.name == book.crate_name)
                    && file.extension().is_some_and(|e| e == "rlib")
                {
                    library = Some(name.clone());
                }
                files.insert(PathBuf::from(name), file);
            }
        }
        let library =
            library.with_context(|| format!("cargo built no library `{}`", book.crate_name))?;
        filled::fill(room, &files, How::Links)?;
        let folder = room.folder().to_path_buf();
        native.sort();
        native.dedup();
        Ok(Self { library: folder.join(library), folder, native })
    }

    /// The arguments that make rustc or rustdoc find the libraries.
    pub(crate) fn arguments(&self, book: &Book) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["--extern".into()];
        let mut krate = OsString::from(format!("{}=", book.crate_name));
        krate.push(&self.library);
        arguments.push(krate);
        let own = std::iter::once(("dependency", &self.folder));
        for (kind, folder) in own.chain(self.native.iter().map(|folder| ("native", folder))) {
            let mut search = OsString::from(format!("{kind}="));
            search.push(folder);
            arguments.extend(["-L".into(), search]);
        }
        arguments
    }
}

/// What is needed of Cargo's JSON messages.
#[derive(Deserialize)]
struct Message {
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    #[serde(default)]
    linked_paths: Vec<String>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

fn is_library(file: &Path) -> bool {
    let extension = file.extension().and_then(|e| e.to_str());
    matches!(extension, Some("rlib" | "so" | "dylib" | "dll"))
}

/// Cargo's messages about one build.
fn cargo_build(book: &Book, release: bool) -> Result<String> {
    // An example takes part so that Cargo turns on the dev-dependencies' features. The library
    // must be had even when that example is broken: the chapter's own test then says where.
    let attempts = first_example(book).into_iter().map(Some).chain([None]);
    for example in attempts {
        let mut cargo = cargo::command();
        cargo.current_dir(&book.package);
        cargo.args(["build", "--lib", "--message-format=json-render-diagnostics"]);
        cargo.args(example.iter().flat_map(|name| ["--example", name]));
        cargo.args(release.then_some("--release"));
        let output = cargo.output().context("cargo cannot be started")?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
    }
    bail!("the library of {} does not build", book.package.display())
}

fn first_example(book: &Book) -> Option<String> {
    // Cargo finds examples in this folder alone.
    if files::real(&book.examples()) != files::real(&book.package.join("examples")) {
        return None;
    }
    let mut names: Vec<String> = fs::read_dir(book.examples())
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let rust = path.extension().is_some_and(|e| e == "rs");
            rust.then(|| path.file_stem()?.to_str().map(String::from)).flatten()
        })
        .collect();
    names.sort();
    names.into_iter().next()
}
