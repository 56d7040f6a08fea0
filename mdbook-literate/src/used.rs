//! Names that only values in the text use: in the example, where the text is a comment, nothing would.

use std::sync::LazyLock;

use regex::Regex;

use crate::chapter::{Cell, Chapter, Value};
use crate::parts::code_of;

static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{L}_][\p{L}\p{N}_]*").expect("a valid pattern"));

/// The statement that uses what no cell uses, but a value in the text below `cell` does, so that the compiler does not warn
/// of it. `is_below` says whether a value stands below this cell and above the next.
pub(crate) fn statement(
    chapter: &Chapter,
    cell: &Cell,
    is_below: impl Fn(&Value) -> bool,
) -> Option<String> {
    let mut values: Vec<&str> = Vec::new();
    for value in chapter.values.iter().filter(|value| is_below(value)) {
        let mut names = WORD.find_iter(&value.expression).map(|name| name.as_str());
        let is_new = !values.contains(&value.expression.as_str());
        if is_new && names.any(|name| is_only_made(chapter, cell, name)) {
            values.push(&value.expression);
        }
    }
    match values[..] {
        [] => None,
        [value] => Some(format!("let _ = {value};")),
        _ => {
            let all: Vec<String> = values.iter().map(|value| borrowed(value)).collect();
            Some(format!("let _ = ({});", all.join(", ")))
        }
    }
}

/// Whether the cells up to `last` make something of this name, and no cell says it again.
fn is_only_made(chapter: &Chapter, last: &Cell, name: &str) -> bool {
    let mut made = 0;
    for cell in &chapter.cells {
        for line in code_of(chapter, cell).filter(|line| !line.trim_start().starts_with("//")) {
            for word in WORD.find_iter(line).filter(|word| word.as_str() == name) {
                let before = line[..word.start()].trim_end();
                let is_import = line.trim_start().starts_with("use ");
                // Fields, methods, and parts of paths are names of something else.
                let is_other = before.ends_with('.') || (before.ends_with("::") && !is_import);
                if is_other {
                    continue;
                }
                if made > 0 || cell.open > last.open {
                    return false;
                }
                made += 1;
            }
        }
    }
    made == 1
}

/// An expression that a tuple takes without moving it.
fn borrowed(value: &str) -> String {
    match value.contains(' ') {
        true => format!("&({value})"),
        false => format!("&{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(cells: &[&str], text: &str) -> Option<String> {
        let cell = |(at, code): (usize, &&str)| format!("```rust,cell=c{at}\n{code}\n```\n\n");
        let cells: String = cells.iter().enumerate().map(cell).collect();
        let page = format!("# A\n\nT\n\n{cells}{text}\n");
        let chapter = Chapter::parse("a", "a.md", &page).unwrap();
        statement(&chapter, chapter.cells.last().unwrap(), |_| true)
    }

    #[test]
    fn what_only_the_text_uses_is_used() {
        let half = "let half = 3;";
        assert_eq!(statements(&[half], "{{= half }}").unwrap(), "let _ = half;");
        let three = "{{= half }}, {{= half + 1 }}, {{= half }}";
        assert_eq!(
            statements(&["// half\nlet half = 3;"], three).unwrap(),
            "let _ = (&half, &(half + 1));"
        );
        let import = "use greeting::greet;\nlet a = 1;";
        assert_eq!(statements(&[import], "{{= greet(\"a\") }}").unwrap(), "let _ = greet(\"a\");");
        let captured = "{{= format!(\"{half:.2}\") }}";
        assert!(statements(&["let half = 3;"], captured).is_some());
    }

    #[test]
    fn what_a_cell_uses_is_left_alone() {
        for cells in [
            &["let half = 3;\nprintln!(\"{half}\\n\");"][..],
            &["let half = 3;", "f(half);"],
            &["let half = 3;\nlet half = half + 1;"],
            &["let x = y.half();"],
            &["let x = Number::half(3);"],
            &["let other = 1;"],
        ] {
            assert_eq!(statements(cells, "{{= half }}"), None, "{cells:?}");
        }
    }
}
