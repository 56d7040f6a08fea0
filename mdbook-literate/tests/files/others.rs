//! Files and folders of others, which stay as they are.

use std::fs;
use std::process::{Command, Stdio};

use super::fixture::{CHAPTER, Fixture, Printed};

#[test]
fn settings_that_would_empty_other_folders_are_refused() {
    let fixture = Fixture::new();
    let outside = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(fixture.path("src"), fixture.path("link")).unwrap();
    let absolute = fixture.path("src");
    let above = format!("libs = \"{}\"", outside.path().parent().unwrap().display());
    let absolute = format!("libs = \"{}\"", absolute.display());
    let before = fixture.files(&["target"]);
    let toml = fixture.read("book/book.toml");
    let mut tried = 0;
    for (setting, other) in [
        ("libs = \"src\"", "src = \"src\""),
        ("libs = \"../examples\"", "examples = \"../examples\""),
        ("libs = \"../tests/snapshots\"", "snapshots = "),
        ("libs = \"../examples/deeper\"", "examples = "),
        ("libs = \".\"", "must lie apart from"),
        ("libs = \"..\"", "must lie apart from"),
        ("libs = \"../src\"", "the package's sources"),
        (absolute.as_str(), "the package's sources"),
        (above.as_str(), "must lie apart from"),
        #[cfg(unix)]
        ("libs = \"../link\"", "the package's sources"),
        ("api-docs = \"\"", "is no folder below the book's sources"),
        ("api-docs = \".\"", "is no folder below the book's sources"),
        ("api-docs = \"..\"", "is no folder below the book's sources"),
        ("api-docs = \"../../src\"", "is no folder below the book's sources"),
        ("api-docs = \"/tmp\"", "is no folder below the book's sources"),
        ("api-docs = \"api\"\nlibs = \"src/api\"", "must lie apart from"),
        ("examples = \"src\"", "are the same folder"),
        ("examples = \"../tests/snapshots\"", "are the same folder"),
        ("snapshots = \"src/\"", "are the same folder"),
        ("[build]\nbuild-dir = \"src\"", "must lie apart from src = \"src\""),
        ("[build]\nbuild-dir = \".\"", "must lie apart from"),
        ("[build]\nbuild-dir = \"../examples\"", "must lie apart from examples"),
        ("[build]\nbuild-dir = \"..\"", "must lie apart from"),
    ] {
        fixture.write("book/book.toml", &format!("{toml}\n{setting}\n"));
        for args in [&["test"][..], &[], &["tangle"], &["accept", "--yes"]] {
            fixture.book(args).fails_with(&["book.toml", other]);
        }
        fixture.write("book/book.toml", &toml);
        assert!(fixture.files(&["target"]) == before, "{setting} lost or made a file");
        tried += 1;
    }
    assert!(tried >= 20);
}

/// What `mdbook test` asks of the preprocessor.
fn preprocess(fixture: &Fixture, renderer: &str, config: &str) -> Printed {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mdbook-literate"));
    command.env("CARGO_TARGET_DIR", fixture.path("target"));
    let mut child = fixture
        .set(&mut command)
        .env("CARGO_TARGET_DIR", fixture.path("target"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let root = fixture.path("book");
    let input = format!(
        r#"[{{"root":{root:?},"config":{{"rust":{{"edition":"2024"}},"preprocessor":{{"literate":{{{config}}}}}}},
        "renderer":{renderer:?},"mdbook_version":"0.5.4"}},{{"items":[]}}]"#
    );
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    Printed::of(child.wait_with_output().unwrap())
}

