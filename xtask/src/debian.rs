//! A compiler for other targets where no rustup can fetch one: Debian's, which brings the sources of Rust's libraries.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};

use crate::shell::Shell;

/// Where it is unpacked to, once for all chores.
const FOLDER: &str = "target/debian";
const PACKAGES: [&str; 5] =
    ["rustc-web", "libstd-rust-web-1.96", "libstd-rust-web-dev", "rust-web-src", "libllvm22"];

/// Unpacks the compiler, and says by variables of the environment how Cargo is to use it: with
/// `-Zbuild-std`, since it has compiled libraries for WebAssembly alone.
pub(crate) fn compiler(shell: &Shell) -> Result<Vec<(OsString, OsString)>> {
    let folder = shell.path(FOLDER);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let root = folder.join("root");
    if !root.join("usr/bin/rustc").exists() {
        let download = format!("apt-get download {}", PACKAGES.join(" "));
        let line = format!(
            // On a new machine apt knows no packages yet.
            "cd '{}' && {{ {download} || {{ apt-get update -qq && {download}; }}; }} && \
             for deb in *.deb; do dpkg -x \"$deb\" root && rm \"$deb\"; done",
            folder.display()
        );
        shell.run("sh", ["-c", &line])?;
    }
    Ok(vec![
        ("RUSTC".into(), root.join("usr/bin/rustc").into()),
        ("LD_LIBRARY_PATH".into(), root.join("usr/lib/x86_64-linux-gnu").into()),
        ("RUSTC_BOOTSTRAP".into(), "1".into()),
    ])
}
