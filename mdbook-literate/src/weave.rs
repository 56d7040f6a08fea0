//! The chapter for readers: under each cell stands its accepted output.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::chapter::{Cell, Chapter, Snippet};
use crate::inline::Inline;
use crate::markup;
use crate::message;
use crate::output::{self, Part};
use crate::problem::{Place, Problem};
use crate::values;

/// Weaves the accepted outputs into the chapter's Markdown.
///
/// `messages` are the snippets under which the compiler's message stands; `accepted` gives the output of a cell, or a
/// message, by its name.
///
/// # Errors
/// A cell without an accepted output; a figure without alt text.
pub(crate) fn weave(
    chapter: &Chapter,
    messages: &Messages<'_>,
    accepted: impl Fn(&str) -> Option<String>,
) -> Result<String, Vec<Problem>> {
    let (page, problems) = written(chapter, messages, accepted, false);
    if problems.is_empty() { Ok(page) } else { Err(problems) }
}

/// The same for a page that its author looks at: where something is wrong with an output, the page says so
/// in its place.
pub(crate) fn weave_all(
    chapter: &Chapter,
    messages: &Messages<'_>,
    accepted: impl Fn(&str) -> Option<String>,
) -> (String, Vec<Problem>) {
    written(chapter, messages, accepted, true)
}

/// Snippets with the names of their snapshots, from [`message::all`].
type Messages<'a> = [(&'a Snippet, String)];

fn written(
    chapter: &Chapter,
    messages: &Messages<'_>,
    accepted: impl Fn(&str) -> Option<String>,
    is_live: bool,
) -> (String, Vec<Problem>) {
    let snapshot = accepted(values::NAME).unwrap_or_default();
    let accepted_values = values::accepted(&chapter.values, &snapshot);
    let inline = Inline { chapter, accepted: accepted_values, is_live };
    let (mut page, mut problems) = (String::new(), Vec::new());
    for (number, line) in (1..).zip(&chapter.lines) {
        match chapter.cell_at(number) {
            None => {
                let (line, more) = inline.line(number, line);
                problems.extend(more);
                page.push_str(&line);
                page.push('\n');
                let plain = |s: &&Snippet| s.close == number && !s.is_nested && !s.is_indented;
                if let Some(snippet) = chapter.snippets.iter().find(plain) {
                    let named = messages.iter().find(|(other, _)| other.open == snippet.open);
                    let message = named.and_then(|(_, name)| accepted(name));
                    if named.is_some() && message.is_none() {
                        problems.push(message::missing(chapter, snippet));
                    }
                    page.push_str(&message::html(&snippet.info, message.as_deref(), escape));
                }
            }
            Some(cell) if cell.open == number => {
                let output = output_of(chapter, cell, &accepted).unwrap_or_else(|problem| {
                    let html = problem_html(&problem.to_string());
                    problems.push(problem);
                    html
                });
                page.push_str(&woven(chapter, cell, &output));
            }
            Some(_) => {}
        }
    }
    (page, problems)
}

/// What is wrong, on a page that its author looks at.
pub(crate) fn problem_html(problem: &str) -> String {
    let problem = escape(&problem.replace("\n\n", "\n"));
    format!(
        "<div class=\"{OUTPUT} literate-problem\">\n<pre class=\"cell-text\">{problem}</pre>\n</div>\n\n"
    )
}

/// The accepted output of a cell, as HTML.
fn output_of(
    chapter: &Chapter,
    cell: &Cell,
    accepted: impl Fn(&str) -> Option<String>,
) -> Result<String, Problem> {
    let output = accepted(&cell.name).ok_or_else(|| {
        Place::new(&chapter.file, cell.open)
            .problem(format!("cell `{}` has no accepted output", cell.name))
            .help("run `cargo test`, then `cargo book accept`")
    })?;
    check_figures(chapter, cell, &output)?;
    Ok(if cell.options.output { output_html(cell, &output) } else { String::new() })
}

fn woven(chapter: &Chapter, cell: &Cell, output: &str) -> String {
    // Blank lines between the HTML and the Markdown: mdBook then reads each as what it is.
    let mut html = format!("<div class=\"cell\" id=\"cell-{}\">\n\n", cell.name);
    if cell.options.echo {
        let code = chapter.code(cell).join("\n");
        let block = code_block(&code);
        html.push_str(&match cell.options.fold {
            true => format!(
                "<details class=\"cell-code\">\n<summary>Code</summary>\n\n{block}</details>\n\n"
            ),
            false => block,
        });
        html.push_str(&words(&code));
    }
    html.push_str(output);
    html.push_str("</div>\n");
    html
}

