//! The chapter for readers: under each cell stands its accepted output.

use std::collections::BTreeSet;

use crate::chapter::{Cell, Chapter, Snippet};
use crate::html::{escape, output_html, problem_html};
use crate::inline::Inline;
use crate::markdown::{self, Pictures, Plain};
use crate::markup;
use crate::message;
use crate::output::{self, Part};
use crate::problem::{Place, Problem};
use crate::values;

/// How a chapter is written.
enum Form<'a> {
    /// As a page for readers; for one of its author's, a run can change the values in its text.
    Page { is_live: bool },
    /// As Markdown.
    Plain(Plain<'a>),
}

/// Weaves the accepted outputs into the chapter's Markdown, for a page of HTML.
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
    let (page, problems) = written(chapter, messages, accepted, &mut Form::Page { is_live: false });
    if problems.is_empty() { Ok(page) } else { Err(problems) }
}

/// The same for a page that its author looks at: where something is wrong with an output, the page says so
/// in its place.
pub(crate) fn weave_all(
    chapter: &Chapter,
    messages: &Messages<'_>,
    accepted: impl Fn(&str) -> Option<String>,
) -> (String, Vec<Problem>) {
    written(chapter, messages, accepted, &mut Form::Page { is_live: true })
}

/// The same for a renderer other than HTML: Markdown without HTML of the engine's, and the figures that it shows.
/// `folder` is the way from the chapter to them.
///
/// # Errors
/// As [`weave`].
pub(crate) fn weave_plain(
    chapter: &Chapter,
    messages: &Messages<'_>,
    accepted: impl Fn(&str) -> Option<String>,
    folder: &str,
) -> Result<(String, Pictures), Vec<Problem>> {
    let mut form = Form::Plain(Plain::new(chapter, folder));
    let (page, problems) = written(chapter, messages, accepted, &mut form);
    let pictures = match form {
        Form::Plain(plain) => plain.pictures,
        Form::Page { .. } => Pictures::new(),
    };
    if problems.is_empty() { Ok((page, pictures)) } else { Err(problems) }
}

/// Snippets with the names of their snapshots, from [`message::all`].
type Messages<'a> = [(&'a Snippet, String)];

fn written(
    chapter: &Chapter,
    messages: &Messages<'_>,
    accepted: impl Fn(&str) -> Option<String>,
    form: &mut Form<'_>,
) -> (String, Vec<Problem>) {
    let snapshot = accepted(values::NAME).unwrap_or_default();
    let accepted_values = values::accepted(&chapter.values, &snapshot);
    let is_live = matches!(form, Form::Page { is_live: true });
    let inline = Inline { chapter, accepted: accepted_values, is_live };
    let (mut page, mut problems) = (String::new(), Vec::new());
    for (number, line) in (1..).zip(&chapter.lines) {
        match chapter.cell_at(number) {
            None => {
                let (line, more) = inline.line(number, line);
                problems.extend(more);
                let below = |s: &&Snippet| s.close == number && !s.is_nested && !s.is_indented;
                let snippet = chapter.snippets.iter().find(below);
                let named = snippet.and_then(|s| messages.iter().find(|(m, _)| m.open == s.open));
                let message = named.and_then(|(_, name)| accepted(name));
                if let (Some((snippet, _)), None) = (named, &message) {
                    problems.push(message::missing(chapter, snippet));
                }
                page.push_str(&match form {
                    Form::Page { .. } => {
                        let html = |s: &Snippet| message::html(&s.info, message.as_deref(), escape);
                        format!("{line}\n{}", snippet.map(html).unwrap_or_default())
                    }
                    Form::Plain(plain) => {
                        let said = message.map(|m| markdown::fenced("text", message::parts(&m).1));
                        let said = said.map(|said| format!("\n{said}")).unwrap_or_default();
                        plain.line(number, &line) + &said
                    }
                });
            }
            Some(cell) if cell.open == number => {
                let output = output_of(chapter, cell, &accepted);
                page.push_str(&match (&mut *form, &output) {
                    (Form::Plain(plain), Ok(output)) => plain.cell(cell, output),
                    (Form::Page { .. }, Ok(output)) => {
                        woven(chapter, cell, &output_html(cell, output))
                    }
                    (_, Err(problem)) => woven(chapter, cell, &problem_html(&problem.to_string())),
                });
                problems.extend(output.err());
            }
            Some(_) => {}
        }
    }
    (page, problems)
}

/// The accepted output of a cell.
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
    Ok(output)
}

fn woven(chapter: &Chapter, cell: &Cell, output: &str) -> String {
    // Blank lines between the HTML and the Markdown: mdBook then reads each as what it is.
    let mut html = format!("<div class=\"cell\" id=\"cell-{}\">\n\n", cell.name);
    if cell.options.echo {
        let code = chapter.code(cell).join("\n");
        let block = markdown::fenced("rust", &code) + "\n";
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
