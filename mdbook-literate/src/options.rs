//! Cell options: `//| key: value` lines at the top of a cell, named as in Quarto and nbval.

use crate::compare::{Comparison, Sanitizer, Tolerance};
use crate::limits::{OutputLimit, TimeLimit};
use crate::problem::{Place, Problem};

/// What an author asks for one cell. [`CellOptions::default`] is a cell without option lines.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CellOptions {
    /// `echo: false` hides the code on the page.
    pub echo: bool,
    /// `fold: true` folds the code away on the page; a click opens it.
    pub fold: bool,
    /// `output: false` hides the output on the page; it is still compared.
    pub output: bool,
    /// `compare: false` shows the accepted output without comparing it: for timings.
    pub compare: bool,
    /// `tolerance: 0.01` or `tolerance: 5%`: how far a number in the output may move.
    pub tolerance: Option<Tolerance>,
    /// `sanitize: \d\d:\d\d`: what this regular expression matches may change, a time for example.
    /// The page shows what was accepted; numbers elsewhere are subject to `tolerance`.
    pub sanitize: Option<Sanitizer>,
    /// `slow: true`: `mdbook test`, which cannot optimise, compiles the chapter without running it.
    pub slow: bool,
    /// `requires: NAME`: the chapter runs only where the environment variable NAME is set, to
    /// something. One line for each variable.
    pub requires: Vec<String>,
    /// `exits: true`: the program may end with success in this cell, so that later cells do not run.
    pub exits: bool,
    /// `keep: false`: the chapter runs each time, since it depends on what nobody can name.
    pub keep: bool,
    /// `reset: true`: this cell and those below start afresh, without what the cells above have made.
    pub reset: bool,
    /// `should_panic: true`: the cell is meant to panic; what the panic says is its output.
    pub should_panic: bool,
    /// `stderr: true`: what the cell writes to standard error is part of its output: that of `dbg!`.
    pub stderr: bool,
    /// `time-limit: 2h`: how long this cell may run, apart from its chapter's limit.
    pub time_limit: Option<TimeLimit>,
    /// `output-limit: 20MB`: how much this cell may print, apart from its chapter's limit.
    pub output_limit: Option<OutputLimit>,
    /// `fig-alt: …`, once for each figure: what it shows, in words.
    pub fig_alt: Vec<String>,
    /// `fig-cap: …`, once for each figure: the line printed under it.
    pub fig_cap: Vec<String>,
}

impl Default for CellOptions {
    fn default() -> Self {
        Self {
            echo: true,
            fold: false,
            output: true,
            compare: true,
            tolerance: None,
            sanitize: None,
            slow: false,
            requires: Vec::new(),
            exits: false,
            keep: true,
            reset: false,
            should_panic: false,
            stderr: false,
            time_limit: None,
            output_limit: None,
            fig_alt: Vec::new(),
            fig_cap: Vec::new(),
        }
    }
}

/// The start of an option line.
pub(crate) const MARK: &str = "//|";

const KNOWN: &str = "echo, fold, output, compare, tolerance, sanitize, slow, requires, exits, keep, \
                     reset, should_panic, stderr, time-limit, output-limit, fig-alt, fig-cap (a line `//|   …` goes on)";

impl CellOptions {
    /// Reads the option lines at the top of a cell's code; returns how many there are, too.
    ///
    /// `place` is that of the line above the first one.
    pub(crate) fn parse(code: &[&str], place: &Place<'_>) -> Result<(Self, usize), Problem> {
        let lines: Vec<&str> = code.iter().map_while(|l| l.strip_prefix(MARK)).collect();
        let mut options = Self::default();
        let entries = entries(&lines, place)?;
        for (key, value, index) in &entries {
            let place = place.down(index + 1);
            options.set(key, value).map_err(|message| place.problem(message))?;
        }
        let sanitize = entries.iter().find(|(key, ..)| *key == "sanitize");
        if let (Some((.., index)), false) = (sanitize, options.compare) {
            return Err(place
                .down(index + 1)
                .problem("option `sanitize` in a cell with `compare: false`")
                .help("nothing is compared there; remove one of the two"));
        }
        if let Some(late) = code[lines.len()..].iter().position(|l| l.trim().starts_with(MARK)) {
            let place = place.down(lines.len() + late + 1);
            return Err(place.problem("an option line below code").help(
                "option lines `//| key: value` come first in a cell, at the start of the line",
            ));
        }
        Ok((options, lines.len()))
    }

