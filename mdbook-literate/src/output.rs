//! The output of a cell, as a snapshot holds it: lines of text and blocks of figures.
//!
//! A figure is a block
//! ```text
//! [[figure image/png width=140]]
//! iVBORw0KGgo…
//! [[/figure]]
//! ```
//! A line of text or of a figure that looks like the start or the end of such a block has a `\` before it.

use std::borrow::Cow;

pub(crate) const FIGURE_END: &str = "[[/figure]]";

/// A part of a cell's output.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Lines that the cell printed.
    Text(String),
    /// A figure: media type, width in CSS pixels where known, and content (base64 for PNG).
    Figure {
        /// `image/png`, `image/svg+xml` or `text/html`.
        media: String,
        /// Width on the page.
        width: Option<u32>,
        /// What the figure is made of.
        content: String,
    },
}

impl Part {
    /// What can be read as text: lines, and the source of HTML and SVG. The bytes of a PNG cannot.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Figure { media, .. } if media == "image/png" => None,
            Self::Figure { content, .. } => Some(content),
        }
    }

    /// Type and width of a figure; `None` for text.
    pub fn header(&self) -> Option<(&str, Option<u32>)> {
        match self {
            Self::Text(_) => None,
            Self::Figure { media, width, .. } => Some((media, *width)),
        }
    }
}

/// Splits an accepted output into text and figures.
///
/// ```
/// use mdbook_literate::output::{Part, parts};
///
/// let output = "6131\n[[figure text/html]]\n<table></table>\n[[/figure]]\n";
/// assert_eq!(parts(output)[0], Part::Text("6131".into()));
/// assert!(matches!(&parts(output)[1], Part::Figure { media, .. } if media == "text/html"));
/// ```
pub fn parts(output: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text: Vec<&str> = Vec::new();
    let flush = |text: &mut Vec<&str>, parts: &mut Vec<Part>| {
        if text.iter().any(|line| !line.trim().is_empty()) {
            parts.push(Part::Text(text.join("\n")));
        }
        text.clear();
    };
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        let header = line.strip_prefix("[[figure ").and_then(|rest| rest.strip_suffix("]]"));
        let Some(header) = header else {
            text.push(unescaped(line));
            continue;
        };
        flush(&mut text, &mut parts);
        let (media, rest) = header.split_once(' ').unwrap_or((header, ""));
        let width = rest.strip_prefix("width=").and_then(|width| width.parse().ok());
        let content = lines.by_ref().take_while(|line| *line != FIGURE_END);
        let content: Vec<&str> = content.map(unescaped).collect();
        parts.push(Part::Figure { media: media.into(), width, content: content.join("\n") });
    }
    flush(&mut text, &mut parts);
    parts
}

/// A printed line as an output holds it: not to be taken for the start or the end of a figure.
pub(crate) fn escaped(line: &str) -> Cow<'_, str> {
    match is_block(line) {
        true => format!("\\{line}").into(),
        false => line.into(),
    }
}

fn unescaped(line: &str) -> &str {
    line.strip_prefix('\\').filter(|rest| is_block(rest)).unwrap_or(line)
}

/// Whether a line starts or ends a figure, or would without its backslashes.
fn is_block(line: &str) -> bool {
    let bare = line.trim_start_matches('\\');
    bare.starts_with("[[figure ") || bare.starts_with(FIGURE_END)
}

/// The output in an insta snapshot file: what stands below its header.
///
/// ```
/// use mdbook_literate::output::accepted;
///
/// assert_eq!(accepted("---\nsource: tests/book.rs\n---\n6131\n"), "6131\n");
/// ```
pub fn accepted(snapshot: &str) -> &str {
    header(snapshot).map_or(snapshot, |(_, contents)| contents)
}

/// The lines between the two `---` of an insta snapshot file, and what stands below them.
pub(crate) fn header(snapshot: &str) -> Option<(&str, &str)> {
    snapshot.strip_prefix("---\n")?.split_once("\n---\n")
}

/// How many figures an output holds.
pub(crate) fn figures(output: &str) -> usize {
    parts(output).iter().filter(|part| matches!(part, Part::Figure { .. })).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_figures_keep_their_order() {
        let output = "a\nb\n[[figure image/png width=140]]\niVBO\n[[/figure]]\nc";
        let figure =
            Part::Figure { media: "image/png".into(), width: Some(140), content: "iVBO".into() };
        assert_eq!(parts(output), [Part::Text("a\nb".into()), figure, Part::Text("c".into())]);
        assert_eq!(figures(output), 1);
        assert_eq!(parts(""), []);
    }
}
