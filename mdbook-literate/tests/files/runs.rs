//! Two runs at once, and runs that are ended.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use super::cargo_book;
use super::fixture::{CHAPTER, FILE, Fixture, Printed};

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
        let chapter = CHAPTER.replace("let name = \"reader\"", &edit);
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
