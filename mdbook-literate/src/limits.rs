//! How long a chapter may run and how much it may print, so that an endless loop fails and is named.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long a chapter, or a cell with a limit of its own, may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeLimit(pub Duration);

/// How many bytes a chapter, or a cell with a limit of its own, may print, on standard output and standard
/// error together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputLimit(pub u64);

impl Default for TimeLimit {
    /// Ten minutes.
    fn default() -> Self {
        Self(Duration::from_secs(600))
    }
}

impl Default for OutputLimit {
    /// Ten megabytes.
    fn default() -> Self {
        Self(10_000_000)
    }
}

/// Units of time, in seconds.
const TIMES: [(&str, u64); 4] = [("h", 3600), ("min", 60), ("s", 1), ("", 1)];

/// Units of output, in bytes.
const SIZES: [(&str, u64); 5] =
    [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1), ("", 1)];

impl FromStr for TimeLimit {
    type Err = String;

    /// Reads `90s`, `10min` or `2h`; a number alone counts seconds.
    ///
    /// ```
    /// use mdbook_literate::limits::TimeLimit;
    ///
    /// assert_eq!("10min".parse(), Ok(TimeLimit::default()));
    /// assert_eq!("90".parse::<TimeLimit>().unwrap().to_string(), "90s");
    /// ```
    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = quantity(text, &TIMES)
            .ok_or_else(|| format!("a time limit is written 90s, 10min or 2h, not `{text}`"))?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl FromStr for OutputLimit {
    type Err = String;

    /// Reads `500kB`, `20MB` or `1GB`; a number alone counts bytes.
    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = quantity(text, &SIZES)
            .ok_or_else(|| format!("an output limit is written 500kB or 20MB, not `{text}`"))?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.0.as_secs(), &TIMES[..3])
    }
}

impl fmt::Display for OutputLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.0, &SIZES[..4])
    }
}

/// A whole number above zero and a unit.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = text[digits..].trim();
    let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
    let number: u64 = text[..digits].parse().ok()?;
    number.checked_mul(*size).filter(|quantity| *quantity > 0)
}

fn show(f: &mut fmt::Formatter<'_>, quantity: u64, units: &[(&str, u64)]) -> fmt::Result {
    let whole = units.iter().find(|(_, size)| quantity.is_multiple_of(*size));
    let (unit, size) = whole.copied().unwrap_or(("", 1));
    write!(f, "{}{unit}", quantity / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_with_a_unit() {
        for (text, shown) in [("2h", "2h"), ("120min", "2h"), ("90 s", "90s"), (" 60", "1min")] {
            assert_eq!(text.parse::<TimeLimit>().unwrap().to_string(), shown);
        }
        for (text, shown) in [("500kB", "500kB"), ("20 MB", "20MB"), ("1000", "1kB"), ("7", "7B")] {
            assert_eq!(text.parse::<OutputLimit>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_limit_is_told() {
        for text in ["", "0", "0s", "-1", "1.5h", "ten", "5m", "h", "99999999999999999h", "10 MB"] {
            let error = text.parse::<TimeLimit>().unwrap_err();
            assert!(error.ends_with(&format!("10min or 2h, not `{text}`")), "{error}");
        }
        for text in ["", "0", "10mb", "10MiB", "10min", "99999999999999GB"] {
            assert!(text.parse::<OutputLimit>().is_err(), "{text}");
        }
    }
}
