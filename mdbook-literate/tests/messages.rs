//! What the compiler says of a snippet that must not compile stands below it, accepted and compared as outputs are.

mod fixture;

use fixture::{FILE, Fixture};

const SNAPSHOT: &str = "tests/snapshots/01_hello__compile-fail-1.snap";
const NEW: &str = "book/src/01_hello.md:5: the compiler says something new about this snippet";

/// A book of one snippet, whose message is accepted.
fn book() -> Fixture {
    let book = Fixture::empty();
    book.package("");
    book.book_at("book", "");
    book.edit_file("book/book.toml", "before =", "compiler-messages = \"shown\"\nbefore =");
    book.write(FILE, "# One\n\nText.\n\n```rust,compile_fail,E0308\nlet x: u8 = \"no\";\n```\n");
    book.book(&[]).fails_with(&[
        "book/src/01_hello.md:5: this snippet has no accepted message of the compiler",
        "run `cargo test`, then `cargo book accept`",
    ]);
    book.book(&["test"]).fails_with(&[
        "book/src/01_hello.md:5: the compiler says what nobody has accepted about this snippet",
        "accept it with `cargo book accept`",
    ]);
    book.book(&["accept", "--yes"]).succeeds_with(&["+ error[E0308]: mismatched types"]);
    book
}

#[test]
fn the_message_is_folded_below_its_first_words_and_guarded() {
    let book = book();
    book.book(&["test"]).succeeds_with(&["1 rust, compile_fail 1 passed"]);
    book.book(&[]).succeeds_with(&[]);
    let page = book.read("book/book/01_hello.html");
    let summary = page.split("<details class=\"compiler-message\">").nth(1).unwrap();
    assert!(
        summary
            .starts_with("\n<summary>mismatched types: expected `u8`, found `&amp;str`</summary>"),
        "{page}"
    );
    let message = summary.split("</details>").next().unwrap();
    assert!(
        message.contains("\n  | let x: u8 = \"no\";\n") && !message.contains("--&gt;"),
        "{message}"
    );
    assert!(message.contains("The words are those of rustc 1."), "{message}");

    // It is about the snippet, wherever that stands.
    book.edit_file(FILE, "Text.\n", "Text.\n\nMore text.\n");
    book.book(&["test"]).succeeds_with(&["1 rust, compile_fail 1 passed"]);
    book.edit_file(FILE, "\n\nMore text.\n", "\n");

    // A message is compared.
    book.edit_file(SNAPSHOT, "mismatched types", "types that do not match");
    book.book(&["test"]).fails_with(&[NEW, "-error[E0308]: types that do not match"]);
    book.edit_file(SNAPSHOT, "types that do not match", "mismatched types");
    book.edit_file(FILE, "\"no\"", "'n'");
    book.book(&[]).succeeds_with(&[
        "01_hello.md:5: the message of the compiler about this snippet was accepted for other code",
    ]);
    book.book(&["test"]).fails_with(&[NEW]);
}

#[test]
fn of_the_message_of_another_compiler_only_the_code_is_compared() {
    let book = book();
    book.edit_file(SNAPSHOT, "\nrustc 1.", "\nrustc 0.");
    book.edit_file(SNAPSHOT, "mismatched types", "types that do not match");
    book.book(&["test"]).succeeds_with(&[
        "1 rust, compile_fail 1 passed",
        "the messages of the compiler were accepted from rustc 0.",
        "only the codes of the errors are compared",
    ]);
    // Of other code no message is known.
    book.edit_file(FILE, "\"no\"", "'n'");
    book.book(&["test"]).fails_with(&[NEW]);
    book.edit_file(FILE, "u8 = 'n'", "NoType = 'n'");
    book.book(&["test"]).fails_with(&["fails with [\"E0425\"] instead of only [\"E0308\"]"]);
}

#[test]
fn a_book_that_no_longer_shows_messages_has_no_snapshots_of_them() {
    let book = book();
    book.edit_file("book/book.toml", "\"shown\"", "\"hidden\"");
    book.book(&["test"]).fails_with(&["1 snapshot without a cell:", SNAPSHOT]);
    book.book(&["accept", "--yes"]).succeeds_with(&["its cell is gone"]);
    book.book(&["test"]).succeeds_with(&["1 rust, compile_fail 1 passed"]);
    book.book(&[]).succeeds_with(&[]);
    assert!(!book.read("book/book/01_hello.html").contains("compiler-message"));
}