/// The names in a cell's code, hidden: mdBook's search looks for words between spaces, and so finds `len` in
/// `list.len()` only where it stands by itself.
fn words(code: &str) -> String {
    let apart: BTreeSet<&str> = code.split_whitespace().collect();
    let names = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    let names: BTreeSet<&str> = names
        .filter(|name| name.len() > 2 && name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
        .filter(|name| !apart.contains(name))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    let names = escape(&Vec::from_iter(names).join(" "));
    format!("<p class=\"cell-words\" hidden>{names}</p>\n\n")
}

/// A cell's code. What mdBook would take for one of its own links, such as `{{#include x}}`, cannot be
/// written in a fence: such code is written as HTML.
fn code_block(code: &str) -> String {
    if is_link(code) {
        return format!("<pre><code class=\"language-rust\">{}\n</code></pre>\n\n", escape(code));
    }
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}rust\n{code}\n{fence}\n\n")
}

/// Whether a text holds `{{`, white space and `#`, with which mdBook's links start.
fn is_link(text: &str) -> bool {
    text.split("{{")
        .skip(1)
        .any(|rest| rest.trim_start_matches(['{', ' ', '\n', '\t']).starts_with('#'))
}

/// Each figure needs a text for readers who do not see it, and no text may be left over; and it must be
/// harmless.
pub(crate) fn check_figures(chapter: &Chapter, cell: &Cell, output: &str) -> Result<(), Problem> {
    let (figures, alts) = (output::figures(output), cell.options.fig_alt.len());
    let problem = |message| Err(Place::new(&chapter.file, cell.open).problem(message));
    if figures > alts {
        return problem(format!("cell `{}`: {figures} figure(s), {alts} alt text(s)", cell.name))
            .map_err(|p| p.help("describe each figure with a line `//| fig-alt: …` in the cell"));
    }
    if figures < alts.max(cell.options.fig_cap.len()) {
        return problem(format!("cell `{}` describes more figures than it shows", cell.name))
            .map_err(|p| p.help("one `fig-alt` line for each figure, at most one `fig-cap`"));
    }
    for part in output::parts(output) {
        if let Part::Figure { media, content, .. } = part
            && let Err(what) = markup::check(&media, &content)
        {
            return problem(format!("cell `{}` shows a figure with {what}", cell.name)).map_err(|p| {
                p.help("a figure is a drawing or a table, with nothing that runs or loads something")
            });
        }
    }
    Ok(())
}

/// The class of a cell's outputs. The second word tells MathJax to leave them alone.
const OUTPUT: &str = "cell-output tex2jax_ignore";

