//! Files of the repository that must agree with one another.

use std::fs;
use std::path::{Path, PathBuf};

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_style_sheet_of_the_cells_is_the_engines() {
    for book in ["book", "mdbook-literate/guide/book"] {
        let copy = format!("{book}/theme/literate.css");
        assert!(
            read(&copy) == read("mdbook-literate/assets/literate.css"),
            "run `cargo run -p mdbook-literate --bin mdbook-literate -- css > {copy}`"
        );
    }
}

#[test]
fn the_version_of_mdbook_is_the_same_everywhere() {
    let manifest = read("mdbook-literate/Cargo.toml");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("mdbook-driver = { version = \""))
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    assert!(manifest.contains(&format!("mdbook-preprocessor = {{ version = \"{version}\"")));
    assert!(
        read("README.md")
            .contains(&format!("mdBook](https://rust-lang.github.io/mdBook/) {version}"))
    );
    for script in [".github/workflows/ci.yml", ".ci/run"] {
        assert!(read(script).contains(&format!("mdbook --version {version} ")), "{script}");
    }
}

#[test]
fn no_line_of_an_example_is_longer_than_a_hundred_columns() {
    for example in fs::read_dir("examples").unwrap().map(|entry| entry.unwrap().path()) {
        let example = example.to_str().unwrap();
        for (number, line) in (1..).zip(read(example).lines()) {
            assert!(
                line.chars().count() <= 100,
                "{example}:{number}: wrap the chapter's text at 93 columns, so that a comment ends at 100"
            );
        }
    }
}

/// The pages of the book; `cargo book` leaves the API docs beside them.
fn chapters() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("book/src").unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"))
}

#[test]
fn every_chapter_is_an_example_of_the_same_name() {
    for chapter in chapters() {
        let name = chapter.file_stem().unwrap().to_str().unwrap();
        let has_cells = read(chapter.to_str().unwrap()).contains("```rust,cell=");
        let example = format!("examples/{name}.rs");
        assert_eq!(fs::exists(&example).unwrap(), has_cells, "{example}");
    }
}

/// dfdx's methods ask it, and NVIDIA's on a GPU; `sigmoid(x)` and its like are the same on every computer.
#[test]
fn no_cell_asks_the_c_library_for_a_function() {
    let asks = [".exp()", ".ln()", ".sigmoid()", ".tanh()", ".softmax::<", ".log_softmax::<"];
    for chapter in chapters() {
        let chapter = chapter.to_str().unwrap();
        let mut code = false;
        for (number, line) in (1..).zip(read(chapter).lines()) {
            code ^= line.starts_with("```");
            let found = asks.iter().find(|ask| code && line.contains(*ask));
            assert_eq!(found, None, "{chapter}:{number}: take the function of this name");
        }
    }
}

/// All files of a folder that are no builds and no hidden ones.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        let name = name.to_str().unwrap();
        match entry.file_type().unwrap().is_dir() {
            _ if name.starts_with('.') => {}
            true if ["target", "node_modules", "api"].contains(&name) => {}
            true => files(&entry.path(), found),
            false => found.push(entry.path()),
        }
    }
}

/// Each with one idea. `examples/` is left out: its files are made from chapters, line by line.
#[test]
fn no_file_of_code_is_longer_than_four_hundred_lines() {
    let mut all = Vec::new();
    files(Path::new("."), &mut all);
    let code = |path: &Path| {
        let kinds = ["rs", "js", "mjs", "py", "sh", "cu", "cuh", "h", "css"];
        path.extension().is_some_and(|kind| kinds.iter().any(|known| kind == *known))
    };
    all.retain(|path| code(path) && !path.starts_with("./examples"));
    assert!(all.len() > 300, "{} files: is this the repository?", all.len());
    let length = |path: &PathBuf| read(path.to_str().unwrap()).lines().count();
    let long: Vec<_> = all.iter().filter(|path| length(path) > 400).collect();
    assert!(long.is_empty(), "divide what has more than 400 lines: {long:?}");
}

/// Errors that are written by hand. A test beside each shows that its cause is told once; those of the library are in
/// src/cause.rs, those of the engine in mdbook-literate/src/causes.rs.
const ERRORS: [&str; 3] =
    ["./mdbook-literate/src/problem.rs", "./samebits/src/cuda/error.rs", "./src/device/error.rs"];

/// Who prints an error prints its sources after it: a message that has its source in it says it twice.
#[test]
fn no_message_of_an_error_prints_its_source() {
    let mut all = Vec::new();
    files(Path::new("."), &mut all);
    for path in all.iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs")) {
        let path = path.to_str().unwrap();
        let by_hand =
            read(path).lines().any(|line| line.starts_with("impl std::error::Error for "));
        assert_eq!(by_hand, ERRORS.contains(&path), "{path}: is each cause told once?");
        let mut message = false;
        for (number, line) in (1..).zip(read(path).lines().map(str::trim)) {
            message |= line.starts_with("#[error(");
            let twice = message && line.contains("{source");
            assert!(!twice, "{path}:{number}: who prints the chain prints `source`");
            message &= !line.ends_with(")]");
        }
    }
}
