//! What is wrong with a chapter: where, why, and what to do about it.

use std::fmt;

/// A mistake in a chapter, with the place and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `FILE:LINE`
    place: String,
    message: String,
    help: Option<String>,
}

impl Problem {
    /// Adds what the author can do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// A line of a file. Lines count from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    file: &'a str,
    line: usize,
}

impl<'a> Place<'a> {
    pub(crate) fn new(file: &'a str, line: usize) -> Self {
        Self { file, line }
    }

    /// The place `lines` further down.
    pub(crate) fn down(self, lines: usize) -> Self {
        Self { line: self.line + lines, ..self }
    }

    pub(crate) fn problem(self, message: impl Into<String>) -> Problem {
        let place = format!("{}:{}", self.file, self.line);
        Problem { place, message: message.into(), help: None }
    }
}

/// `1 mistake`, `2 mistakes`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_place_and_remedy() {
        let problem = Place::new("a.md", 3).down(2).problem("no such cell").help("look again");
        assert_eq!(problem.to_string(), "a.md:5: no such cell\n  help: look again");
    }
}
