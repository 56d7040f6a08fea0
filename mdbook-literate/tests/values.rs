//! Values in the text, `{{= expression }}`: worked out by the chapter's program, accepted as outputs are, and shown as if
//! they were typed.

mod fixture;

use fixture::served::{PAGE, Served};
use fixture::{FILE, Fixture};
use serde_json::json;

const ACCEPTED: &str = "tests/snapshots/01_hello__in-text.snap";

/// The green book with two values, on lines 16 and 23, which are accepted.
fn valued() -> Fixture {
    let book = Fixture::new();
    book.edit_file(FILE, "It has a length.", "To {{= name }}, `{{= code }}`. <!-- {{= gone }} -->");
    book.edit("A number is no name:", "There are {{= length * 2 }} letters in *two*:");
    book.book(&["test", "01_hello::"]).fails_with(&[
        "book/src/01_hello.md:16: a value in the text is new\n  help: when the output above is right",
        // insta may print its difference into the line of another test, but not into these.
        "3 cell 3 passed",
    ]);
    book.book(&["accept", "--yes"]).succeeds_with(&["01_hello__in-text", "+ length * 2 = 26"]);
    book
}

#[test]
fn a_value_is_accepted_shown_and_compared() {
    let book = valued();
    let snapshot = "\n---\nname = reader\nlength * 2 = 26\n";
    assert!(book.read(ACCEPTED).ends_with(snapshot), "{}", book.read(ACCEPTED));
    book.book(&["test"]).succeeds_with(&["test 01_hello::in-text... ok", "3 cell 3 kept"]);
    // Those of the page, and of the example.
    book.book(&[]).succeeds_with(&[]);
    let page = book.read("book/book/01_hello.html");
    for part in ["To reader, <code>{{= code }}</code>.", "There are 26 letters in <em>two</em>:"] {
        assert!(page.contains(part), "{page}");
    }
    assert!(book.read("examples/01_hello.rs").contains("// To `name`, `{{= code }}`."));

    // Another value.
    book.edit_file("src/lib.rs", "Hello, ", "Hi, ");
    book.book(&["test", "in-text"])
        .fails_with(&["book/src/01_hello.md:23: a value in the text is new"]);
    book.edit_file("src/lib.rs", "Hi, ", "Hello, ");
    // Another expression: the page is not built with the value of the old one.
    book.edit("length * 2 }}", "length + length }}");
    book.book(&[])
        .fails_with(&["01_hello.md:23: the value `length + length` has no accepted output"]);
    // No value any more.
    book.edit("{{= length + length }}", "many");
    book.edit("{{= name }}", "me");
    book.book(&["test", "orphans"]).fails_with(&["tests/snapshots/01_hello__in-text.snap"]);
}

#[test]
fn what_is_wrong_with_a_value_is_told_with_its_line() {
    let book = valued();
    for (expression, told) in [
        ("nothing", "book/src/01_hello.md:16: a value in the text does not compile"),
        ("[name].get(1).unwrap()", "01_hello.md:16: the value `[name].get(1).unwrap()` panicked"),
        ("format!(\"{name}\\n\\n{name}\")", "has 3 lines\n  help: a value in the text is one line"),
    ] {
        book.edit_file(FILE, "{{= name }}", &format!("{{{{= {expression} }}}}"));
        let printed = book.book(&["test", "01_hello::"]);
        printed.fails_with(&[told, "test 01_hello::in-text... FAILED"]);
        assert!(!printed.text.contains("01_hello::hello ... FAILED"), "{}", printed.text);
        book.edit_file(FILE, &format!("{{{{= {expression} }}}}"), "{{= name }}");
    }
    book.edit_file(FILE, "use greeting::greet;", "fn main() {}");
    book.edit_file(FILE, "The library knows one:", "{{= 1 }}");
    book.book(&["test"]).fails_with(&[
        "book/src/01_hello.md:9: the value `1` stands below a cell with a `main` of its own",
    ]);
}

