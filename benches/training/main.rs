//! How long the steps of the course take: this library beside plain PyTorch, fastai and other frameworks
//! in Rust, in one run.
//!
//! ```sh
//! pip install --require-hashes -r benches/pytorch/requirements.txt
//! cargo bench --bench training -- --python python3 --rivals
//! ```
//!
//! Each step is run in turn by each of them, several rounds long, so that what else the machine does
//! meets all of them alike. The medians go to `benches/results/training.json` and, as a table for the book,
//! to `benches/results/training.md`.
//!
//! | option | |
//! | --- | --- |
//! | `--python PYTHON` | also PyTorch, its faster ways, and fastai; without it nothing is written |
//! | `--rivals` | also candle and burn, which are built first: `benches/rivals/` |
//! | `--step NAME` | only this step; nothing is written |
//! | `--rounds N` | how many rounds, 7 if nothing is said |
//! | `--threads N` | how many threads the others may use, 2 if nothing is said |
//! | `--path NAME` | ours with `portable`, `avx2`, `avx512` or `neon` |
//! | `--seeds` | trains the ResNet from ten seeds instead, with each of some recipes |
//! | `--ten-digits` | trains the net of `examples/speed_run.rs` on all ten digits instead: ours from ten seeds, the others from three |
//! | `--growth` | trains the same net on more images, for more epochs and on more threads instead: ours alone |
//! | `--limits` | how near ours come to what the processor and its memory can do, which is measured, too |
//! | `--table` | measures nothing and writes the tables anew from the results that are there; with `gpu.json` in the folder of the results, that of the GPU, too |

mod gpu_table;
mod growth;
mod growth_plot;
mod limits;
mod ours;
mod peer;
mod seeds;
mod table;
mod ten_digits;

use std::fs;

use anyhow::{Context, Result, bail};
use mnist_from_scratch::anyhow;
use samebits::Isa;
use serde_json::{Value, json};

use ours::Data;
use peer::Peer;

/// The steps of the course, by the names that the Python script has for them.
const STEPS: [&str; 6] = ["load", "baseline", "linear", "learner", "simple_net", "resnet"];
/// A ResNet takes so much longer that it gets fewer rounds.
const RESNET_ROUNDS: usize = 3;
const WHO: [&str; 8] =
    ["ours", "pytorch", "compile", "channels_last", "bf16", "fastai", "candle", "burn"];

#[derive(Default)]
struct Options {
    seeds: bool,
    ten_digits: bool,
    growth: bool,
    limits: bool,
    /// What a process of its own is to train for that.
    growth_of: Option<String>,
    table: bool,
    python: Option<String>,
    rivals: bool,
    step: Option<String>,
    path: Option<Isa>,
    rounds: usize,
    threads: usize,
}

fn main() -> Result<()> {
    let options = options()?;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results");
    if options.table {
        let read = |file: &str| -> Result<Value> {
            Ok(serde_json::from_str(&fs::read_to_string(folder.join(file))?)?)
        };
        write_seeds(&folder, &read("seeds.json")?)?;
        fs::write(folder.join("ten_digits.md"), table::ten_digits(&read("ten_digits.json")?)?)?;
        fs::write(folder.join("growth.md"), growth_plot::markdown(&read("growth.json")?)?)?;
        fs::write(folder.join("limits.md"), table::limits(&read("limits.json")?)?)?;
        let training = read("training.json")?;
        write_table(&folder, &training)?;
        // It is there once somebody has had a GPU.
        let gpu = folder.join("gpu.json").exists().then(|| read("gpu.json")).transpose()?;
        let table = gpu_table::markdown(&training, gpu.as_ref())?;
        return Ok(fs::write(folder.join("gpu.md"), table)?);
    }
    if let Some(of) = &options.growth_of {
        return growth::train(of);
    }
    if let Some(path) = options.path {
        path.force();
    }
    if options.growth {
        return write_both(&folder, "growth", growth::measure()?, growth_plot::markdown);
    }
    if options.limits {
        return write_both(&folder, "limits", limits::measure(options.rounds)?, table::limits);
    }
    if options.ten_digits {
        let mut results = ten_digits::measure(&options)?;
        results["threads"] = options.threads.into();
        if options.python.is_none() || !options.rivals || options.path.is_some() {
            eprintln!("nothing was written: the table has all of them, at their fastest");
            return Ok(());
        }
        return write_both(&folder, "ten_digits", results, table::ten_digits);
    }
    let mut peers = Vec::new();
    match &options.python {
        Some(python) => peers.push(Peer::python(python, options.threads)?),
        None => eprintln!("without PyTorch and fastai: for these add `-- --python python3`"),
    }
    if options.rivals {
        peers.push(Peer::rival("candle", options.threads)?);
        peers.push(Peer::rival("burn", options.threads)?);
    }
    if options.seeds {
        let fastai = peers.first_mut().filter(|peer| peer.knows("fastai"));
        let before = fs::read_to_string(folder.join("seeds.json"))?;
        return seeds::measure(fastai, &serde_json::from_str(&before)?, |results| {
            let text = serde_json::to_string_pretty(results)? + "\n";
            fs::write(folder.join("seeds.json"), text)?;
            write_seeds(&folder, results)
        });
    }
    let data = Data::load()?;
    let mut runs = vec![vec![Vec::new(); WHO.len()]; STEPS.len()];
    for round in 0..options.rounds {
        for (step, runs) in STEPS.iter().zip(&mut runs) {
            if options.step.as_ref().is_some_and(|only| only != step) {
                continue;
            }
            if *step == "resnet" && round >= RESNET_ROUNDS {
                continue;
            }
            for (who, runs) in WHO.iter().zip(runs.iter_mut()) {
                let run = if *who == "ours" {
                    ours::run(step, &data)?
                } else {
                    let Some(peer) = peers.iter_mut().find(|peer| peer.knows(who)) else {
                        continue;
                    };
                    let Some(run) = peer.run(who, step)? else { continue };
                    run
                };
                eprintln!(
                    "round {} {step:10} {who:8} {:.4} s, accuracy {:.4}",
                    round + 1,
                    run.seconds,
                    run.accuracy.unwrap_or(f64::NAN)
                );
                runs.push(run);
            }
        }
    }
    if options.python.is_none() || options.step.is_some() || options.path.is_some() {
        return Ok(());
    }
    let versions = peers.iter().flat_map(|peer| peer.versions.as_object().into_iter().flatten());
    let versions = versions.map(|(name, version)| (name.clone(), version.clone())).collect();
    let results = json!({
        "cpu": cpu(),
        "threads": options.threads,
        "versions": Value::Object(versions),
        "date": jiff::Zoned::now().date().to_string(),
        "rounds": options.rounds,
        "steps": STEPS.iter().zip(&runs).map(|(step, runs)| {
            let who = WHO.iter().zip(runs).filter(|(_, runs)| !runs.is_empty());
            let who = who.map(|(who, runs)| (who.to_string(), summary(runs)));
            json!({ "step": step, "runs": Value::Object(who.collect()) })
        }).collect::<Vec<_>>(),
    });
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("training.json"), serde_json::to_string_pretty(&results)? + "\n")?;
    write_table(&folder, &results)
}

