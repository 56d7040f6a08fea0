//! Runs every chapter and every step of the bench on the GPU and on the CPU, compares what the chapters print
//! with the book, and writes one file of JSON. `run.sh` starts it.
//!
//! | option | |
//! | --- | --- |
//! | `--device cpu`, `gpu` or `both` | where to run: both, if nothing is said |
//! | `--only WORDS`, `--except WORDS` | only what has one of WORDS (`resnet,recipe`) in its name, or all else |
//! | `--limit SECONDS` | ends after so long, whatever is done by then: 480 |
//! | `--each SECONDS` | ends a single chapter or step after so long: 120 |
//! | `--rounds N` | rounds of each step, after one to warm up: 5; of the ResNet at most 3 |
//! | `--python PYTHON` | for PyTorch: `python3` |
//! | `--out FILE` | the file of JSON: `gpu.json` in the current folder |
//!
//! Exit code 0: all that could be run was run, and is as in the book. 1: something was not; the file has it
//! under `problems`.

mod options;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use gpu_folder::outputs::CHAPTERS;
use gpu_folder::report::Report;
use gpu_folder::steps::{self, STEPS};
use gpu_folder::{chapters, process, rules, work};
use options::{Device, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

fn main() -> Result<ExitCode> {
    let options = Options::read()?;
    let mut check = Check::new(options)?;
    check.machine()?;
    // What only this machine can tell comes first: the time may run out.
    for device in check.options.devices.clone() {
        if check.is_there(device)? {
            check.chapters(device)?;
        }
    }
    for device in check.options.devices.clone() {
        if check.there.contains(&device) {
            check.steps(device)?;
        }
        check.pytorch(device)?;
    }
    check.report.set("finished", true.into())?;
    let green = check.report.is_green();
    println!("\n{}: {}", if green { "All is well" } else { "Not all is well" }, check.file);
    Ok(if green { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Check {
    options: Options,
    /// The folder of this program.
    folder: PathBuf,
    /// Where the programs run: a folder that nobody else can enter, and that goes with this.
    work: TempDir,
    report: Report,
    file: String,
    end: Instant,
    /// The data set, once a program has unpacked it.
    data: Option<String>,
    /// The devices that work.
    there: Vec<Device>,
    threads: usize,
}

impl Check {
    fn new(options: Options) -> Result<Self> {
        let program = env::current_exe().context("this program's own path is unknown")?;
        let folder = program.parent().context("a program lies in a folder")?.to_path_buf();
        let out = env::current_dir()?.join(&options.out);
        let work = work::folder(&env::temp_dir()).context("no temporary folder can be made")?;
        // Some kernels of dfdx are compiled at their first use. CUDA's compiler looks for the headers that
        // they include in the current folder, too.
        copy(&folder.join("headers"), work.path()).with_context(|| {
            let (from, to) = (folder.display(), work.path().display());
            format!("the headers cannot be copied from {from} to {to}")
        })?;
        Ok(Self {
            end: Instant::now() + options.limit,
            report: Report::new(out.clone())?,
            file: out.display().to_string(),
            data: None,
            there: Vec::new(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            options,
            folder,
            work,
        })
    }

    /// Notes what machine this is.
    fn machine(&mut self) -> Result<()> {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        self.report.set("date", jiff::Zoned::now().date().to_string().into())?;
        self.report.set("cpu", cpu.map(|(_, name)| name).into())?;
        self.report.set("threads", self.threads.into())?;
        self.report.set("rounds", self.options.rounds.into())?;
        let mut versions = json!({ "course": env!("CARGO_PKG_VERSION") });
        // `make` notes it.
        if let Ok(commit) = fs::read_to_string(self.folder.join("commit")) {
            versions["commit"] = commit.trim().into();
        }
        self.report.set("versions", versions)?;
        let mut smi = Command::new("nvidia-smi");
        let query = ["--query-gpu=name,driver_version", "--format=csv,noheader"];
        let mut lines = Vec::new();
        process::run(smi.args(query), "", Duration::from_secs(20), |line| {
            lines.push(line.to_string())
        });
        if let Some((name, driver)) = lines.first().and_then(|line| line.split_once(", ")) {
            self.report.set("gpu", name.into())?;
            self.report.set("driver", driver.into())?;
        }
        Ok(())
    }

    /// The program for a device, with its surroundings.
    fn course(&self, device: Device) -> Command {
        let mut course = Command::new(self.folder.join(format!("course-{}", device.name())));
        let work = self.work.path();
        course.current_dir(work).env("MNIST_FROM_SCRATCH_CACHE", work.join("cache"));
        course
    }

    /// How long the next program may take; `None` when the time is up.
    fn limit(&self) -> Option<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        (left > Duration::from_secs(1)).then(|| left.min(self.options.each))
    }

    /// Whether a device works.
    fn is_there(&mut self, device: Device) -> Result<bool> {
        let mut lines = Vec::new();
        let (mut course, limit) = (self.course(device), Duration::from_secs(60));
        let ended =
            process::run(course.arg("device"), "", limit, |line| lines.push(line.to_string()));
        self.look_for_stand_ins(&ended.stderr)?;
        match ended.problem {
            None => {
                self.there.push(device);
                self.data = lines.pop();
            }
            Some(problem) => {
                let why = ended.stderr.trim();
                self.report.problem(&format!("the {}: {problem}: {why}", device.name()))?;
            }
        }
        Ok(self.there.contains(&device))
    }

    /// With stand-ins for CUDA's libraries nothing is a measurement.
    fn look_for_stand_ins(&mut self, stderr: &str) -> Result<()> {
        if stderr.contains("stand-in driver") && self.report.get("dry_run") != true {
            println!("A stand-in for NVIDIA's driver: this is a dry run.");
            self.report.is_a_dry_run()?;
        }
        Ok(())
    }

    fn chapters(&mut self, device: Device) -> Result<()> {
        println!("\nChapters on the {}", device.name());
        let mut results = Vec::new();
        for chapter in CHAPTERS {
            if !self.options.wants(chapter.name) {
                continue;
            }
            let Some(limit) = self.limit() else {
                let name = chapter.name;
                self.report
                    .problem(&format!("chapter {name} on the {}: no time", device.name()))?;
                continue;
            };
            let rule = |cell: &str| rules::rule(device == Device::Gpu, chapter.name, cell);
            let outcome = chapters::run(&mut self.course(device), chapter, rule, limit);
            self.look_for_stand_ins(&outcome.stderr)?;
            let count = |verdict| chapters::count(&outcome.results, verdict);
            println!(
                "{:22} {:6.1} s  {} of {} cells as in the book, {} of them to the last digit",
                chapter.name,
                outcome.results["seconds"].as_f64().unwrap_or_default(),
                count("same") + count("near"),
                chapter.cells.len(),
                count("same"),
            );
            let ran = count("same") + count("near") + count("different");
            results.push(outcome.results);
            self.report.set(&format!("chapters_{}", device.name()), results.clone().into())?;
            if let Some(problem) = outcome.not_started {
                self.report.problem(&format!("on the {}: {problem}", device.name()))?;
            }
            if outcome.stderr.contains(NOTHING_COMPUTED) && ran < chapter.cells.len() {
                let (name, why) = (chapter.name, chapters::tail(&outcome.stderr));
                self.report.problem(&format!("on the stand-in: {name} stopped: {why}"))?;
            }
            self.problems(device, outcome.problems, &outcome.stderr)?;
        }
        Ok(())
    }

    fn wanted_steps(&self) -> Vec<&'static str> {
        STEPS.into_iter().filter(|step| self.options.wants(step)).collect()
    }

    fn steps(&mut self, device: Device) -> Result<()> {
        println!("\nSteps on the {}", device.name());
        for step in self.wanted_steps() {
            let rounds = steps::rounds_of(step, self.options.rounds);
            let Some(limit) = self.limit() else {
                self.report.problem(&format!("step {step} on the {}: no time", device.name()))?;
                continue;
            };
            let outcome = steps::ours(&mut self.course(device), step, rounds, limit);
            self.look_for_stand_ins(&outcome.stderr)?;
            self.note(device.name(), &[step], &outcome.results)?;
            self.problems(device, outcome.problems, &outcome.stderr)?;
        }
        Ok(())
    }

    fn pytorch(&mut self, device: Device) -> Result<()> {
        println!("\nSteps with PyTorch on the {}", device.name());
        let torch_device = if device == Device::Gpu { "cuda" } else { "cpu" };
        let probe = match device {
            Device::Gpu => "import torch; exit(0 if torch.cuda.is_available() else 7)",
            Device::Cpu => "import torch",
        };
        let mut python = Command::new(&self.options.python);
        let found = process::run(python.args(["-c", probe]), "", Duration::from_secs(90), |_| ());
        if let Some(problem) = found.problem {
            // Nobody has to have PyTorch.
            let why = match found.stderr.trim().lines().last() {
                Some(line) => line.to_string(),
                None if problem.contains('7') => "PyTorch finds no GPU".into(),
                None => problem,
            };
            println!("not measured: {why}");
            return self.report.set(&format!("no_pytorch_{}", device.name()), why.into());
        }
        let Some(data) = self.data.clone() else {
            return self.report.problem("PyTorch: no program has unpacked the data");
        };
        // All steps run in one process: they may take as long as all steps.
        let left = self.end.saturating_duration_since(Instant::now());
        let mut peer = Command::new(&self.options.python);
        peer.arg(self.folder.join("peer.py"))
            .arg(data)
            .args([&self.threads.to_string(), torch_device])
            .current_dir(self.work.path());
        let wanted = self.wanted_steps();
        let mut questions: Vec<_> = wanted.iter().map(|step| ("pytorch", *step)).collect();
        if device == Device::Gpu {
            questions.extend(steps::faster(&wanted));
        }
        let limit = left.min(3 * self.options.each);
        let (outcome, versions) = steps::pytorch(&mut peer, &questions, self.options.rounds, limit);
        let mut all = self.report.get("versions").clone();
        for (name, version) in versions.as_object().into_iter().flatten() {
            all[name.as_str()] = version.clone();
        }
        self.report.set("versions", all)?;
        for ((who, step), result) in questions.iter().zip(outcome.results) {
            let way = if *who == "pytorch" { String::new() } else { format!("_{who}") };
            self.note(&format!("pytorch_{}{way}", device.name()), &[step], &[result])?;
        }
        // That one of the faster ways does not work on this machine is no fault of the course: its result says so.
        let of_its_own = |problem: &&String| problem.starts_with("PyTorch, pytorch ");
        for problem in outcome.problems.iter().filter(of_its_own) {
            self.report.problem(problem)?;
        }
        Ok(())
    }

    /// Prints the results of some steps and puts them into the report.
    fn note(&mut self, who: &str, steps: &[&str], results: &[Value]) -> Result<()> {
        let empty = || json!(STEPS.map(|step| json!({ "step": step, "runs": {} })));
        let mut all = match self.report.get("steps") {
            Value::Null => empty(),
            steps => steps.clone(),
        };
        for (step, result) in steps.iter().zip(results) {
            let number = |key: &str| result[key].as_f64().unwrap_or(f64::NAN);
            println!(
                "{who:22} {step:12} {:.4} s (the first round {:.4} s), accuracy {:.4}",
                number("median"),
                number("first"),
                number("accuracy"),
            );
            let at = STEPS.iter().position(|other| other == step).context("an unknown step")?;
            all[at]["runs"][who] = result.clone();
        }
        self.report.set("steps", all)
    }

    /// Notes what went wrong. Where a stand-in has computed nothing, numbers mean nothing: there only what
    /// CUDA itself would object to counts.
    fn problems(&mut self, device: Device, problems: Vec<String>, stderr: &str) -> Result<()> {
        if stderr.contains(NOTHING_COMPUTED) {
            for line in stderr.lines().filter(|line| is_of_cuda(line)) {
                self.report.problem(&format!("on the stand-in: {line}"))?;
            }
            return Ok(());
        }
        for problem in problems {
            self.report.problem(&format!("on the {}: {problem}", device.name()))?;
        }
        Ok(())
    }
}

/// By this the stand-in tells that it did no more than look for the kernels.
const NOTHING_COMPUTED: &str = "nothing was computed";

/// Whether a line on standard error speaks of CUDA and not of numbers.
fn is_of_cuda(line: &str) -> bool {
    let names = ["CUDA_ERROR_", "CUBLAS_STATUS_", "NVRTC_ERROR_", "cannot open source file"];
    let stand_in = ["there is no kernel", "cannot run on"];
    names.iter().chain(&stand_in).any(|name| line.contains(name))
}

/// Copies the files of a folder.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
