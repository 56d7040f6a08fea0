//! Values in the text: `{{= expression }}` stands for what the expression is, behind the cells above it.
//!
//! All values of a chapter have one snapshot, with a line `EXPRESSION = VALUE` for each.

use std::ops::Range;

/// The name of their test and of their snapshot, which no cell can have.
pub(crate) const NAME: &str = "in-text";

const OPEN: &str = "{{=";
const CLOSE: &str = "}}";

/// A value in the text of a chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Value {
    /// What it is the value of: an expression whose type implements `Display`.
    pub expression: String,
    /// The line on which it stands, counted from 1.
    pub line: usize,
    /// Where in that line, in bytes, with its braces.
    pub columns: Range<usize>,
    /// The number of the nearest cell above, counted from 0.
    pub cell: usize,
}

/// Something that looks like a value: its place, and its expression or what is wrong with it.
#[derive(Debug, PartialEq)]
pub(crate) struct Found<'a> {
    pub(crate) line: usize,
    pub(crate) columns: Range<usize>,
    pub(crate) expression: Result<&'a str, &'static str>,
}

/// What looks like a value on a page, but for what starts in one of the ranges: code and comments.
pub(crate) fn found<'a>(markdown: &'a str, silent: &[Range<usize>]) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(markdown.split_inclusive('\n')) {
        let mut from = 0;
        while let Some(at) = line[from..].find(OPEN).map(|at| from + at) {
            from = at + OPEN.len();
            let is_silent = silent.iter().any(|range| range.contains(&(start + at)));
            // Markdown's own way to say that a character is nothing but itself.
            if is_silent || line[..at].ends_with('\\') {
                continue;
            }
            let (expression, end) = match end(&line[from..]).map(|end| from + end) {
                None => (Err("a value that is not closed on its line"), line.trim_end().len()),
                Some(end) => match line[from..end].trim() {
                    "" => (Err("a value of nothing"), end + CLOSE.len()),
                    expression => (Ok(expression), end + CLOSE.len()),
                },
            };
            found.push(Found { line: number, columns: at..end, expression });
            from = end;
        }
        start += line.len();
    }
    found
}

/// Where an expression ends: at the first `}}` that closes no brace and stands in no string of its own.
fn end(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut is_escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' if text[at..].starts_with(CLOSE) => return Some(at),
            _ => {}
        }
    }
    None
}

/// The values as a snapshot holds them.
///
/// # Errors
/// The first value that is no single line, by its number, and how many lines it has.
pub(crate) fn listed(values: &[Value], printed: &[&str]) -> Result<String, (usize, usize)> {
    written(values.iter().zip(printed.iter().copied().map(Some)))
}

/// The snapshot with other values of one cell, by its number; one that was never accepted is not in it.
///
/// # Errors
/// As [`listed`].
pub(crate) fn replaced(
    values: &[Value],
    snapshot: &str,
    cell: usize,
    printed: &[String],
) -> Result<String, (usize, usize)> {
    let mut printed = printed.iter().map(String::as_str);
    let old = accepted(values, snapshot);
    let texts: Vec<Option<&str>> = values
        .iter()
        .zip(&old)
        .map(|(value, old)| if value.cell == cell { printed.next() } else { old.as_deref() })
        .collect();
    written(values.iter().zip(texts))
}

fn written<'a>(
    all: impl Iterator<Item = (&'a Value, Option<&'a str>)>,
) -> Result<String, (usize, usize)> {
    let mut lines = String::new();
    for (number, (value, text)) in all.enumerate() {
        let Some(text) = text else { continue };
        let count = text.lines().count();
        if count > 1 {
            return Err((number, count));
        }
        lines.push_str(&format!("{} = {text}\n", value.expression));
    }
    Ok(lines)
}

/// The values of a snapshot; `None` for one that was not accepted for this expression.
pub(crate) fn accepted(values: &[Value], snapshot: &str) -> Vec<Option<String>> {
    let lines: Vec<&str> = snapshot.lines().collect();
    let mut next = 0;
    let of = |value: &Value| {
        let mut left = lines[next..].iter().enumerate();
        let (at, text) = left.find_map(|(at, line)| Some((at, text_of(value, line)?)))?;
        next += at + 1;
        Some(text.to_string())
    };
    values.iter().map(of).collect()
}

fn text_of<'a>(value: &Value, line: &'a str) -> Option<&'a str> {
    let text = line.strip_prefix(&value.expression)?.strip_prefix(" =")?;
    // `x == 1` is another expression than `x`.
    (text.is_empty() || text.starts_with(' ')).then_some(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expressions(markdown: &str) -> Vec<Result<&str, &'static str>> {
        found(markdown, &[]).into_iter().map(|found| found.expression).collect()
    }

    #[test]
    fn an_expression_ends_at_braces_that_are_not_its_own() {
        for expression in
            ["x", "if a { 1 } else { 2 }", "f(\"}}\", \"\\\"}}\")", "format!(\"{x:.2}\")"]
        {
            let line = format!("It is {{{{= {expression} }}}}, or {{{{={expression}}}}}.");
            assert_eq!(expressions(&line), [Ok(expression); 2], "{line}");
        }
        assert!(expressions("{{= x\n}} {{ y }} \\{{= z }} {{#include a}}")[0].is_err());
        assert_eq!(expressions("{{= }} \\{{= z }}"), [Err("a value of nothing")]);
    }

    #[test]
    fn the_place_is_that_of_the_braces_and_code_is_left_alone() {
        let markdown = "a\nä {{= x }} `{{= y }}`\n";
        let silent = markdown.find('`').unwrap()..markdown.len();
        let place = Found { line: 2, columns: 3..11, expression: Ok("x") };
        assert_eq!(found(markdown, &[silent]), [place]);
    }

    #[test]
    fn a_snapshot_is_read_also_where_values_came_or_went() {
        let value = |expression: &str| Value {
            expression: expression.into(),
            line: 1,
            columns: 0..0,
            cell: 0,
        };
        let all = ["a", "b", "a", "c"].map(value);
        let text = listed(&all, &["1", "", "3", "x = y"]).unwrap();
        assert_eq!(text, "a = 1\nb = \na = 3\nc = x = y\n");
        let read = |values: &[Value]| accepted(values, text.trim_end());
        let some = |text: &str| Some(text.to_string());
        assert_eq!(read(&all), [some("1"), some(""), some("3"), some("x = y")]);
        let [a, b, _, c] = all;
        assert_eq!(read(&[a.clone(), value("new"), c]), [some("1"), None, some("x = y")]);
        assert_eq!(accepted(&[value("x")], "x == 1 = true\nx = 1"), [some("1")]);
        assert_eq!(listed(&[a.clone(), b.clone()], &["1", "2\n3"]), Err((1, 2)));
        // One cell's are accepted, and the others stay or are still missing.
        let below = Value { cell: 1, ..b };
        let both = [a, below];
        let made = replaced(&both, "a = 1\nb = 2\n", 1, &["3".into()]);
        assert_eq!(made.as_deref(), Ok("a = 1\nb = 3\n"));
        assert_eq!(replaced(&both, "", 1, &["3".into()]).as_deref(), Ok("b = 3\n"));
    }
}
