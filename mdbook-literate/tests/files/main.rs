//! What the engine does to files: all it makes lies where it belongs, and nothing else is touched.

#[path = "../fixture/mod.rs"]
mod fixture;
mod names;
mod others;
mod runs;

use std::fs;
use std::process::Command;

use fixture::{Fixture, Printed};

fn cargo_book() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cargo-book"))
}

/// Does with a book all that an author does, and asks that only `made` is new and no file is
/// another one. `package` is the package's folder, and `shown` how messages name the chapter.
#[track_caller]
fn lives_well(fixture: &Fixture, book: &str, package: &str, shown: &str) {
    let but_for = ["target", "book.html"];
    let before = fixture.files(&but_for);
    let run = |args: &[&str]| {
        let mut command = cargo_book();
        Printed::of(fixture.set(command.args(["--dir", book]).args(args)).output().unwrap())
    };
    run(&["tangle"]).succeeds_with(&["01_hello.rs"]);
    assert!(!run(&["test", "01_hello::"]).ok, "nothing is accepted yet");
    run(&["accept", "--yes"]).succeeds_with(&["01_hello__hello"]);
    run(&["test"]).succeeds_with(&["test 01_hello::compile_fail_line_25... ok"]);
    run(&[]).succeeds_with(&["The book lies in "]);
    let mut after = fixture.files(&but_for);
    let package = if package.is_empty() { String::new() } else { format!("{package}/") };
    after.retain(|path, text| match before.get(path) {
        Some(old) => {
            assert!(old == text, "{path} was changed");
            false
        }
        None => !path.ends_with("Cargo.lock"),
    });
    let made = ["hello", "imports", "length"]
        .map(|cell| format!("{package}tests/snapshots/01_hello__{cell}.snap"));
    let mut expected = [vec![format!("{package}examples/01_hello.rs")], made.to_vec()].concat();
    expected.sort();
    assert_eq!(after.keys().cloned().collect::<Vec<_>>(), expected);
    // The compiler and a panic name the chapter, though the program lies elsewhere.
    let chapter = format!("{book}/src/01_hello.md");
    fixture.edit_file(&chapter, "greet(name).len()", "greet(name).size()");
    run(&["test", "01_hello::"]).fails_with(&[&format!("{shown}:19:26")]);
    fixture.edit_file(&chapter, "greet(name).size()", "None::<usize>.unwrap()");
    run(&["test", "01_hello::"]).fails_with(&[&format!("{shown}:19:28")]);
}

/// The pages go to a folder that the comparison leaves out.
const PAGES: &str = "[build]\nbuild-dir = \"book.html\"\n";

/// Settings for a book whose package lies at `package`, seen from the book.
fn of(package: &str) -> String {
    format!(
        "manifest = \"{package}/Cargo.toml\"\nexamples = \"{package}/examples\"\n\
         snapshots = \"{package}/tests/snapshots\"\n{PAGES}"
    )
}

#[test]
fn a_book_within_its_package() {
    let fixture = Fixture::empty();
    fixture.package("");
    fixture.book_at("book", PAGES);
    lives_well(&fixture, "book", "", "book/src/01_hello.md");
}

#[test]
fn a_book_in_the_folder_of_its_package_below_a_workspace() {
    let fixture = Fixture::empty();
    fixture.write("Cargo.toml", "[workspace]\nmembers = []\nresolver = \"3\"\n");
    fixture.package("lib");
    fixture.book_at("lib", PAGES);
    lives_well(&fixture, "lib", "lib", "src/01_hello.md");
}

#[test]
fn a_book_beside_its_package() {
    let fixture = Fixture::empty();
    fixture.package("lib");
    fixture.book_at("book", &of("../lib"));
    lives_well(&fixture, "book", "lib", "../book/src/01_hello.md");
}

#[test]
fn a_book_above_its_package() {
    let fixture = Fixture::empty();
    fixture.package("book/crates/lib");
    fixture.book_at("book", &of("crates/lib"));
    lives_well(&fixture, "book", "book/crates/lib", "../../src/01_hello.md");
}

#[test]
fn a_book_far_below_its_package() {
    let fixture = Fixture::empty();
    fixture.package("");
    fixture.book_at("docs/the = guide", &of("../.."));
    let (book, lies) = ("docs/the = guide", "docs/the = guide/src/01_hello.md");
    lives_well(&fixture, book, "", lies.split_once('=').unwrap().1.split_once("src/").unwrap().1);
}

