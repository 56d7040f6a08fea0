//! Compares outputs of which a part may change: numbers that move a little, times.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;

use crate::output;

/// How far a number of the output may be from the accepted one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Tolerance {
    /// At most this much.
    Absolute(f64),
    /// At most this share of the accepted number: `0.05` is five per cent.
    Relative(f64),
}

impl FromStr for Tolerance {
    type Err = String;

    /// Reads `0.01` or `5%`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, percent) = match text.strip_suffix('%') {
            Some(number) => (number, true),
            None => (text, false),
        };
        match number.trim().parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 && percent => {
                Ok(Self::Relative(value / 100.0))
            }
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(Self::Absolute(value)),
            _ => Err(format!("option `tolerance` is a number or a percentage, not `{text}`")),
        }
    }
}

impl Tolerance {
    /// Whether `new` is `accepted` but for numbers that moved within the tolerance.
    ///
    /// The text around the numbers must be the same; white space may differ in width, since a
    /// column is padded to its longest number.
    ///
    /// ```
    /// use mdbook_literate::compare::Tolerance;
    ///
    /// let tolerance = Tolerance::Absolute(0.01);
    /// assert!(tolerance.matches("loss 0.52", "loss 0.525"));
    /// assert!(!tolerance.matches("loss 0.52", "loss 0.54"));
    /// assert!(!tolerance.matches("loss 0.52", "cost 0.52"));
    /// ```
    pub fn matches(self, accepted: &str, new: &str) -> bool {
        let numbers = paired_numbers(accepted, new);
        numbers.is_some_and(|pairs| {
            pairs.iter().all(|(accepted, new)| self.near(accepted.value(), new.value()))
        })
    }

    fn near(self, accepted: f64, new: f64) -> bool {
        let bound = match self {
            Self::Absolute(bound) => bound,
            Self::Relative(share) => share * accepted.abs(),
        };
        // A hair more than the bound: 0.52 and 0.53 are 0.010000000000000009 apart.
        (accepted - new).abs() <= bound * (1.0 + 1e-9)
    }
}

/// What may change in an output: all that a regular expression matches, as in nbval.
#[derive(Debug, Clone)]
pub struct Sanitizer(Regex);

impl FromStr for Sanitizer {
    type Err = String;

    /// Reads a regular expression, for example `\d\d:\d\d`.
    fn from_str(text: &str) -> Result<Self, String> {
        match Regex::new(text) {
            Ok(pattern) if !pattern.is_match("") => Ok(Self(pattern)),
            Ok(_) => Err(format!("option `sanitize` matches also where nothing is: `{text}`")),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default();
                let reason = reason.trim_start_matches("error: ");
                Err(format!("option `sanitize` is a regular expression, not `{text}`: {reason}"))
            }
        }
    }
}

impl PartialEq for Sanitizer {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Display for Sanitizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Sanitizer {
    /// The text with `[…]` in place of each match.
    ///
    /// ```
    /// use mdbook_literate::compare::Sanitizer;
    ///
    /// let times: Sanitizer = r"\d\d:\d\d".parse()?;
    /// assert_eq!(times.sanitize("took 02:33"), times.sanitize("took 00:07"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn sanitize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.replace_all(text, "[…]")
    }

    /// Whether a cell's output holds something to replace. A match of no width, such as `\b`
    /// alone, replaces nothing.
    pub fn finds(&self, output: &str) -> bool {
        let finds = |text| self.0.find_iter(text).any(|found| !found.is_empty());
        output::parts(output).iter().filter_map(output::Part::source).any(finds)
    }
}

/// Whether a new output is the accepted one, apart from what may change.
///
/// Text is compared with text and figure with figure. HTML and SVG are text in this sense; the
/// bytes of a PNG, and each figure's type and width, must be the same.
///
/// ```
/// use mdbook_literate::compare::Comparison;
///
/// let times = Comparison::new(None, Some(r"\d\d:\d\d".parse()?));
/// assert!(times.matches("0.9828 00:07", "0.9828 00:09"));
/// assert!(!times.matches("0.9828 00:07", "0.9818 00:07"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Comparison {
    /// How far a number may be off; `None`: not at all.
    pub tolerance: Option<Tolerance>,
    /// What is left out.
    pub sanitize: Option<Sanitizer>,
}

