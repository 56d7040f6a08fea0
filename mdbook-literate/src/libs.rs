//! The crates that a chapter's programs may use: exactly one build of each, as Cargo made it.
//!
//! `target/debug/deps` may hold several builds of one crate, and rustc then stops with E0464. So
//! the files of one build are collected in a folder of their own, and each crate is named by its file.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::artifacts::{Artifact, Artifacts, Profile};
use crate::book::Book;
use crate::cargo::{self, Metadata, Package};
use crate::files::{self, Room};
use crate::filled::{self, How};
use crate::rustflags;

/// One build of the book's crates and all that they depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Libs {
    /// The folder of the files.
    pub(crate) folder: PathBuf,
    /// The crates that a program may use by name: the package's library, and its direct dependencies.
    pub(crate) crates: Vec<Crate>,
    /// Folders of native libraries that build scripts named.
    pub(crate) native: Vec<PathBuf>,
    /// How the package's own code is compiled.
    pub(crate) profile: Profile,
    /// Changes whenever a program that links these crates must be made anew.
    pub(crate) stamp: u64,
    /// Of Cargo's configuration and of the package's build script.
    flags: Vec<String>,
    /// What Cargo sets for the package's programs.
    environment: Vec<(String, String)>,
}

/// A crate that a program may use by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Crate {
    /// As `use` lines have it.
    pub(crate) name: String,
    pub(crate) file: PathBuf,
}

