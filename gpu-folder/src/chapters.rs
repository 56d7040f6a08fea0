//! Runs a chapter and compares what its cells print with the book.

use std::process::Command;
use std::time::Duration;

use mdbook_literate::display::RECORDING;
use mdbook_literate::record::Recorder;
use serde_json::{Value, json};

use crate::compare::{Rule, Verdict, compare};
use crate::outputs::Chapter;
use crate::process;

/// What came of a chapter.
#[derive(Debug)]
pub struct Outcome {
    /// For the report: a verdict for each cell.
    pub results: Value,
    /// Why not even the first cell ran, if so.
    pub not_started: Option<String>,
    /// What is wrong with which cell.
    pub problems: Vec<String>,
    /// What the program printed on standard error.
    pub stderr: String,
}

/// Runs `chapter` with `course`, the program that can run it; each cell is compared by the rule that `rule`
/// gives for its name.
pub fn run(
    course: &mut Command,
    chapter: &Chapter,
    rule: impl Fn(&str) -> Rule,
    limit: Duration,
) -> Outcome {
    let mut recorder = Recorder::new();
    let command = course.args(["chapter", chapter.name]);
    let command = command.env(RECORDING, recorder.figure_secret());
    let secret = format!("{}\n", recorder.cell_secret());
    let mut ended = process::run(command, &secret, limit, |line| recorder.line(line));
    if !recorder.has_ended() && ended.problem.is_none() {
        ended.problem = Some("ended before its last cell".into());
    }
    let outputs = recorder.finish();
    let mut problems = Vec::new();
    let mut cells = Vec::new();
    let last = outputs.last().map(|output| output.name.clone());
    for cell in chapter.cells {
        let Some(output) = outputs.iter().find(|output| output.name == cell.name) else {
            cells.push(json!({ "cell": cell.name, "verdict": "did not run" }));
            continue;
        };
        let seconds = rounded(output.time.as_secs_f64());
        let last = last.as_deref() == Some(cell.name);
        if let (true, Some(problem)) = (last, &ended.problem) {
            let why = tail(&ended.stderr);
            problems.push(format!("{}: cell `{}` {problem}: {why}", cell.place, cell.name));
            let result = json!({ "cell": cell.name, "verdict": "stopped", "seconds": seconds });
            cells.push(result);
            continue;
        }
        cells.push(match compare(cell, rule(cell.name), &output.text) {
            Verdict::Same => json!({ "cell": cell.name, "verdict": "same", "seconds": seconds }),
            Verdict::Near => json!({ "cell": cell.name, "verdict": "near", "seconds": seconds }),
            Verdict::Different(message) => {
                problems.push(format!("{}: cell `{}`: {message}", cell.place, cell.name));
                json!({
                    "cell": cell.name, "verdict": "different", "message": message, "seconds": seconds
                })
            }
        });
    }
    let not_started = outputs.is_empty().then(|| {
        let problem = ended.problem.as_deref().unwrap_or("printed nothing");
        format!("chapter {}: {problem}: {}", chapter.name, tail(&ended.stderr))
    });
    let results = json!({
        "chapter": chapter.name,
        "seconds": rounded(ended.seconds),
        "stopped": ended.problem,
        "cells": cells,
    });
    Outcome { results, not_started, problems, stderr: ended.stderr }
}

/// How many cells of a chapter's results have a verdict.
pub fn count(results: &Value, verdict: &str) -> usize {
    let cells = results["cells"].as_array().into_iter().flatten();
    cells.filter(|cell| cell["verdict"] == verdict).count()
}

pub(crate) fn rounded(x: f64) -> f64 {
    (x * 1e5).round() / 1e5
}

/// The end of what a program said, in one line.
///
/// ```
/// assert_eq!(gpu_folder::chapters::tail("panicked at main.rs:\n  why\n"), "panicked at main.rs: / why");
/// ```
pub fn tail(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines.join(" / ");
    let from = text.char_indices().rev().nth(599).map_or(0, |(at, _)| at);
    text[from..].to_string()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::outputs::CHAPTERS;

    /// Runs the first chapter with a shell script in place of the program.
    fn run_first(script: &str) -> Outcome {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]);
        run(&mut command, &CHAPTERS[0], |_| Rule::Exact, Duration::from_secs(20))
    }

    #[test]
    fn each_cell_gets_a_verdict() {
        let outcome = run_first(
            r#"test "$*" = "chapter 01_data" || exit 9; test -n "$MDBOOK_LITERATE" || exit 9; read -r secret
            printf "\036$secret cell imports\n\036$secret cell version\nsomething else\n"
            echo why >&2; exit 101"#,
        );
        assert_eq!(outcome.not_started, None);
        assert_eq!(count(&outcome.results, "same"), 1, "{}", outcome.results);
        assert_eq!(count(&outcome.results, "stopped"), 1, "{}", outcome.results);
        let others = CHAPTERS[0].cells.len() - 2;
        assert_eq!(count(&outcome.results, "did not run"), others);
        assert_eq!(outcome.results["stopped"], "panicked");
        assert!(outcome.problems[0].ends_with("cell `version` panicked: why"), "{outcome:?}");
        assert!(outcome.problems[0].starts_with("book/src/01_data.md:"), "{outcome:?}");
    }

    #[test]
    fn another_output_is_a_problem() {
        let outcome = run_first(
            r#"read -r secret; mark="\036$secret cell"
            printf "$mark version\n0.0.0-other\n$mark path_ls\n\036$secret end\n""#,
        );
        assert_eq!(count(&outcome.results, "different"), 2, "{}", outcome.results);
        assert!(outcome.problems[0].contains("`0.0.0-other` in place of"), "{outcome:?}");
    }

    #[test]
    fn a_chapter_that_ends_too_early_is_a_problem() {
        let outcome = run_first(r#"read -r secret; printf "\036$secret cell version\n""#);
        assert_eq!(outcome.results["stopped"], "ended before its last cell");
        assert_eq!(count(&outcome.results, "stopped"), 1, "{}", outcome.results);
    }

    #[test]
    fn a_chapter_that_does_not_start_is_told() {
        let outcome = run_first("echo 'libcuda.so.1: cannot open' >&2; exit 127");
        let said = outcome.not_started.unwrap();
        assert!(said.starts_with("chapter 01_data: stopped") && said.contains("libcuda"), "{said}");
    }
}
