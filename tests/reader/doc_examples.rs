//! The examples of the API docs compile in a project of a reader's, which has this crate and no other.
//!
//! `cargo test` runs them where all dependencies can be named, those of the tests too. So a `use dfdx::…` would
//! go unnoticed there. Here all of them are put into one file, each in a function, and the compiler checks
//! that file with this crate alone.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::compiler;

/// An example in a comment: where it begins, and its lines, hidden ones without their mark.
struct Example {
    place: String,
    lines: Vec<String>,
}

/// Crates that hidden lines may name. The library passes both on.
const HIDDEN: [&str; 2] = ["anyhow::", "dfdx::"];

fn examples(file: &Path, found: &mut Vec<Example>) {
    let text = fs::read_to_string(file).unwrap();
    let mut open: Option<(bool, Example)> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let Some(line) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            assert!(open.is_none(), "{}: a fence is not closed", file.display());
            continue;
        };
        let line = line.strip_prefix(' ').unwrap_or(line);
        if let Some(info) = line.trim_start().strip_prefix("```") {
            open = match open.take() {
                Some((checked, example)) => {
                    found.extend(checked.then_some(example));
                    None
                }
                None => {
                    let checked = ["", "rust", "no_run"].contains(&info);
                    let place = format!("{}:{}", file.display(), number + 1);
                    Some((checked, Example { place, lines: Vec::new() }))
                }
            };
        } else if let Some((_, example)) = &mut open {
            example.lines.push(
                match line.strip_prefix("# ").or(line.strip_prefix("#").filter(|l| l.is_empty())) {
                    Some(hidden) => HIDDEN.iter().fold(hidden.to_string(), |line, name| {
                        line.replace(&format!("mnist_from_scratch::{name}"), name)
                            .replace(name, &format!("mnist_from_scratch::{name}"))
                    }),
                    None => line.to_string(),
                },
            );
        }
    }
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => rust_files(&path, files),
            false => files.extend(path.extension().is_some_and(|e| e == "rs").then_some(path)),
        }
    }
}

#[test]
fn every_example_compiles_with_this_crate_alone() {
    let (mut files, mut found) = (Vec::new(), Vec::new());
    rust_files(Path::new("src"), &mut files);
    files.sort();
    files.iter().for_each(|file| examples(file, &mut found));
    assert!(found.len() > 150, "only {} examples found", found.len());

    let mut program = String::from("#![allow(unused, dead_code, non_snake_case)]\n");
    for (number, Example { place, lines }) in found.iter().enumerate() {
        // As rustdoc does it.
        let fallible = lines
            .iter()
            .rev()
            .find(|line| !line.is_empty())
            .is_some_and(|line| line.ends_with("(())"));
        let returns =
            if fallible { " -> core::result::Result<(), impl core::fmt::Debug>" } else { "" };
        writeln!(
            program,
            "// {place}\nfn example_{number}(){returns} {{\n{}\n}}",
            lines.join("\n")
        )
        .unwrap();
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doc-examples");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("examples.rs"), program).unwrap();

    let output = compiler(&folder.join("examples.rs"));
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{messages}\nThe comment above each function in {} says where its example stands.",
        folder.join("examples.rs").display()
    );
}