impl Libs {
    /// Builds the book's crates and collects the files of this build in the folder that the book
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
        let libs = Self::build_into(book, &room, release, |_| Ok(Vec::new()))?;
        built.insert(room.folder().to_path_buf(), libs.clone());
        Ok(libs)
    }

    /// Builds the crates and collects their files in the folder for `mdbook test -L`; `more` adds some of its own,
    /// made of them.
    ///
    /// # Errors
    /// As [`Libs::build`]; also when the folder holds files of somebody else.
    pub(crate) fn build_for_mdbook(
        book: &Book,
        more: impl FnOnce(&Libs) -> Result<Vec<PathBuf>>,
    ) -> Result<Self> {
        let room = book.libs_room()?;
        let folder = files::real(room.folder());
        let target = book.target()?;
        if files::real(target.folder()).starts_with(&folder) {
            bail!("folder {room} holds {target}\n  help: name a folder of its own for `libs`");
        }
        filled::check(&room)?;
        let _lock = book.lock_folder(room.folder())?;
        Self::build_into(book, &room, false, more)
    }

    fn build_into(
        book: &Book,
        room: &Room,
        release: bool,
        more: impl FnOnce(&Libs) -> Result<Vec<PathBuf>>,
    ) -> Result<Self> {
        let Some(manifest) = &book.manifest else {
            filled::fill(room, &BTreeMap::new(), How::Links)?;
            let mut libs = Self {
                folder: room.folder().to_path_buf(),
                profile: Profile::of(release),
                flags: rustflags::of(&book.package),
                ..Self::default()
            };
            libs.stamp = libs.stamp(&BTreeSet::new())?;
            return Ok(libs);
        };
        let metadata = cargo::dependencies(&book.package, &book.settings.features)?;
        let own = metadata.own(manifest);
        let artifacts = built(book, &metadata, &own, release)?;
        let mut libs = Self {
            folder: room.folder().to_path_buf(),
            native: artifacts.native.clone(),
            profile: artifacts.profile(&own),
            flags: rustflags::of(&book.package),
            ..Self::default()
        };
        let mut files = artifacts.files();
        // Before anything is asked of the compiler: it looks for the crates' own dependencies here.
        filled::fill(room, &files, How::Links)?;
        let mut crates = BTreeMap::new();
        for package in &own {
            let library = artifacts.library(&package.id).last();
            if let Some(library) = library {
                crates.insert(library.name.clone(), libs.folder.join(library.file_name()));
            }
        }
        let linked = crates.clone();
        for package in &own {
            for dependency in metadata.dependencies(package) {
                let candidates: Vec<&Artifact> = artifacts.library(&dependency.pkg).collect();
                if let Some(file) = chosen(&candidates, &linked, &libs.folder)? {
                    crates.entry(dependency.name.clone()).or_insert(file);
                }
            }
        }
        libs.crates = crates.into_iter().map(|(name, file)| Crate { name, file }).collect();
        if let Some(package) = metadata.package(manifest) {
            libs.environment = package.environment();
            let script = artifacts.scripts.get(&package.id);
            libs.environment.extend(script.iter().flat_map(|script| script.environment.clone()));
            let cfgs = script.iter().flat_map(|script| &script.cfgs);
            libs.flags.extend(cfgs.flat_map(|cfg| ["--cfg".to_string(), cfg.clone()]));
        }
        libs.stamp = libs.stamp(&artifacts.local())?;
        let added = more(&libs)?;
        if !added.is_empty() {
            files.extend(
                added
                    .into_iter()
                    .map(|file| (PathBuf::from(file.file_name().unwrap_or_default()), file)),
            );
            filled::fill(room, &files, How::Links)?;
        }
        Ok(libs)
    }

    /// The arguments that make rustc or rustdoc find the crates.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        for Crate { name, file } in &self.crates {
            let mut named = OsString::from(format!("{name}="));
            named.push(file);
            arguments.extend(["--extern".into(), named]);
        }
        let own = std::iter::once(("dependency", &self.folder));
        for (kind, folder) in own.chain(self.native.iter().map(|folder| ("native", folder))) {
            let mut search = OsString::from(format!("{kind}="));
            search.push(folder);
            arguments.extend(["-L".into(), search]);
        }
        arguments
    }

    /// The flags with which Cargo compiles the package's own code, as far as rustdoc knows them, too.
    pub(crate) fn flags(&self) -> &[String] {
        &self.flags
    }

    /// Makes `command`, a compiler or a program, find what it would find under Cargo.
    pub(crate) fn set(&self, command: &mut Command) {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let name = match std::env::consts::OS {
            "windows" => "PATH",
            "macos" => "DYLD_FALLBACK_LIBRARY_PATH",
            _ => "LD_LIBRARY_PATH",
        };
        if !self.native.is_empty() {
            let old = std::env::var_os(name).unwrap_or_default();
            let folders = self.native.iter().chain([&self.folder]).cloned();
            let folders: Vec<PathBuf> = folders.chain(std::env::split_paths(&old)).collect();
            if let Ok(joined) = std::env::join_paths(folders.iter().filter(|f| **f != *"")) {
                command.env(name, joined);
            }
        }
    }

    /// `local` names the files that Cargo makes anew even where nothing in them changes.
    fn stamp(&self, local: &BTreeSet<&OsStr>) -> Result<u64> {
        let mut hash = DefaultHasher::new();
        (&self.crates, &self.flags, &self.environment, &self.profile).hash(&mut hash);
        rustflags::compiler().hash(&mut hash);
        if self.folder.is_dir() {
            let mut files = Vec::new();
            for entry in fs::read_dir(&self.folder)? {
                let entry = entry?;
                let (name, data) = (entry.file_name(), entry.metadata()?);
                let content = match local.contains(name.as_os_str()) {
                    true => (None, fs::read(entry.path())?),
                    false => (Some(data.modified()?), Vec::new()),
                };
                files.push((name, data.len(), content));
            }
            files.retain(|(name, ..)| !name.to_string_lossy().starts_with('.'));
            files.sort();
            files.hash(&mut hash);
        }
        Ok(hash.finish())
    }
}

/// The file of a direct dependency. Where Cargo has built it twice, for programs and for build scripts, it
/// is the one that the package's own library links.
fn chosen(
    candidates: &[&Artifact],
    own: &BTreeMap<String, PathBuf>,
    folder: &Path,
) -> Result<Option<PathBuf>> {
    let names: BTreeSet<&OsStr> = candidates.iter().map(|artifact| artifact.file_name()).collect();
    let Some(last) = names.last() else { return Ok(None) };
    if names.len() > 1 {
        for (name, file) in own {
            let linked = linked(name, file, folder)?;
            if let Some(name) =
                names.iter().find(|name| linked.contains(name.to_string_lossy().as_ref()))
            {
                return Ok(Some(folder.join(name)));
            }
        }
    }
    Ok(Some(folder.join(last)))
}