fn output_html(cell: &Cell, output: &str) -> String {
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
fn escape(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(options: &str) -> Chapter {
        let markdown =
            format!("# A\n\nBefore.\n\n```rust,cell=one\n{options}f();\n```\n\nAfter.\n");
        Chapter::parse("01_a", "a.md", &markdown).unwrap()
    }

    fn page(options: &str, output: &str) -> Result<String, String> {
        weave(&chapter(options), &[], |name| (name == "one").then(|| output.into()))
            .map_err(|problems| problems[0].to_string())
    }

    const SVG: &str = "[[figure image/svg+xml]]\n<svg></svg>\n[[/figure]]\n";

    #[test]
    fn the_output_stands_under_the_cell() {
        let page = page("", "1 < 2\n").unwrap();
        let expected = "<div class=\"cell\" id=\"cell-one\">\n\n```rust\nf();\n```\n\n\
            <div class=\"cell-output tex2jax_ignore\">\n\n<pre class=\"cell-text\">1 &lt; 2</pre>\n\n</div>\n\n</div>\n\nAfter.\n";
        assert!(page.starts_with("# A\n\nBefore.\n\n"), "{page}");
        assert!(page.ends_with(expected), "{page}");
    }

    #[test]
    fn a_snippet_that_must_not_compile_says_so() {
        let markdown = "# A\n\n```rust,compile_fail,E0308\nf();\n```\n\n```rust\ng();\n```\n";
        let chapter = Chapter::parse("01_a", "a.md", markdown).unwrap();
        let page = weave(&chapter, &[], |_| None).unwrap();
        assert_eq!(page.matches("This does not compile: [error E0308](").count(), 1, "{page}");
    }

    #[test]
    fn code_and_output_can_be_hidden() {
        assert!(!page("//| echo: false\n", "x").unwrap().contains("```"));
        let page = page("//| output: false\n", "x").unwrap();
        assert!(page.contains("f();") && !page.contains("cell-output"), "{page}");
    }

    #[test]
    fn code_can_be_folded() {
        let page = page("//| fold: true\n", "x").unwrap();
        let folded = "<details class=\"cell-code\">\n<summary>Code</summary>\n\n```rust\nf();\n```\n\n</details>";
        assert!(page.contains(folded) && page.contains("cell-output"), "{page}");
    }

    #[test]
    fn names_in_code_are_found_by_the_search() {
        let found = words("let list = a.concat_along(x).len(); list");
        assert_eq!(found, "<p class=\"cell-words\" hidden>concat&#95;along len</p>\n\n");
        assert_eq!(words("f(); 12345"), "");
    }

    #[test]
    fn a_figure_has_alt_text_and_caption() {
        let page = page("//| fig-alt: a \"3\"\n//| fig-cap: The 3\n", SVG).unwrap();
        assert!(page.contains("aria-label=\"a &quot;3&quot;\""), "{page}");
        assert!(page.contains("<figcaption>The 3</figcaption>\n</figure>"), "{page}");
        let png = "[[figure image/png width=140]]\niVBO\n[[/figure]]\n";
        let page = self::page("//| fig-alt: a 3\n", png).unwrap();
        assert!(page.contains("base64,iVBO\" alt=\"a 3\" width=\"140\">"), "{page}");
    }

    #[test]
    fn printed_text_stays_text() {
        let text = "{{#include x}} {{ #title y}}\n\n```\n</pre><script>\n$a$ \\\\(b\\\\) [c](d) [^1] *e* _f_\n~~~";
        let page = page("//| fig-alt: {{#title}} $x$ \"\n", &format!("{text}\n{SVG}")).unwrap();
        for markup in ["{{", "$", "</pre><", "<script", "[c]", "[^1]", "*e*", "_f_", "~~~", "\\("] {
            assert!(!page.contains(markup), "{markup} is in:\n{page}");
        }
        let back = page.split("cell-text\">").nth(1).unwrap().split("</pre>").next().unwrap();
        let back = back.replace("&lt;", "<").replace("&gt;", ">");
        let back = (32..127u8).fold(back, |text, byte| {
            text.replace(&format!("&#{byte};"), &char::from(byte).to_string())
        });
        assert_eq!(back, text);
    }

    #[test]
    fn code_never_leaves_its_block() {
        let block = code_block("a\n```\n````\n~~~\nb");
        assert_eq!(block, "`````rust\na\n```\n````\n~~~\nb\n`````\n\n");
        assert!(code_block("x").starts_with("```rust\n"));
        for link in
            ["{{#include x}}", "{{ #title x}}", "{{{#include x}}}", "\\{{#a b}}", "{{\n\t#a b}}"]
        {
            let block = code_block(&format!("let s = \"{link}\";\n\n</code>"));
            assert!(!block.contains("{{") && !block.contains("</code>\n<"), "{block}");
            assert!(block.starts_with("<pre><code class=\"language-rust\">let s"), "{block}");
        }
        assert!(!is_link("format!(\"{{}}{{a}} # b\")"));
    }

    #[test]
    fn a_figure_that_runs_something_is_refused() {
        let script = "[[figure image/svg+xml]]\n<svg onload=\"x()\"></svg>\n[[/figure]]\n";
        let error = page("//| fig-alt: a 3\n", script).unwrap_err();
        let expected = "a.md:5: cell `one` shows a figure with an attribute `onload` in its `<svg>`\n  help: a figure";
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_figure_holds_nothing_for_preprocessors() {
        let svg = "[[figure image/svg+xml]]\n<svg><text>{{#include x}} $a$</text>\n\n</svg>\n[[/figure]]\n";
        let page = page("//| fig-alt: a 3\n", svg).unwrap();
        assert!(
            page.contains("<text>&#123;&#123;#include x}} &#36;a&#36;</text>\n</svg>"),
            "{page}"
        );
    }

    #[test]
    fn a_figure_without_alt_text_and_a_text_without_figure_fail() {
        let error = page("", SVG).unwrap_err();
        assert!(error.starts_with("a.md:5: cell `one`: 1 figure(s), 0 alt text(s)"), "{error}");
        let error = page("//| fig-alt: a 3\n", "text").unwrap_err();
        assert!(error.contains("describes more figures than it shows"), "{error}");
    }

    #[test]
    fn a_cell_without_accepted_output_fails() {
        let (page, problems) = weave_all(&chapter(""), &[], |_| None);
        assert!(
            page.contains("f();") && page.contains("literate-problem") && page.contains("After.")
        );
        let expected = "a.md:5: cell `one` has no accepted output\n  help: run `cargo test`, then `cargo book accept`";
        assert_eq!(problems[0].to_string(), expected);
    }
}
