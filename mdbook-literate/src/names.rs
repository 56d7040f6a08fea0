//! The names of chapters, and of the files that are made for them: one to one.

use std::collections::HashMap;
use std::path::{Component, Path};

use crate::chapter::Reading;
use crate::files;
use crate::problem::Place;

/// The name of the chapter at `path` below the book's sources: that of its example, its snapshots
/// and its tests. Rust and Cargo take only letters, digits, `_` and `-` in a program's name.
pub(crate) fn chapter_name(path: &Path) -> String {
    let path = match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("md") => path.with_extension(""),
        _ => path.to_path_buf(),
    };
    let fits = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let parts = parts.map(|part| part.as_os_str().to_string_lossy().chars().map(fits).collect());
    parts.collect::<Vec<String>>().join("-")
}

/// The name of a cell's snapshot, without its extension: `02_pixels__im3`.
pub(crate) fn snapshot_name(chapter: &str, cell: &str) -> String {
    format!("{chapter}__{cell}")
}

/// The name of a cell's test: `02_pixels::im3`.
pub(crate) fn test_name(chapter: &str, cell: &str) -> String {
    format!("{chapter}::{cell}")
}

/// Makes mistakes of chapters that would share a file with another. Names that differ only in
/// upper and lower case count as the same: on many disks they are.
pub(crate) fn check_distinct(chapters: &mut [Reading]) {
    let mut names = HashMap::new();
    let mut files = HashMap::new();
    for (path, reading) in chapters {
        let Ok(chapter) = reading else { continue };
        let shown = path.display().to_string();
        let mut problems = Vec::new();
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            let is_below =
                matches!(files::tidy(path).components().next(), Some(Component::Normal(_)));
            let (what, help) = match is_below {
                true => ("is named by a path with `..`", "write it without, in SUMMARY.md"),
                false => (
                    "lies outside of the book's sources, and so would its page",
                    "move it there, or name a page of one line there in SUMMARY.md that includes it: \
                     `{{#include …}}`",
                ),
            };
            let problem = Place::new(&chapter.file, 1).problem(format!("chapter {shown} {what}"));
            problems.push(problem.help(help));
        }
        if chapter.cells.is_empty() && chapter.snippets.is_empty() {
            continue;
        }
        if let Some(other) = names.insert(chapter.name.to_lowercase(), shown.clone()) {
            let message = match other == shown {
                true => format!("chapter {shown} is twice in the book"),
                false => format!(
                    "chapters {other} and {shown} would share the example and the tests `{}`",
                    chapter.name
                ),
            };
            problems.push(Place::new(&chapter.file, 1).problem(message).help("rename one of them"));
        } else {
            for cell in &chapter.cells {
                let name = snapshot_name(&chapter.name, &cell.name);
                let own = format!("cell `{}` of {shown}", cell.name);
                if let Some(other) = files.insert(name.to_lowercase(), own.clone()) {
                    problems.push(
                        Place::new(&chapter.file, cell.open)
                            .problem(format!("{other} and {own} would share the snapshot `{name}`"))
                            .help("rename one of them"),
                    );
                }
            }
        }
        if !problems.is_empty() {
            *reading = Err(problems);
        }
    }
}

/// Whether a path is one that mdBook makes `index.html` of.
pub(crate) fn is_readme(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chapter::Chapter;

    /// What is told of chapters at these paths with a cell of these names.
    fn told(chapters: [(&str, &str); 2]) -> String {
        let mut readings: Vec<Reading> = chapters
            .iter()
            .map(|(path, cell)| {
                let markdown = format!("# A\n\nText\n\n```rust,cell={cell}\nf();\n```\n");
                let name = chapter_name(Path::new(path));
                (path.into(), Chapter::parse(&name, &format!("src/{path}"), &markdown))
            })
            .collect();
        check_distinct(&mut readings);
        let told = readings.iter().filter_map(|(_, reading)| reading.as_ref().err());
        told.flatten().map(|problem| format!("{problem}\n")).collect()
    }

    #[test]
    fn a_name_is_one_that_cargo_takes() {
        assert_eq!(chapter_name(Path::new("02_pixels.md")), "02_pixels");
        assert_eq!(chapter_name(Path::new("part/1.2 more.md")), "part-1_2_more");
    }

    #[test]
    fn chapters_that_would_share_a_file_are_told_with_both_names() {
        for (one, other) in [
            ("a/b.md", "a-b.md"),
            ("Intro.md", "intro.md"),
            ("1.2_a.md", "1_2_a.md"),
            ("c++.md", "c--.md.md"),
            ("a b.md", "a+b.md"),
            ("Ärger.md", "ärger.md"),
        ] {
            let told = told([(one, "x"), (other, "y")]);
            let same = chapter_name(Path::new(one)).to_lowercase()
                == chapter_name(Path::new(other)).to_lowercase();
            assert_eq!(told.contains(&format!("{one} and {other} would share")), same, "{told}");
        }
        assert!(told([("a/b.md", "x"), ("a-b.md", "x")]).starts_with("src/a-b.md:1: "));
        assert!(told([("a.md", "x"), ("a.md", "x")]).contains("a.md is twice in the book"));
    }

    #[test]
    fn cells_that_would_share_a_snapshot_are_told_with_both_names() {
        let told = told([("a.md", "b__c"), ("a__b.md", "c")]);
        assert!(
            told.starts_with(
                "src/a__b.md:5: cell `b__c` of a.md and cell `c` of a__b.md would share the \
                 snapshot `a__b__c`"
            ),
            "{told}"
        );
    }

    #[test]
    fn other_names_are_left_alone() {
        for (one, other) in [
            ("01.1_a.md", "01.2_b.md"),
            ("README.md", "a/README.md"),
            ("a.md", "b.md"),
            ("a.b.md", "a.md"),
        ] {
            assert_eq!(told([(one, "x"), (other, "x")]), "");
        }
    }

    #[test]
    fn a_chapter_outside_of_the_sources_is_told() {
        assert!(told([("../a.md", "x"), ("b.md", "x")]).contains("outside of the book's sources"));
        assert!(told([("c/../a.md", "x"), ("b.md", "x")]).contains("named by a path with `..`"));
    }
}
