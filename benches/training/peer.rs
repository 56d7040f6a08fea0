//! The steps with other frameworks: each a process that waits for questions.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use mnist_from_scratch::anyhow;
use serde_json::Value;

use super::Run;

/// A program that answers `WHO STEP` with seconds and accuracy; `benches/pytorch/peer.py` has the details.
///
/// It is stopped while it has nothing to answer. The threads of PyTorch go on waiting for work long after
/// it is done, and would take the processor away from whoever is timed next.
pub struct Peer {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    who: Vec<&'static str>,
    /// Of what it measures.
    pub versions: Value,
}

impl Peer {
    /// PyTorch and fastai.
    pub fn python(python: &str, threads: usize) -> Result<Self> {
        let mut command = Command::new(python);
        command.arg(root().join("benches/pytorch/peer.py"));
        Self::start(command, vec!["pytorch", "fastai"], threads).context(
            "starting benches/pytorch/peer.py; are its requirements installed? \
             `pip install --require-hashes -r benches/pytorch/requirements.txt`",
        )
    }

    /// Another framework in Rust; its package is built first.
    pub fn rival(name: &'static str, threads: usize) -> Result<Self> {
        let folder = root().join("benches/rivals").join(name);
        let target = folder.join("target");
        // In its folder, where its own settings for cargo are.
        let status = Command::new("cargo")
            .args(["build", "--release", "--locked"])
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", &target)
            .status()
            .context("starting cargo")?;
        ensure!(status.success(), "cargo could not build {}", folder.display());
        let program = target.join("release").join(format!("rival-{name}"));
        Self::start(Command::new(program), vec![name], threads)
    }

    /// Starts it; it loads the data first.
    fn start(mut command: Command, who: Vec<&'static str>, threads: usize) -> Result<Self> {
        let mut process = command
            .arg(root().join("data/mnist_sample.tgz"))
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        let questions = process.stdin.take().context("no standard input")?;
        let answers = BufReader::new(process.stdout.take().context("no standard output")?);
        let mut peer = Self { process, questions, answers, who, versions: Value::Null };
        peer.versions = peer.answer()?;
        peer.signal("-STOP");
        Ok(peer)
    }

    /// Whether it can be asked for `who`.
    pub fn knows(&self, who: &str) -> bool {
        self.who.contains(&who)
    }

    /// Has it run a step, and returns its time; `None` if it has not got that step.
    pub fn run(&mut self, who: &str, step: &str) -> Result<Option<Run>> {
        self.signal("-CONT");
        writeln!(self.questions, "{who} {step}")?;
        let answer = self.answer().with_context(|| format!("{who} {step}"))?;
        self.signal("-STOP");
        if answer.is_null() {
            return Ok(None);
        }
        let seconds = answer["seconds"].as_f64().with_context(|| format!("no time in {answer}"))?;
        Ok(Some(Run { seconds, accuracy: answer["accuracy"].as_f64() }))
    }

    fn signal(&self, signal: &str) {
        // Where there is no such command it is timed all the same, only less quietly.
        let _ = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("{:?} answered {line:?}", self.who))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It has no work that could be lost.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
