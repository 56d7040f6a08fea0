//! What Cargo says that it has built: its messages in JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::cargo::{Package, Target};

/// All that one build has made, or found to be made.
#[derive(Debug, Default)]
pub(crate) struct Artifacts {
    all: Vec<Artifact>,
    /// Folders of native libraries that build scripts named.
    pub(crate) native: Vec<PathBuf>,
    /// By the package's id.
    pub(crate) scripts: BTreeMap<String, Script>,
}

/// A crate that a program can link.
#[derive(Debug)]
pub(crate) struct Artifact {
    package: String,
    /// As `use` lines have it.
    pub(crate) name: String,
    file: PathBuf,
    is_library: bool,
    profile: Profile,
}

/// What a package's build script asks for.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) cfgs: Vec<String>,
}

/// How a crate is compiled.
#[derive(Debug, Clone, Hash, Deserialize)]
pub(crate) struct Profile {
    pub(crate) opt_level: String,
    pub(crate) debug_assertions: bool,
    pub(crate) overflow_checks: bool,
    test: bool,
}

impl Profile {
    /// Cargo's own profile `release` or `dev`.
    pub(crate) fn of(release: bool) -> Self {
        let (opt_level, checks) = if release { ("3", false) } else { ("0", true) };
        let (debug_assertions, overflow_checks) = (checks, checks);
        Self { opt_level: opt_level.into(), debug_assertions, overflow_checks, test: false }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::of(false)
    }
}

/// What is needed of Cargo's JSON messages.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    package_id: String,
    target: Option<Target>,
    profile: Option<Profile>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
    #[serde(default)]
    linked_paths: Vec<String>,
    #[serde(default)]
    cfgs: Vec<String>,
    #[serde(default)]
    env: Vec<(String, String)>,
    out_dir: Option<PathBuf>,
}

impl Artifacts {
    pub(crate) fn read(messages: &str) -> Result<Self> {
        let mut artifacts = Self::default();
        for line in messages.lines() {
            let message: Message = serde_json::from_str(line)
                .with_context(|| format!("a message of cargo: {line}"))?;
            artifacts.native.extend(message.linked_paths.iter().map(|path| {
                PathBuf::from(path.split_once('=').map_or(path.as_str(), |(_kind, path)| path))
            }));
            if let Some(out_dir) = &message.out_dir {
                let mut environment = message.env;
                environment.push(("OUT_DIR".into(), out_dir.display().to_string()));
                let script = Script { environment, cfgs: message.cfgs };
                artifacts.scripts.insert(message.package_id.clone(), script);
            }
            let (Some(target), Some(profile)) = (message.target, message.profile) else { continue };
            let files = message.filenames.into_iter().filter(|file| is_library(file));
            // Beside it there may be one for programs in C or Python, or for a web page.
            let file = files.min_by_key(|file| file.extension().is_none_or(|e| e != "rlib"));
            artifacts.all.push(Artifact {
                package: message.package_id,
                name: target.name.replace('-', "_"),
                is_library: target.is_library() && !profile.test && file.is_some(),
                file: file.unwrap_or_default(),
                profile,
            });
        }
        artifacts.native.sort();
        artifacts.native.dedup();
        Ok(artifacts)
    }

    /// The builds of a package's library, in the order in which Cargo names them.
    pub(crate) fn library(&self, package: &str) -> impl Iterator<Item = &Artifact> {
        self.all.iter().filter(move |artifact| artifact.is_library && artifact.package == package)
    }

    /// Name and place of each library's file.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, PathBuf> {
        let libraries = self.all.iter().filter(|artifact| artifact.is_library);
        libraries.map(|artifact| (artifact.file_name().into(), artifact.file.clone())).collect()
    }

    /// The names of the files of packages that lie on this disk, not in a registry.
    pub(crate) fn local(&self) -> BTreeSet<&OsStr> {
        let local = self.all.iter().filter(|artifact| artifact.package.starts_with("path+"));
        local.map(Artifact::file_name).collect()
    }

    /// How the code of these packages is compiled.
    pub(crate) fn profile(&self, own: &[&Package]) -> Profile {
        let own = self.all.iter().filter(|a| own.iter().any(|package| package.id == a.package));
        let mut own: Vec<&Artifact> = own.collect();
        // A build script has a profile of its own.
        own.retain(|artifact| artifact.name != "build_script_build");
        own.sort_by_key(|artifact| (!artifact.is_library, artifact.profile.test));
        own.first().map(|artifact| artifact.profile.clone()).unwrap_or_default()
    }
}

impl Artifact {
    pub(crate) fn file_name(&self) -> &OsStr {
        self.file.file_name().unwrap_or_default()
    }
}

fn is_library(file: &Path) -> bool {
    let extension = file.extension().and_then(|e| e.to_str());
    matches!(extension, Some("rlib" | "so" | "dylib" | "dll"))
}
