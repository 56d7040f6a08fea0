//! The results page shows the table that the bench has written.

use std::fs;

#[path = "../benches/training/table.rs"]
mod table;

#[test]
fn the_table_is_that_of_the_results() {
    let read = |file: &str| fs::read_to_string(format!("benches/results/{file}")).unwrap();
    let results = serde_json::from_str(&read("training.json")).unwrap();
    assert_eq!(
        table::markdown(&results).unwrap(),
        read("training.md"),
        "write it anew with `cargo bench --bench training -- --table`"
    );
}
