//! What the compiler says of a snippet that must not compile: its own words, without what is true of one machine only.
//!
//! The snapshot of a message names the compiler in its first line. Another compiler may say the same in other words:
//! then the codes of the errors are all that is compared.

use std::sync::LazyLock;

use regex::Regex;

use crate::attributes;
use crate::book::Book;
use crate::chapter::{Chapter, Snippet};
use crate::compile::{self, CompileError};
use crate::markdown;
use crate::parts;
use crate::problem::{Place, Problem};
use crate::rustflags;
use crate::settings::Messages;

/// The snippets of a chapter whose messages the book shows, each with the name of its snapshot, which no cell can have.
pub(crate) fn all<'a>(book: &Book, chapter: &'a Chapter) -> Vec<(&'a Snippet, String)> {
    if book.settings.compiler_messages == Messages::Hidden {
        return Vec::new();
    }
    let failing = chapter.snippets.iter().filter(|s| attributes::is_compile_fail(&s.info));
    let numbered = (1..).zip(failing).filter(|(_, snippet)| compile::is_checked(book, snippet));
    numbered.map(|(number, snippet)| (snippet, format!("compile-fail-{number}"))).collect()
}

/// Stands for the code that a message is about.
pub(crate) fn stamp(snippet: &Snippet) -> String {
    parts::stamp_of(snippet.code.iter().map(String::as_str))
}

/// The compiler of the package, as it names itself.
pub(crate) fn compiler(book: &Book) -> String {
    let mut rustc = rustflags::rustc();
    let told = rustc.current_dir(&book.package).arg("--version").output();
    let told = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_string());
    told.ok().filter(|told| !told.is_empty()).unwrap_or_else(|| "an unknown compiler".into())
}

/// The compiler that said what a snapshot holds, and what it said.
pub(crate) fn parts(snapshot: &str) -> (&str, &str) {
    let (compiler, said) = snapshot.split_once('\n').unwrap_or((snapshot, ""));
    (compiler.trim(), said.trim())
}

/// What a snapshot holds: the compiler, and its message about a snippet of the file `shown`. Of errors that begin with
/// the same line, one is enough.
pub(crate) fn snapshot(compiler: &str, errors: &[CompileError], shown: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    for told in errors.iter().map(|error| told(&error.rendered, shown)) {
        if !said.iter().any(|earlier| earlier.lines().next() == told.lines().next()) {
            said.push(told);
        }
    }
    format!("{compiler}\n{}\n", said.join("\n\n"))
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// A message without colours, numbers of lines, code of other files, and paths, those of types and of this machine.
fn told(rendered: &str, shown: &str) -> String {
    static COLOUR: LazyLock<Regex> = LazyLock::new(|| pattern("\x1b\\[[0-9;]*m"));
    static PLACE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(?:-->|:::) (.+?)(?::\d+)*$"));
    static GUTTER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^ *(\d*) *[|~+-]( |$)|^\.\.\.$"));
    static TYPE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?:[a-z_][a-z0-9_]*::)+([A-Z])"));
    // What leads elsewhere: a long type is written to a file, which is gone before anybody reads of it.
    static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
        let ways = [
            "the full .* written to ",
            "consider using `--verbose`",
            "this .* originates in the macro ",
            "the following other types implement trait .*`$",
            ".* defined here$",
        ];
        pattern(&format!("^ *(?:= )?(?:note|help): (?:{})", ways.join("|")))
    });
    let plain = COLOUR.replace_all(rendered, "");
    let (mut said, mut is_elsewhere) = (Vec::new(), false);
    for line in plain.lines() {
        if let Some(place) = PLACE.captures(line) {
            is_elsewhere = place[1].replace('\\', "/") != shown.replace('\\', "/");
            continue;
        }
        if ELSEWHERE.is_match(line) {
            is_elsewhere = false;
            continue;
        }
        match GUTTER.captures(line) {
            Some(_) if is_elsewhere => {}
            Some(gutter) => {
                let number = gutter.get(1).map_or(0..0, |number| number.range());
                // A line with a number is code; the others are the compiler's.
                let mut line = match number.is_empty() {
                    true => TYPE.replace_all(line, "$1").into_owned(),
                    false => line.to_string(),
                };
                line.replace_range(number.clone(), &" ".repeat(number.len()));
                said.push(line.trim_end().to_string());
            }
            None => {
                is_elsewhere &= line.starts_with(' ');
                said.push(TYPE.replace_all(line, "$1").trim_end().to_string());
            }
        }
    }
    said.join("\n").trim().to_string()
}

