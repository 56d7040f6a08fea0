//! Runs a compiled chapter within its limits, and tells which cell went wrong.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::book::Book;
use crate::chapter::{Cell, Chapter};
use crate::display::MARK;
use crate::failure::{Failure, Run};
use crate::group::Group;
use crate::libs::Libs;
use crate::limits::{OutputLimit, TimeLimit};
use crate::parts;
use crate::record::{CellOutput, Recorder};
use crate::values;

/// How often it is asked whether the program has ended although its output is still open, which a process
/// that it left behind may be the reason for.
const PAUSE: Duration = Duration::from_millis(50);

/// How much of standard error a message shows at most.
const STDERR_SHOWN: usize = 16_384;

/// What is told of a run while it lasts, often. An error stops the program, and says how the message of its
/// cell goes on.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(&Recorder) -> Result<(), String>;

/// Runs the program of `chapter`.
pub(crate) fn execute(
    book: &Book,
    libs: &Libs,
    chapter: &Chapter,
    executable: &Path,
    progress: Progress<'_>,
) -> Result<Run> {
    let mut recorder = Recorder::new();
    // Each stream has the marks: what a cell writes to standard error is its own, too.
    let mut errors = recorder.twin();
    let mut command = Command::new(executable);
    let command = command.current_dir(&book.package).stdin(Stdio::piped());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    libs.set(command);
    let mut group = Group::start(command, recorder.figure_secret())
        .with_context(|| format!("{} cannot be started", executable.display()))?;
    let (sender, printed) = sync_channel(4);
    let program = group.program();
    if let Some(mut stdin) = program.stdin.take() {
        // It fits into the pipe: nothing waits here. A program that never reads it has no cell.
        let _ = writeln!(stdin, "{}", recorder.cell_secret());
    }
    if let Some(stdout) = program.stdout.take() {
        read(stdout, sender.clone(), Printed::Out);
    }
    if let Some(stderr) = program.stderr.take() {
        read(stderr, sender.clone(), Printed::Err);
    }
    drop(sender);
    let mut budget = Budget::new(chapter, book.settings.time_limit, book.settings.output_limit);
    let mut stderr = VecDeque::new();
    let end = watch(&mut group, &printed, |printed| {
        let left = match printed {
            Some(Printed::Out(bytes)) => {
                // Line by line, as marks are: each cell answers for what it printed itself.
                let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
                lines.try_fold(Duration::ZERO, |_, line| {
                    recorder.bytes(line);
                    budget.printed(line.len(), recorder.started(), recorder.current())
                })
            }
            Some(Printed::Err(bytes)) => {
                errors.bytes(&bytes);
                stderr.extend(&bytes);
                let extra = stderr.len().saturating_sub(STDERR_SHOWN);
                stderr.drain(..extra);
                budget.printed(bytes.len(), recorder.started(), recorder.current())
            }
            None => budget.time_left(),
        }?;
        progress(&recorder).map(|()| left)
    });
    group.end();
    let stderr = without_marks(&String::from_utf8_lossy(stderr.make_contiguous()), &errors);
    let (has_ended, is_in_value) = (recorder.has_ended(), recorder.is_in_value());
    let mut outputs = recorder.finish();
    for error in errors.finish() {
        let wants = |cell: &&Cell| cell.name == error.name && cell.options.stderr;
        if chapter.cells.iter().any(|cell| wants(&cell))
            && let Some(output) = outputs.iter_mut().find(|output| output.name == error.name)
        {
            output.text.push_str(&error.text);
            output.is_utf8 &= error.is_utf8;
        }
    }
    let report = Report { chapter, outputs, has_ended, is_in_value, stderr };
    Ok(report.run(end?))
}

/// The text of standard error for a message.
fn without_marks(text: &str, recorder: &Recorder) -> String {
    let mark = format!("{MARK}{} ", recorder.cell_secret());
    let mut pieces = text.split(mark.as_str());
    let first = pieces.next().unwrap_or_default().to_string();
    let rest = pieces.map(|piece| piece.split_once('\n').map_or("", |(_, rest)| rest));
    rest.fold(first, |text, piece| text + piece).trim().to_string()
}

