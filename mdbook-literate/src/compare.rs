//! Compares outputs whose numbers may move a little.

use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;

/// How far a number of the output may be from the accepted one.
#[derive(Debug, Clone, Copy, PartialEq)]
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
        let (accepted, new) = (split(accepted), split(new));
        accepted.len() == new.len()
            && accepted.iter().zip(&new).all(|parts| match parts {
                (Part::Number(a), Part::Number(b)) => self.near(*a, *b),
                (a, b) => a == b,
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

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Number(f64),
}

/// A number that does not sit within a word: not the 3 of `mean3`.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?P<before>^|[^\w.])(?P<number>[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)")
        .expect("a valid pattern")
});

fn split(text: &str) -> Vec<Part> {
    let words = |text: &str| Part::Text(text.split_whitespace().collect::<Vec<_>>().join(" "));
    let (mut parts, mut end) = (Vec::new(), 0);
    for found in NUMBER.captures_iter(text) {
        let number = found.name("number").expect("the pattern has a number");
        parts.push(words(&text[end..number.start()]));
        parts.push(Part::Number(number.as_str().parse().unwrap_or(f64::NAN)));
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
    fn only_numbers_and_percentages_are_tolerances() {
        assert_eq!("1e-3".parse(), Ok(Tolerance::Absolute(1e-3)));
        for bad in ["", "much", "-1", "inf", "%"] {
            assert!(bad.parse::<Tolerance>().is_err(), "{bad}");
        }
    }
}
