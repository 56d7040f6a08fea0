//! Runs the arithmetic and a training on an emulated ARM processor, and compares the bits with the book's.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::debian;
use crate::shell::{Shell, is_there};

const TARGET: &str = "aarch64-unknown-linux-gnu";
/// Beside Cargo's own builds.
const FOLDER: &str = "target/arm";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// The chapter that trains, and ends with a fingerprint of its weights.
const CHAPTER: &str = "09_training_loop";
/// A project of its own with the chapter: its dependencies are the library's, and not those of its tests.
/// The dev profile, with optimisation where the time goes.
const MANIFEST: &str = "\
[package]
name = \"chapter\"
edition = \"2024\"

[dependencies]
mnist_from_scratch = { path = \"../../..\" }

[workspace]

[profile.dev]
opt-level = 1
debug = false

[profile.dev.package.\"*\"]
opt-level = 0
";
/// Those of the chapter's crates that do the work, but for the library itself, which calls them.
const BUSY: [&str; 9] =
    ["crc32fast", "dfdx", "fdeflate", "flate2", "miniz_oxide", "png", "samebits", "sha2", "tar"];

pub(crate) fn run(shell: &Shell) -> Result<()> {
    for program in [LINKER, EMULATOR] {
        ensure!(
            is_there(program),
            "{program} is wanted: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
        );
    }
    let mut variables: Vec<(OsString, OsString)> = vec![
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER".into(), LINKER.into()),
        (
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER".into(),
            format!("{EMULATOR} -L /usr/aarch64-linux-gnu").into(),
        ),
        ("CARGO_TARGET_DIR".into(), shell.path(FOLDER).into()),
    ];
    let mut options = vec!["--target", TARGET];
    if let Err(error) = shell.run("rustup", ["target", "add", TARGET]) {
        eprintln!("{error:#}: Debian's packages it is");
        variables.extend(debian::compiler(shell)?);
        options.push("-Zbuild-std=std,test,proc_macro");
    }
    let test = ["test", "--quiet", "--package", "samebits", "--tests"];
    shell.run_with("cargo", test.iter().chain(&options), &variables)?;
    chapter(shell, &options, &variables)
}

/// Runs the chapter, and looks up in what it prints the text of each of its snapshots.
fn chapter(shell: &Shell, options: &[&str], variables: &[(OsString, OsString)]) -> Result<()> {
    let project = shell.path(FOLDER).join("chapter");
    let source = project.join("src");
    fs::create_dir_all(&source).with_context(|| source.display().to_string())?;
    let example = shell.path("examples").join(CHAPTER).with_extension("rs");
    fs::copy(&example, source.join("main.rs")).with_context(|| example.display().to_string())?;
    fs::copy(shell.path("Cargo.lock"), project.join("Cargo.lock"))?;
    let busy = BUSY.map(|name| format!("\n[profile.dev.package.{name}]\nopt-level = 2\n")).concat();
    fs::write(project.join("Cargo.toml"), format!("{MANIFEST}{busy}"))?;
    let manifest = project.join("Cargo.toml");
    let mut build =
        vec![OsString::from("build"), "--quiet".into(), "--manifest-path".into(), manifest.into()];
    build.extend(options.iter().map(OsString::from));
    shell.run_with("cargo", build, variables)?;

    let figures = project.join("figures");
    fs::create_dir_all(&figures).with_context(|| figures.display().to_string())?;
    let program = shell.path(FOLDER).join(TARGET).join("debug/chapter");
    eprintln!("$ {EMULATOR} -L /usr/aarch64-linux-gnu {}", program.display());
    let output = Command::new(EMULATOR)
        .args(["-L", "/usr/aarch64-linux-gnu"])
        .arg(program)
        .env("MNIST_FROM_SCRATCH_CACHE", project.join("cache"))
        .env("MDBOOK_LITERATE_FIGURES", figures)
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "the chapter failed ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let compared = compare(&printed, &shell.path("tests/snapshots"))?;
    println!(
        "{CHAPTER} on ARM: {compared} outputs as in the book, the fingerprint of the weights among them"
    );
    Ok(())
}

/// How many outputs of the chapter's cells, as the book shows them, are in what it has printed.
///
/// # Errors
/// If one is not.
fn compare(printed: &str, snapshots: &Path) -> Result<usize> {
    let (mut compared, mut fingerprint) = (0, false);
    for entry in fs::read_dir(snapshots).with_context(|| snapshots.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Some(cell) = name.strip_prefix(CHAPTER).and_then(|rest| rest.strip_prefix("__")) else {
            continue;
        };
        let text = fs::read_to_string(&path)?.replace("\r\n", "\n");
        let shown = text.splitn(3, "---\n").nth(2).unwrap_or_default().trim();
        // Solutions run when they are named, the compiler's errors are the book's own, and a figure is a file.
        let elsewhere = ["solution", "compile-fail"].iter().any(|sort| cell.starts_with(sort));
        if elsewhere || shown.is_empty() || shown.contains("[[figure ") {
            continue;
        }
        if !printed.contains(shown) {
            bail!(
                "the cell `{cell}` of {CHAPTER} prints, in the book:\n{shown}\non ARM:\n{printed}"
            );
        }
        compared += 1;
        fingerprint |= cell == "fingerprint";
    }
    ensure!(fingerprint, "{CHAPTER} has no cell `fingerprint` any more");
    Ok(compared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_output_is_found_out_and_named() {
        let snapshots = Shell::in_repository().path("tests/snapshots");
        let error = compare("", &snapshots).unwrap_err().to_string();
        assert!(error.starts_with("the cell `"), "{error}");
    }
}
