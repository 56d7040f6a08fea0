//! The chapter for readers: under each cell stands its accepted output.

use std::fmt::Write;

use crate::chapter::{Cell, Chapter, Place, Problem};
use crate::output::{self, Part};
use crate::run::is_error_code;

/// Weaves the accepted outputs into the chapter's Markdown.
///
/// `accepted` gives the output of a cell by its name.
///
/// # Errors
/// A cell without an accepted output; a figure without alt text.
pub fn weave(
    chapter: &Chapter,
    accepted: impl Fn(&str) -> Option<String>,
) -> Result<String, Vec<Problem>> {
    let (mut page, mut problems) = (String::new(), Vec::new());
    for (number, line) in (1..).zip(&chapter.lines) {
        match chapter.cell_at(number) {
            None => {
                page.push_str(line);
                page.push('\n');
                if let Some(snippet) = chapter.snippets.iter().find(|s| s.close == number) {
                    page.push_str(&why_not(&snippet.info));
                }
            }
            Some(cell) if cell.open == number => match woven(chapter, cell, &accepted) {
                Ok(html) => page.push_str(&html),
                Err(problem) => problems.push(problem),
            },
            Some(_) => {}
        }
    }
    if problems.is_empty() { Ok(page) } else { Err(problems) }
}

/// The line under a snippet that must not compile, so that no reader takes it for an example.
fn why_not(info: &str) -> String {
    if !info.contains("compile_fail") {
        return String::new();
    }
    let codes = info.split([',', ' ']).filter(|attribute| is_error_code(attribute));
    let links: Vec<String> = codes
        .map(|code| format!("[error {code}](https://doc.rust-lang.org/error_codes/{code}.html)"))
        .collect();
    let colon = if links.is_empty() { "" } else { ": " };
    let line = format!("This does not compile{colon}{}", links.join(", "));
    format!("\n<div class=\"does-not-compile\">\n\n{line}\n\n</div>\n")
}

fn woven(
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
    // Blank lines between the HTML and the Markdown: mdBook then reads each as what it is.
    let mut html = format!("<div class=\"cell\" id=\"cell-{}\">\n\n", cell.name);
    if cell.options.echo {
        let _ = writeln!(html, "```rust\n{}\n```\n", chapter.code(cell).join("\n"));
    }
    if cell.options.output {
        html.push_str(&output_html(cell, &output));
    }
    html.push_str("</div>\n");
    Ok(html)
}

/// Each figure needs a text for readers who do not see it, and no text may be left over.
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
    Ok(())
}

fn output_html(cell: &Cell, output: &str) -> String {
    let mut html = String::new();
    let mut figure_number = 0;
    for part in output::parts(output) {
        match part {
            Part::Text(text) => {
                let _ = writeln!(html, "<pre class=\"cell-text\">{}</pre>\n", escape(&text));
            }
            Part::Figure { media, width, content } => {
                let alt = cell.options.fig_alt.get(figure_number).map_or("", String::as_str);
                let caption = cell.options.fig_cap.get(figure_number);
                html.push_str(&figure_html(&media, width, &content, alt));
                if let Some(caption) = caption {
                    let _ = writeln!(html, "<figcaption>{}</figcaption>", escape(caption));
                }
                html.push_str("</figure>\n\n");
                figure_number += 1;
            }
        }
    }
    if html.is_empty() { html } else { format!("<div class=\"cell-output\">\n\n{html}</div>\n\n") }
}

/// An open `<figure>` with its content.
fn figure_html(media: &str, width: Option<u32>, content: &str, alt: &str) -> String {
    let alt = escape(alt);
    match media {
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
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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
        weave(&chapter(options), |name| (name == "one").then(|| output.into()))
            .map_err(|problems| problems[0].to_string())
    }

    const SVG: &str = "[[figure image/svg+xml]]\n<svg></svg>\n[[/figure]]\n";

    #[test]
    fn the_output_stands_under_the_cell() {
        let page = page("", "1 < 2\n").unwrap();
        let expected = "<div class=\"cell\" id=\"cell-one\">\n\n```rust\nf();\n```\n\n\
            <div class=\"cell-output\">\n\n<pre class=\"cell-text\">1 &lt; 2</pre>\n\n</div>\n\n</div>\n\nAfter.\n";
        assert!(page.starts_with("# A\n\nBefore.\n\n"), "{page}");
        assert!(page.ends_with(expected), "{page}");
    }

    #[test]
    fn a_snippet_that_must_not_compile_says_so() {
        let markdown = "# A\n\n```rust,compile_fail,E0308\nf();\n```\n\n```rust\ng();\n```\n";
        let chapter = Chapter::parse("01_a", "a.md", markdown).unwrap();
        let page = weave(&chapter, |_| None).unwrap();
        assert_eq!(page.matches("This does not compile: [error E0308](").count(), 1, "{page}");
    }

    #[test]
    fn code_and_output_can_be_hidden() {
        assert!(!page("//| echo: false\n", "x").unwrap().contains("```"));
        let page = page("//| output: false\n", "x").unwrap();
        assert!(page.contains("f();") && !page.contains("cell-output"), "{page}");
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
    fn a_figure_without_alt_text_and_a_text_without_figure_fail() {
        let error = page("", SVG).unwrap_err();
        assert!(error.starts_with("a.md:5: cell `one`: 1 figure(s), 0 alt text(s)"), "{error}");
        let error = page("//| fig-alt: a 3\n", "text").unwrap_err();
        assert!(error.contains("describes more figures than it shows"), "{error}");
    }

    #[test]
    fn a_cell_without_accepted_output_fails() {
        let problems = weave(&chapter(""), |_| None).unwrap_err();
        let expected = "a.md:5: cell `one` has no accepted output\n  help: run `cargo test`, then `cargo book accept`";
        assert_eq!(problems[0].to_string(), expected);
    }
}
