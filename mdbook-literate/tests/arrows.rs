//! The engine has no circles: of two files, at most one uses the other, directly or by way of others. A
//! folder counts as one file.
//!
//! To see the files from the lowest up, each with those that it uses:
//! `cargo test -p mdbook-literate --test arrows -- --nocapture`

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

/// Each file of the library, and the files that it uses outside of its tests.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let paths = |folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths(folder.clone()).filter(|path| path.is_file() || path.join("mod.rs").exists());
    let texts: BTreeMap<String, String> = files
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_string();
            let parts = if path.is_dir() { paths(path).collect() } else { vec![path] };
            let code = parts.iter().map(|path| code(&fs::read_to_string(path).unwrap()));
            (name, code.collect::<Vec<_>>().join("\n"))
        })
        .filter(|(name, _)| name != "lib")
        .collect();
    let arrow = Regex::new(r"\bcrate::(?:\{([^;]*)\}|(\w+))").unwrap();
    let word = Regex::new(r"\w+").unwrap();
    let used = |code: &str| {
        let arrows = arrow.captures_iter(code).flat_map(|found| {
            let list = found.get(1).or(found.get(2)).unwrap().as_str().to_string();
            word.find_iter(&list).map(|word| word.as_str().to_string()).collect::<Vec<_>>()
        });
        arrows.filter(|name| texts.contains_key(name)).collect()
    };
    texts.iter().map(|(name, text)| (name.clone(), used(text))).collect()
}

/// A file without its tests and comments.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap();
    // A macro's own crate is `$crate`.
    let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.contains("$crate");
    code.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_file_is_used_by_one_that_it_uses() {
    let mut above = uses();
    assert!(above.len() > 25 && above["book"].contains("settings") && above["run"].len() > 3);
    assert!(above["serve"].contains("html") && above["command"].contains("serve"));
    let mut below = BTreeSet::new();
    while !above.is_empty() {
        let next: Vec<String> = above
            .iter()
            .filter(|(_, uses)| uses.iter().all(|used| below.contains(used)))
            .map(|(name, _)| name.clone())
            .collect();
        assert!(!next.is_empty(), "a circle among {above:#?}");
        for name in next {
            let uses: Vec<String> = above.remove(&name).unwrap().into_iter().collect();
            println!("{name}: {}", uses.join(", "));
            below.insert(name);
        }
    }
}
