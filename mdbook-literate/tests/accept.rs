//! What is accepted is what was seen, and nothing else.

mod fixture;

use fixture::Fixture;

#[test]
fn an_output_that_is_not_compared_may_change() {
    let book = Fixture::new();
    book.edit("let length", "//| compare: false\nlet length");
    book.edit("length as f32 / 2.0", "length as f32 / 3.0");
    assert!(book.book(&["test", "01_hello::"]).ok);
    // But nobody has seen what the new code prints.
    assert!(book.book(&[]).text.contains("warning"));
    book.book(&["accept", "--yes"]).succeeds_with(&["+ 13 letters, 4.33 a word"]);
    assert!(!book.book(&[]).text.contains("warning"));
    book.book(&["accept"]).succeeds_with(&["No output waits"]);
}

#[test]
fn a_pass_that_insta_was_made_to_give_is_not_taken_for_the_same_output() {
    let book = Fixture::new();
    book.edit("\"reader\"", "\"writer\"");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-book"));
    let test = command.args(["test", "01_hello::"]).env("INSTA_FORCE_PASS", "1");
    assert!(book.command(test).ok);
    let accepted = book.book(&["accept"]);
    accepted.succeeds_with(&["- Hello, reader", "+ Hello, writer", "1 left"]);
    assert!(!accepted.text.contains("noted"), "{}", accepted.text);
}

#[test]
fn the_output_of_a_cell_that_is_gone_is_not_accepted() {
    let book = Fixture::new();
    book.edit("cell=length", "cell=first_name");
    assert!(!book.book(&["test", "01_hello::"]).ok);
    book.edit("cell=first_name", "cell=second_name");
    assert!(!book.book(&["test", "01_hello::"]).ok);
    let accepted = book.book(&["accept", "--yes"]);
    accepted.succeeds_with(&[
        "01_hello__second_name:",
        "01_hello__first_name.snap.new: its cell is gone",
    ]);
    assert!(!accepted.text.contains("01_hello__first_name:\n"), "{}", accepted.text);
    book.book(&["test"]).succeeds_with(&["snapshots::orphans... ok"]);
}
