//! The engine on a small book: what is green, and how each mistake is told.
//!
//! Each test makes a book that is right, breaks one thing and reads what the author is told.

mod fixture;

use std::process::Stdio;

use fixture::{FILE, Fixture};

#[test]
fn every_cell_is_a_test_of_its_own() {
    Fixture::new().book(&["test"]).succeeds_with(&[
        "test 01_hello::imports... ok",
        "test 01_hello::hello... ok",
        "test 01_hello::length... ok",
        "test 01_hello::compile_fail_line_25... ok",
        "test example::01_hello... ok",
        "test snapshots::orphans... ok",
        "Running book/src/01_hello.md (1 of 1)",
    ]);
}

#[test]
fn timing_shows_the_slow_cells() {
    let book = Fixture::new();
    book.edit(
        "let length",
        "std::thread::sleep(std::time::Duration::from_millis(300));\nlet length",
    );
    let printed = book.book(&["test", "01_hello", "--timing"]);
    printed.succeeds_with(&["slowest cells:\n"]);
    let table = printed.text.split("slowest cells:\n").nth(1).unwrap();
    assert!(table.lines().next().unwrap().ends_with("s  01_hello::length"), "{table}");
}

#[test]
fn the_page_shows_each_output_under_its_cell() {
    let book = Fixture::new();
    book.book(&[]).succeeds_with(&["The book lies in ", "index.html"]);
    let page = book.read("book/book/01_hello.html");
    let code = page.find("greet(name)").unwrap();
    let output = page.find("<pre class=\"cell-text\">Hello, reader</pre>").unwrap();
    assert!(code < output);
}

#[test]
fn an_example_runs_without_the_engine() {
    let book = Fixture::new();
    let mut cargo = std::process::Command::new(env!("CARGO"));
    book.command(cargo.args(["run", "--quiet", "--example", "01_hello"]))
        .succeeds_with(&["Hello, reader\n13 letters, 6.50 a word\n"]);
}

#[test]
fn a_broken_cell_is_named_with_line_and_column() {
    let book = Fixture::new();
    book.edit("greet(name).len()", "greet(name).size()");
    book.book(&["test", "01_hello::"]).fails_with(&[
        "book/src/01_hello.md:18: cell `length` does not compile",
        "book/src/01_hello.md:19:26",
        "test 01_hello::hello... ignored (did not run: cell `length` failed)",
    ]);
}

#[test]
fn a_panic_names_cell_and_line() {
    let book = Fixture::new();
    book.edit("println!(\"{length} letters", "assert_eq!(length, 5);\nprintln!(\"{length} letters");
    book.book(&["test", "01_hello::"]).fails_with(&[
        "book/src/01_hello.md:18: cell `length` panicked",
        "book/src/01_hello.md:20:1",
        "left: 13",
    ]);
}

#[test]
fn an_error_return_names_the_cell() {
    let book = Fixture::new();
    book.edit("let length", "let _: u8 = name.parse()?;\nlet length");
    book.book(&["test", "01_hello::"]).fails_with(&[
        "book/src/01_hello.md:18: cell `length` returned an error",
        "InvalidDigit",
        "test 01_hello::hello... ok",
    ]);
}

#[test]
fn a_changed_output_is_shown_and_can_be_accepted() {
    let book = Fixture::new();
    book.edit("let name = \"reader\"", "let name = \"Ferris\"");
    book.book(&["test", "01_hello::"]).fails_with(&[
        "-Hello, reader",
        "+Hello, Ferris",
        "book/src/01_hello.md:11: cell `hello` prints something new\n  help: when the output above \
         is right, accept it with `cargo book accept`",
    ]);
    let before = book.read("tests/snapshots/01_hello__hello.snap");
    book.book(&["accept"]).succeeds_with(&["- Hello, reader", "+ Hello, Ferris", "1 left"]);
    assert_eq!(book.read("tests/snapshots/01_hello__hello.snap"), before, "nobody said yes");
    // What is no text any more is in nobody's way.
    std::fs::write(book.path("tests/snapshots/01_hello__hello.snap"), b"\xff").unwrap();
    book.book(&["accept", "--yes"]).succeeds_with(&["+ Hello, Ferris"]);
    assert!(book.book(&["test"]).ok);
    book.book(&["accept"]).succeeds_with(&["No output waits to be accepted"]);
}

#[test]
fn nobody_who_stops_to_listen_hears_of_a_panic() {
    let book = Fixture::new();
    for args in [&["accept"][..], &["test", "snapshots"], &[]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-book"));
        let command = book.set(command.args(args)).env("CARGO_TARGET_DIR", book.path("target"));
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let printed = child.wait_with_output().unwrap();
        let told = String::from_utf8(printed.stderr).unwrap();
        assert!(!told.contains("panicked"), "{told}");
        assert_eq!(printed.status.code(), Some(141), "{args:?} is no success: {told}");
    }
}

