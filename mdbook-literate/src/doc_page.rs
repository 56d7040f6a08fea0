//! A chapter as rustdoc gets it.
//!
//! The snippets stand on their own lines and in their own lists and quotes: rustdoc finds and reads them as it does
//! without this crate. The cells, which mean nothing to it, are left out; for mdBook's own `mdbook test`, which
//! would not see them otherwise, they are one doc test on top, on the lines that they have in the chapter.

use crate::attributes;
use crate::chapter::{Chapter, Snippet};
use crate::fences::fences;
use crate::limits::TimeLimit;
use crate::parts::unhidden;
use crate::program::{self, Instrument};

/// In what `mdbook test` gets, line N of the chapter, with its snippets, is this line and N more. Below it lie
/// the cells.
pub(crate) const SNIPPETS: usize = 10_000;

/// The chapter without its cells, and without the snippets that are left out.
pub(crate) fn snippets(chapter: &Chapter, is_out: impl Fn(&Snippet) -> bool) -> Vec<String> {
    let mut lines = chapter.lines.clone();
    for cell in &chapter.cells {
        lines[cell.open - 1..cell.close].iter_mut().for_each(String::clear);
    }
    for definition in fences(&chapter.lines.join("\n")).definitions {
        definition.for_each(|number| define(chapter, number, &mut lines[number - 1]));
    }
    for snippet in &chapter.snippets {
        let first = &mut lines[snippet.open - 1];
        let label = match is_out(snippet) {
            true if snippet.is_indented => {
                lines[snippet.open - 1..snippet.close].iter_mut().for_each(String::clear);
                continue;
            }
            true => "text".to_string(),
            false if snippet.info.is_empty() => continue,
            false => attributes::for_rustdoc(&snippet.info),
        };
        match first.rfind(&snippet.info).filter(|_| !snippet.info.is_empty()) {
            Some(at) => first.replace_range(at..at + snippet.info.len(), &label),
            None => *first = format!("{}{label}", first.trim_end()),
        }
    }
    lines
}

/// A line of a definition, `: …`, for rustdoc, which knows no such lists and takes what is indented for code: it gets the
/// snippets alone, at the start of the line.
fn define(chapter: &Chapter, number: usize, line: &mut String) {
    let has_marks = |number: usize| chapter.lines[number - 1].contains(MARKS);
    let snippet = chapter.snippets.iter().find(|s| (s.open..=s.close).contains(&number));
    match snippet {
        None if line.contains("{{#") => {}
        None => line.clear(),
        Some(snippet) if snippet.is_indented || !has_marks(snippet.close) => {}
        Some(snippet) if number == snippet.open || number == snippet.close => {
            *line = line[line.find(MARKS).unwrap_or(0)..].to_string();
        }
        Some(snippet) => {
            *line = snippet.code.get(number - snippet.open - 1).cloned().unwrap_or_default()
        }
    }
}

/// What fences are made of.
const MARKS: [char; 2] = ['`', '~'];

/// A crate that a snippet may use: the name of the file that rustdoc finds, and that in `use` lines.
pub(crate) struct Alias {
    pub(crate) file: String,
    pub(crate) name: String,
}

/// The chapter for `mdbook test`. The cells are run for as long as `limit` allows (rustdoc has no limit of its
/// own), or only compiled where there is none.
pub(crate) fn for_mdbook(
    chapter: &Chapter,
    main: &str,
    crates: &[Alias],
    limit: Option<TimeLimit>,
    is_out: impl Fn(&Snippet) -> bool,
) -> String {
    let mut page = snippets(chapter, &is_out);
    for snippet in &chapter.snippets {
        if !is_out(snippet) && !attributes::is_ignored(&snippet.info) {
            name_crates(snippet, crates, &mut page);
        }
    }
    let Some(cells) = cells(chapter, main, crates, limit) else { return page.join("\n") + "\n" };
    let space = "\n".repeat(SNIPPETS.saturating_sub(cells.len()));
    format!("{}\n{space}{}\n", cells.join("\n"), page.join("\n"))
}

/// The doc test of all cells. `None` when there are none.
fn cells(
    chapter: &Chapter,
    main: &str,
    crates: &[Alias],
    limit: Option<TimeLimit>,
) -> Option<Vec<String>> {
    let statements = limit.map(|limit| stop_after(limit, chapter)).unwrap_or_default();
    let (mark, value) = (&|_: &_| String::new(), &|_: &_| String::new());
    let instrument = Instrument { items: "", statements: &statements, mark, value };
    let mut out = program::lines(chapter, main, &instrument)?;
    // The lines right above the code: rustdoc drops blank ones below `extern crate`, and counts
    // wrong after `extern crate x; more`. `Chapter::parse` sees to it that there are some.
    let code = out.iter().position(|line| !line.is_empty()).unwrap_or(out.len());
    // rustdoc names a test after the headings above it.
    if chapter.lines[0].starts_with('#') {
        out[0] = chapter.lines[0].clone();
    }
    let used = out.join("\n");
    out[code - 2] = format!("``````rust{}", if limit.is_some() { "" } else { ",no_run" });
    out[code - 1] = externs(crates, &used);
    out.push("``````".into());
    Some(out)
}