/// Writes results, with the processor and the day, and what the book shows of them.
fn write_both(
    folder: &std::path::Path,
    name: &str,
    mut results: Value,
    markdown: impl Fn(&Value) -> Result<String>,
) -> Result<()> {
    results["cpu"] = cpu().into();
    results["date"] = jiff::Zoned::now().date().to_string().into();
    let text = serde_json::to_string_pretty(&results)? + "\n";
    fs::write(folder.join(format!("{name}.json")), text)?;
    Ok(fs::write(folder.join(format!("{name}.md")), markdown(&results)?)?)
}

fn write_table(folder: &std::path::Path, results: &Value) -> Result<()> {
    let table = table::markdown(results)?;
    fs::write(folder.join("training.md"), &table)?;
    print!("{table}");
    Ok(())
}

fn write_seeds(folder: &std::path::Path, results: &Value) -> Result<()> {
    Ok(fs::write(folder.join("seeds.md"), table::seeds(results)?)?)
}

/// One run of a step.
#[derive(Debug, Clone)]
struct Run {
    seconds: f64,
    /// None where nothing is predicted.
    accuracy: Option<f64>,
}

fn summary(runs: &[Run]) -> Value {
    let mut seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let rounded = |x: f64| (x * 1e5).round() / 1e5;
    json!({
        "median": rounded(table::median(&seconds)),
        "fastest": rounded(seconds[0]),
        "slowest": rounded(seconds[seconds.len() - 1]),
        "accuracy": runs[0].accuracy.map(rounded),
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
    let mut options = Options { rounds: 7, threads: 2, ..Options::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} wants a value"));
        match argument.as_str() {
            "--python" => options.python = Some(value()?),
            "--step" => options.step = Some(value()?),
            "--rivals" => options.rivals = true,
            "--path" => {
                options.path = Some(match value()?.as_str() {
                    "portable" => Isa::Portable,
                    "avx2" => Isa::Avx2,
                    "avx512" => Isa::Avx512,
                    "neon" => Isa::Neon,
                    other => bail!("no path {other}: there are portable, avx2, avx512 and neon"),
                });
            }
            "--seeds" => options.seeds = true,
            "--ten-digits" => options.ten_digits = true,
            "--growth" => options.growth = true,
            "--limits" => options.limits = true,
            "--growth-of" => options.growth_of = Some(value()?),
            "--table" => options.table = true,
            "--rounds" => options.rounds = value()?.parse().context("--rounds wants a number")?,
            "--threads" => {
                options.threads = value()?.parse().context("--threads wants a number")?
            }
            // Cargo adds it.
            "--bench" => {}
            other => {
                bail!("unknown option {other}; benches/training/main.rs has a list")
            }
        }
    }
    if let Some(step) = &options.step
        && !STEPS.contains(&step.as_str())
    {
        bail!("unknown step {step}: there are {}", STEPS.join(", "));
    }
    if options.rounds == 0 {
        bail!("--rounds has to be at least 1");
    }
    Ok(options)
}
