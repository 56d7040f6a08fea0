//! A chapter's prose as it stands in the comments of an example: Markdown that reads well as it is.
//!
//! Links are their text. HTML, comments and includes are for the page, and go.

use std::ops::Range;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::{Captures, Regex};

/// Elements whose content is no text, comments, and any other tag.
static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "(?is)<!--.*?-->|<script\\b.*?</script>|<style\\b.*?</style>|<svg\\b.*?</svg>\
         |<(?<code>/?code)>|<[^>]*>",
    )
    .expect("a valid pattern")
});
/// What mdBook's preprocessor `links` replaces; an escaped `\{{#…}}` is text.
static DIRECTIVE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\\?)(\{\{\s*#[^}]*\}\})").expect("a valid pattern"));
/// The first line of an alert.
static ALERT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(\s*>\s*)\[!(\w)(\w*)\]\s*$").expect("a valid pattern"));

/// As many lines as the Markdown has. One that had nothing but markup is empty.
pub(crate) fn lines(markdown: &[String]) -> Vec<String> {
    let source = markdown.join("\n");
    let mut text = source.clone();
    for (range, replacement) in edits(&source).into_iter().rev() {
        text.replace_range(range, &replacement);
    }
    text.split('\n').map(|line| one_line(line).trim_end().to_string()).collect()
}

fn one_line(line: &str) -> String {
    let line = DIRECTIVE.replace_all(line, |found: &Captures<'_>| {
        if found[1].is_empty() { String::new() } else { found[2].to_string() }
    });
    let line = ALERT.replace(&line, |found: &Captures<'_>| {
        format!("{}{}{}:", &found[1], found[2].to_uppercase(), found[3].to_lowercase())
    });
    line.into_owned()
}

/// What is replaced in the source, in its order, and by what.
fn edits(source: &str) -> Vec<(Range<usize>, String)> {
    let mut edits = Vec::new();
    // The links and pictures that are open: where each starts, and where its text lies.
    let mut open: Vec<(usize, Option<Range<usize>>)> = Vec::new();
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        let is_end = matches!(event, Event::End(TagEnd::Link | TagEnd::Image));
        for (_, text) in open.iter_mut().rev().skip(usize::from(is_end)) {
            let text = text.get_or_insert(range.clone());
            *text = text.start.min(range.start)..text.end.max(range.end);
        }
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => open.push((range.start, None)),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let Some((start, text)) = open.pop() else { continue };
                let text = text.unwrap_or(range.end..range.end);
                edits.push((start..text.start, breaks(&source[start..text.start])));
                edits.push((text.end..range.end, breaks(&source[text.end..range.end])));
            }
            Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_) => {
                let text = without_markup(&source[range.clone()]);
                edits.push((range, text));
            }
            _ => {}
        }
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    edits
}

fn without_markup(html: &str) -> String {
    let text = MARKUP.replace_all(html, |found: &Captures<'_>| match found.name("code") {
        Some(_) => "`".into(),
        None => breaks(&found[0]),
    });
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " ")];
    let text = entities.iter().fold(text.into_owned(), |text, (name, c)| text.replace(name, c));
    text.replace("&amp;", "&")
}

/// Only the line breaks.
fn breaks(text: &str) -> String {
    "\n".repeat(text.matches('\n').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(markdown: &str, expected: &str) {
        let source: Vec<String> = markdown.split('\n').map(String::from).collect();
        let made = lines(&source);
        assert_eq!(made.join("\n"), expected);
        assert_eq!(made.len(), source.len());
    }

    #[test]
    fn links_are_their_text() {
        becomes("A [**word**](glossary.md#word), and `[1](2)`.", "A **word**, and `[1](2)`.");
        becomes("A [link of\ntwo `lines`](a.md \"b\") on.", "A link of\ntwo `lines` on.");
        becomes(
            "[One][a], [a], <https://x.org>.\n\n[a]: b.md",
            "One, a, https://x.org.\n\n[a]: b.md",
        );
        becomes("![A dog](dog.png) and [![in](x.png) a link](y)[](z)", "A dog and in a link");
        becomes("x[0] and [not a link]", "x[0] and [not a link]");
    }

    #[test]
    fn html_is_its_text() {
        becomes(
            "<details>\n<summary><strong>What is <code>x &lt; y</code>?</strong></summary>\n\nThis.\n</details>",
            "\nWhat is `x < y`?\n\nThis.\n",
        );
        becomes("a<br>b <kbd>c</kbd>, `<d>`, 1 < 2", "ab c, `<d>`, 1 < 2");
        becomes(
            "<!-- one\n\ntwo -->\n\n<script>\nf();\n</script>\n\nThree",
            "\n\n\n\n\n\n\n\nThree",
        );
        becomes("<div>\n<p>Text\nand more.</p>\n</div>", "\nText\nand more.\n");
    }

    #[test]
    fn what_only_the_page_has_goes() {
        becomes("{{#include ../a.md}}\nwrite \\{{#include b}}", "\nwrite {{#include b}}");
        becomes("> [!NOTE]\n> Text", "> Note:\n> Text");
    }
}
