//! The book's table of attacks is that of the counts that the last long run has written.

use std::path::Path;

#[path = "../src/torture/table.rs"]
mod table;

#[test]
fn the_table_is_that_of_the_counts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/results");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let results = serde_json::from_str(&read("torture.json")).unwrap();
    let anew = "write it anew with `cargo xtask torture --write`";
    assert_eq!(table::markdown(&results).unwrap(), read("torture.md"), "{anew}");
}

#[test]
fn the_counts_are_of_attacks_that_were_all_survived() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/results/torture.json");
    let text = std::fs::read_to_string(file).unwrap();
    let results: serde_json::Value = serde_json::from_str(&text).unwrap();
    let suites = results["suites"].as_array().unwrap();
    assert!(suites.iter().all(|suite| suite["attacks"].as_u64() > Some(0)));
    assert!(suites.iter().all(|suite| suite["attacks"] == suite["survived"]));
}

#[test]
fn the_page_shows_the_table() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src/testing.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("{{#include ../../benches/results/torture.md}}"));
}
