//! The libraries that a chapter's programs link: exactly one build of each.
//!
//! `target/debug/deps` may hold several builds of one crate, and rustc then stops with E0464. So
//! the files of one build are collected in a folder of their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::book::Book;
use crate::cargo;

/// One build of the library and all it depends on.
#[derive(Debug, Clone)]
pub struct Libs {
    /// The folder of the files, for `-L`.
    pub folder: PathBuf,
    /// The library itself.
    pub library: PathBuf,
    /// Folders of native libraries that build scripts named.
    pub native: Vec<PathBuf>,
}

impl Libs {
    /// Builds the book's library and collects the files of this build in the book's `libs` folder.
    ///
    /// The build has the features that it has under `cargo test`, so that nothing is built twice.
    ///
    /// # Errors
    /// When the library does not build (Cargo's messages go to standard error), or the files
    /// cannot be linked or copied.
    pub fn build(book: &Book, release: bool) -> Result<Self> {
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
                files.insert(name, file);
            }
        }
        let library =
            library.with_context(|| format!("cargo built no library `{}`", book.crate_name))?;
        let folder = book.libs();
        collect(&files, &folder)
            .with_context(|| format!("the folder {} cannot be filled", folder.display()))?;
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

/// Makes `folder` hold exactly `files`, as hard links where the disk allows them.
fn collect(files: &BTreeMap<OsString, PathBuf>, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !files.contains_key(&entry.file_name()) {
            fs::remove_file(entry.path())?;
        }
    }
    for (name, from) in files {
        let to = folder.join(name);
        if is_same(from, &to) {
            continue;
        }
        // Beside it first: a compiler that reads the folder now never sees half a file.
        let temporary = folder.join(format!(".{}.{}", std::process::id(), name.to_string_lossy()));
        let _ = fs::remove_file(&temporary);
        fs::hard_link(from, &temporary).or_else(|_| fs::copy(from, &temporary).map(drop))?;
        fs::rename(&temporary, &to)?;
        // Renaming a link onto another link of the same file does nothing and leaves both.
        let _ = fs::remove_file(&temporary);
    }
    Ok(())
}

/// Whether `to` is there and as new and long as `from`: then it is a link to it or its copy.
fn is_same(from: &Path, to: &Path) -> bool {
    let stamp = |path: &Path| {
        let data = fs::metadata(path).ok()?;
        Some((data.len(), data.modified().ok()?))
    };
    stamp(to).is_some() && stamp(from) == stamp(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_holds_exactly_the_files_of_the_build() {
        let folder = tempfile::tempdir().unwrap();
        let (build, libs) = (folder.path().join("build"), folder.path().join("libs"));
        fs::create_dir_all(&build).unwrap();
        fs::create_dir_all(&libs).unwrap();
        fs::write(build.join("liba-2.rlib"), "new").unwrap();
        fs::write(libs.join("liba-1.rlib"), "old").unwrap();
        let files = BTreeMap::from([("liba-2.rlib".into(), build.join("liba-2.rlib"))]);
        for _ in 0..2 {
            collect(&files, &libs).unwrap();
            let names: Vec<_> =
                fs::read_dir(&libs).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert_eq!(names, ["liba-2.rlib"]);
        }
        assert_eq!(fs::read_to_string(libs.join("liba-2.rlib")).unwrap(), "new");
    }
}
