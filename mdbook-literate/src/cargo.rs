//! Calls Cargo from a program that Cargo itself may have started.

use std::process::{Command, Stdio};

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
    cargo.env_remove("CARGO_PRIMARY_PACKAGE").stdin(Stdio::null()).stderr(Stdio::inherit());
    cargo
}
