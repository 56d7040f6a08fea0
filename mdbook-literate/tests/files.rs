//! What the engine does to files: all it makes lies where it belongs, and nothing else is touched.

mod fixture;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use fixture::{FILE, Fixture, Printed};

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
fn a_chapter_may_have_any_name_that_a_folder_of_the_engine_has() {
    let fixture = Fixture::new();
    for name in ["libs", "lock", "debug", "chapter", "source"] {
        fixture.write("book/src/SUMMARY.md", &format!("# Summary\n\n- [A]({name}.md)\n"));
        fixture.write(&format!("book/src/{name}.md"), fixture::CHAPTER);
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
        let text =
            fixture::CHAPTER.replace("reader", name).replace("# Hello", &format!("# {name}"));
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
    fixture.write("book/src/a/b.md", fixture::CHAPTER);
    fixture.write("book/src/a-b.md", fixture::CHAPTER);
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

/// The lock of the fixture's only book.
fn lock_file(fixture: &Fixture) -> File {
    let books = fs::read_dir(fixture.path("target/literate")).unwrap().flatten();
    let locks = books.map(|book| book.path().join("lock")).filter(|lock| lock.exists());
    File::open(locks.into_iter().next().unwrap()).unwrap()
}

#[test]
fn a_second_run_says_that_it_waits_and_goes_on_when_the_first_is_done() {
    let fixture = Fixture::ran();
    for args in [&["test", "01_hello::"][..], &["accept"]] {
        let first = lock_file(&fixture);
        first.lock().unwrap();
        let mut command = cargo_book();
        let mut second = fixture
            .set(command.args(args))
            .env("CARGO_TARGET_DIR", fixture.path("target"))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(second.stderr.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        assert!(line.contains("Waiting until another process is done with the book"), "{line}");
        // As when the process ends, in whichever way.
        drop(first);
        told.read_to_string(&mut line).unwrap();
        assert!(second.wait().unwrap().success(), "{line}");
    }
}

#[test]
fn two_runs_at_once_after_an_edit_both_pass() {
    let fixture = Fixture::new();
    for round in 0..3 {
        let edit = format!("let {}name = \"reader\"", "_unused = 1; let ".repeat(round + 1));
        let chapter = fixture::CHAPTER.replace("let name = \"reader\"", &edit);
        fixture.write(FILE, &chapter);
        fixture.book(&["tangle"]).succeeds_with(&["wrote"]);
        let start = |_| {
            let mut command = cargo_book();
            fixture
                .set(command.arg("test"))
                .env("CARGO_TARGET_DIR", fixture.path("target"))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        for run in [0, 1, 2].map(start) {
            let printed = Printed::of(run.wait_with_output().unwrap());
            assert!(printed.ok, "{}", printed.text);
        }
    }
}

#[test]
fn an_accept_that_is_killed_leaves_whole_files() {
    let fixture = Fixture::new();
    let new = |path: &str| format!("{path}.new");
    let snapshots =
        ["hello", "imports", "length"].map(|c| format!("tests/snapshots/01_hello__{c}.snap"));
    let old = snapshots.each_ref().map(|path| fixture.read(path));
    let pending =
        old.each_ref().map(|text| text.trim_end().to_string() + &"\nmore".repeat(20_000) + "\n");
    for wait in 0..12 {
        for ((path, old), pending) in snapshots.iter().zip(&old).zip(&pending) {
            fixture.write(path, old);
            fixture.write(&new(path), pending);
        }
        let mut command = cargo_book();
        let mut accept = fixture
            .set(command.args(["accept", "--yes"]))
            .env("CARGO_TARGET_DIR", fixture.path("target"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20 * wait));
        accept.kill().unwrap();
        accept.wait().unwrap();
        for ((path, old), pending) in snapshots.iter().zip(&old).zip(&pending) {
            let accepted = fixture.read(path);
            assert!(accepted == *old || accepted == *pending, "{path} is half there");
            match fixture.path(new(path)).exists() {
                true => assert!(fixture.read(&new(path)) == *pending, "{path}.new is half there"),
                false => assert!(accepted == *pending, "{path}: neither old nor new"),
            }
        }
    }
    // The next one takes what is left, and clears up.
    fixture.write("tests/snapshots/.mdbook-literate-part-1-1", "ha");
    assert!(fixture.book(&["accept", "--yes"]).ok);
    let names = fixture.files(&["target"]).into_keys();
    assert_eq!(names.filter(|name| name.starts_with("tests/")).collect::<Vec<_>>(), snapshots);
    fixture.book(&["accept"]).succeeds_with(&["No output waits"]);
}

#[test]
fn an_output_of_which_only_a_part_is_there_is_not_accepted() {
    let fixture = Fixture::new();
    let accepted = fixture.read("tests/snapshots/01_hello__hello.snap");
    fixture.write("tests/snapshots/01_hello__hello.snap.new", "");
    fixture.book(&["accept", "--yes"]).succeeds_with(&["No output waits"]);
    assert_eq!(fixture.read("tests/snapshots/01_hello__hello.snap"), accepted);
}

#[test]
fn a_first_run_in_debug_and_in_release_are_apart() {
    let fixture = Fixture::ran();
    let folders: Vec<_> =
        fs::read_dir(fixture.path("target/literate")).unwrap().flatten().collect();
    let book = folders.iter().map(|f| f.path()).find(|f| f.join("lock").exists()).unwrap();
    assert!(book.join("debug/libs.d/libgreeting.rlib").exists());
    assert!(!Path::new(&book.join("release")).exists());
}
