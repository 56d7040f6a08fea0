//! What a reader meets in a project that has this crate and no other: examples that compile, and messages that help.

mod doc_examples;
mod messages;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// What `cargo test` has built of this crate: the library, and the folder of all that it needs.
fn library() -> (PathBuf, PathBuf) {
    // An example takes part so that the features are those of the tests, and nothing is built twice.
    let arguments = ["build", "--lib", "--example", "introduction", "--message-format", "json"];
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            cargo.env_remove(name);
        }
    }
    let output = cargo.args(arguments).stderr(Stdio::inherit()).output().unwrap();
    let messages = String::from_utf8(output.stdout).unwrap();
    let file = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        let ours = message["target"]["name"] == "mnist_from_scratch";
        let files = message["filenames"].as_array().filter(|_| ours)?;
        files
            .iter()
            .filter_map(|file| file.as_str())
            .find(|file| file.ends_with(".rlib"))
            .map(PathBuf::from)
    });
    let file = file.expect("Cargo has built the library");
    let folder = file.parent().unwrap();
    let deps = if folder.ends_with("deps") { folder.into() } else { folder.join("deps") };
    (file, deps)
}

/// What the compiler says of a file, with this crate alone. What it makes lies beside the file.
fn compiler(file: &Path) -> Output {
    static LIBRARY: LazyLock<(PathBuf, PathBuf)> = LazyLock::new(library);
    let (library, deps) = &*LIBRARY;
    Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(file.parent().unwrap())
        .arg(format!("--extern=mnist_from_scratch={}", library.display()))
        .arg(format!("-Ldependency={}", deps.display()))
        .arg(file)
        .output()
        .unwrap()
}
