//! The steps with PyTorch and fastai, by a Python process that waits for questions.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use mnist_from_scratch::anyhow;
use serde_json::Value;

use super::Run;

/// `benches/pytorch/peer.py` at work.
pub struct Peer {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Of Python, torch and fastai.
    pub versions: Value,
}

impl Peer {
    /// Starts it; it loads the data first.
    pub fn start(python: &str, threads: usize) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(python)
            .arg(root.join("benches/pytorch/peer.py"))
            .arg(root.join("data/mnist_sample.tgz"))
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {python}"))?;
        let questions = process.stdin.take().context("no standard input")?;
        let answers = BufReader::new(process.stdout.take().context("no standard output")?);
        let mut peer = Self { process, questions, answers, versions: Value::Null };
        peer.versions = peer.answer().context(
            "starting benches/pytorch/peer.py; are its requirements installed? \
             `pip install -r benches/pytorch/requirements.txt`",
        )?;
        Ok(peer)
    }

    /// Has it run a step, and returns its time.
    pub fn run(&mut self, who: &str, step: &str) -> Result<Run> {
        writeln!(self.questions, "{who} {step}")?;
        let answer = self.answer().with_context(|| format!("{who} {step}"))?;
        let number =
            |key: &str| answer[key].as_f64().with_context(|| format!("no {key} in {answer}"));
        Ok(Run { seconds: number("seconds")?, accuracy: number("accuracy")? })
    }

    /// Stops the process for a while, and lets it go on afterwards. PyTorch's threads go on waiting for work
    /// long after it is done, and take the processor away from whoever is timed next.
    pub fn while_stopped<R>(&self, work: impl FnOnce() -> R) -> R {
        self.signal("-STOP");
        let result = work();
        self.signal("-CONT");
        result
    }

    fn signal(&self, signal: &str) {
        // Where there is no such command it is timed all the same, only less quietly.
        let _ = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("the Python script answered {line:?}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It has no work that could be lost.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
