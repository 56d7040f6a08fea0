//! Times the steps of the bench: first a round to warm up, then the rounds that count.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::chapters::{rounded, tail};
use crate::process;

/// The steps of the course, by the names that the bench has for them.
pub const STEPS: [&str; 6] = ["load", "baseline", "linear", "learner", "simple_net", "resnet"];

/// A ResNet takes so much longer that it gets fewer rounds.
pub fn rounds_of(step: &str, rounds: usize) -> usize {
    if step == "resnet" { rounds.min(3) } else { rounds }
}

/// What came of the steps of one program.
#[derive(Debug)]
pub struct Outcome {
    /// For the report, one for each of the steps that were asked for.
    pub results: Vec<Value>,
    /// What is wrong.
    pub problems: Vec<String>,
    /// What the program printed on standard error.
    pub stderr: String,
}

/// Runs `step` with `course`.
pub fn ours(course: &mut Command, step: &str, rounds: usize, limit: Duration) -> Outcome {
    let mut answers = Vec::new();
    let command = course.args(["step", step, &(rounds + 1).to_string()]);
    let ended = process::run(command, "", limit, |line| answers.push(line.to_string()));
    let problem = ended.problem.map(|problem| format!("{problem}: {}", tail(&ended.stderr)));
    let (result, problem) = summary(&answers, rounds, problem);
    let problems = problem.map(|problem| format!("step {step}: {problem}"));
    Outcome {
        results: vec![result],
        problems: problems.into_iter().collect(),
        stderr: ended.stderr,
    }
}

/// How PyTorch can be made faster on a GPU, by the names that `peer.py` has for it.
pub const WAYS: [&str; 4] = ["compile", "graph", "graph_tf32", "graph_bf16"];

/// What PyTorch is asked for on a GPU besides `steps`: its faster ways, of those that train. Of numbers with fewer
/// bits only the ResNet makes something.
pub fn faster(steps: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    let trains = |step: &str| ["linear", "learner", "simple_net", "resnet"].contains(&step);
    let each = |way: &'static str| {
        let steps = steps.iter().filter(move |step| {
            trains(step) && (**step == "resnet" || ["compile", "graph"].contains(&way))
        });
        steps.map(move |step| (way, *step))
    };
    // What takes longest to prepare comes last.
    WAYS.iter().rev().flat_map(|way| each(way)).collect()
}

/// Runs steps with PyTorch, one after the other in one process, for which `python` is the command; of each
/// question the first part is how, `pytorch` or one of [`WAYS`]. The second value holds its versions.
pub fn pytorch(
    python: &mut Command,
    steps: &[(&str, &str)],
    rounds: usize,
    limit: Duration,
) -> (Outcome, Value) {
    let questions: String = steps
        .iter()
        .map(|(who, step)| format!("{who} {step}\n").repeat(rounds_of(step, rounds) + 1))
        .collect();
    let mut lines = Vec::new();
    let ended = process::run(python, &questions, limit, |line| lines.push(line.to_string()));
    let versions = lines.first().and_then(|line| serde_json::from_str(line).ok());
    let mut answers = lines.into_iter().skip(1);
    let (mut results, mut problems) = (Vec::new(), Vec::new());
    for (who, step) in steps {
        let rounds = rounds_of(step, rounds);
        let answers: Vec<String> = answers.by_ref().take(rounds + 1).collect();
        let problem = ended.problem.as_ref().filter(|_| answers.len() < rounds + 1);
        let problem = problem.map(|problem| format!("{problem}: {}", tail(&ended.stderr)));
        let (result, problem) = summary(&answers, rounds, problem);
        results.push(result);
        problems.extend(problem.map(|problem| format!("PyTorch, {who} {step}: {problem}")));
    }
    (Outcome { results, problems, stderr: ended.stderr }, versions.unwrap_or(Value::Null))
}

