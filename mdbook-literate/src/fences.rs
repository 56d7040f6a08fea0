//! The code blocks of a page, wherever Markdown has them: in lists and quotes, indented, with tildes.

use std::ops::{Range, RangeInclusive};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fence {
    /// What stands behind the opening marks; empty for an indented block.
    pub(crate) info: String,
    /// Line of the opening marks, or of the first line of an indented block, counted from 1.
    pub(crate) open: usize,
    /// The last line.
    pub(crate) close: usize,
    /// The code, without what stands before it in a list or a quote.
    pub(crate) code: Vec<String>,
    pub(crate) shape: Shape,
}

/// How a code block is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Marks at the start of the line.
    Plain,
    /// Marks within a list or a quote, or behind spaces.
    Nested,
    /// No marks, four spaces.
    Indented,
    /// Marks at the start of the line, and none that close it.
    Open,
}

/// What was found on a page.
#[derive(Debug, Default)]
pub(crate) struct Fences {
    pub(crate) blocks: Vec<Fence>,
    /// Lines of marks within HTML, a comment for example, where Markdown sees no code.
    pub(crate) in_html: Vec<usize>,
    /// The bytes of code, blocks or within a line, and of comments.
    pub(crate) silent: Vec<Range<usize>>,
    /// The lines of definitions (`: …`), which mdBook knows and rustdoc does not.
    pub(crate) definitions: Vec<RangeInclusive<usize>>,
}