#[test]
fn a_missing_snapshot_fails_the_tests_and_the_page() {
    let book = Fixture::new();
    std::fs::remove_file(book.path("tests/snapshots/01_hello__hello.snap")).unwrap();
    // Where nothing can be written, nothing waits to be accepted.
    let pending = book.path("tests/snapshots/01_hello__hello.snap.new");
    std::fs::create_dir_all(pending.join("in the way")).unwrap();
    book.book(&["test", "01_hello::"])
        .fails_with(&["01_hello__hello.snap.new cannot be written: Is a directory"]);
    std::fs::remove_dir_all(pending).unwrap();
    book.book(&["test", "01_hello::"])
        .fails_with(&["book/src/01_hello.md:11: cell `hello` has no accepted output"]);
    book.book(&[]).fails_with(&[
        "book/src/01_hello.md:11: cell `hello` has no accepted output\n  help: run `cargo test`",
    ]);
}

#[test]
fn a_snapshot_without_a_cell_fails_and_accept_removes_it() {
    let book = Fixture::new();
    book.write(
        "tests/snapshots/01_hello__gone.snap",
        "---\nsource: x\ndescription: \"cell `gone` of book/src/01_hello.md\"\n---\nold\n",
    );
    book.write("tests/snapshots/another_test.snap", "---\nsource: x\n---\nnot the book's\n");
    book.book(&["test", "snapshots"]).fails_with(&[
        "1 snapshot without a cell:\n  tests/snapshots/01_hello__gone.snap\n  help: `cargo book accept`",
    ]);
    book.book(&["accept", "--yes"]).succeeds_with(&["01_hello__gone.snap: its cell is gone"]);
    assert!(!book.path("tests/snapshots/01_hello__gone.snap").exists());
    assert!(book.path("tests/snapshots/another_test.snap").exists());
}

#[test]
fn an_example_out_of_step_names_the_command() {
    let book = Fixture::new();
    book.edit_file("examples/01_hello.rs", "reader", "writer");
    book.book(&["test", "example"]).fails_with(&[
        "examples/01_hello.rs is out of step with book/src/01_hello.md from line 12 on",
        "help: `cargo book tangle` writes it anew",
    ]);
    book.book(&["tangle"]).succeeds_with(&["wrote ", "01_hello.rs"]);
    assert!(book.book(&["test", "example"]).ok);
}

/// The mistake must be told by the tests, by the page's build and by `mdbook test`'s preprocessor.
#[track_caller]
fn mistake(old: &str, new: &str, parts: &[&str]) {
    let book = Fixture::new();
    book.edit_file(FILE, old, new);
    book.book(&["test"]).fails_with(parts);
    book.book(&[]).fails_with(parts);
}

#[test]
fn a_repeated_cell_name_fails() {
    mistake(
        "cell=length",
        "cell=hello",
        &["book/src/01_hello.md:18: cell `hello` is already on line 11", "help: "],
    );
}

#[test]
fn an_ill_formed_cell_name_fails() {
    mistake(
        "cell=length",
        "cell=Length!",
        &["book/src/01_hello.md:18: ill-formed cell name `Length!`"],
    );
}

#[test]
fn an_open_fence_fails() {
    mistake(
        "greeting::greet(5);\n```",
        "greeting::greet(5);\n",
        &["book/src/01_hello.md:25: the fence ```rust,compile_fail,E0308 is not closed"],
    );
}

#[test]
fn an_unknown_option_fails() {
    mistake(
        "let length",
        "//| ecko: false\nlet length",
        &["book/src/01_hello.md:19: unknown option `ecko`; a cell knows echo, fold, output,"],
    );
    mistake("cell=length", "cell=length,hide", &["unknown option `hide` of cell `length`"]);
}

#[test]
fn a_missing_include_fails() {
    mistake(
        "It has a length.",
        "{{#include gone.rs}}",
        &["book/src/01_hello.md:16: included file ", "gone.rs cannot be read"],
    );
    let book = Fixture::new();
    book.write("book/src/more.md", "{{#include gone.rs}}\n\n```rust,cell=more\n```\n");
    book.edit_file(FILE, "It has a length.", "{{#include more.md}}");
    book.book(&[]).fails_with(&[
        "gone.rs, which ",
        "more.md includes, cannot be read",
        "book/src/01_hello.md:16: an included file holds the cell `more`",
    ]);
    book.write(
        "book/src/more.md",
        "It has {{= length }} letters, `{{= code }}` and \\{{= text }}.\n",
    );
    book.book(&[]).fails_with(&[
        "book/src/01_hello.md:16: an included file holds the value `length`",
        "help: write it in the chapter",
    ]);
}

#[test]
fn a_snippet_that_should_not_compile_but_does_fails() {
    let book = Fixture::new();
    book.edit("greeting::greet(5);", "greeting::greet(\"5\");");
    book.book(&["test", "compile_fail"])
        .fails_with(&["book/src/01_hello.md:25: this snippet should not compile, but does"]);
}