/// The result of some rounds, and what is wrong with them.
fn summary(answers: &[String], rounds: usize, problem: Option<String>) -> (Value, Option<String>) {
    let (mut seconds, mut accuracy, mut error) = (Vec::new(), Value::Null, problem);
    for answer in answers {
        let answer: Value = serde_json::from_str(answer).unwrap_or(Value::Null);
        match answer["seconds"].as_f64() {
            Some(time) => {
                seconds.push(time);
                accuracy = answer["accuracy"].as_f64().map(rounded).into();
            }
            None => {
                let said = answer["error"].as_str().unwrap_or("gave no time");
                error.get_or_insert_with(|| said.to_string());
            }
        }
    }
    if seconds.len() < rounds + 1 {
        error.get_or_insert_with(|| format!("{} of {} rounds", seconds.len(), rounds + 1));
    }
    // The first round loads kernels, wakes threads, makes room in memory.
    let first = (!seconds.is_empty()).then(|| seconds.remove(0));
    seconds.sort_by(f64::total_cmp);
    let mut result = json!({
        "first": first.map(rounded),
        "rounds": seconds.len(),
        "accuracy": accuracy,
    });
    if let (Some(fastest), Some(slowest)) = (seconds.first(), seconds.last()) {
        let middle = seconds.len() / 2;
        let median = match seconds.len() % 2 {
            1 => seconds[middle],
            _ => (seconds[middle - 1] + seconds[middle]) / 2.,
        };
        result["median"] = rounded(median).into();
        result["fastest"] = rounded(*fastest).into();
        result["slowest"] = rounded(*slowest).into();
    }
    if let Some(error) = &error {
        result["problem"] = error.clone().into();
    }
    (result, error)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        // What `ours` adds to the command becomes `$1`, `$2`, `$3`.
        command.args(["-c", script, "sh"]);
        command
    }

    const LIMIT: Duration = Duration::from_secs(20);

    #[test]
    fn the_first_round_does_not_count() {
        let script = r#"test "$*" = "step load 4" || exit 9
            for s in 9.0 0.3 0.1 0.2; do echo "{\"seconds\": $s, \"accuracy\": 0.5}"; done"#;
        let outcome = ours(&mut sh(script), "load", 3, LIMIT);
        assert_eq!(outcome.problems, [""; 0]);
        let expected = json!({
            "first": 9.0, "median": 0.2, "fastest": 0.1, "slowest": 0.3, "rounds": 3, "accuracy": 0.5
        });
        assert_eq!(outcome.results, [expected]);
    }

    #[test]
    fn what_was_timed_before_a_failure_is_kept() {
        let script = r#"echo '{"seconds": 2, "accuracy": null}'
            echo '{"seconds": 1, "accuracy": null}'; echo no room >&2; exit 101"#;
        let outcome = ours(&mut sh(script), "load", 3, LIMIT);
        assert_eq!(outcome.problems, ["step load: panicked: no room"]);
        assert_eq!(outcome.results[0]["median"], 1.);
        assert_eq!(outcome.results[0]["problem"], "panicked: no room");
    }

    #[test]
    fn a_step_that_pytorch_cannot_do_does_not_stop_the_others() {
        let script = r#"echo '{"torch": "2"}'; while read -r who step; do
            case $step in
                load) echo '{"error": "no Pillow"}' ;;
                *) echo '{"seconds": 1, "accuracy": 0.75}' ;;
            esac
        done"#;
        let steps = [("pytorch", "load"), ("pytorch", "linear")];
        let (outcome, versions) = pytorch(&mut sh(script), &steps, 2, LIMIT);
        assert_eq!(versions["torch"], "2");
        assert_eq!(outcome.problems, ["PyTorch, pytorch load: no Pillow"]);
        assert_eq!(outcome.results[1]["accuracy"], 0.75);
        assert_eq!(outcome.results[1]["rounds"], 2);
    }

    #[test]
    fn the_faster_ways_are_for_steps_that_train() {
        let asked = faster(&STEPS);
        assert!(asked.contains(&("graph", "linear")) && asked.contains(&("graph_bf16", "resnet")));
        assert!(!asked.iter().any(|(_, step)| ["load", "baseline"].contains(step)));
        let script = include_str!("../../benches/pytorch/peer.py");
        assert!(WAYS.iter().all(|way| script.contains(&format!("    \"{way}\": "))));
    }
}