/// Reads the code blocks of a page.
pub(crate) fn fences(markdown: &str) -> Fences {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_DEFINITION_LIST;
    let starts: Vec<usize> =
        std::iter::once(0).chain(markdown.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line = |byte: usize| starts.partition_point(|start| *start <= byte);
    let text_of = |number: usize| {
        let end = starts.get(number).copied().unwrap_or(markdown.len());
        markdown[starts[number - 1]..end].trim_end_matches(['\n', '\r'])
    };
    let mut found = Fences::default();
    let mut open: Option<(Fence, String)> = None;
    for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
        match event {
            Event::Code(_) => found.silent.push(range),
            Event::InlineHtml(html) if html.starts_with("<!--") => found.silent.push(range),
            Event::Start(Tag::CodeBlock(kind)) => {
                found.silent.push(range.clone());
                let first = line(range.start);
                // The range of a block ends with its last line, or just below.
                let last = line(range.end.saturating_sub(1).max(range.start)).max(first);
                let before = &markdown[starts[first - 1]..range.start];
                let (info, shape) = match kind {
                    CodeBlockKind::Indented => (String::new(), Shape::Indented),
                    CodeBlockKind::Fenced(info) if before.is_empty() => {
                        let is_closed = last > first && closes(text_of(first), text_of(last));
                        let shape = if is_closed { Shape::Plain } else { Shape::Open };
                        (info.trim().to_string(), shape)
                    }
                    CodeBlockKind::Fenced(info) => (info.trim().to_string(), Shape::Nested),
                };
                let fence = Fence { info, open: first, close: last, code: Vec::new(), shape };
                open = Some((fence, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, code)) = &mut open {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((mut fence, code)) = open.take() {
                    fence.code = code.lines().map(String::from).collect();
                    found.blocks.push(fence);
                }
            }
            Event::Start(Tag::DefinitionListDefinition) => {
                let last = line(range.end.saturating_sub(1).max(range.start));
                found.definitions.push(line(range.start)..=last);
            }
            Event::Start(Tag::HtmlBlock) => {
                found.silent.extend(comments(markdown, range.clone()));
                let lines = line(range.start)..=line(range.end.saturating_sub(1));
                let mut open = None;
                for number in lines {
                    let text = text_of(number).trim_start();
                    match open {
                        Some(opening) if closes(opening, text) => open = None,
                        None if text.starts_with("```") || text.starts_with("~~~") => {
                            open = Some(text);
                            found.in_html.push(number);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The comments in a range of the page.
fn comments(markdown: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut comments = Vec::new();
    let mut from = range.start;
    while let Some(start) = markdown[from..range.end].find("<!--").map(|at| from + at) {
        let end = markdown[start..range.end].find("-->").map_or(range.end, |at| start + at);
        comments.push(start..end);
        from = end;
    }
    comments
}

/// Whether a line closes the fence that another one opens.
fn closes(opening: &str, closing: &str) -> bool {
    let mark = if opening.starts_with('~') { '~' } else { '`' };
    let length = |line: &str| line.len() - line.trim_start_matches(mark).len();
    let closing = closing.trim_start();
    length(closing) >= length(opening).max(3) && closing.trim_start_matches(mark).trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (info, lines, code) of each block.
    fn read(markdown: &str) -> Vec<(String, usize, usize, String, Shape)> {
        let blocks = fences(markdown).blocks.into_iter();
        blocks.map(|f| (f.info, f.open, f.close, f.code.join("|"), f.shape)).collect()
    }

    fn block(
        info: &str,
        lines: (usize, usize),
        code: &str,
        shape: Shape,
    ) -> (String, usize, usize, String, Shape) {
        (info.into(), lines.0, lines.1, code.into(), shape)
    }

    #[test]
    fn code_is_found_wherever_markdown_has_it() {
        let page = "# A\n\n1. Do:\n\n   ```rust\n   a\n     b\n   ```\n\n> ~~~ rust,no_run\n> c\n> ~~~\n\n    d\n\n    e\n\n<details>\n\n```\nf\n```\n\n</details>\n";
        let expected = [
            block("rust", (5, 8), "a|  b", Shape::Nested),
            block("rust,no_run", (10, 12), "c", Shape::Nested),
            block("", (14, 16), "d||e", Shape::Indented),
            block("", (20, 22), "f", Shape::Plain),
        ];
        assert_eq!(read(page), expected);
        assert_eq!(read(&page.replace('\n', "\r\n")), expected);
    }

    #[test]
    fn marks_within_longer_marks_or_other_marks_are_code() {
        let page = "````md\n```rust\n```\n````\n~~~~\n```\n~~~\n~~~~\n";
        let shape = Shape::Plain;
        assert_eq!(
            read(page),
            [block("md", (1, 4), "```rust|```", shape), block("", (5, 8), "```|~~~", shape)]
        );
    }

    #[test]
    fn a_fence_without_an_end_is_open() {
        assert_eq!(read("a\n\n```rust\nb\n\nc\n"), [block("rust", (3, 6), "b||c", Shape::Open)]);
        assert_eq!(read("```rust"), [block("rust", (1, 1), "", Shape::Open)]);
        assert_eq!(read("```\n```"), [block("", (1, 2), "", Shape::Plain)]);
    }

    #[test]
    fn code_and_comments_are_known_by_their_bytes() {
        let page = "a `b` <!-- c -->\n\n```\nd\n```\n\n<p>\ne <!-- f -->\n</p>\n\n    g\n";
        let silent = fences(page).silent;
        let is_silent =
            |text: &str| silent.iter().any(|range| range.contains(&page.find(text).unwrap()));
        for (texts, expected) in
            [(["b", "c", "d", "f", "g"], true), (["a", "e", "<p", "/p", " <"], false)]
        {
            assert!(texts.iter().all(|text| is_silent(text) == expected), "{silent:?}");
        }
    }

    #[test]
    fn what_is_commented_out_is_no_code() {
        let found =
            fences("<!--\n```rust\na\n```\n-->\n\n<details>\n```rust\nb\n```\n</details>\n");
        assert!(found.blocks.is_empty());
        assert_eq!(found.in_html, [2, 8]);
        let found = fences("<!--\n~~~rust\n```\n~~~\n````md\n```\n~~~\n````\n```\n-->\n");
        assert_eq!(found.in_html, [2, 5, 9]);
    }
}
