//! Values in the text of a page: what was accepted stands in their place, as if somebody had typed it.

use crate::chapter::Chapter;
use crate::problem::{Place, Problem};

/// The accepted values of a chapter, and how they are written.
pub(crate) struct Inline<'a> {
    pub(crate) chapter: &'a Chapter,
    /// `None` for one that was not accepted.
    pub(crate) accepted: Vec<Option<String>>,
    /// Whether each stands in an element of its own, in which a run can write another value.
    pub(crate) is_live: bool,
}

impl Inline<'_> {
    /// A line of the text with its values, and what is wrong with them.
    pub(crate) fn line(&self, number: usize, line: &str) -> (String, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut made = String::new();
        let mut copied = 0;
        let values = self.chapter.values.iter().enumerate();
        for (at, value) in values.filter(|(_, value)| value.line == number) {
            made.push_str(&line[copied..value.columns.start]);
            copied = value.columns.end;
            let accepted = self.accepted.get(at).and_then(Option::as_deref);
            if accepted.is_none() {
                let what = format!("the value `{}` has no accepted output", value.expression);
                let place = Place::new(&self.chapter.file, number);
                problems
                    .push(place.problem(what).help("run `cargo test`, then `cargo book accept`"));
            }
            let text = escape(accepted.unwrap_or(&value.expression));
            // A formula takes no elements.
            let is_formula = line.contains('$') || line.contains("\\\\");
            made.push_str(&match self.is_live && !is_formula {
                true => format!("<span class=\"literate-value\" data-value=\"{at}\">{text}</span>"),
                false => text,
            });
        }
        made.push_str(&line[copied..]);
        (made, problems)
    }
}

/// Text in which neither Markdown nor HTML nor a preprocessor finds anything of its own. A browser shows the
/// same text.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let characters: Vec<char> = text.chars().collect();
    for (at, c) in characters.iter().enumerate() {
        let is_dot = |at: Option<usize>| at.and_then(|at| characters.get(at)) == Some(&'.');
        let is_plain = match c {
            // `1.` at the start of a line is a list.
            '0'..='9' => at > 0,
            '.' => !is_dot(at.checked_sub(1)) && !is_dot(Some(at + 1)),
            ' ' | ',' => true,
            c => c.is_alphanumeric() || !c.is_ascii(),
        };
        match c {
            c if c.is_control() => {}
            c if is_plain => html.push(*c),
            c => html.push_str(&format!("&#{};", u32::from(*c))),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# A\n\nText.\n\n```rust,cell=one\nf();\n```\n\n{{= x }} of {{= y }}.\n\n$z = {{= x }}$\n";

    fn line(number: usize, accepted: &[Option<&str>], is_live: bool) -> (String, Vec<Problem>) {
        let chapter = Chapter::parse("a", "a.md", PAGE).unwrap();
        let accepted = accepted.iter().map(|text| text.map(String::from)).collect();
        let inline = Inline { chapter: &chapter, accepted, is_live };
        inline.line(number, &chapter.lines[number - 1])
    }

    #[test]
    fn a_value_is_text_whatever_it_holds() {
        let (made, problems) = line(9, &[Some("-1...*<b>"), Some("6,131.5 ä")], false);
        let expected = "&#45;1&#46;&#46;&#46;&#42;&#60;b&#62; of &#54;,131.5 ä.";
        assert_eq!((made.as_str(), problems.len()), (expected, 0));
    }

    #[test]
    fn a_live_page_has_elements_for_values_but_not_in_formulas() {
        let values = [Some("1"), None, Some("3")];
        let (made, problems) = line(9, &values, true);
        let expected = "<span class=\"literate-value\" data-value=\"0\">&#49;</span> of \
                        <span class=\"literate-value\" data-value=\"1\">y</span>.";
        assert_eq!(made, expected);
        assert!(problems[0].to_string().starts_with("a.md:9: the value `y` has no accepted"));
        assert_eq!(line(11, &values, true).0, "$z = &#51;$");
    }
}
