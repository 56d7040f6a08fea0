//! A program with a time limit.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How a program ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// What went wrong: `None` if it ended by itself with exit code 0.
    pub problem: Option<String>,
    /// What it printed on standard error.
    pub stderr: String,
    /// How long it ran.
    pub seconds: f64,
}

/// Runs `command` with `input` on its standard input, hands each line that it prints to `line`, and ends it
/// when `limit` is over.
///
/// ```
/// use std::process::Command;
/// use std::time::Duration;
///
/// let (mut lines, mut echo) = (Vec::new(), Command::new("echo"));
/// let ended = gpu_folder::process::run(echo.arg("hello"), "", Duration::from_secs(9), |line| {
///     lines.push(line.to_string());
/// });
/// assert_eq!((lines, ended.problem), (vec!["hello".to_string()], None));
/// ```
pub fn run(
    command: &mut Command,
    input: &str,
    limit: Duration,
    mut line: impl FnMut(&str),
) -> Ended {
    let started = Instant::now();
    let ended =
        |problem, stderr| Ended { problem, stderr, seconds: started.elapsed().as_secs_f64() };
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let program = command.get_program().to_string_lossy();
            return ended(Some(format!("{program} cannot be started: {error}")), String::new());
        }
    };
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not want it may have closed it. It fits into the pipe: nothing waits here.
        let _ = stdin.write_all(input.as_bytes());
    }
    // Both pipes must be read at once: a full one would stop the program.
    let (sender, errors) = mpsc::channel();
    if let Some(mut stderr) = child.stderr.take() {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was read before an error is worth as much; and the receiver may be gone.
            let _ = stderr.read_to_end(&mut bytes);
            let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
        });
    }
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
    }
    let mut in_time = true;
    loop {
        match lines.recv_timeout(limit.saturating_sub(started.elapsed())) {
            Ok(printed) => line(&printed),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                in_time = false;
                break;
            }
        }
    }
    // It may have closed its output and still be at work.
    while in_time && matches!(child.try_wait(), Ok(None)) {
        in_time = started.elapsed() < limit;
        thread::sleep(Duration::from_millis(5));
    }
    if !in_time {
        // If it has ended just now there is nothing to end.
        let _ = child.kill();
    }
    let status = child.wait();
    // A process that this one has started may hold the pipe open for ever.
    let stderr = errors.recv_timeout(Duration::from_secs(2)).unwrap_or_default();
    let problem = match status {
        _ if !in_time => Some(format!("not done after {} s", limit.as_secs())),
        Ok(status) if status.success() => None,
        Ok(status) => Some(match status.code() {
            Some(1) => "returned an error".to_string(),
            Some(101) => "panicked".to_string(),
            _ => format!("stopped: {status}"),
        }),
        Err(error) => Some(format!("cannot be waited for: {error}")),
    };
    ended(problem, stderr)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, limit: Duration) -> (Vec<String>, Ended) {
        let mut lines = Vec::new();
        let ended = run(Command::new("sh").args(["-c", script]), "", limit, |line| {
            lines.push(line.to_string());
        });
        (lines, ended)
    }

    #[test]
    fn what_was_printed_before_a_failure_is_kept() {
        let (lines, ended) = sh("echo one; echo why >&2; exit 101", Duration::from_secs(20));
        assert_eq!(lines, ["one"]);
        assert_eq!((ended.problem.as_deref(), ended.stderr.as_str()), (Some("panicked"), "why\n"));
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let (lines, ended) = sh("echo one; exec sleep 60", Duration::from_millis(500));
        assert_eq!(lines, ["one"]);
        assert_eq!(ended.problem.as_deref(), Some("not done after 0 s"));
        assert!(ended.seconds < 20., "{}", ended.seconds);
        // Also one that has closed its output.
        let (_, ended) = sh("exec >&-; exec 2>&-; exec sleep 60", Duration::from_millis(500));
        assert!(ended.problem.is_some() && ended.seconds < 20., "{ended:?}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let ended = run(&mut Command::new("/no/such/program"), "", Duration::from_secs(1), |_| {});
        assert!(ended.problem.unwrap().starts_with("/no/such/program cannot be started"));
    }
}