impl Comparison {
    /// With this tolerance, and without what this sanitizer finds.
    pub fn new(tolerance: Option<Tolerance>, sanitize: Option<Sanitizer>) -> Self {
        Self { tolerance, sanitize }
    }

    /// Whether `new` is `accepted` apart from that.
    pub fn matches(&self, accepted: &str, new: &str) -> bool {
        let (accepted, new) = (output::parts(accepted), output::parts(new));
        accepted.len() == new.len()
            && accepted.iter().zip(&new).all(|(accepted, new)| self.part_matches(accepted, new))
    }

    fn part_matches(&self, accepted: &output::Part, new: &output::Part) -> bool {
        match (accepted.source(), new.source()) {
            (Some(a), Some(b)) => accepted.header() == new.header() && self.text_matches(a, b),
            _ => accepted == new,
        }
    }

    fn text_matches(&self, accepted: &str, new: &str) -> bool {
        let clean = |text| match &self.sanitize {
            Some(sanitizer) => sanitizer.sanitize(text),
            None => Cow::Borrowed(text),
        };
        let (accepted, new) = (clean(accepted), clean(new));
        match self.tolerance {
            Some(tolerance) => tolerance.matches(&accepted, &new),
            None => accepted == new,
        }
    }
}

/// A number as it was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    /// The number.
    pub fn value(self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// What was printed, such as `0.9828` or `-7.0675e-05`.
    pub fn text(self) -> &'a str {
        self.0
    }
}

/// The numbers of two texts in pairs; `None` where the text around them is not the same.
///
/// White space may differ in width, since a column is padded to its longest number. A digit within a word,
/// as in `mean3`, is no number.
///
/// ```
/// use mdbook_literate::compare::paired_numbers;
///
/// let pairs = paired_numbers("loss 0.52", "loss  0.525").unwrap();
/// assert_eq!((pairs[0].0.value(), pairs[0].1.text()), (0.52, "0.525"));
/// assert_eq!(paired_numbers("loss 0.52", "cost 0.52"), None);
/// ```
pub fn paired_numbers<'a>(
    accepted: &'a str,
    new: &'a str,
) -> Option<Vec<(Number<'a>, Number<'a>)>> {
    let (accepted, new) = (split(accepted), split(new));
    if accepted.len() != new.len() {
        return None;
    }
    let mut pairs = Vec::new();
    for parts in accepted.into_iter().zip(new) {
        match parts {
            (Part::Number(accepted), Part::Number(new)) => pairs.push((accepted, new)),
            (accepted, new) if accepted == new => {}
            _ => return None,
        }
    }
    Some(pairs)
}

#[derive(Debug, PartialEq)]
enum Part<'a> {
    Text(String),
    Number(Number<'a>),
}

/// A number that does not sit within a word: not the 3 of `mean3`.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?P<before>^|[^\w.])(?P<number>[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)")
        .expect("a valid pattern")
});

