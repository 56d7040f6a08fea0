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
    /// PyTorch, its faster ways, and fastai.
    pub fn python(python: &str, threads: usize) -> Result<Self> {
        let mut command = Command::new(python);
        command.arg(root().join("benches/pytorch/peer.py"));
        let who = vec!["pytorch", "compile", "channels_last", "bf16", "fastai"];
        Self::start(command, &sample(), who, threads).context(
            "starting benches/pytorch/peer.py; are its requirements installed? \
             `pip install --require-hashes -r benches/pytorch/requirements.txt`",
        )
    }

    /// PyTorch for all ten digits: `mnist` is the folder of MNIST's own files.
    pub fn python_with(python: &str, mnist: &Path, threads: usize) -> Result<Self> {
        let mut command = Command::new(python);
        command.arg(root().join("benches/pytorch/ten_digits.py"));
        Self::start(command, mnist, vec!["pytorch"], threads)
    }

    /// Another framework in Rust; its package is built first.
    pub fn rival(name: &'static str, threads: usize) -> Result<Self> {
        Self::rival_with(name, &sample(), threads)
    }

    /// The same for all ten digits.
    pub fn rival_with(name: &'static str, data: &Path, threads: usize) -> Result<Self> {
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
        Self::start(Command::new(program), data, vec![name], threads)
    }

    /// Starts it; it loads the data first.
    fn start(
        mut command: Command,
        data: &Path,
        who: Vec<&'static str>,
        threads: usize,
    ) -> Result<Self> {
        let mut process = command
            .arg(data)
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

    /// The most memory that the process has had, in MiB.
    pub fn peak_memory(&self) -> Option<u64> {
        peak_memory(&self.process.id().to_string())
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

/// The most memory that a process has had, in MiB, where Linux says so.
pub fn peak_memory(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(kib.trim().strip_suffix(" kB")?.parse::<u64>().ok()? / 1024)
}

fn sample() -> PathBuf {
    root().join("data/mnist_sample.tgz")
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
