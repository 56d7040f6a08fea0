//! Calls Cargo from a program that Cargo itself may have started, and reads its answers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// A call of Cargo whose messages are read from standard output; its progress goes to standard
/// error.
///
/// Cargo sets variables that describe the package of the program that it runs. Passed on, they
/// would look like a change to the build scripts of some crates, which would then be built again.
pub(crate) fn command() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    for (name, _) in std::env::vars_os() {
        let describes_us = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if describes_us.iter().any(|start| name.to_string_lossy().starts_with(start)) {
            cargo.env_remove(name);
        }
    }
    // Cargo takes a relative path from the folder in which it is called, and we call it elsewhere.
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"] {
        let folder = std::env::var_os(name).filter(|folder| !folder.is_empty());
        if let Some(folder) = folder.and_then(|folder| std::path::absolute(folder).ok()) {
            cargo.env(name, folder);
        }
    }
    cargo.env_remove("CARGO_PRIMARY_PACKAGE").stdin(Stdio::null()).stderr(Stdio::inherit());
    cargo
}

/// What `cargo metadata` says of a workspace.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    /// Where Cargo puts what it builds: by default `target` in the workspace's folder.
    pub(crate) target_directory: PathBuf,
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
    /// Only where the dependencies were asked for.
    resolve: Option<Resolve>,
}

/// A package, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    name: String,
    version: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) targets: Vec<Target>,
    #[serde(default)]
    authors: Vec<String>,
    description: Option<String>,
    homepage: Option<String>,
    repository: Option<String>,
    license: Option<String>,
    license_file: Option<String>,
    rust_version: Option<String>,
    readme: Option<String>,
}

/// What Cargo can build of a package: a library, an example.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    #[serde(default)]
    pub(crate) crate_types: Vec<String>,
    #[serde(default, rename = "required-features")]
    pub(crate) required_features: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

/// A direct dependency.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Dependency {
    /// As `use` lines have it: a renamed crate has its new name.
    pub(crate) name: String,
    /// The package's id.
    pub(crate) pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Debug, Clone, Deserialize)]
struct DependencyKind {
    /// `None` for those of `[dependencies]`.
    kind: Option<String>,
}

impl Target {
    /// Whether a program can link it, or use its macros.
    pub(crate) fn is_library(&self) -> bool {
        self.kind.iter().any(|kind| kind != "example")
            && self
                .crate_types
                .iter()
                .any(|kind| matches!(kind.as_str(), "lib" | "rlib" | "dylib" | "proc-macro"))
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|known| known == kind)
    }
}

impl Dependency {
    /// Whether it is there for the package's own code or its tests and examples, not for its build script alone.
    fn is_for_code(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("build"))
    }

    pub(crate) fn is_for_tests(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.as_deref() == Some("dev"))
    }
}

impl Package {
    /// The variables that Cargo sets for a program of this package, when it compiles and when it runs it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let folder = self.manifest_path.parent().unwrap_or(Path::new(""));
        let (numbers, pre) =
            match self.version.split('+').next().unwrap_or_default().split_once('-') {
                Some((numbers, pre)) => (numbers, pre),
                None => (self.version.split('+').next().unwrap_or_default(), ""),
            };
        let mut numbers = numbers.split('.').map(String::from);
        let mut number = || numbers.next().unwrap_or_default();
        [
            ("CARGO_MANIFEST_DIR", folder.display().to_string()),
            ("CARGO_MANIFEST_PATH", self.manifest_path.display().to_string()),
            ("CARGO_PKG_NAME", self.name.clone()),
            ("CARGO_PKG_VERSION", self.version.clone()),
            ("CARGO_PKG_VERSION_MAJOR", number()),
            ("CARGO_PKG_VERSION_MINOR", number()),
            ("CARGO_PKG_VERSION_PATCH", number()),
            ("CARGO_PKG_VERSION_PRE", pre.to_string()),
            ("CARGO_PKG_AUTHORS", self.authors.join(":")),
            ("CARGO_PKG_DESCRIPTION", text(&self.description)),
            ("CARGO_PKG_HOMEPAGE", text(&self.homepage)),
            ("CARGO_PKG_REPOSITORY", text(&self.repository)),
            ("CARGO_PKG_LICENSE", text(&self.license)),
            ("CARGO_PKG_LICENSE_FILE", text(&self.license_file)),
            ("CARGO_PKG_RUST_VERSION", text(&self.rust_version)),
            ("CARGO_PKG_README", text(&self.readme)),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .to_vec()
    }
}

impl Metadata {
    /// The package of a manifest; `None` for that of a workspace alone.
    pub(crate) fn package(&self, manifest: &Path) -> Option<&Package> {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let manifest = real(manifest);
        self.packages.iter().find(|package| real(&package.manifest_path) == manifest)
    }

    /// The packages whose crates a book about this manifest may use: the manifest's own, or, where it is that
    /// of a workspace, all members.
    pub(crate) fn own(&self, manifest: &Path) -> Vec<&Package> {
        match self.package(manifest) {
            Some(package) => vec![package],
            None => {
                let is_member = |p: &&Package| self.workspace_members.contains(&p.id);
                self.packages.iter().filter(is_member).collect()
            }
        }
    }

    /// The direct dependencies of a package, but for those of its build script.
    pub(crate) fn dependencies(&self, package: &Package) -> impl Iterator<Item = &Dependency> {
        let nodes = self.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let own = nodes.filter(|node| node.id == package.id);
        own.flat_map(|node| &node.deps).filter(|dependency| dependency.is_for_code())
    }
}

/// Asks Cargo, once in a process, for the workspace of the package in a folder, without its dependencies.
pub(crate) fn workspace(package: &Path) -> Result<Metadata> {
    static KNOWN: Mutex<Option<HashMap<PathBuf, Metadata>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let known = known.get_or_insert_default();
    if let Some(workspace) = known.get(package) {
        return Ok(workspace.clone());
    }
    let workspace = ask(package, &["--no-deps".into()])?;
    known.insert(package.to_path_buf(), workspace.clone());
    Ok(workspace)
}

/// Asks Cargo for the package in a folder and all it depends on, with these features.
pub(crate) fn dependencies(package: &Path, features: &[String]) -> Result<Metadata> {
    let arguments = match features {
        [] => Vec::new(),
        some => vec!["--features".into(), some.join(",")],
    };
    ask(package, &arguments)
}

fn ask(package: &Path, arguments: &[String]) -> Result<Metadata> {
    let output = command()
        .current_dir(package)
        .args(["metadata", "--format-version=1"])
        .args(arguments)
        .output()
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo cannot read the package in {}", package.display());
    }
    serde_json::from_slice(&output.stdout).context("an answer of cargo metadata")
}