/// What the linker is told to link into a program that uses this crate.
fn linked(name: &str, file: &Path, folder: &Path) -> Result<String> {
    let mut named = OsString::from(format!("{name}="));
    named.push(file);
    let mut search = OsString::from("dependency=");
    search.push(folder);
    let mut rustc = rustflags::rustc()
        .args(["--crate-name", "probe", "--print", "link-args", "-C", "linker=true", "-o"])
        .arg(folder.join(".mdbook-literate-part-probe"))
        .arg("--extern")
        .arg(named)
        .arg("-L")
        .arg(search)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("rustc cannot be started")?;
    if let Some(mut stdin) = rustc.stdin.take() {
        use std::io::Write;
        writeln!(stdin, "extern crate {name}; fn main() {{}}")?;
    }
    Ok(String::from_utf8_lossy(&rustc.wait_with_output()?.stdout).into_owned())
}

/// Lets Cargo build the crates.
fn built(book: &Book, metadata: &Metadata, own: &[&Package], release: bool) -> Result<Artifacts> {
    let mut cargo = cargo::command();
    cargo.current_dir(&book.package);
    // A broken example fails its own chapter's test; the crates must be had even so.
    cargo.args(["build", "--keep-going", "--message-format=json-render-diagnostics"]);
    cargo.args(targets(metadata, own));
    cargo.args(release.then_some("--release"));
    if !book.settings.features.is_empty() {
        cargo.arg("--features").arg(book.settings.features.join(","));
    }
    // As Cargo has it for tests, whatever the profile says: a test must be able to catch a panic.
    let profile = if release { "CARGO_PROFILE_RELEASE_PANIC" } else { "CARGO_PROFILE_DEV_PANIC" };
    cargo.env(profile, "unwind");
    let output = cargo.output().context("cargo cannot be started")?;
    let artifacts = Artifacts::read(&String::from_utf8_lossy(&output.stdout))?;
    if output.status.success() {
        return Ok(artifacts);
    }
    let ids = own.iter().filter(|p| p.targets.iter().any(|target| target.is_library()));
    let dependencies = own.iter().flat_map(|package| metadata.dependencies(package));
    let mut wanted = ids.map(|package| &package.id).chain(dependencies.map(|d| &d.pkg));
    match wanted.find(|id| artifacts.library(id).next().is_none()) {
        None if !own.is_empty() => Ok(artifacts),
        _ => bail!(
            "the library of {}, or what it depends on, does not build",
            book.package.display()
        ),
    }
}

/// What Cargo is asked to build. For what only tests and examples depend on, one of those must take part.
fn targets(metadata: &Metadata, own: &[&Package]) -> Vec<String> {
    let [package] = own else { return vec!["--workspace".into(), "--lib".into()] };
    let mut targets: Vec<String> = Vec::new();
    let has_library = package.targets.iter().any(|target| target.is_library());
    targets.extend(has_library.then(|| "--lib".into()));
    if metadata.dependencies(package).any(|dependency| dependency.is_for_tests()) {
        let free = package.targets.iter().filter(|target| target.required_features.is_empty());
        let mut names: Vec<(&str, &str)> = free
            .filter_map(|target| {
                let kinds = ["example", "test"];
                let kind = kinds.into_iter().find(|kind| target.is(kind))?;
                Some((kind, target.name.as_str()))
            })
            .collect();
        names.sort();
        match names.first() {
            Some((kind, name)) => targets.extend([format!("--{kind}"), name.to_string()]),
            None => targets.push("--tests".into()),
        }
    }
    if targets.is_empty() {
        targets.push("--bins".into());
    }
    targets
}
