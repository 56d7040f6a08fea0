//! How long training takes: this library beside plain PyTorch and fastai, in one run.
//!
//! ```sh
//! pip install -r benches/pytorch/requirements.txt
//! cargo bench --bench training -- --python python3
//! ```
//!
//! Each step of the course is run in turn by each of the three, several rounds long, so that what else
//! the machine does meets all of them alike. The medians, and how often ours is as fast, go to
//! `benches/results/training.json` and, as a table for the book, to `benches/results/training.md`.
//! Without `--python` only ours is timed, and nothing is written. `--seeds` trains the ResNet from ten seeds
//! instead, with each of some recipes. `--table` measures nothing and writes the tables anew from the results
//! that are there.

mod ours;
mod peer;
mod seeds;
mod table;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use mnist_from_scratch::anyhow;
use serde_json::{Value, json};

use ours::Data;
use peer::Peer;

/// The steps of the course, by the names that the Python script has for them.
const STEPS: [&str; 4] = ["linear", "learner", "simple_net", "resnet"];
/// A ResNet takes so much longer that it gets fewer rounds.
const RESNET_ROUNDS: usize = 3;
const WHO: [&str; 3] = ["ours", "pytorch", "fastai"];

struct Options {
    seeds: bool,
    table: bool,
    python: Option<String>,
    rounds: usize,
    threads: usize,
}

fn main() -> Result<()> {
    let options = options()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results");
    if options.table {
        let read = |file: &str| -> Result<Value> {
            Ok(serde_json::from_str(&fs::read_to_string(folder.join(file))?)?)
        };
        write_seeds(&folder, &read("seeds.json")?)?;
        return write_table(&folder, &read("training.json")?);
    }
    let mut peer = match &options.python {
        Some(python) => Some(Peer::start(python, options.threads)?),
        None => {
            eprintln!("only ours: for PyTorch and fastai add `-- --python python3`");
            None
        }
    };
    if options.seeds {
        let results = json!({
            "cpu": cpu(),
            "date": jiff::Zoned::now().date().to_string(),
            "recipes": seeds::measure(peer.as_mut())?,
        });
        fs::write(folder.join("seeds.json"), serde_json::to_string_pretty(&results)? + "\n")?;
        return write_seeds(&folder, &results);
    }
    let data = Data::load()?;
    let mut runs = vec![vec![Vec::new(); WHO.len()]; STEPS.len()];
    for round in 0..options.rounds {
        for (step, runs) in STEPS.iter().zip(&mut runs) {
            if *step == "resnet" && round >= RESNET_ROUNDS {
                continue;
            }
            for (who, runs) in WHO.iter().zip(runs.iter_mut()) {
                let run = match (*who, &mut peer) {
                    ("ours", Some(peer)) => peer.while_stopped(|| ours::run(step, &data))?,
                    ("ours", None) => ours::run(step, &data)?,
                    (_, Some(peer)) => peer.run(who, step)?,
                    (_, None) => continue,
                };
                eprintln!(
                    "round {} {step:10} {who:8} {:.4} s, accuracy {:.4}",
                    round + 1,
                    run.seconds,
                    run.accuracy
                );
                runs.push(run);
            }
        }
    }
    let Some(peer) = peer else { return Ok(()) };
    let results = json!({
        "cpu": cpu(),
        "threads": options.threads,
        "versions": peer.versions,
        "date": jiff::Zoned::now().date().to_string(),
        "rounds": options.rounds,
        "steps": STEPS.iter().zip(&runs).map(|(step, runs)| {
            let who = WHO.iter().zip(runs).map(|(who, runs)| (who.to_string(), summary(runs)));
            json!({ "step": step, "runs": Value::Object(who.collect()) })
        }).collect::<Vec<_>>(),
    });
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("training.json"), serde_json::to_string_pretty(&results)? + "\n")?;
    write_table(&folder, &results)
}

fn write_table(folder: &Path, results: &Value) -> Result<()> {
    let table = table::markdown(results)?;
    fs::write(folder.join("training.md"), &table)?;
    print!("{table}");
    Ok(())
}

fn write_seeds(folder: &Path, results: &Value) -> Result<()> {
    Ok(fs::write(folder.join("seeds.md"), table::seeds(results)?)?)
}

/// One run of a step.
#[derive(Debug, Clone)]
struct Run {
    seconds: f64,
    accuracy: f64,
}

fn summary(runs: &[Run]) -> Value {
    let mut seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let rounded = |x: f64| (x * 1e5).round() / 1e5;
    json!({
        "median": rounded(table::median(&seconds)),
        "fastest": rounded(seconds[0]),
        "slowest": rounded(seconds[seconds.len() - 1]),
        "accuracy": rounded(runs[0].accuracy),
        "rounds": runs.len(),
    })
}

/// What the processor calls itself.
fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find(|line| line.starts_with("model name"));
    let name = name.and_then(|line| line.split_once(": ")).map(|(_, name)| name.to_string());
    name.unwrap_or_else(|| std::env::consts::ARCH.to_string())
}

fn options() -> Result<Options> {
    let mut options = Options { seeds: false, table: false, python: None, rounds: 7, threads: 2 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} wants a value"));
        match argument.as_str() {
            "--python" => options.python = Some(value()?),
            "--seeds" => options.seeds = true,
            "--table" => options.table = true,
            "--rounds" => options.rounds = value()?.parse().context("--rounds wants a number")?,
            "--threads" => {
                options.threads = value()?.parse().context("--threads wants a number")?
            }
            // Cargo adds it.
            "--bench" => {}
            other => {
                bail!(
                    "unknown option {other}: there are --python, --rounds, --threads, --seeds and --table"
                )
            }
        }
    }
    if options.rounds == 0 {
        bail!("--rounds has to be at least 1");
    }
    Ok(options)
}
