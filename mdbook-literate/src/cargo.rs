//! Calls Cargo from a program that Cargo itself may have started.

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

/// What `cargo metadata` says of a package's workspace.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Workspace {
    /// Where Cargo puts what it builds: by default `target` in the workspace's folder.
    pub(crate) target_directory: PathBuf,
}

/// Asks Cargo, once in a process, for the workspace of the package in a folder.
pub(crate) fn workspace(package: &Path) -> Result<Workspace> {
    static KNOWN: Mutex<Option<HashMap<PathBuf, Workspace>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let known = known.get_or_insert_default();
    if let Some(workspace) = known.get(package) {
        return Ok(workspace.clone());
    }
    let output = command()
        .current_dir(package)
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output()
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo cannot read the package in {}", package.display());
    }
    let workspace: Workspace =
        serde_json::from_slice(&output.stdout).context("an answer of cargo metadata")?;
    known.insert(package.to_path_buf(), workspace.clone());
    Ok(workspace)
}