#[test]
fn numbers_in_the_text_are_compared_with_what_the_cells_print() {
    let book = Fixture::new();
    let test = || book.book(&["test", "numbers::"]);
    test().succeeds_with(&["running 0 tests"]);
    book.edit_file("book/book.toml", "before =", "numbers = \"checked\"\nbefore =");
    book.edit_file(FILE, "It has a length.", "It has 6.50 letters a word, or 6.5; 1,000 is more.");
    test().fails_with(&[
        "book/src/01_hello.md:16: no cell of the chapter has or prints 6.5\n  help: correct it, write",
        "book/src/01_hello.md:16: no cell of the chapter has or prints 1,000\n",
    ]);
    let toml = book.read("book/book.toml");
    book.write(
        "book/book.toml",
        &format!("{toml}[preprocessor.literate.given]\n01_hello = [\"6.5\", \"1,000\"]\n"),
    );
    test().succeeds_with(&["test numbers::01_hello... ok"]);
    book.edit_file(FILE, ", or 6.5;", ";");
    book.edit_file(
        "book/book.toml",
        "[preprocessor.literate.given]",
        "[preprocessor.literate.given]\n\"2_bye\" = []",
    );
    test().fails_with(&[
        "book/book.toml:10: `given` names the chapter 2_bye, which is not in the book",
    ]);
    test().fails_with(&["01_hello.md:1: 6.5 is given for this chapter, and is not in its text"]);
}

#[test]
fn mdbooks_own_test_takes_it_for_text() {
    let book = valued();
    let command = format!(
        "command = \"{}\"\nlibs = \"../libs\"\nbefore =",
        env!("CARGO_BIN_EXE_mdbook-literate")
    );
    book.edit_file("book/book.toml", "before =", &command);
    book.edit_file(FILE, "{{= length * 2 }}", "{{= length * nonsense }}");
    let mut mdbook = mdbook_driver::MDBook::load(book.path("book")).unwrap();
    mdbook.test_chapter(vec![book.path("libs").to_str().unwrap()], None).unwrap();
}

#[test]
fn a_run_in_the_page_writes_the_values_of_its_cells_and_an_author_accepts_them() {
    let served = Served::start(valued(), &["--author"]);
    let page = served.get(PAGE).text();
    assert!(
        page.contains("To <span class=\"literate-value\" data-value=\"0\">reader</span>"),
        "{page}"
    );
    let values = |cell: &str, code: &str| -> Vec<String> {
        let body = json!({ "page": PAGE, "cell": cell, "edits": { cell: code } });
        let events = served.post("run", body).events();
        assert_eq!(events.last().unwrap()["how"], "done", "{events:?}");
        let values = events.iter().filter(|event| event["event"] == "value");
        values.map(|event| format!("{} {}", event["value"], event["text"])).collect()
    };
    let code = "let name = \"you\";\n\n\n\nprintln!(\"{}\", greet(name));";
    assert_eq!(values("hello", code), ["0 \"you\""]);
    assert_eq!(values("length", "let length = 4;"), ["0 \"reader\"", "1 \"8\""]);
    // A value below is no matter to a cell that is run up to here.
    assert_eq!(values("hello", "let name = 5;"), ["0 \"5\""]);

    // Another value is accepted with the cell above it, and takes none of the others along.
    let version = served.version();
    served.book.edit_file(FILE, "{{= name }}", "{{= name.len() }}");
    served.wait_for_change(&version);
    let changed = || -> Vec<String> {
        let events = served.post("run", json!({ "page": PAGE, "cell": "length" })).events();
        let changed = events.iter().filter(|event| event["event"] == "changed");
        changed.map(|event| event["cell"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(changed(), ["hello"]);
    assert_eq!(served.post("accept", json!({ "page": PAGE, "cell": "hello" })).status, 200);
    let accepted = served.book.read(ACCEPTED);
    assert!(accepted.ends_with("\n---\nname.len() = 6\nlength * 2 = 26\n"), "{accepted}");
    assert!(changed().is_empty());
}
