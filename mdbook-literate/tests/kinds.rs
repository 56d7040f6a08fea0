//! Fences of every kind that books have: each is tested as stock mdBook does it or better, and none vanishes.

mod fixture;

use std::process::Command;

use fixture::{FILE, Fixture};

fn book(chapter: &str) -> Fixture {
    let book = Fixture::empty();
    book.package("");
    book.book_at("book", "");
    book.write(FILE, chapter);
    book
}

#[test]
fn fences_are_tested_wherever_markdown_has_them() {
    let book = book(
        "<!--\nCopyright\n-->\n\n# One\n\n1. Do this:\n\n   ```rust\n   assert_eq!(1, 2);\n   ```\n\n\
         > ~~~rust\n> let x: u8 = \"no\";\n> ~~~\n\n\
         ```compile_fail,E0308\nlet x: u8 = 1;\n```\n\n\
         ```rust editable should_panic\nlet x: u8 = 1;\n```\n\n\
         ```\nassert_eq!(1, 2);\n```\n\n    assert_eq!(3, 4);\n\n\
         <details>\n\n```rust,editable,no_run\nnonsense();\n```\n\n</details>\n\n\
         ```rust\n#![allow(dead_code)]\n\nstruct P;\n\nfn main() {}\n```\n\n\
         ```rust,editable,ignore\nnonsense\n```\n\n```text\nnonsense\n```\n\n<!--\n```rust\nnonsense\n```\n-->\n\n\
         Term\n\n:   Text.\n\n    More.\n\n    ```rust\n    assert_eq!(5, 6);\n    ```\n\n\
         [^1]: Note.\n\n    ```rust\n    assert_eq!(7, 8);\n    ```\n",
    );
    book.book(&["test"]).fails_with(&[
        "book/src/01_hello.md - One (line 9)",
        "book/src/01_hello.md - One (line 13)",
        "book/src/01_hello.md:17: this snippet should not compile, but does",
        "book/src/01_hello.md - One (line 21)",
        "book/src/01_hello.md - One (line 25)",
        "book/src/01_hello.md - One (line 29)",
        "book/src/01_hello.md - One (line 33)",
        "left: 5",
        "left: 7",
        "fences: 13 in 1 chapter",
        "5 rust 1 passed, 4 FAILED",
        "1 rust, compile_fail 1 FAILED",
        "1 rust, ignore 1 ignored, as they say",
        "1 rust, no_run 1 FAILED",
        "1 rust, should_panic 1 FAILED",
        "1 without a label 1 FAILED",
        "1 indented 1 FAILED",
        "1 text 1 not Rust",
        "1 in a comment or other HTML 1 no code to Markdown",
    ]);
    book.edit_file("book/book.toml", "before =", "unlabelled = \"text\"\nbefore =");
    book.book(&["test"]).fails_with(&["2 without a label 2 not Rust"]);
    book.book(&["test", "nothing"]).succeeds_with(&["5 rust 5 not asked for"]);
}

#[test]
fn a_program_that_must_not_compile_need_not_have_a_code() {
    let book = book(
        "# One\n\n```rust,compile_fail\nno_such_macro!();\n```\n\n```rust,compile_fail\nlet x = ;\n```\n\n\
         ```rust,compile_fail\nlet a = [1, 2, 3];\na[3];\n```\n\n\
         ```rust,compile_fail\n#![deny(unused_variables)]\nfn main() { let x = 1; }\n```\n",
    );
    book.book(&["test"]).succeeds_with(&["4 rust, compile_fail 4 passed"]);
    book.edit_file("book/book.toml", "before =", "error-codes = \"required\"\nbefore =");
    book.book(&["test"])
        .succeeds_with(&["compile_fail_line_7... ok", "4 rust, compile_fail 4 passed"]);
    book.edit_file(FILE, "compile_fail\nno", "compile_fail,E0308\nno");
    book.book(&["test"]).fails_with(&["01_hello.md:3: fails with [] instead of only [\"E0308\"]"]);
}

#[test]
fn the_error_is_looked_at_also_with_an_edition_and_in_an_included_file() {
    let fence = "```rust,compile_fail,E0308,edition2021\nlet x: u8 = nonsense;\n```\n";
    let book = book(&format!(
        "# One\n\n{fence}\n```rust,compile_fail,E0308\n{{{{#include x.rs}}}}\n```\n\n{{{{#include part.md}}}}\n"
    ));
    book.write("book/src/x.rs", "let x: u8 = nonsense;\n");
    book.write("book/src/part.md", fence);
    let included = "a snippet of a file that is included here";
    book.book(&["test"]).fails_with(&[
        "book/src/01_hello.md:3: fails with [\"E0425\"] instead of only [\"E0308\"]",
        "book/src/01_hello.md:7: fails with [\"E0425\"] instead of only [\"E0308\"]",
        &format!("book/src/01_hello.md:11: {included}: fails with [\"E0425\"]"),
        "2 rust, compile_fail 2 FAILED",
        "1 rust, of an included file 1 FAILED",
    ]);
    // `async` is a name in the edition of 2015 alone.
    let right = "```rust,compile_fail,E0308,edition2015\nlet async: u8 = \"\";\n```\n";
    book.write(FILE, &format!("# One\n\n{right}\n{{{{#include part.md}}}}\n"));
    book.write("book/src/part.md", right);
    book.book(&["test"]).succeeds_with(&["compile_fail 1 passed", "included file 1 passed"]);
    book.edit_file(FILE, "edition2015", "edition2016");
    book.book(&["test"]).fails_with(&["book/src/01_hello.md:3: rustc failed", "2016"]);
}

