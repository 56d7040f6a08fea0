//! The book shows the tables that the benches have written.

use std::fs;

#[path = "../benches/training/table.rs"]
mod table;

#[test]
fn the_tables_are_those_of_the_results() {
    let read = |file: &str| fs::read_to_string(format!("benches/results/{file}")).unwrap();
    let results = |file: &str| serde_json::from_str(&read(file)).unwrap();
    let anew = "write it anew with `cargo bench --bench training -- --table`";
    assert_eq!(table::markdown(&results("training.json")).unwrap(), read("training.md"), "{anew}");
    assert_eq!(table::seeds(&results("seeds.json")).unwrap(), read("seeds.md"), "{anew}");
}

#[test]
fn seconds_with_three_digits() {
    for (seconds, text) in
        [(60.94, "60.9"), (5.494, "5.49"), (0.0738, "0.0738"), (0.00189, "0.00189")]
    {
        assert_eq!(table::three_digits(seconds), text);
    }
    assert_eq!(table::three_digits(123.4), "123");
    assert_eq!(table::three_digits(0.0), "0.000000000");
}

#[test]
fn the_median() {
    assert_eq!(table::median(&[1.0, 2.0, 4.0]), 2.0);
    assert_eq!(table::median(&[1.0, 2.0, 4.0, 8.0]), 3.0);
}