/// `extern crate` items for the crates that some code names, and does not declare itself.
fn externs(crates: &[Alias], code: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let names = |name: &str| code.split(|c| !is_word(c)).any(|word| word == name);
    let includes = code.contains("{{#");
    let needed = crates.iter().filter(|krate| includes || names(&krate.name));
    let needed = needed.filter(|krate| !code.contains(&format!("extern crate {}", krate.name)));
    let items = needed.map(|krate| match krate.file == krate.name {
        true => format!("extern crate {};", krate.name),
        false => format!("extern crate {} as {};", krate.file, krate.name),
    });
    items.collect::<Vec<_>>().join(" ")
}

/// Writes `extern crate` items in front of a snippet's code, below attributes of the whole program.
fn name_crates(snippet: &Snippet, crates: &[Alias], page: &mut [String]) {
    let externs = externs(crates, &snippet.code.join("\n"));
    let is_code = |line: &String| {
        let line = unhidden(line).trim_start();
        !line.is_empty() && !line.starts_with("#![") && !line.starts_with("//!")
    };
    let Some(at) = snippet.code.iter().position(is_code).filter(|_| !externs.is_empty()) else {
        return;
    };
    let (code, line) = (&snippet.code[at], &mut page[snippet.first_line() - 1 + at]);
    if let Some(before) = line.strip_suffix(code.as_str()) {
        *line = format!("{before}{externs} {}", unhidden(code));
    }
}

/// A statement that ends the program after a while. Cells with limits of their own have theirs on top.
fn stop_after(limit: TimeLimit, chapter: &Chapter) -> String {
    let own = chapter.cells.iter().filter_map(|cell| cell.options.time_limit);
    let seconds = own.fold(limit.0, |sum, own| sum.saturating_add(own.0)).as_secs();
    let message = format!("{}: took longer than its limit of {seconds} s", chapter.file);
    format!(
        "::std::thread::spawn(|| {{ \
         ::std::thread::sleep(::std::time::Duration::from_secs({seconds})); \
         ::std::eprintln!(\"{{}}\", {message:?}); ::std::process::exit(1) }}); "
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A\n\nText.\n\n```rust,cell=one\nlet x = rand::random();\n```\n\n\
        1. Do:\n\n   ```rust\n   # #![allow(unused)]\n   # let r = rand_0_8::random();\n   ```\n\n\
        ```\nplain\n```\n\n    indented\n\n```rust,compile_fail,E0308\nf();\n```\n";

    fn chapter(page: &str) -> Chapter {
        Chapter::parse("01_a", "a.md", page).unwrap()
    }

    fn line(text: &str, number: usize) -> &str {
        text.lines().nth(number - 1).unwrap()
    }

    #[test]
    fn snippets_stay_on_their_lines_and_cells_go() {
        let page = snippets(&chapter(PAGE), |snippet| !snippet.info.starts_with("rust")).join("\n");
        assert_eq!(page.lines().count(), PAGE.lines().count());
        assert!(!page.contains("cell=") && !page.contains("indented"), "{page}");
        assert_eq!((line(&page, 11), line(&page, 16)), ("   ```rust", "```text"));
        assert_eq!(line(&page, 22), "```rust,compile_fail,E0308");
    }

    #[test]
    fn rustdoc_gets_the_snippets_of_definitions_alone() {
        let page = "# A\n\nTerm\n\n:   Text.\n\n    More `text`.\n\n    ```rust\n    a();\n\n      b();\n    ```\n\n\
                    Other\n: ~~~\n  c();\n  ~~~\n\n  {{#include x.md}}\n\nText.\n";
        let page = snippets(&chapter(page), |_| false).join("|");
        let expected = "# A||Term||||||```rust|a();||  b();|```||Other|~~~|c();|~~~||  {{#include x.md}}||Text.";
        assert_eq!(page, expected);
    }

    #[test]
    fn mdbook_test_gets_the_cells_on_top_and_the_crates_by_name() {
        let alias = |name: &str| Alias { file: format!("book_{name}"), name: name.into() };
        let crates = [alias("rand"), alias("rand_0_8"), alias("other")];
        let limit = Some(TimeLimit::default());
        let text = for_mdbook(&chapter(PAGE), "fn main() -> R", &crates, limit, |_| false);
        assert_eq!(line(&text, 1), "# A");
        assert_eq!(line(&text, 2), "``````rust");
        assert_eq!(line(&text, 3), "extern crate book_rand as rand;");
        assert_eq!(line(&text, 6), "let x = rand::random();");
        assert_eq!(
            line(&text, SNIPPETS + 13),
            "   extern crate book_rand_0_8 as rand_0_8; let r = rand_0_8::random();"
        );
        assert_eq!(line(&text, SNIPPETS + 23), "f();");
        let text = for_mdbook(&chapter(PAGE), "fn main() -> R", &[], None, |_| false);
        assert_eq!(line(&text, 2), "``````rust,no_run");
    }

    #[test]
    fn a_comment_on_line_1_does_not_swallow_the_tests() {
        let page = PAGE.replacen("# A", "<!--\nCopyright\n-->\n", 1);
        let text = for_mdbook(&chapter(&page), "fn main() -> R", &[], None, |_| false);
        assert_eq!(line(&text, 1), "");
    }
}
