//! The flags that Cargo gives to the compiler: Cargo itself does not tell them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use toml::{Table, Value};

use crate::files;

/// `RUSTFLAGS` and what stands for it in Cargo's configuration, for the package in a folder.
///
/// The first of these that is set: `CARGO_ENCODED_RUSTFLAGS`, `RUSTFLAGS`, `target.….rustflags`,
/// `build.rustflags`. Tables `[target.'cfg(…)']` are not read.
pub(crate) fn of(package: &Path) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().map(String::from).collect::<Vec<_>>();
    if let Ok(encoded) = std::env::var("CARGO_ENCODED_RUSTFLAGS") {
        return encoded.split('\x1f').filter(|flag| !flag.is_empty()).map(String::from).collect();
    }
    if let Ok(flags) = std::env::var("RUSTFLAGS") {
        return words(&flags);
    }
    let configurations = configurations(package);
    if configurations.is_empty() && std::env::var_os("CARGO_BUILD_RUSTFLAGS").is_none() {
        return Vec::new();
    }
    let host = host();
    let of_target = format!("CARGO_TARGET_{}_RUSTFLAGS", host.to_uppercase().replace('-', "_"));
    for (path, variable) in [
        (&["target", host, "rustflags"][..], of_target.as_str()),
        (&["build", "rustflags"], "CARGO_BUILD_RUSTFLAGS"),
    ] {
        // The nearest file has the last word, and so comes last.
        let values = configurations.iter().rev().filter_map(|table| at(table, path));
        let mut flags: Vec<String> = values
            .flat_map(|value| match value {
                Value::String(text) => words(text),
                Value::Array(list) => {
                    list.iter().filter_map(|flag| flag.as_str().map(String::from)).collect()
                }
                _ => Vec::new(),
            })
            .collect();
        flags.extend(std::env::var(variable).iter().flat_map(|text| words(text)));
        if !flags.is_empty() {
            return flags;
        }
    }
    Vec::new()
}

fn at<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (last, above) = path.split_last()?;
    let table = above.iter().try_fold(table, |table, key| table.get(*key)?.as_table());
    table?.get(*last)
}

/// Cargo's configuration files, the nearest first.
fn configurations(package: &Path) -> Vec<Table> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))?;
        Some(PathBuf::from(home).join(".cargo"))
    });
    let mut folders: Vec<PathBuf> = package.ancestors().map(|f| f.join(".cargo")).collect();
    folders.extend(home.filter(|home| !folders.contains(home)));
    let names = |folder: &PathBuf| [folder.join("config.toml"), folder.join("config")];
    let read = |path: PathBuf| files::read_text(&path).ok()?.parse().ok();
    folders.iter().filter_map(|folder| names(folder).into_iter().find_map(read)).collect()
}

/// The machine that the compiler compiles for by itself, such as `x86_64-unknown-linux-gnu`.
fn host() -> &'static str {
    compiler().lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default()
}

/// The compiler that Cargo would take.
pub(crate) fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
}

/// What the compiler says of its version.
pub(crate) fn compiler() -> &'static str {
    static TOLD: LazyLock<String> = LazyLock::new(|| {
        let told = rustc().arg("-vV").output().map(|output| output.stdout);
        String::from_utf8_lossy(&told.unwrap_or_default()).into_owned()
    });
    &TOLD
}
