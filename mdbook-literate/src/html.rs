//! Outputs, figures and problems as HTML.

use std::fmt::Write;

use crate::chapter::Cell;
use crate::output::{self, Part};

/// The class of a cell's outputs. The second word tells MathJax to leave them alone.
const OUTPUT: &str = "cell-output tex2jax_ignore";

/// The outputs of a cell, unless it hides them.
pub(crate) fn output_html(cell: &Cell, output: &str) -> String {
    if !cell.options.output {
        return String::new();
    }
    let mut html = String::new();
    let mut figure_number = 0;
    for part in output::parts(output) {
        match part {
            Part::Text(text) => {
                let _ = writeln!(html, "<pre class=\"cell-text\">{}</pre>\n", escape(&text));
            }
            Part::Figure { media, width, content } => {
                html.push_str(&figure_html(cell, figure_number, &media, width, &content));
                html.push('\n');
                figure_number += 1;
            }
        }
    }
    if html.is_empty() { html } else { format!("<div class=\"{OUTPUT}\">\n\n{html}</div>\n\n") }
}

/// A figure of a cell, the `number`th from 0 on, with its text for readers who do not see it, and its caption.
pub(crate) fn figure_html(
    cell: &Cell,
    number: usize,
    media: &str,
    width: Option<u32>,
    content: &str,
) -> String {
    let alt = cell.options.fig_alt.get(number).map_or("", String::as_str);
    let (alt, content) = (escape(alt), inert(content));
    let mut html = match media {
        "image/png" => {
            let width = width.map(|width| format!(" width=\"{width}\"")).unwrap_or_default();
            let source = format!("data:image/png;base64,{content}");
            format!("<figure>\n<img class=\"pixelated\" src=\"{source}\" alt=\"{alt}\"{width}>\n")
        }
        "image/svg+xml" => {
            format!("<figure>\n<div role=\"img\" aria-label=\"{alt}\">\n{content}\n</div>\n")
        }
        _ => {
            let scrolls = "class=\"cell-html\" role=\"group\" tabindex=\"0\"";
            format!("<figure>\n<div {scrolls} aria-label=\"{alt}\">\n{content}\n</div>\n")
        }
    };
    if let Some(caption) = cell.options.fig_cap.get(number) {
        let _ = writeln!(html, "<figcaption>{}</figcaption>", escape(caption));
    }
    html.push_str("</figure>\n");
    html
}

/// Text as HTML in which no preprocessor finds anything of its own: no include, no formula, no link.
/// A browser shows the same text.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' | '$' | '\\' | '`' | '{' | '}' | '[' | ']' | '*' | '_' | '~' | '^' | '@' => {
                let _ = write!(html, "&#{};", u32::from(c));
            }
            // Shown as nothing, or as an error of the page.
            c if c.is_control() && c != '\n' && c != '\t' => {}
            c => html.push(c),
        }
    }
    html
}

/// A figure's source without blank lines, which would end the HTML block, and without what a preprocessor
/// may take for its own. A browser shows the same figure.
fn inert(markup: &str) -> String {
    let lines = markup.lines().filter(|line| !line.trim().is_empty());
    let markup = lines.collect::<Vec<_>>().join("\n");
    markup.replace("{{", "&#123;&#123;").replace('$', "&#36;").replace('\\', "&#92;")
}

/// What is wrong, on a page that its author looks at.
pub(crate) fn problem_html(problem: &str) -> String {
    let problem = escape(&problem.replace("\n\n", "\n"));
    format!(
        "<div class=\"{OUTPUT} literate-problem\">\n<pre class=\"cell-text\">{problem}</pre>\n</div>\n\n"
    )
}
