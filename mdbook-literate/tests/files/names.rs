//! Chapters of any name, lines that end in any way, and a target folder anywhere.

use std::fs;
use std::process::Command;

use super::fixture::{CHAPTER, Fixture, Printed};
use super::{PAGES, cargo_book};

#[test]
fn a_checkout_with_the_line_ends_of_windows_is_the_same_book() {
    let fixture = Fixture::new();
    for (path, text) in fixture.files(&["target", ".git"]) {
        let text = String::from_utf8(text).unwrap();
        fixture.write(&path, &text.replace('\n', "\r\n"));
    }
    assert!(fixture.book(&["test"]).ok);
    fixture.book(&["accept"]).succeeds_with(&["No output waits"]);
    let before = fixture.files(&["target", "book"]);
    assert_eq!(fixture.book(&["tangle"]).text, "");
    assert!(fixture.files(&["target", "book"]) == before);
    assert!(fixture.book(&[]).ok);
    let page = fixture.read("book/book/01_hello.html");
    assert!(page.contains("<pre class=\"cell-text\">Hello, reader</pre>"), "{page}");
}

#[test]
fn names_with_dots_and_a_readme_are_chapters_like_others() {
    let fixture = Fixture::new();
    let names = ["README.md", "1.1_intro.md", "1.2_more.md", "part/c++.md"];
    let mut summary = "# Summary\n\n".to_string();
    for name in names {
        let text = CHAPTER.replace("reader", name).replace("# Hello", &format!("# {name}"));
        fixture.write(&format!("book/src/{name}"), &text);
        summary += &format!("- [{}](<{name}>)\n", name.replace(".md", ""));
    }
    fixture.write("book/src/SUMMARY.md", &summary);
    fs::remove_file(fixture.path("examples/01_hello.rs")).unwrap();
    fixture.book(&["tangle"]).succeeds_with(&["README.rs", "1_1_intro.rs", "part-c__.rs"]);
    assert!(!fixture.book(&["test", "::imports"]).ok);
    assert!(!fixture.book(&["test", "::length"]).ok);
    assert!(!fixture.book(&["test", "::hello"]).ok);
    fixture.book(&["accept", "--yes"]).succeeds_with(&["01_hello__hello.snap: its cell is gone"]);
    fixture.book(&["test"]).succeeds_with(&["README::compile_fail_line_25... ok"]);
    fixture.book(&[]).succeeds_with(&["The book lies in"]);
    assert!(fixture.read("book/book/1.2_more.html").contains("Hello, 1.2_more.md"));
    // Cargo takes the examples as they are.
    let mut cargo = Command::new(env!("CARGO"));
    fixture
        .command(cargo.args(["run", "--quiet", "--example", "1_2_more"]))
        .succeeds_with(&["Hello, 1.2_more.md"]);
}

#[test]
fn names_that_would_share_a_file_are_refused() {
    let fixture = Fixture::new();
    fixture.write("book/src/a/b.md", CHAPTER);
    fixture.write("book/src/a-b.md", CHAPTER);
    fixture.write("book/src/SUMMARY.md", "# Summary\n\n- [A](a/b.md)\n- [B](a-b.md)\n");
    for args in [&["test"][..], &["tangle"], &[], &["accept", "--yes"]] {
        fixture.book(args).fails_with(&[
            "book/src/a-b.md:1: chapters a/b.md and a-b.md would share the example and the tests \
             `a-b`",
            "help: rename one of them",
        ]);
    }
}

#[test]
fn cargos_target_folder_is_followed_wherever_it_is() {
    let fixture = Fixture::empty();
    fixture.package("");
    fixture.book_at("book", PAGES);
    fixture.write(".cargo/config.toml", "[build]\ntarget-dir = \"built here\"\n");
    let run = |folder: Option<&str>, args: &[&str]| {
        let mut command = cargo_book();
        let command = fixture.set(command.args(args));
        Printed::of(command.envs(folder.map(|f| ("CARGO_TARGET_DIR", f))).output().unwrap())
    };
    run(None, &["tangle"]).succeeds_with(&["01_hello.rs"]);
    for (named, folder) in [(None, "built here"), (Some("relative"), "relative")] {
        assert!(!run(named, &["test", "01_hello::"]).ok);
        assert!(fixture.path(folder).join("literate").is_dir());
        assert!(fixture.path(folder).join("debug").is_dir());
        assert!(!fixture.path("target").exists());
    }
    run(None, &["accept", "--yes"]).succeeds_with(&["01_hello__hello"]);
    run(None, &["test"]).succeeds_with(&["test 01_hello::hello... ok"]);
    assert!(!fixture.path("target").exists() && !fixture.path("book/target").exists());
}
