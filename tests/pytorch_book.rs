//! The numbers that the book shows, against those that PyTorch prints for the same cells.
//!
//! `tests/pytorch/roller_coaster.py` made the values with PyTorch 2.15.

use mdbook_literate::book::Book;
use mdbook_literate::snapshots;
use regex::Regex;
use serde_json::Value;

fn shown(cell: &str) -> Vec<f64> {
    let book = Book::open("book").unwrap();
    let output = snapshots::accepted(&book, "06_roller_coaster", cell).unwrap();
    let number = Regex::new(r"-?\d+\.\d*").unwrap();
    number.find_iter(&output).map(|found| found.as_str().parse().unwrap()).collect()
}

#[test]
fn the_roller_coasters_numbers_are_pytorchs() {
    let pytorch: Value = serde_json::from_str(include_str!("pytorch/roller_coaster.json")).unwrap();
    for cell in ["speed", "params", "loss", "gradients", "loss_after_step", "ten_steps"] {
        let expected: Vec<f64> =
            pytorch[cell].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let shown = shown(cell);
        assert_eq!(shown.len(), expected.len(), "{cell}: {shown:?}");
        for (ours, theirs) in shown.iter().zip(&expected) {
            // Four decimals are shown; of a large number an f32 keeps about seven digits.
            let bound = 0.000_05 + 1e-6 * theirs.abs();
            assert!((ours - theirs).abs() <= bound, "{cell}: {ours}, but PyTorch: {theirs}");
        }
    }
}
