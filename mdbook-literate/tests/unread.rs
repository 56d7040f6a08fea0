//! A chapter that cannot be read: the others are tested, and whoever asks for what is not tested hears of it.

mod fixture;

use fixture::Fixture;

/// Two chapters: the first has an ill-formed cell, and the second the snippet `code`.
fn book(code: &str) -> Fixture {
    let book = Fixture::empty();
    book.package("");
    book.book_at("book", "numbers = \"checked\"");
    book.write("book/src/SUMMARY.md", "# Summary\n\n- [One](01_one.md)\n- [Two](02_two.md)\n");
    book.write("book/src/01_one.md", "# One\n\nText.\n\n```rust,cell=A\n```\n");
    book.write("book/src/02_two.md", &format!("# Two\n\n```rust\n{code}\n```\n"));
    book
}

#[test]
fn the_snippets_of_the_other_chapters_are_tested() {
    let wrong = book("assert_eq!(1, 2);");
    for filter in ["02_two", "mdbook_test"] {
        wrong.book(&["test", filter]).fails_with(&[
            "mdbook_test::02_two... FAILED",
            "book/src/02_two.md - Two (line 3)",
            "1 rust 1 FAILED",
        ]);
    }
    book("assert_eq!(1, 1);").book(&["test", "02_two"]).succeeds_with(&["1 rust 1 passed"]);
}

#[test]
fn nothing_that_is_asked_for_is_green_without_a_test() {
    let book = book("assert_eq!(1, 1);");
    let why =
        "not tested: book/src/01_one.md:5: ill-formed cell name `A`\n  help: correct that first";
    let kinds = ["mdbook_test", "example", "numbers", "numbers::given", "snapshots"];
    for filter in kinds.into_iter().chain(["01_one::hello", "hello", "no_such_test"]) {
        book.book(&["test", filter]).fails_with(&[why]);
    }
    book.book(&["test"]).fails_with(&[
        "01_one::chapter... FAILED",
        "02_two... ok",
        "1 rust 1 kept",
    ]);
}

#[test]
fn a_chapter_that_is_not_there_is_a_mistake_and_not_begun() {
    let book = Fixture::new();
    book.write("book/src/SUMMARY.md", "# Summary\n\n- [Hello](01_Hello.md)\n");
    let before = book.files(&["target"]);
    for args in [&["test"][..], &["tangle"], &["accept", "--yes"], &["adopt"], &[]] {
        book.book(args).fails_with(&[
            "failed to read chapter `01_Hello.md`",
            "help: SUMMARY.md names that file",
        ]);
    }
    assert!(book.files(&["target"]) == before);
}