fn split(text: &str) -> Vec<Part<'_>> {
    let words = |text: &str| Part::Text(text.split_whitespace().collect::<Vec<_>>().join(" "));
    let (mut parts, mut end) = (Vec::new(), 0);
    for found in NUMBER.captures_iter(text) {
        let number = found.name("number").expect("the pattern has a number");
        parts.push(words(&text[end..number.start()]));
        parts.push(Part::Number(Number(number.as_str())));
        end = number.end();
    }
    parts.push(words(&text[end..]));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_move_within_an_absolute_bound() {
        let tolerance = Tolerance::Absolute(0.01);
        assert!(tolerance.matches("tensor([0.52, -1.00])", "tensor([0.53, -1.01])"));
        assert!(!tolerance.matches("tensor([0.52, -1.00])", "tensor([0.54, -1.00])"));
        assert!(!tolerance.matches("1.0", "-1.0"));
    }

    #[test]
    fn a_relative_bound_grows_with_the_number() {
        let tolerance: Tolerance = "5%".parse().unwrap();
        assert!(tolerance.matches("5435.5 s", "5600 s"));
        assert!(!tolerance.matches("5435.5 s", "5800 s"));
        assert!(!tolerance.matches("0", "0.001"), "a share of nothing is nothing");
    }

    #[test]
    fn the_text_around_numbers_must_match() {
        let tolerance = Tolerance::Absolute(10.0);
        assert!(!tolerance.matches("3 wrong", "3 right"));
        assert!(!tolerance.matches("3 wrong", "3 wrong, 4 right"));
        assert!(!tolerance.matches("mean3", "mean7"), "a digit in a name is no number");
        assert!(!tolerance.matches("1.0", "nan"));
    }

    #[test]
    fn padding_may_change_with_the_width_of_a_number() {
        let tolerance = Tolerance::Absolute(0.1);
        assert!(tolerance.matches("| 9.99 |", "| 10.01 |"));
        assert!(tolerance.matches("|  9.99 |", "| 10.01 |"));
    }

    #[test]
    fn what_is_sanitized_may_change_and_nothing_else() {
        let sanitize = Some(r"\d\d:\d\d".parse().unwrap());
        let exact = Comparison { sanitize: sanitize.clone(), tolerance: None };
        assert!(exact.matches("0.52 00:07", "0.52 12:33"));
        assert!(!exact.matches("0.52 00:07", "0.53 00:07"));
        assert!(!exact.matches("0.52 00:07", "0.52"));
        let near = Comparison { sanitize, tolerance: Some(Tolerance::Absolute(0.01)) };
        assert!(near.matches("0.52 00:07", "0.53 12:33"));
        assert!(!near.matches("0.52 00:07", "0.54 12:33"));
    }

    fn figure(header: &str, content: &str) -> String {
        format!("[[figure {header}]]\n{content}\n[[/figure]]\n")
    }

    #[test]
    fn a_table_is_sanitized_and_the_kind_of_a_figure_is_not() {
        let times = Comparison { sanitize: Some(r"\d+".parse().unwrap()), tolerance: None };
        let table = figure("text/html", "<td>7</td>");
        assert!(times.matches(&table, &figure("text/html", "<td>33</td>")));
        assert!(!times.matches(&table, &figure("text/html", "<th>7</th>")));
        assert!(!times.matches(&table, &figure("image/svg+xml", "<td>7</td>")));
        assert!(!times.matches(&table, "<td>7</td>"));
        assert!(!times.matches(&table, &format!("{table}{table}")));
    }

    #[test]
    fn a_png_stays_as_it_is() {
        let picture = figure("image/png width=140", "iVBO+7/R");
        for loose in [
            Comparison { sanitize: Some(r"\d+".parse().unwrap()), tolerance: None },
            Comparison { sanitize: None, tolerance: Some(Tolerance::Absolute(9.0)) },
        ] {
            assert!(loose.matches(&format!("7\n{picture}"), &format!("8\n{picture}")));
            assert!(!loose.matches(&picture, &figure("image/png width=140", "iVBO+8/R")));
            assert!(!loose.matches(&picture, &figure("image/png width=141", "iVBO+7/R")));
        }
    }

    #[test]
    fn a_sanitizer_finds_what_can_be_read() {
        let digits: Sanitizer = r"\d".parse().unwrap();
        assert!(digits.finds("took 7 s"));
        assert!(digits.finds(&figure("text/html", "<td>7</td>")));
        assert!(!digits.finds(&figure("image/png width=140", "iVBO+7/R")));
        assert!(!digits.finds("took long"));
        assert!(!r"\b".parse::<Sanitizer>().unwrap().finds("took 7 s"), "no width, no match");
    }

    #[test]
    fn only_expressions_that_match_something_are_sanitizers() {
        assert_eq!(
            "[".parse::<Sanitizer>().unwrap_err(),
            "option `sanitize` is a regular expression, not `[`: unclosed character class"
        );
        assert!("a*".parse::<Sanitizer>().unwrap_err().contains("where nothing is"));
    }

    #[test]
    fn only_numbers_and_percentages_are_tolerances() {
        assert_eq!("1e-3".parse(), Ok(Tolerance::Absolute(1e-3)));
        for bad in ["", "much", "-1", "inf", "%"] {
            assert!(bad.parse::<Tolerance>().is_err(), "{bad}");
        }
    }
}
