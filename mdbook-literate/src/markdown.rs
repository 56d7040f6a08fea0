//! The chapter for renderers other than HTML, such as those of an EPUB: plain Markdown, with the figures as files.
//!
//! A cell is a fence `rust`, what it printed a fence `text` below it, a figure a picture, and its caption a line in
//! italics. An empty element is what links to a cell lead to. Nothing is folded away, and what mdBook's HTML hides is
//! not there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::attributes;
use crate::chapter::{Cell, Chapter, Snippet};
use crate::drawing;
use crate::flat;
use crate::html;
use crate::inline;
use crate::output::{self, Part};
use crate::parts::{is_hidden, unhidden};

/// Figures by their place in the folder of figures.
pub(crate) type Pictures = BTreeMap<PathBuf, Vec<u8>>;

/// Writes one chapter.
pub(crate) struct Plain<'a> {
    chapter: &'a Chapter,
    /// The way from the chapter's file to the folder of the figures.
    folder: &'a str,
    pub(crate) pictures: Pictures,
}

impl<'a> Plain<'a> {
    pub(crate) fn new(chapter: &'a Chapter, folder: &'a str) -> Self {
        Self { chapter, folder, pictures: Pictures::new() }
    }

    /// A line outside of the cells, with what stands below it.
    pub(crate) fn line(&self, number: usize, line: &str) -> String {
        let here = |snippet: &&Snippet| (snippet.open..=snippet.close).contains(&number);
        let Some(snippet) = self.chapter.snippets.iter().find(here) else {
            return format!("{line}\n");
        };
        if snippet.is_indented || snippet.info.is_empty() {
            return format!("{line}\n");
        }
        if number == snippet.open {
            return format!("{}\n", relabelled(line));
        }
        if number == snippet.close {
            let note = not_compiling(&snippet.info).filter(|_| !snippet.is_nested);
            let note = note.map(|note| format!("\n*{note}*\n")).unwrap_or_default();
            return format!("{line}\n{note}");
        }
        // mdBook hides lines of Rust alone.
        let is_rust = attributes::attributes(&snippet.info).next() == Some("rust");
        let Some(code) = snippet.code.get(number - snippet.open - 1).filter(|_| is_rust) else {
            return format!("{line}\n");
        };
        match shown(code) {
            None => String::new(),
            Some(_) if code.trim_start().starts_with("##") => {
                format!("{}\n", line.replacen("##", "#", 1))
            }
            // Of such a file all other lines are hidden ones.
            Some(_) if line.contains("{{#rustdoc_include") && !line.contains("\\{{") => {
                format!("{}\n", line.replace("{{#rustdoc_include", "{{#include"))
            }
            Some(_) => format!("{line}\n"),
        }
    }

    /// A cell with its accepted output.
    pub(crate) fn cell(&mut self, cell: &Cell, output: &str) -> String {
        // The one thing that Markdown has no word for: a place that links lead to.
        let mut blocks = vec![format!("<div id=\"cell-{}\"></div>\n", cell.name)];
        if cell.options.echo {
            let code: Vec<&str> =
                self.chapter.code(cell).iter().filter_map(|line| shown(line)).collect();
            blocks.push(fenced("rust", &code.join("\n")));
        }
        if cell.options.output {
            let mut number = 0;
            for part in output::parts(output) {
                match part {
                    Part::Text(text) => blocks.push(fenced("text", &printed(&text))),
                    Part::Figure { media, width, content } => {
                        blocks.push(self.figure(cell, number, &media, width, &content));
                        number += 1;
                    }
                }
            }
        }
        blocks.join("\n")
    }

    fn figure(
        &mut self,
        cell: &Cell,
        number: usize,
        media: &str,
        width: Option<u32>,
        content: &str,
    ) -> String {
        let alt = cell.options.fig_alt.get(number).map_or("", String::as_str);
        let name = format!("{}-{}", self.chapter.name, cell.name);
        let mut add = |picture: drawing::Picture, alt: &str| {
            let file = (1..)
                .map(|count| match count {
                    1 => format!("{name}.{}", picture.extension),
                    count => format!("{name}-{count}.{}", picture.extension),
                })
                .find(|file| !self.pictures.contains_key(&PathBuf::from(file)))
                .unwrap_or_default();
            let way = format!("![{}]({}/{file})", inline::escape(alt), self.folder);
            self.pictures.insert(file.into(), picture.bytes);
            way
        };
        let mut block = match media {
            "image/png" => add(drawing::png(content, width), alt) + "\n",
            "image/svg+xml" => add(drawing::svg(content), alt) + "\n",
            _ => flat::markdown(content, alt, &mut add),
        };
        if let Some(caption) = cell.options.fig_cap.get(number) {
            block.push_str(&format!("\n*{}*\n", inline::escape(caption.trim())));
        }
        block
    }
}