#[test]
fn a_folder_with_files_of_others_is_not_filled() {
    let fixture = Fixture::ran();
    fixture.write("mine/notes.txt", "mine");
    fixture.write("book/src/part/page.md", "mine");
    let before = fixture.files(&["target"]);
    preprocess(&fixture, "test", r#""libs":"../mine""#).fails_with(&[
        "holds files that mdbook-literate did not put there, such as notes.txt",
        "libs = \"../mine\"",
    ]);
    preprocess(&fixture, "html", r#""api-docs":"part""#).fails_with(&["such as page.md"]);
    // Cargo's own folder.
    preprocess(&fixture, "test", r#""libs":"../target""#).fails_with(&["libs = \"../target\""]);
    preprocess(&fixture, "test", r#""libs":"../target/debug""#).fails_with(&["did not put there"]);
    assert!(fixture.files(&["target"]) == before);
    assert!(fixture.path("target/debug").is_dir());
}

#[test]
fn pages_do_not_take_the_place_of_other_files() {
    let fixture = Fixture::new();
    fixture.write("docs/notes.txt", "mine");
    fixture.edit_file("book/book.toml", "[rust]", "[build]\nbuild-dir = \"../docs\"\n[rust]");
    fixture.book(&[]).fails_with(&["build-dir", "did not put there, such as notes.txt"]);
    assert_eq!(fixture.read("docs/notes.txt"), "mine");
    fs::remove_file(fixture.path("docs/notes.txt")).unwrap();
    for _ in 0..2 {
        fixture.book(&[]).succeeds_with(&["The book lies in"]);
    }
    // A build that was broken off.
    fs::remove_file(fixture.path("docs/.nojekyll")).unwrap();
    fixture.book(&[]).succeeds_with(&["The book lies in"]);
}

#[test]
fn what_publishes_pages_is_not_lost_with_them() {
    let fixture = Fixture::new();
    fixture.edit_file("book/book.toml", "[rust]", "[build]\nbuild-dir = \"../docs\"\n[rust]");
    // As one makes them by hand for GitHub's pages.
    for name in [".nojekyll", "CNAME", "by_hand.html"] {
        fixture.write(&format!("docs/{name}"), "mine");
    }
    fixture
        .book(&[])
        .fails_with(&["build-dir", "holds files that mdbook-literate did not put there"]);
    assert_eq!(fixture.read("docs/by_hand.html"), "mine");
    fs::remove_dir_all(fixture.path("docs")).unwrap();
    // Among pages that a build has made.
    for (name, help) in [("CNAME", "move it to the book's sources"), (".git", "another folder")] {
        fixture.book(&[]).succeeds_with(&["The book lies in"]);
        fixture.write(&format!("docs/{name}"), "mine");
        fixture.book(&[]).fails_with(&[&format!("holds {name}"), help]);
        assert_eq!(fixture.read(&format!("docs/{name}")), "mine");
        fs::remove_file(fixture.path("docs").join(name)).unwrap();
    }
    // On another machine nothing is known of the earlier build.
    fs::remove_dir_all(fixture.path("target/literate")).unwrap();
    fixture.write("book/src/CNAME", "mine");
    for _ in 0..2 {
        fixture.book(&[]).succeeds_with(&["The book lies in"]);
        assert_eq!(fixture.read("docs/CNAME"), "mine");
    }
}

#[test]
fn a_chapter_may_have_any_name_that_a_folder_of_the_engine_has() {
    let fixture = Fixture::new();
    for name in ["libs", "lock", "debug", "chapter", "source"] {
        fixture.write("book/src/SUMMARY.md", &format!("# Summary\n\n- [A]({name}.md)\n"));
        fixture.write(&format!("book/src/{name}.md"), CHAPTER);
        fixture.book(&["tangle"]).succeeds_with(&[&format!("{name}.rs")]);
        fixture.book(&["test", &format!("{name}::")]).fails_with(&["has no accepted output"]);
        fixture.book(&["accept", "--yes"]).succeeds_with(&[&format!("{name}__hello")]);
        fixture.book(&["test", name]).succeeds_with(&["compile_fail_line_25... ok"]);
    }
}

#[test]
fn mdbooks_own_test_finds_one_build_in_the_folder_of_the_readme() {
    let fixture = Fixture::new();
    for _ in 0..2 {
        assert!(preprocess(&fixture, "test", "").ok);
        assert!(fixture.path("target/book-libs/libgreeting.rlib").is_file());
    }
    assert!(preprocess(&fixture, "test", r#""libs":"../target/else""#).ok);
    assert!(fixture.path("target/else/libgreeting.rlib").is_file());
    assert!(preprocess(&fixture, "html", r#""api-docs":"api""#).ok);
    assert!(fixture.path("book/src/api/greeting/index.html").is_file());
}

#[test]
fn an_example_written_by_hand_stays() {
    let fixture = Fixture::new();
    let mine = "//! Written by hand.\nfn main() {\n    println!(\"mine\");\n}\n";
    fixture.write("examples/01_hello.rs", mine);
    let told =
        ["examples/01_hello.rs is not made from book/src/01_hello.md", "help: remove it when"];
    fixture.book(&["tangle"]).fails_with(&told);
    fixture.book(&["test", "example"]).fails_with(&told);
    assert_eq!(fixture.read("examples/01_hello.rs"), mine);
}

#[test]
fn the_example_of_a_renamed_chapter_is_written_anew() {
    let fixture = Fixture::new();
    fs::rename(fixture.path("book"), fixture.path("docs")).unwrap();
    fixture.book(&["--dir", "docs", "test", "example"]).fails_with(&["out of step", "from line 2"]);
    fixture.book(&["--dir", "docs", "tangle"]).succeeds_with(&["wrote "]);
    assert!(
        fixture.read("examples/01_hello.rs").contains("\n//! Made from `docs/src/01_hello.md`")
    );
}

#[test]
fn the_authors_own_snapshots_stay() {
    let fixture = Fixture::new();
    let (mine, new) = ("tests/snapshots/api__users.snap", "tests/snapshots/api__users.snap.new");
    fixture.write(mine, "---\nsource: tests/api.rs\nexpression: users\n---\nann, bob\n");
    fixture.write(new, "---\nsource: tests/api.rs\nexpression: users\n---\nann\n");
    let before = fixture.files(&["target"]);
    fixture.book(&["test", "snapshots"]).succeeds_with(&["orphans... ok"]);
    fixture.book(&["accept", "--yes"]).succeeds_with(&["No output waits"]);
    assert!(fixture.files(&["target"]) == before);
}
