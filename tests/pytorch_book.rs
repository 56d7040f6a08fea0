//! The numbers that the book shows, against those that PyTorch prints for the same cells.
//!
//! `tests/pytorch/roller_coaster.py` and `tests/pytorch/training.py` made the values with PyTorch 2.15
//! and fastai 2.8.12, with the seed of the book.

use mdbook_literate::book::Book;
use mdbook_literate::snapshots;
use regex::Regex;
use serde_json::Value;

/// One image of the validation set.
const IMAGE: f64 = 1.0 / 2038.0;

/// The decimal fractions that a cell shows.
fn shown(chapter: &str, cell: &str) -> Vec<f64> {
    let book = Book::open("book").unwrap();
    let output = snapshots::accepted(&book, chapter, cell).unwrap();
    let number = Regex::new(r"-?\d+\.\d*").unwrap();
    number.find_iter(&output).map(|found| found.as_str().parse().unwrap()).collect()
}

/// All numbers of a list, also of a list of lists.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

fn assert_shown(chapter: &str, cell: &str, pytorch: &Value, bound: impl Fn(f64) -> f64) {
    let (shown, expected) = (shown(chapter, cell), numbers(pytorch));
    assert_eq!(shown.len(), expected.len(), "{chapter}, {cell}: {shown:?}");
    for (ours, theirs) in shown.iter().zip(&expected) {
        let bound = bound(*theirs);
        assert!((ours - theirs).abs() <= bound, "{chapter}, {cell}: {ours}, but PyTorch: {theirs}");
    }
}

/// Four decimals are shown; of a large number an f32 keeps about seven digits.
fn four_decimals(theirs: f64) -> f64 {
    0.000_05 + 1e-6 * theirs.abs()
}

/// Accuracies: at most one image's prediction may fall on the other side.
fn one_image(_: f64) -> f64 {
    IMAGE + 0.000_05
}

#[test]
fn the_roller_coasters_numbers_are_pytorchs() {
    let pytorch: Value = serde_json::from_str(include_str!("pytorch/roller_coaster.json")).unwrap();
    for cell in ["speed", "params", "loss", "gradients", "loss_after_step", "ten_steps"] {
        assert_shown("06_fitting_a_curve", cell, &pytorch[cell], four_decimals);
    }
}

fn seed_42() -> Value {
    let entries: Value = serde_json::from_str(include_str!("pytorch/training.json")).unwrap();
    entries.as_array().unwrap().iter().find(|entry| entry["seed"] == 42).unwrap().clone()
}

#[test]
fn the_first_predictions_are_pytorchs() {
    let pytorch = &seed_42()["loss"];
    let chapter = "07_mnist_loss";
    assert_shown(chapter, "bias", &pytorch["bias"], four_decimals);
    assert_shown(chapter, "first_prediction", &pytorch["first_prediction"], four_decimals);
    assert_shown(chapter, "linear1", &pytorch["linear1_ends"], four_decimals);
    assert_shown(chapter, "accuracy", &pytorch["accuracy"], |_| 1e-6);
    assert_shown(chapter, "accuracy_again", &pytorch["accuracy_after_nudge"], |_| 1e-6);
}

#[test]
fn the_training_loops_numbers_are_pytorchs() {
    let pytorch = &seed_42()["loop"];
    let chapter = "09_training_loop";
    assert_shown(chapter, "preds", &pytorch["batch4_preds"], four_decimals);
    assert_shown(chapter, "loss", &pytorch["batch4_loss"], four_decimals);
    let gradients = pytorch["unsure_1_2_3_calls"].as_array().unwrap();
    assert_shown(chapter, "second_call", &gradients[1], four_decimals);
    assert_shown(chapter, "third_call", &gradients[2], four_decimals);
    let accuracies = numbers(&pytorch["valid_accuracy"]);
    assert_shown(chapter, "validate_epoch", &accuracies[0].into(), one_image);
    assert_shown(chapter, "one_epoch", &accuracies[1].into(), one_image);
    assert_shown(chapter, "twenty_epochs", &accuracies[2..].into(), one_image);
}

#[test]
fn the_optimizers_accuracies_are_pytorchs() {
    let pytorch = &seed_42()["optimizer"];
    let chapter = "10_optimizer";
    assert_shown(chapter, "validate_epoch", &pytorch["initial_accuracy"], one_image);
    assert_shown(chapter, "train_basic", &pytorch["basic_optim"], one_image);
    assert_shown(chapter, "train_sgd", &pytorch["sgd"], one_image);
}

#[test]
fn the_learners_table_is_fastais() {
    assert_table("11_learner", &seed_42()["learner"]["learner"]);
}

#[test]
fn the_neural_nets_table_is_fastais() {
    let pytorch = &seed_42()["net"];
    assert_table("13_neural_net", &pytorch["learner"]);
    let book = Book::open("book").unwrap();
    let wrong = snapshots::accepted(&book, "13_neural_net", "interp").unwrap();
    assert!(wrong.starts_with(&format!("{} of 2038 are wrong", pytorch["wrong"])), "{wrong}");
}

/// Losses to four decimals, accuracies to one image.
fn assert_table(chapter: &str, pytorch: &Value) {
    let (shown, expected) = (shown(chapter, "fit"), numbers(pytorch));
    assert_eq!(shown.len(), expected.len(), "{chapter}");
    for (at, (ours, theirs)) in shown.iter().zip(&expected).enumerate() {
        let bound = if at % 3 == 2 { IMAGE + 1e-6 } else { 0.000_05 };
        let (epoch, column) = (at / 3, at % 3);
        assert!(
            (ours - theirs).abs() <= bound,
            "{chapter}, epoch {epoch}, column {column}: {ours}, but fastai: {theirs}"
        );
    }
}

#[test]
fn the_shuffled_batches_are_fastais() {
    let book = Book::open("book").unwrap();
    let output = |cell: &str| snapshots::accepted(&book, "08_mini_batches", cell).unwrap();
    let integer = Regex::new(r"\d+").unwrap();
    let shown: Vec<f64> =
        integer.find_iter(&output("range")).map(|found| found.as_str().parse().unwrap()).collect();
    let pytorch = seed_42();
    // The whole notebook's: Python's generator has drawn nothing before these two loaders.
    let expected = &pytorch["notebook"]["mini_batches"];
    assert_eq!(shown, numbers(&expected["range"]));
    let letter = Regex::new("'([a-z])'").unwrap();
    let alphabet = output("alphabet");
    let letters: String =
        letter.captures_iter(&alphabet).map(|found| found[1].to_string()).collect();
    assert_eq!(letters, expected["letters"].as_str().unwrap());
}