/// What a page says below a snippet that must not compile, so that no reader takes it for an example.
pub(crate) fn not_compiling(info: &str) -> Option<String> {
    if !attributes::is_compile_fail(info) {
        return None;
    }
    let links: Vec<String> = attributes::error_codes(info)
        .iter()
        .map(|code| format!("[error {code}](https://doc.rust-lang.org/error_codes/{code}.html)"))
        .collect();
    let colon = if links.is_empty() { "" } else { ": " };
    Some(format!("This does not compile{colon}{}", links.join(", ")))
}

/// The opening line of a fence, whose label is that of the language alone.
fn relabelled(line: &str) -> String {
    let Some(at) = line.find("```").or_else(|| line.find("~~~")) else { return line.into() };
    let mark = line[at..].chars().next().unwrap_or_default();
    let label = line[at..].trim_start_matches(mark);
    format!("{}rust", &line[..line.len() - label.len()])
}

/// A line of Rust as mdBook's HTML shows it; `None` for a hidden one.
fn shown(line: &str) -> Option<&str> {
    (!is_hidden(line)).then(|| unhidden(line))
}

/// Text in a fence of its own. What mdBook would take for one of its own links, such as `{{#include x}}`, cannot
/// be written in a fence: such text is written as HTML.
pub(crate) fn fenced(label: &str, text: &str) -> String {
    if is_link(text) {
        let text = html::escape(text);
        return format!("<pre><code class=\"language-{label}\">{text}\n</code></pre>\n");
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{label}\n{text}\n{fence}\n")
}

/// What a cell printed, without what shows as nothing.
fn printed(text: &str) -> String {
    text.trim_end().chars().filter(|c| !c.is_control() || "\n\t".contains(*c)).collect()
}

/// Whether a text holds `{{`, white space and `#`, with which mdBook's links start.
fn is_link(text: &str) -> bool {
    text.split("{{")
        .skip(1)
        .any(|rest| rest.trim_start_matches(['{', ' ', '\n', '\t']).starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(markdown: &str) -> String {
        let chapter = Chapter::parse("01_a", "a.md", markdown).unwrap();
        let plain = Plain::new(&chapter, "figures");
        (1..).zip(&chapter.lines).map(|(number, line)| plain.line(number, line)).collect()
    }

    #[test]
    fn a_snippet_has_the_label_of_its_language_and_no_hidden_lines() {
        assert_eq!(
            plain(
                "Text.\n\n- ~~~~rust,no_run\n  # let a = 1;\n  ## b\n  #[c]\n  #\n  f();\n  ~~~~\n"
            ),
            "Text.\n\n- ~~~~rust\n  # b\n  #[c]\n  f();\n  ~~~~\n"
        );
        assert_eq!(
            plain("```rust\n{{#rustdoc_include a.rs:b}}\n```\n"),
            "```rust\n{{#include a.rs:b}}\n```\n"
        );
        let others = "```sh\n# a comment\n```\n\n    # four spaces\n\n```\n# no label\n```\n";
        assert_eq!(plain(others), others);
    }

    #[test]
    fn a_snippet_that_must_not_compile_says_so() {
        let page = plain("```rust,compile_fail,E0308\nf();\n```\n\nText.\n");
        assert!(
            page.starts_with("```rust\nf();\n```\n\n*This does not compile: [error E0308](https")
        );
        assert!(page.ends_with(")*\n\nText.\n"), "{page}");
    }

    #[test]
    fn code_never_leaves_its_block() {
        let block = fenced("rust", "a\n```\n````\n~~~\nb");
        assert_eq!(block, "`````rust\na\n```\n````\n~~~\nb\n`````\n");
        assert_eq!(fenced("text", &printed("x\u{7}\n\n")), "```text\nx\n```\n");
        for link in
            ["{{#include x}}", "{{ #title x}}", "{{{#include x}}}", "\\{{#a b}}", "{{\n\t#a b}}"]
        {
            let block = fenced("rust", &format!("let s = \"{link}\";\n\n</code>"));
            assert!(!block.contains("{{") && !block.contains("</code>\n<"), "{block}");
            assert!(block.starts_with("<pre><code class=\"language-rust\">let s"), "{block}");
        }
        assert!(!is_link("format!(\"{{}}{{a}} # b\")"));
    }
}
