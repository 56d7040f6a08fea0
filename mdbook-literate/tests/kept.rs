//! What is known is not run again, and nothing passes for known that is not.

mod fixture;

use fixture::{FILE, Fixture};

/// A book whose chapter notes each of its runs.
fn counted() -> Fixture {
    let book = Fixture::new();
    book.write("data/numbers.txt", "1");
    book.edit(
        "let length",
        "let note = std::fs::OpenOptions::new().append(true).create(true).open(\"runs\".to_string() + \".log\");\n\
         std::io::Write::write_all(&mut note?, b\"x\")?;\nlet length",
    );
    book.runs(&["test", "01_hello::"], 1);
    book
}

impl Fixture {
    /// Runs the tests, which must pass, and compares how often the chapter has run since the last time.
    #[track_caller]
    fn runs(&self, args: &[&str], times: usize) {
        self.book(args).succeeds_with(&[]);
        let noted = std::fs::read(self.path("runs.log")).unwrap_or_default().len();
        let _ = std::fs::remove_file(self.path("runs.log"));
        assert_eq!(noted, times, "{args:?}");
    }
}

const TEST: &[&str] = &["test", "01_hello::"];

#[test]
fn an_unchanged_chapter_runs_once() {
    let book = counted();
    book.book(TEST)
        .succeeds_with(&["Kept book/src/01_hello.md", "3 cell 3 kept from an earlier run"]);
    book.runs(TEST, 0);
    book.runs(&["test", "01_hello::", "--fresh"], 1);
    // Text is no code, and what is told of it is the same.
    book.edit("# Hello", "# Welcome");
    book.runs(TEST, 0);
}

#[test]
fn whatever_a_run_depends_on_makes_it_run_again() {
    let book = counted();
    book.edit("let length", "let _unused = 1;\nlet length");
    book.runs(TEST, 1);
    book.edit_file("src/lib.rs", "format!", "std::format!");
    book.runs(TEST, 1);
    // A file that a string of the program names, or a setting; and a variable that a setting names.
    book.edit(
        "let length",
        "let _text = include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/data/numbers.txt\"));\nlet length",
    );
    book.runs(TEST, 1);
    book.write("data/numbers.txt", "2");
    book.runs(TEST, 1);
    book.edit_file(
        "book/book.toml",
        "before =",
        "files = [\"../data\"]\nenvironment = [\"MY_SEED\"]\nbefore =",
    );
    book.runs(TEST, 1);
    book.edit_file("book/book.toml", "edition = \"2024\"", "edition = \"2021\"");
    book.runs(TEST, 1);
    book.write("data/more/numbers.txt", "3");
    #[cfg(unix)]
    for name in ["one", "two"] {
        std::os::unix::fs::symlink(".", book.path("data").join(name)).unwrap();
    }
    book.runs(TEST, 1);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-book"));
    assert!(book.command(command.args(TEST).env("MY_SEED", "7")).ok);
    book.runs(TEST, 2);
    book.runs(TEST, 0);
    book.edit("cell=length\n", "cell=length\n//| keep: false\n");
    book.runs(TEST, 1);
    book.runs(TEST, 1);
}

#[test]
fn a_snippet_is_tested_again_when_a_file_that_it_names_is_another() {
    let book = Fixture::new();
    let read = "assert_eq!(std::fs::read_to_string(\"data/one.txt\").unwrap(), \"1\");";
    book.write(FILE, &format!("{}\n```rust\n{read}\n```\n", book.read(FILE)));
    book.write("data/one.txt", "1");
    let test = || book.book(&["test", "mdbook_test"]);
    test().succeeds_with(&["1 rust 1 passed"]);
    test().succeeds_with(&["1 rust 1 kept"]);
    book.write("data/one.txt", "2");
    test().fails_with(&["1 rust 1 FAILED"]);
    book.write("data/one.txt", "1");
    book.edit("cell=length\n", "cell=length\n//| keep: false\n");
    for _ in 0..2 {
        test().succeeds_with(&["1 rust 1 passed"]);
    }
}

#[test]
fn a_run_with_a_fault_is_never_kept() {
    let book = counted();
    book.edit(
        "println!(\"{length} letters",
        "assert!(std::fs::exists(\"there\".to_string() + \".txt\")?);\nprintln!(\"{length} letters",
    );
    for _ in 0..2 {
        book.book(TEST).fails_with(&["cell `length` panicked"]);
    }
    book.write("there.txt", "");
    book.book(TEST).succeeds_with(&["3 cell 3 passed"]);
    // A file that holds something else than a run.
    let folders = std::fs::read_dir(book.path("target/literate")).unwrap().flatten();
    let kept = folders.map(|folder| folder.path().join("debug/01_hello/kept"));
    for kept in kept.filter(|kept| kept.exists()) {
        let text = std::fs::read_to_string(&kept).unwrap();
        std::fs::write(&kept, &text[..text.len() / 2]).unwrap();
    }
    book.book(TEST).succeeds_with(&["3 cell 3 passed"]);
}

#[test]
fn an_accepted_output_is_still_compared_with_what_is_kept() {
    let book = counted();
    book.edit_file("tests/snapshots/01_hello__hello.snap", "Hello, reader", "Hello, writer");
    book.book(TEST).fails_with(&["cell `hello` prints something new"]);
    book.book(&["accept", "--yes"]).succeeds_with(&["+ Hello, reader"]);
    book.runs(TEST, 0);
}

#[test]
fn a_page_with_the_output_of_other_code_says_so() {
    let book = Fixture::new();
    let build = || book.book(&[]);
    assert!(!build().text.contains("warning"));
    book.edit("\"reader\"", "\"writer\"");
    build().succeeds_with(&[
        "warning: book/src/01_hello.md:11: the output of cell `hello` was accepted for other code",
    ]);
    // Other code that prints the same.
    book.edit_file(FILE, "\"writer\"", "\"read\".to_owned() + \"er\"");
    book.edit_file(FILE, "greet(name)", "greet(&name)");
    assert!(build().text.contains("warning"));
    book.book(TEST).succeeds_with(&[]);
    book.book(&["accept", "01_hello__imports"]).succeeds_with(&["No output waits"]);
    book.book(&["accept"]).succeeds_with(&["01_hello__hello: other code prints the same; noted"]);
    assert!(!build().text.contains("warning"));
    book.book(&["accept"]).succeeds_with(&["No output waits"]);
}