    /// What is not compared of the output; `None` where all of it is.
    pub(crate) fn comparison(&self) -> Option<Comparison> {
        let (tolerance, sanitize) = (self.tolerance, self.sanitize.clone());
        (tolerance.is_some() || sanitize.is_some()).then_some(Comparison { tolerance, sanitize })
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "echo" => self.echo = boolean(key, value)?,
            "fold" => self.fold = boolean(key, value)?,
            "output" => self.output = boolean(key, value)?,
            "compare" => self.compare = boolean(key, value)?,
            "slow" => self.slow = boolean(key, value)?,
            "requires" => self.requires.push(variable(value)?),
            "exits" => self.exits = boolean(key, value)?,
            "keep" => self.keep = boolean(key, value)?,
            "reset" => self.reset = boolean(key, value)?,
            "should_panic" => self.should_panic = boolean(key, value)?,
            "stderr" => self.stderr = boolean(key, value)?,
            "time-limit" => self.time_limit = Some(value.parse()?),
            "output-limit" => self.output_limit = Some(value.parse()?),
            "tolerance" => self.tolerance = Some(value.parse()?),
            "sanitize" if self.sanitize.is_some() => {
                return Err("a second option `sanitize`: join the two with `|`".into());
            }
            "sanitize" => self.sanitize = Some(value.parse()?),
            "fig-alt" => self.fig_alt.push(text(key, value)?),
            "fig-cap" => self.fig_cap.push(text(key, value)?),
            _ => return Err(format!("unknown option `{key}`; a cell knows {KNOWN}")),
        }
        Ok(())
    }
}

/// (key, value, index of its line); a line that starts with two spaces or more goes on with the
/// value of the line above.
fn entries<'a>(
    lines: &[&'a str],
    place: &Place<'_>,
) -> Result<Vec<(&'a str, String, usize)>, Problem> {
    let mut entries: Vec<(&str, String, usize)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match (line.strip_prefix("  "), entries.last_mut()) {
            (Some(more), Some((_, value, _))) => {
                value.push(' ');
                value.push_str(more.trim());
            }
            _ => {
                let (key, value) = line.split_once(':').ok_or_else(|| {
                    place
                        .down(index + 1)
                        .problem(format!("`{MARK}{line}` is not `{MARK} key: value`"))
                        .help(format!("a cell knows {KNOWN}"))
                })?;
                entries.push((key.trim(), value.trim().to_string(), index));
            }
        }
    }
    Ok(entries)
}

fn boolean(key: &str, value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| format!("option `{key}` is `true` or `false`, not `{value}`"))
}

/// The name of an environment variable.
fn variable(value: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match value.starts_with(|c: char| !c.is_ascii_digit()) && value.chars().all(fits) {
        true => Ok(value.into()),
        false => {
            Err(format!("option `requires` is the name of an environment variable, not `{value}`"))
        }
    }
}

fn text(key: &str, value: &str) -> Result<String, String> {
    if value.is_empty() { Err(format!("option `{key}` is empty")) } else { Ok(value.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(code: &[&str]) -> Result<(CellOptions, usize), String> {
        CellOptions::parse(code, &Place::new("a.md", 10)).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_cell_without_option_lines_shows_and_compares_everything() {
        assert_eq!(parse(&["let x = 1;"]), Ok((CellOptions::default(), 0)));
    }

    #[test]
    fn options_are_read_and_counted() {
        let (options, lines) = parse(&[
            "//| echo: false",
            "//| requires: MY_GPU",
            "//| tolerance: 5%",
            r"//| sanitize: \d\d:\d\d",
            "//| fig-alt: a grey 3,",
            "//|   a little blurred",
            "draw();",
        ])
        .unwrap();
        assert_eq!(lines, 6);
        assert_eq!(options.requires, ["MY_GPU"]);
        assert!(!options.echo && options.output);
        assert_eq!(options.tolerance, Some(Tolerance::Relative(0.05)));
        assert_eq!(options.sanitize, Some(r"\d\d:\d\d".parse().unwrap()));
        assert_eq!(options.fig_alt, ["a grey 3, a little blurred"]);
    }

    #[test]
    fn mistakes_name_the_line_and_what_is_known() {
        let error = parse(&["//| echo: false", "//| ecko: false"]).unwrap_err();
        assert!(error.starts_with("a.md:12: unknown option `ecko`; a cell knows echo,"), "{error}");
        let error = parse(&["//| echo: no"]).unwrap_err();
        assert!(error.contains("`true` or `false`, not `no`"), "{error}");
        let error = parse(&["//| sanitize: (s"]).unwrap_err();
        assert!(error.contains("`sanitize` is a regular expression, not `(s`"), "{error}");
        let error = parse(&["//| sanitize: a", "//| sanitize: b"]).unwrap_err();
        assert!(error.starts_with("a.md:12: a second option `sanitize`"), "{error}");
        let error = parse(&["//| sanitize: a", "//| compare: false"]).unwrap_err();
        assert!(error.starts_with("a.md:11: option `sanitize` in a cell with"), "{error}");
        for wrong in ["true == no", "", "3D", "A=B"] {
            let error = parse(&[&format!("//| requires: {wrong}")]).unwrap_err();
            assert!(error.contains("the name of an environment variable, not"), "{error}");
        }
        let error = parse(&["//| echo"]).unwrap_err();
        assert!(error.contains("a.md:11: `//| echo` is not"), "{error}");
        let error = parse(&["f();", "//| echo: false"]).unwrap_err();
        assert!(error.starts_with("a.md:12: an option line below code"), "{error}");
    }
}
