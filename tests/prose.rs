//! Numbers in the prose: each must stand in an output of its chapter, or in its code, so that none
//! is typed in from memory.
//!
//! Looked at are decimal fractions (`0.9511`), thousands (`6,131`) and percentages (`95 %`), which
//! must be the rounded value of an output. Small whole numbers are left to the reader.

use mdbook_literate::book::Book;
use mdbook_literate::chapter::Chapter;
use mdbook_literate::snapshots;
use regex::Regex;

/// Numbers that are no results: choices of the text's own.
const GIVEN: [(&str, &str); 14] = [
    // The usual range of learning rates.
    ("05_gradients", "0.001"),
    ("05_gradients", "0.1"),
    // The exercise.
    ("05_gradients", "2.5"),
    ("05_gradients", "0.01"),
    // Of the next chapter.
    ("05_gradients", "0.00001"),
    // 1e-5, spelled out.
    ("06_fitting_a_curve", "0.00001"),
    // The bounds of gpu-folder/src/rules.rs, where a test compares them.
    ("gpu", "0.0001"),
    ("gpu", "0.0004"),
    ("gpu", "150 %"),
    ("gpu", "0.15"),
    ("gpu", "0.001"),
    ("gpu", "0.02"),
    ("gpu", "0.06"),
    ("gpu", "0.1"),
];

#[test]
fn every_number_in_the_prose_was_printed() {
    let book = Book::open("book").unwrap();
    let mut wrong = Vec::new();
    for (path, chapter) in book.chapters().unwrap() {
        let chapter = chapter.unwrap_or_else(|p| panic!("{}: {}", path.display(), p[0]));
        let printed = printed_numbers(&book, &chapter);
        for (line, text) in prose(&chapter) {
            for number in numbers(&text) {
                let given = GIVEN.contains(&(chapter.name.as_str(), number.as_str()));
                if !given && !is_printed(&number, &printed) {
                    wrong.push(format!("{}:{line}: {number} in: {text}", chapter.file));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "no cell of the chapter has or prints\n{}", wrong.join("\n"));
}

/// The lines outside of code, with their numbers.
fn prose(chapter: &Chapter) -> Vec<(usize, String)> {
    let mut fence = false;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(&chapter.lines) {
        if line.starts_with("```") {
            fence = !fence;
        } else if !fence {
            lines.push((number, line.clone()));
        }
    }
    lines
}

/// The numbers that the rule is about.
fn numbers(text: &str) -> Vec<String> {
    let pattern = Regex::new(r"\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)+|\d+ %").unwrap();
    // An address is no result.
    let text = Regex::new(r"https?://\S+").unwrap().replace_all(text, "");
    pattern.find_iter(&text).map(|found| found.as_str().to_string()).collect()
}

/// The numbers of the chapter's outputs and of its code.
fn printed_numbers(book: &Book, chapter: &Chapter) -> Vec<String> {
    let pattern = Regex::new(r"\d+(?:\.\d+)?").unwrap();
    let outputs = chapter
        .cells
        .iter()
        .filter_map(|cell| snapshots::accepted(book, &chapter.name, &cell.name));
    let code = chapter.cells.iter().map(|cell| chapter.code(cell).join("\n"));
    outputs
        .chain(code)
        .flat_map(|text| {
            pattern.find_iter(&text).map(|found| found.as_str().to_string()).collect::<Vec<_>>()
        })
        .collect()
}

fn is_printed(number: &str, printed: &[String]) -> bool {
    match number.strip_suffix(" %") {
        Some(percent) => printed
            .iter()
            .filter_map(|p| p.parse::<f64>().ok())
            .any(|value| value < 1.0 && format!("{:.0}", 100.0 * value) == percent),
        None => printed.contains(&number.replace(',', "")),
    }
}

#[test]
fn a_number_that_was_not_printed_is_found() {
    let printed = ["6131".to_string(), "0.9511".to_string()];
    assert_eq!(numbers("6,131 threes, 95 % right, 0.9511"), ["6,131", "95 %", "0.9511"]);
    for right in ["6,131", "95 %", "0.9511"] {
        assert!(is_printed(right, &printed), "{right}");
    }
    for wrong in ["6,313", "96 %", "0.9512"] {
        assert!(!is_printed(wrong, &printed), "{wrong}");
    }
}

/// Wider code scrolls sideways beside the sidebar of a page.
#[test]
fn code_fits_into_84_columns() {
    let book = Book::open("book").unwrap();
    let mut wrong = Vec::new();
    for (_, chapter) in book.chapters().unwrap() {
        let chapter = chapter.unwrap();
        let mut rust = false;
        for (number, line) in (1..).zip(&chapter.lines) {
            let hidden = line.starts_with("//|") || line.starts_with("# ");
            match line.strip_prefix("```") {
                Some(info) => rust = info.starts_with("rust"),
                None if rust && !hidden && line.chars().count() > 84 => {
                    wrong.push(format!("{}:{number}: {line}", chapter.file));
                }
                None => {}
            }
        }
    }
    assert!(wrong.is_empty(), "wider than 84 columns:\n{}", wrong.join("\n"));
}

#[test]
fn each_figure_has_a_caption() {
    let book = Book::open("book").unwrap();
    let mut wrong = Vec::new();
    for (_, chapter) in book.chapters().unwrap() {
        let chapter = chapter.unwrap();
        for cell in &chapter.cells {
            let code = chapter.lines[cell.open..].iter().take_while(|line| line.starts_with("//|"));
            let of = |key: &str| code.clone().filter(|line| line.contains(key)).count();
            if of("//| fig-alt:") != of("//| fig-cap:") {
                wrong.push(format!("{}:{}: cell `{}`", chapter.file, cell.open, cell.name));
            }
        }
    }
    assert!(wrong.is_empty(), "a `fig-cap` for each `fig-alt`, please:\n{}", wrong.join("\n"));
}