/// A piece of what a program printed.
enum Printed {
    Out(Vec<u8>),
    Err(Vec<u8>),
}

/// Hands what comes out of `pipe` to `sender`. The channel is short: a program that prints faster than it
/// is read waits, and memory stays small.
fn read(
    mut pipe: impl Read + Send + 'static,
    sender: SyncSender<Printed>,
    kind: fn(Vec<u8>) -> Printed,
) {
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) if sender.send(kind(buffer[..length].to_vec())).is_err() => break,
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
    });
}

/// How a program came to its end.
enum End {
    Itself(ExitStatus),
    /// Stopped, since it did what the message says.
    Limit(String),
}

/// Waits for the program; `check` takes what it prints, or `None` from time to time, and says how long
/// it may go on, or why not.
fn watch(
    group: &mut Group,
    printed: &Receiver<Printed>,
    mut check: impl FnMut(Option<Printed>) -> Result<Duration, String>,
) -> Result<End> {
    let mut piece = None;
    loop {
        let left = match check(piece.take()) {
            Ok(left) => left,
            Err(limit) => return Ok(End::Limit(limit)),
        };
        match printed.recv_timeout(left.min(PAUSE)) {
            Ok(more) => piece = Some(more),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = group.program().try_wait()? {
                    // What it wrote lies in the pipes; only strangers can hold them open now.
                    while let Ok(more) = printed.recv_timeout(PAUSE) {
                        if let Err(limit) = check(Some(more)) {
                            return Ok(End::Limit(limit));
                        }
                    }
                    return Ok(End::Itself(status));
                }
            }
            // Both pipes are closed: it has ended, or goes on in silence.
            Err(RecvTimeoutError::Disconnected) => match group.program().try_wait()? {
                Some(status) => return Ok(End::Itself(status)),
                None => thread::sleep(left.min(PAUSE / 10)),
            },
        }
    }
}

/// What is left of a chapter's limits. A cell with a limit of its own has its own account.
struct Budget<'a> {
    chapter: &'a Chapter,
    time: TimeLimit,
    output: OutputLimit,
    /// The cell that runs, and how many have started.
    cell: Option<&'a Cell>,
    started: usize,
    since: Instant,
    bytes: u64,
    /// By the cells before, but for those with limits of their own.
    used_time: Duration,
    used_bytes: u64,
}

impl<'a> Budget<'a> {
    fn new(chapter: &'a Chapter, time: TimeLimit, output: OutputLimit) -> Self {
        let (since, used_time) = (Instant::now(), Duration::ZERO);
        let (cell, started, bytes, used_bytes) = (None, 0, 0, 0);
        Self { chapter, time, output, cell, started, since, bytes, used_time, used_bytes }
    }

    /// Notes that `bytes` were printed; `started` cells have started, the last of which is `name`.
    fn printed(
        &mut self,
        bytes: usize,
        started: usize,
        name: Option<&str>,
    ) -> Result<Duration, String> {
        self.bytes += bytes as u64;
        if started != self.started {
            if self.cell.is_none_or(|cell| cell.options.time_limit.is_none()) {
                self.used_time += self.since.elapsed();
            }
            if self.cell.is_none_or(|cell| cell.options.output_limit.is_none()) {
                self.used_bytes += self.bytes;
            }
            (self.since, self.bytes, self.started) = (Instant::now(), 0, started);
            self.cell = self.chapter.cells.iter().find(|cell| Some(cell.name.as_str()) == name);
        }
        let own = self.cell.and_then(|cell| cell.options.output_limit);
        let (limit, used) = match own {
            Some(own) => (own, self.bytes),
            None => (self.output, self.used_bytes + self.bytes),
        };
        if used > limit.0 {
            return Err(over("printed more", own.is_some(), limit, "output-limit", "20MB"));
        }
        self.time_left()
    }

    fn time_left(&self) -> Result<Duration, String> {
        let own = self.cell.and_then(|cell| cell.options.time_limit);
        let (limit, used) = match own {
            Some(own) => (own, self.since.elapsed()),
            None => (self.time, self.used_time + self.since.elapsed()),
        };
        match limit.0.checked_sub(used).filter(|left| !left.is_zero()) {
            Some(left) => Ok(left),
            None => Err(over("took longer", own.is_some(), limit, "time-limit", "1h")),
        }
    }
}