#[test]
fn a_book_that_names_its_package_by_an_absolute_path() {
    let fixture = Fixture::empty();
    fixture.package("lib");
    let package = fixture.path("lib");
    fixture.book_at("elsewhere/book", &of(package.to_str().unwrap()));
    lives_well(&fixture, "elsewhere/book", "lib", "../elsewhere/book/src/01_hello.md");
}

#[cfg(unix)]
#[test]
fn a_book_behind_a_symbolic_link() {
    let fixture = Fixture::empty();
    fixture.package("lib");
    fixture.book_at("shared/pages", PAGES);
    std::os::unix::fs::symlink(fixture.path("shared/pages"), fixture.path("lib/book")).unwrap();
    lives_well(&fixture, "lib/book", "lib", "book/src/01_hello.md");
}

#[test]
fn two_books_of_one_package_leave_each_others_files_alone() {
    let fixture = Fixture::new();
    fixture.book_at("guide", "");
    fixture.edit_file("guide/src/01_hello.md", "reader", "writer");
    let before = fixture.files(&["target"]);
    // The same names, the same folders: told, not mixed up.
    fixture.book(&["--dir", "guide", "tangle"]).fails_with(&[
        "guide/src/01_hello.md:5: the snapshot tests/snapshots/01_hello__imports.snap is that of \
         book/src/01_hello.md",
        "setting `snapshots`",
    ]);
    let own = "snapshots = \"../tests/guide\"\n";
    fixture.book_at("guide", own);
    fixture.book(&["--dir", "guide", "tangle"]).fails_with(&[
        "examples/01_hello.rs is made from book/src/01_hello.md, not from guide/src/01_hello.md",
    ]);
    assert_eq!(before["examples/01_hello.rs"], fixture.files(&["target"])["examples/01_hello.rs"]);
    // Other names in the same folders.
    fixture.book_at("guide", "");
    fs::rename(fixture.path("guide/src/01_hello.md"), fixture.path("guide/src/02_more.md"))
        .unwrap();
    fixture.write("guide/src/SUMMARY.md", "# Summary\n\n- [More](02_more.md)\n");
    fixture.book(&["--dir", "guide", "tangle"]).succeeds_with(&["02_more.rs"]);
    assert!(!fixture.book(&["--dir", "guide", "test", "02_more::"]).ok);
    fixture.book(&["--dir", "guide", "accept", "--yes"]).succeeds_with(&["02_more__hello"]);
    for book in ["book", "guide"] {
        fixture.book(&["--dir", book, "test"]).succeeds_with(&["snapshots::orphans... ok"]);
    }
}

#[test]
fn a_book_among_the_sources_of_another_keeps_its_snapshots() {
    let fixture = Fixture::new();
    // In the folders of the other.
    let [manifest, examples, snapshots] =
        ["Cargo.toml", "examples", "tests/snapshots"].map(|path| format!("\"../../../{path}\"\n"));
    fixture.book_at(
        "book/src/fr",
        &format!("manifest = {manifest}examples = {examples}snapshots = {snapshots}"),
    );
    fs::rename(
        fixture.path("book/src/fr/src/01_hello.md"),
        fixture.path("book/src/fr/src/salut.md"),
    )
    .unwrap();
    fixture.write("book/src/fr/src/SUMMARY.md", "# Summary\n\n- [Salut](salut.md)\n");
    fixture.book(&["--dir", "book/src/fr", "tangle"]).succeeds_with(&["salut.rs"]);
    fixture
        .book(&["--dir", "book/src/fr", "test", "salut::"])
        .fails_with(&["has no accepted output"]);
    fixture.book(&["accept", "--yes"]).succeeds_with(&["No output waits"]);
    fixture.book(&["--dir", "book/src/fr", "accept", "--yes"]).succeeds_with(&["salut__hello"]);
    fixture.book(&["accept", "--yes"]).succeeds_with(&["No output waits"]);
    for book in ["book", "book/src/fr"] {
        fixture
            .book(&["--dir", book, "test", "snapshots"])
            .succeeds_with(&["snapshots::orphans... ok"]);
    }
}
