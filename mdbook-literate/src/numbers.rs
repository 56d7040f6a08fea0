//! Numbers that are typed in the text: each must stand in an output of its chapter or in its code, so that none is typed
//! from memory.
//!
//! Looked at are decimal fractions (`0.9511`), thousands (`6,131`) and percentages (`95 %`), which may be a printed
//! fraction, rounded. Small whole numbers are left to the reader, and so are values, `{{= … }}`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::book::Book;
use crate::chapter::Chapter;
use crate::files;
use crate::output::{self, Part};
use crate::parts;
use crate::problem::{Place, Problem};
use crate::snapshots;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// The numbers of a chapter's text that are neither printed, nor in its code, nor given; and those given that stand
/// nowhere.
pub(crate) fn problems(book: &Book, chapter: &Chapter) -> Vec<Problem> {
    let printed = printed(book, chapter);
    let given = book.settings.given.get(&chapter.name).map_or(&[][..], Vec::as_slice);
    let mut unused: BTreeSet<&str> = given.iter().map(String::as_str).collect();
    let mut problems = Vec::new();
    for (line, text) in text(chapter) {
        for number in typed(&text) {
            let is_given = given.contains(&number);
            unused.remove(number.as_str());
            if !is_given && !is_printed(&number, &printed) {
                let what = format!("no cell of the chapter has or prints {number}");
                problems.push(Place::new(&chapter.file, line).problem(what).help(
                    "correct it, write `{{= expression }}` in its place, or list it in the table `given` of book.toml",
                ));
            }
        }
    }
    problems.extend(unused.into_iter().map(|number| {
        let what = format!("{number} is given for this chapter, and is not in its text");
        Place::new(&chapter.file, 1).problem(what).help("remove it from `given` in book.toml")
    }));
    problems
}

/// A mistake for each chapter that the table `given` names, and that is not there.
pub(crate) fn strangers(book: &Book, chapters: &[Chapter]) -> Vec<Problem> {
    let file = book.root.join("book.toml");
    let toml = files::read_text(&file).unwrap_or_default();
    let is_there = |name: &&String| chapters.iter().any(|chapter| chapter.name == **name);
    let strangers = book.settings.given.keys().filter(|name| !is_there(name));
    let problem = |name: &String| {
        let starts = |line: &str| line.trim_start_matches(['"', ' ']).starts_with(name.as_str());
        let line = toml.lines().position(starts).map_or(1, |at| at + 1);
        let what = format!("`given` names the chapter {name}, which is not in the book");
        let place = Place::new(&book.shown(&file), line).problem(what);
        place.help("correct the name, or remove the line")
    };
    strangers.map(problem).collect()
}

/// The lines outside of code, without their values and addresses, each with its number.
fn text(chapter: &Chapter) -> Vec<(usize, String)> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"https?://\S+|\]\([^)]*\)"));
    let mut lines = chapter.lines.clone();
    for value in chapter.values.iter().rev() {
        lines[value.line - 1].replace_range(value.columns.clone(), "");
    }
    let cells = chapter.cells.iter().map(|cell| (cell.open, cell.close));
    let others = chapter.snippets.iter().chain(&chapter.others).map(|s| (s.open, s.close));
    for (open, close) in cells.chain(others) {
        lines[open - 1..close].iter_mut().for_each(String::clear);
    }
    let lines = lines.into_iter().map(|line| ADDRESS.replace_all(&line, "").into_owned());
    (1..).zip(lines).collect()
}

/// The numbers that the rule is about, as they are typed.
fn typed(text: &str) -> Vec<String> {
    static NUMBER: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)+)(?: ?%)?|\d+ ?%"));
    NUMBER.find_iter(text).map(|found| found.as_str().to_string()).collect()
}

/// A number without what groups its digits.
fn bare(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, ',' | '_' | ' ')).collect()
}

/// The numbers of the chapter's outputs and of its code. What a drawing is made of is left out.
fn printed(book: &Book, chapter: &Chapter) -> BTreeSet<String> {
    static NUMBER: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.\d+)*(?: ?%)?"));
    let mut numbers = BTreeSet::new();
    let mut read = |text: &str| numbers.extend(NUMBER.find_iter(text).map(|n| bare(n.as_str())));
    for (name, _) in snapshots::all(chapter) {
        let output = snapshots::accepted(book, &chapter.name, name).unwrap_or_default();
        for part in output::parts(&output) {
            match &part {
                Part::Text(text) => read(text),
                Part::Figure { media, content, .. } if media == "text/html" => read(content),
                Part::Figure { .. } => {}
            }
        }
    }
    for cell in &chapter.cells {
        parts::code_of(chapter, cell).for_each(&mut read);
        chapter.lines[cell.open..].iter().take(cell.option_lines).for_each(|line| read(line));
    }
    numbers
}

fn is_printed(number: &str, printed: &BTreeSet<String>) -> bool {
    let number = bare(number);
    let Some(percent) = number.strip_suffix('%') else {
        return printed.contains(&number) || printed.contains(&format!("{number}%"));
    };
    let decimals = percent.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let is_rounded = |text: &String| {
        let fraction = text.parse::<f64>().ok().filter(|value| *value < 1.0);
        fraction.is_some_and(|value| format!("{:.decimals$}", 100.0 * value) == percent)
    };
    printed.contains(&number) || printed.iter().any(is_rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_thousands_and_percentages_are_looked_at() {
        let text = "6,131 threes, 95 % or 95% or 95.1 % right, 0.9511 in 3 of 1.2.3, 12 more";
        assert_eq!(typed(text), ["6,131", "95 %", "95%", "95.1 %", "0.9511", "1.2.3"]);
    }

    #[test]
    fn a_number_that_was_not_printed_is_found() {
        let printed = ["6131", "0.9511", "12.5%", "1.2.3"].map(String::from).into();
        for right in ["6,131", "95 %", "95.1%", "95.11 %", "0.9511", "12.5 %", "12.5", "1.2.3"] {
            assert!(is_printed(right, &printed), "{right}");
        }
        for wrong in ["6,313", "96 %", "95.2 %", "0.9512", "0.95", "12 %", "1.2"] {
            assert!(!is_printed(wrong, &printed), "{wrong}");
        }
    }

    #[test]
    fn the_text_is_what_is_neither_code_nor_value_nor_address() {
        let page = "# A 0.1\n\n[0.2](https://x.org/0.3) or https://x.org/0.4 <!-- 0.5 -->\n\n```rust,cell=a\n0.6;\n```\n\n\
                    `0.7` {{= 0.8 }}\n\n- ```text\n  0.9\n  ```\n";
        let chapter = Chapter::parse("a", "a.md", page).unwrap();
        let all: Vec<(usize, String)> = text(&chapter)
            .into_iter()
            .flat_map(|(line, text)| typed(&text).into_iter().map(move |number| (line, number)))
            .collect();
        let expected = [(1, "0.1"), (3, "0.2"), (3, "0.5"), (9, "0.7")];
        assert_eq!(all, expected.map(|(line, number)| (line, number.to_string())));
    }
}