#[test]
fn the_snippets_of_included_files_are_tested_also_where_the_chapter_has_none() {
    let book = book("# One\n\n{{#include part.md}}\n");
    book.write("book/src/part.md", "```rust\nassert_eq!(1, 2);\n```\n");
    book.book(&["test"]).fails_with(&["1 rust, of an included file 1 FAILED"]);
}

#[test]
fn an_endless_snippet_is_stopped() {
    let book = book("# One\n\n```rust\nloop {}\n```\n");
    book.edit_file("book/book.toml", "before =", "time-limit = \"2s\"\nbefore =");
    book.book(&["test"]).fails_with(&[
        "book/src/01_hello.md: the snippets took longer than their chapter's limit of 2 s",
        "1 rust 1 FAILED",
    ]);
}

/// rustdoc keeps what a snippet prints in memory; in the edition of 2024 a program between them does.
#[test]
#[cfg(target_os = "linux")]
fn a_snippet_that_prints_without_end_is_stopped() {
    for edition in ["2024", "2021"] {
        let book = book("# One\n\n```rust\nloop { println!(\"and so on\"); }\n```\n");
        book.edit_file("book/book.toml", "2024", edition);
        book.edit_file("book/book.toml", "before =", "time-limit = \"20s\"\nbefore =");
        book.edit_file("book/book.toml", "before =", "output-limit = \"10kB\"\nbefore =");
        book.book(&["test"]).fails_with(&[
            "book/src/01_hello.md: the snippets printed more than their chapter's limit of 10kB",
            "1 rust 1 FAILED",
        ]);
    }
}

/// An included file with a snippet and a fence that it leaves open, which takes the chapter's own snippet in.
fn swallowed(included: &str, own: &str) -> Fixture {
    let book = book(&format!("# A\n\n{{{{#include part.md}}}}\n\n```rust\n{own}\n```\n"));
    let part = format!("```rust\n{included}\n```\n\n```text\nsomebody forgot to close this\n");
    book.write("book/src/part.md", &part);
    book
}

#[test]
fn a_snippet_that_an_included_file_takes_in_is_missed() {
    let book = swallowed("let included = 1;", "panic!(\"never run\");");
    book.book(&["test"]).fails_with(&[
        "book/src/01_hello.md:5: rustdoc passes over a fence here",
        "help: does a file that the chapter includes above leave a fence open",
        "1 rust 1 did not run",
        "1 rust, of an included file 1 passed",
    ]);
}

#[test]
fn a_fragment_in_an_included_file_is_none_of_the_chapters_fences() {
    let book = swallowed("fn f() { missing() }", "assert_eq!(1, 1);");
    book.book(&["adopt", "--make", "ignore"]).fails_with(&["no fence needs this change"]);
    assert!(!book.read(FILE).contains("ignore"));
}

#[test]
fn a_snippet_below_hidden_lines_of_a_file_is_known() {
    let book = book(
        "# A\n\n```rust\n{{#rustdoc_include x.rs:2}}\n```\n\n```rust,editable,no_run\nlet a = 1;\n```\n",
    );
    book.write("book/src/x.rs", "fn main() {\n    assert_eq!(1, 1);\n}\n");
    book.book(&["test"]).succeeds_with(&["1 rust 1 passed", "1 rust, no_run 1 compiled"]);
}

const CELLS: &str = r#"# Cells

Of all kinds.

```rust,cell=imports
use greeting::greet;
```

A string of several lines:

```rust,cell=text
let name = "first
    second";
println!("{}", greet(name));
```

A program for itself:

```rust,cell=whole
#![allow(dead_code)]
mod deep { pub fn name() -> &'static str { crate::NAME } }
const NAME: &str = "whole";
fn main() -> Result<(), String> {
    println!("{}", deep::name());
    Ok(())
}
```

It panics, and that is well:

```rust,cell=panics,should_panic
//| reset: true
let name = "afresh";
println!("{name}");
Vec::<u8>::new()[name.len()];
```

What goes to standard error is shown on request:

```rust,cell=debug
//| stderr: true
println!("out");
let sum = dbg!(1 + 2);
```

```rust,cell=last
eprintln!("{sum} is not shown");
println!("last");
```
"#;

#[test]
fn cells_of_every_kind_print_what_their_example_prints() {
    let book = book(CELLS);
    book.book(&["tangle"]).succeeds_with(&["01_hello.rs"]);
    assert!(!book.book(&["test"]).ok, "nothing is accepted yet");
    book.book(&["accept", "--yes"]).succeeds_with(&["01_hello__whole"]);
    book.book(&["test"]).succeeds_with(&["6 cell 6 kept"]);
    for (cell, output) in [
        ("text", "Hello, first\n    second\n"),
        ("whole", "whole\n"),
        ("panics", "afresh\npanicked: index out of bounds: the len is 0 but the index is 6\n"),
        ("debug", "out\n[book/src/01_hello.md:43:11] 1 + 2 = 3\n"),
        ("last", "last\n"),
    ] {
        let snapshot = book.read(&format!("tests/snapshots/01_hello__{cell}.snap"));
        assert!(snapshot.ends_with(&format!("---\n{output}")), "{snapshot}");
    }
    let mut cargo = Command::new(env!("CARGO"));
    let example = book.command(cargo.args(["run", "--quiet", "--example", "01_hello"]));
    example.succeeds_with(&["Hello, first\n    second\nwhole\nafresh\nout\nlast\n"]);
    // An error of the whole program, an early end of a part, and a panic that does not come.
    book.edit("Ok(())", "Err(\"broken\".into())");
    book.book(&["test", "01_hello::"])
        .fails_with(&["01_hello.md:19: cell `whole` returned an error"]);
    book.edit("Err(\"broken\".into())", "Ok(())");
    book.edit("let sum = ", "if name_is_short() { return Ok(()); }\nlet sum = ");
    book.edit("//| stderr: true", "//| stderr: true\nfn name_is_short() -> bool { true }");
    book.book(&["test", "01_hello::"]).fails_with(&["cell `debug` ended the program with success"]);
    book.edit("Vec::<u8>::new()[name.len()];", "");
    book.book(&["test", "01_hello::"])
        .fails_with(&["cell `panics` did not panic, but is meant to (`should_panic`)"]);
}

#[test]
fn a_program_for_itself_may_be_meant_to_panic() {
    const CELL: &str = "# One\n\nText.\n\n```rust,cell=boom,should_panic\nfn main() {\n    \
        println!(\"before\");\n    panic!(\"as meant\");\n}\n```\n";
    let last = "\n```rust,cell=last\nprintln!(\"last\");\n```\n";
    for (more, example) in [("", "before\n"), (last, "before\nlast\n")] {
        let book = book(&format!("{CELL}{more}"));
        book.book(&["tangle"]).succeeds_with(&["01_hello.rs"]);
        assert!(!book.book(&["test"]).ok, "nothing is accepted yet");
        book.book(&["accept", "--yes"]).succeeds_with(&["+ before", "+ panicked: as meant"]);
        book.book(&["test"]).succeeds_with(&["01_hello::boom... ok"]);
        let mut cargo = Command::new(env!("CARGO"));
        book.command(cargo.args(["run", "--quiet", "--example", "01_hello"]))
            .succeeds_with(&[example]);
        book.edit("panic!(\"as meant\");", "");
        book.book(&["test", "01_hello::"])
            .fails_with(&["cell `boom` did not panic, but is meant to (`should_panic`)"]);
    }
}

#[test]
fn a_solution_runs_in_the_example_only_when_it_is_asked_for_whatever_else_it_is() {
    let book = book(
        "# One\n\nText.\n\n```rust,cell=first\nprintln!(\"first\");\n```\n\n\
         ```rust,cell=solution_whole\nfn main() {\n    println!(\"whole\");\n}\n```\n\n\
         ```rust,cell=solution_panics,should_panic\nprintln!(\"panics\");\npanic!();\n```\n",
    );
    book.book(&["tangle"]).succeeds_with(&["01_hello.rs"]);
    let run = |args: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        let cargo = cargo.args(["run", "--quiet", "--example", "01_hello", "--"]).args(args);
        String::from_utf8(book.set(cargo).output().unwrap().stdout).unwrap()
    };
    assert_eq!(run(&[]), "first\n");
    assert_eq!(run(&["solution_whole"]), "first\nwhole\n");
    assert_eq!(run(&["solution_panics"]), "first\npanics\n");
}

#[test]
fn cells_in_a_book_without_an_edition_are_told() {
    let book = book(CELLS);
    book.edit_file("book/book.toml", "edition = \"2024\"", "");
    book.book(&["test"]).fails_with(&["01_hello.md:5: cells in a book of the edition of 2015"]);
}
