//! The guide is a book of this engine: its cells print what it shows, and its links lead somewhere.

mod fixture;

use std::path::Path;
use std::process::Command;

use fixture::Printed;

fn cargo_book(args: &[&str]) -> Printed {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-book"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("guide")).args(args);
    // A folder that stays: what is unchanged is not run again.
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide"));
    Printed::of(command.output().unwrap())
}

#[test]
fn the_guide_shows_what_its_cells_print() {
    cargo_book(&["test"]).succeeds_with(&[
        "test values::in-text... ok",
        "test numbers::comparison... ok",
        "test errors::compile_fail_line_16... ok",
    ]);
    cargo_book(&[]).succeeds_with(&["The book lies in"]);
}