/// A mistake where the page is to show a message that nobody has accepted.
pub(crate) fn missing(chapter: &Chapter, snippet: &Snippet) -> Problem {
    Place::new(&chapter.file, snippet.open)
        .problem("this snippet has no accepted message of the compiler")
        .help("run `cargo test`, then `cargo book accept`")
}

/// What stands under a snippet that must not compile, so that no reader takes it for an example: the codes of the
/// errors, and the compiler's message, folded below its first line.
pub(crate) fn html(info: &str, snapshot: Option<&str>, escape: impl Fn(&str) -> String) -> String {
    let Some(line) = markdown::not_compiling(info) else { return String::new() };
    let message = snapshot.map(parts).map_or(String::new(), |(compiler, said)| {
        // `rustc 1.95.0 (59807616e 2026-04-14)`
        let compiler = compiler.split(" (").next().unwrap_or_default();
        // To Markdown a blank line ends any HTML but that of `pre`.
        format!(
            "<details class=\"compiler-message\">\n<summary>{}</summary>\n\n\
             <pre class=\"cell-text tex2jax_ignore\">{}</pre>\n\n\
             <p>The words are those of {}.</p>\n</details>\n\n",
            escape(&first(said)),
            escape(said),
            escape(compiler),
        )
    });
    format!("\n<div class=\"does-not-compile\">\n\n{line}\n\n{message}</div>\n")
}

/// What helps most: the first line without the code; and where that says nothing but that types differ, which they are.
fn first(said: &str) -> String {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)\^ (\S.*)$"));
    let line = said.lines().next().unwrap_or_default();
    let line = line.split_once(": ").map_or(line, |(_, first)| first);
    match LABEL.captures(said) {
        Some(label) if line == "mismatched types" => format!("{line}: {}", &label[1]),
        _ => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVED: &str = "\x1b[0m\x1b[1merror[E0382]\x1b[0m: use of moved value: `a`
  --> book/src/1.md:120:9
   |
   |
11 | let a = std::vec::Vec::from([1]);
   |     - move occurs because `a` has type `alloc::vec::Vec<i32>`
12 | let b = a.into_iter();
   |           ----------- `a` moved due to this method call
...
14 | let c = a;
   |         ^ value used here after move
   |
note: `into_iter` takes ownership of the receiver `self`, which moves `a`
  --> /home/somebody/lib/collect.rs:313:18
   |
31 |     fn into_iter(self) -> Self::IntoIter;
   |                  ^^^^
   = note: the full name for the type has been written to '/tmp/a.txt'
   = note: consider using `--verbose` to print the full type name to the console
   = note: it is a type
note: function defined here
  --> /home/somebody/lib/collect.rs:310:8
   |
20 | fn f() {}
   |    ^
help: you can `clone` the value
   |
12 | let b = a.clone().into_iter();
   |          ++++++++
";

    #[test]
    fn a_message_says_nothing_of_this_machine_and_of_no_line() {
        let said = told(MOVED, "book/src/1.md");
        let expected = "error[E0382]: use of moved value: `a`
   |
   |
   | let a = std::vec::Vec::from([1]);
   |     - move occurs because `a` has type `Vec<i32>`
   | let b = a.into_iter();
   |           ----------- `a` moved due to this method call
...
   | let c = a;
   |         ^ value used here after move
   |
note: `into_iter` takes ownership of the receiver `self`, which moves `a`
   = note: it is a type
help: you can `clone` the value
   |
   | let b = a.clone().into_iter();
   |          ++++++++";
        assert_eq!(said, expected);
    }

    #[test]
    fn the_words_that_help_come_first() {
        assert_eq!(first(&told(MOVED, "book/src/1.md")), "use of moved value: `a`");
        let types =
            "error[E0308]: mismatched types\n  | f(5);\n  |   ^ expected `&str`, found integer";
        assert_eq!(first(types), "mismatched types: expected `&str`, found integer");
    }
}
