//! The house has floors: a module of the library uses those below it, never one above or beside it.
//!
//! To see which uses which: `cargo test --test layers -- --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. Modules on one floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["stdout"],
    &["cause", "device", "files", "host", "random"],
    &["shapes"],
    &["fault", "parameters", "show"],
    &["data"],
    &["ops"],
    &["tensor"],
    &["baseline", "loss", "nn", "optim"],
    &["metrics"],
    &["learner"],
    &["vision"],
    &["prelude"],
];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// All files of Rust in a folder, and in those inside of it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false => found.push(path),
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    found
}

/// The code without comments and without tests, which may use anything.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The modules that code names as `crate::name` or `crate::{name, ...}`.
fn named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(first_word(rest));
            continue;
        };
        // The names are what comes first in the list, and after each comma outside of inner braces.
        let (mut depth, mut at_name) = (0, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => at_name = true,
                c if at_name && c.is_alphabetic() => {
                    found.insert(first_word(&list[at..]));
                    at_name = false;
                }
                _ => {}
            }
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn no_import_runs_upwards() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut uses, mut wrong) = (BTreeMap::<String, BTreeSet<String>>::new(), Vec::new());
    for path in sources(&src) {
        let inside = path.strip_prefix(&src).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs").to_string();
        let of_tests = ["tests.rs", "testing.rs"].iter().any(|name| path.ends_with(name));
        if module == "lib" || module == "bin" || of_tests {
            continue;
        }
        let from = floor(&module).unwrap_or_else(|| panic!("`{module}` has no floor in FLOORS"));
        for other in named(&code(&fs::read_to_string(&path).unwrap())) {
            // What is no module is a macro or a function of `lib.rs`.
            let Some(to) = floor(&other).filter(|_| other != module) else { continue };
            if to >= from {
                wrong.push(format!("{} uses `{other}`", inside.display()));
            }
            uses.entry(module.clone()).or_default().insert(other);
        }
    }
    for floor in FLOORS.iter().rev() {
        for module in *floor {
            let below: Vec<&str> =
                uses.get(*module).into_iter().flatten().map(String::as_str).collect();
            println!("{module:>12} -> {}", below.join(", "));
        }
        println!();
    }
    assert!(wrong.is_empty(), "not below it:\n{}", wrong.join("\n"));
}

#[test]
fn what_a_file_uses() {
    let text = "use crate::ops::Kernels;\nuse crate::{device, shapes::{Traced, Window}, nn};\n\
                // use crate::learner;\nlet dev = crate::random::randn();\n\
                #[cfg(test)]\nmod tests {\n    use crate::prelude::*;\n}\n";
    let found = named(&code(text));
    assert_eq!(Vec::from_iter(found), ["device", "nn", "ops", "random", "shapes"]);
}