#[test]
fn a_snippet_that_fails_for_another_reason_fails() {
    let book = Fixture::new();
    book.edit("greeting::greet(5);", "greeting::great(5);");
    book.book(&["test", "compile_fail"])
        .fails_with(&["01_hello.md:25: fails with [\"E0425\"] instead of only [\"E0308\"]"]);
    // Without a code any error will do, as in rustdoc, unless the book wants one.
    book.edit("compile_fail,E0308", "compile_fail");
    book.book(&["test", "mdbook_test"]).succeeds_with(&["1 rust, compile_fail 1 passed"]);
    book.edit_file("book/book.toml", "before =", "error-codes = \"required\"\nbefore =");
    book.book(&["test", "compile_fail"]).fails_with(&[
        "a `compile_fail` snippet that does not say why\n  help: name the error, as in \
         ```rust,compile_fail,E0425",
    ]);
}

#[test]
fn a_number_may_move_within_its_tolerance_only() {
    let book = Fixture::new();
    book.edit("let length", "//| tolerance: 0.1\nlet length");
    book.edit("length as f32 / 2.0", "length as f32 / 2.02");
    assert!(book.book(&["test", "01_hello::"]).ok, "6.44 is near 6.50");
    book.edit("length as f32 / 2.02", "length as f32 / 3.0");
    book.book(&["test", "01_hello::"]).fails_with(&["cell `length` prints something new"]);
    book.edit("length as f32 / 3.0", "length as f32 / 2.0");
    book.edit("letters, ", "signs, ");
    book.book(&["test", "01_hello::"]).fails_with(&["cell `length` prints something new"]);
}

#[test]
fn what_is_sanitized_may_change_and_nothing_else() {
    const ACCEPTED: &str = "tests/snapshots/01_hello__length.snap";
    let book = Fixture::new();
    book.edit("let length", "//| sanitize: \\d\\d:\\d\\d\nprintln!(\"took 00:07\");\nlet length");
    book.book(&["test", "01_hello::"]).fails_with(&["cell `length` prints something new"]);
    book.book(&["accept", "--yes"]).succeeds_with(&["+ took 00:07"]);

    book.edit("00:07", "12:33");
    assert!(book.book(&["test", "01_hello::"]).ok, "only a time differs");
    book.book(&["accept"]).succeeds_with(&["01_hello__length: other code prints the same; noted"]);
    assert!(book.read(ACCEPTED).contains("took 00:07"));
    assert!(book.book(&[]).ok);
    let page = book.read("book/book/01_hello.html");
    assert!(page.contains("<pre class=\"cell-text\">took 00:07\n"), "{page}");

    book.edit("letters, ", "signs, ");
    book.book(&["test", "01_hello::"]).fails_with(&["cell `length` prints something new"]);
    book.book(&["accept"]).succeeds_with(&["+ took 12:33", "+ 13 signs", "1 left"]);
}

#[test]
fn a_sanitizer_with_nothing_to_replace_fails() {
    let book = Fixture::new();
    book.edit("let length", "//| sanitize: \\d\\d:\\d\\d\nlet length");
    let unused = "book/src/01_hello.md:18: cell `length` prints nothing that \
                  `sanitize: \\d\\d:\\d\\d` matches\n  help: correct the expression";
    book.book(&["test", "01_hello::"]).fails_with(&[unused]);
    book.book(&["accept"]).succeeds_with(&["No output waits to be accepted"]);
    book.edit("letters, ", "signs, ");
    book.book(&["test", "01_hello::"])
        .fails_with(&["book/src/01_hello.md:18: cell `length` prints something new", unused]);
}

#[test]
fn a_sanitizer_that_cannot_work_fails() {
    mistake(
        "let length",
        "//| sanitize: (\\d\nlet length",
        &["book/src/01_hello.md:19: option `sanitize` is a regular expression, not `(\\d`"],
    );
    mistake(
        "let length",
        "//| compare: false\n//| sanitize: \\d\nlet length",
        &["book/src/01_hello.md:20: option `sanitize` in a cell with `compare: false`"],
    );
}

#[test]
fn a_chapter_waits_for_the_variable_that_it_requires() {
    let book = Fixture::new();
    book.edit("let length", "//| requires: MY_GPU\nassert!(false, \"ran\");\nlet length");
    let test = |value: &str, filter: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-book"));
        book.command(command.args(["test", filter]).env("MY_GPU", value))
    };
    test("1", "01_hello::").fails_with(&["ran"]);
    test("", "01_hello::").succeeds_with(&["ignored (requires MY_GPU, which is not set)"]);
}

#[test]
fn unknown_settings_are_told() {
    let book = Fixture::new();
    book.edit_file("book/book.toml", "before =", "snapshot = \"x\"\nbefore =");
    book.book(&["test"]).fails_with(&["book.toml", "unknown field `snapshot`"]);
}

#[test]
fn cargo_finds_the_command_as_its_own() {
    let book = Fixture::new();
    let path = std::path::Path::new(env!("CARGO_BIN_EXE_cargo-book")).parent().unwrap();
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(path.into()).chain(std::env::split_paths(&old));
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.env("PATH", std::env::join_paths(folders).unwrap());
    book.command(cargo.args(["book", "accept"])).succeeds_with(&["No output waits"]);
}

#[test]
fn a_book_that_is_not_there_is_told() {
    let book = Fixture::new();
    book.book(&["--dir", "nowhere"]).fails_with(&["nowhere/book.toml cannot be read"]);
}
