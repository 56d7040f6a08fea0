//! Makes each chapter of the book a module, and its accepted outputs a table.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use mdbook_literate::chapter::{Cell, Chapter, Problem};
use mdbook_literate::program;

/// The head of each program's main function, which is called from outside of its module.
const MAIN: &str = "pub fn main() -> Result<()>";

/// Chapters that are not for the folder: all of MNIST would be half of it.
const LEFT_OUT: [&str; 1] = ["17_ten_digits"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (pages, snapshots) = (root.join("book/src"), root.join("tests/snapshots"));
    for folder in [&pages, &snapshots] {
        println!("cargo:rerun-if-changed={}", folder.display());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    let (mut programs, mut outputs) = (String::new(), String::new());
    let mut problems = Vec::new();
    for page in markdown_files(&pages) {
        let chapter = match read(&page) {
            Ok(chapter) => chapter,
            Err(more) => {
                problems.extend(more.iter().map(ToString::to_string));
                continue;
            }
        };
        if LEFT_OUT.contains(&chapter.name.as_str()) {
            continue;
        }
        let Some(program) = program::recorded(&chapter, MAIN) else { continue };
        let (name, file) = (&chapter.name, out.join(&chapter.name).with_extension("rs"));
        fs::write(&file, program).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        writeln!(programs, "({name:?}, {{ #[path = {file:?}] mod program; program::main }}),")
            .expect("a String takes all");
        writeln!(outputs, "Chapter {{ name: {name:?}, cells: &[").expect("a String takes all");
        for cell in &chapter.cells {
            outputs.push_str(&entry(&chapter, cell, &snapshots));
        }
        outputs.push_str("] },\n");
    }
    let programs = match problems.is_empty() {
        true => list("(&str, fn() -> Result<()>)", &programs),
        // The book's own tests tell the author; they must not be held up. Only the program is.
        false => format!("compile_error!({:?})", problems.join("\n")),
    };
    for (file, text) in [("programs.rs", programs), ("outputs.rs", list("Chapter", &outputs))] {
        let file = out.join(file);
        fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

fn list(kind: &str, entries: &str) -> String {
    format!("{{ const ALL: &[{kind}] = &[\n{entries}]; ALL }}")
}

/// The pages in the order of their names.
fn markdown_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    let mut pages: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    pages.sort();
    pages
}

fn read(page: &Path) -> Result<Chapter, Vec<Problem>> {
    let markdown = fs::read_to_string(page).unwrap_or_else(|e| panic!("{}: {e}", page.display()));
    let name = page.file_stem().expect("a file has a name").to_string_lossy();
    Chapter::parse(&name, &format!("book/src/{name}.md"), &markdown)
}

/// A cell's line of the table.
fn entry(chapter: &Chapter, cell: &Cell, snapshots: &Path) -> String {
    let (name, options) = (&cell.name, &cell.options);
    let snapshot = snapshots.join(format!("{}__{name}.snap", chapter.name));
    // A new cell has none yet.
    let snapshot = match snapshot.exists() {
        true => format!("include_str!({snapshot:?})"),
        false => "\"\"".to_string(),
    };
    let sanitize = options.sanitize.as_ref().map(ToString::to_string);
    format!(
        "Cell {{ name: {name:?}, place: \"{}:{}\", compare: {}, sanitize: {sanitize:?}, \
         tolerance: {:?}, snapshot: {snapshot} }},\n",
        chapter.file, cell.open, options.compare, options.tolerance,
    )
}