fn over(
    what: &str,
    is_own: bool,
    limit: impl std::fmt::Display,
    option: &str,
    example: &str,
) -> String {
    let whose = if is_own { "its" } else { "its chapter's" };
    format!(
        "{what} than {whose} limit of {limit} and was stopped\n  help: is there an endless loop? If \
         not, raise `//| {option}: {example}` in the cell or `{option}` in book.toml"
    )
}

/// What is known at the end.
struct Report<'a> {
    chapter: &'a Chapter,
    outputs: Vec<CellOutput>,
    has_ended: bool,
    /// Whether a value in the text was being worked out.
    is_in_value: bool,
    stderr: String,
}

impl Report<'_> {
    fn run(self, end: End) -> Run {
        let mut failures = Vec::new();
        let mut exited = None;
        let last = self.outputs.last().and_then(|output| self.cell(&output.name));
        match end {
            End::Limit(message) => failures.push(self.stopped(last, &message)),
            End::Itself(status) if !status.success() => {
                let how = match status.code() {
                    Some(parts::NO_PANIC) if last.is_some_and(|cell| cell.options.should_panic) => {
                        "did not panic, but is meant to (`should_panic`)".to_string()
                    }
                    Some(1) => "returned an error".to_string(),
                    Some(101) => "panicked".to_string(),
                    _ => format!("stopped the program: {status}"),
                };
                failures.push(self.stopped(last, &how));
            }
            End::Itself(_) if self.has_ended => {}
            End::Itself(_) if last.is_some_and(|cell| cell.options.exits) => {
                exited = last.map(|cell| cell.name.clone());
            }
            End::Itself(_) => failures.push(self.stopped(last, EARLY)),
        }
        for (at, output) in self.outputs.iter().enumerate() {
            if self.chapter.cells.get(at).is_none_or(|cell| cell.name != output.name) {
                let cell = self.cell(&output.name);
                failures.push(self.failure(cell, "ran twice or out of its order", false));
                break;
            }
        }
        for output in self.outputs.iter().filter(|output| !output.is_utf8) {
            let cell = self.cell(&output.name);
            failures.push(self.failure(cell, NOT_TEXT, false));
        }
        Run { outputs: self.outputs, failures, exited, is_kept: false }
    }

    fn cell(&self, name: &str) -> Option<&Cell> {
        self.chapter.cells.iter().find(|cell| cell.name == name)
    }

    /// What stopped the program: the cell that ran last, or a value below it.
    fn stopped(&self, last: Option<&Cell>, what: &str) -> Failure {
        let done = self.outputs.iter().map(|output| output.values.len()).sum::<usize>();
        let Some(value) = self.chapter.values.get(done).filter(|_| self.is_in_value) else {
            return self.failure(last, what, true);
        };
        let place = format!("{}:{}", self.chapter.file, value.line);
        let message = format!("{place}: the value `{}` {what}\n{}", value.expression, self.stderr);
        Failure { cell: Some(values::NAME.into()), message: message.trim_end().into() }
    }

    fn failure(&self, cell: Option<&Cell>, what: &str, with_stderr: bool) -> Failure {
        let place = match cell {
            Some(cell) => format!("{}:{}: cell `{}`", self.chapter.file, cell.open, cell.name),
            None => format!("{}: the chapter's program", self.chapter.file),
        };
        let stderr = if with_stderr { self.stderr.as_str() } else { "" };
        let message = format!("{place} {what}\n{stderr}").trim_end().to_string();
        Failure { cell: cell.map(|cell| cell.name.clone()), message }
    }
}

const EARLY: &str = "ended the program with success, or closed or redirected its standard output: \
    what comes behind did not run, or was not seen\n  help: `return` and `exit` end the whole \
    chapter; where that is meant, say `//| exits: true` in the cell";

const NOT_TEXT: &str = "printed bytes that are not UTF-8\n  help: print them as numbers, with `{:?}`, \
    or show them as a figure";
