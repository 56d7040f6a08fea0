//! `cargo xtask torture`: attacks the project for as long as you let it, and counts what it survives.
//!
//! Each attack is made from a seed and nothing else. One that is not survived prints the command that makes it
//! again. What a suite attacks, and what it takes for survival, stands at the top of its file.

mod archives;
mod attack;
mod books;
mod damage;
mod downloads;
mod images;
mod kernels;
mod random;
mod results;
mod table;
mod weights;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;

use attack::{Attack, Suite};
use results::Counts;

/// All suites, in the order of the table.
const SUITES: [Suite; 6] = [
    archives::SUITE,
    downloads::SUITE,
    images::SUITE,
    weights::SUITE,
    kernels::SUITE,
    books::SUITE,
];

/// Attacks the project and counts what it survives.
#[derive(Parser)]
#[command(name = "cargo xtask torture", bin_name = "cargo xtask torture")]
struct Options {
    /// All attacks follow from this number; without it, from the time
    #[arg(long)]
    seed: Option<u64>,
    /// How long it attacks, all suites together
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Only these suites: archives, downloads, images, weights, kernels, books
    #[arg(long)]
    only: Vec<String>,
    /// Only the attack with this seed, of the one suite that `--only` names
    #[arg(long, value_name = "SEED")]
    repeat: Option<u64>,
    /// Writes the counts to benches/results/torture.json and, as the book's table, to torture.md
    #[arg(long)]
    write: bool,
    /// A part of an attack that is to be killed
    #[arg(long, hide = true, num_args = 1..)]
    child: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all attacks were survived.
fn run(options: &Options) -> Result<bool> {
    match options.child.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {}
        ["untar", arguments @ ..] => return archives::child(arguments).map(|()| true),
        ["save", arguments @ ..] => return weights::child(arguments).map(|()| true),
        other => bail!("unknown part of an attack: {other:?}"),
    }
    let suites = chosen(&options.only)?;
    if let Some(seed) = options.repeat {
        let [suite] = suites.as_slice() else {
            bail!("--repeat wants one suite: add --only NAME");
        };
        return Ok(repeat(suite, seed));
    }
    let seed = match options.seed {
        Some(seed) => seed,
        None => std::time::UNIX_EPOCH.elapsed().context("the clock")?.as_secs(),
    };
    println!("seed {seed}; the same attacks again: cargo xtask torture --seed {seed}");
    let time = Duration::from_secs_f64(options.minutes * 60.0 / suites.len() as f64);
    let started = Instant::now();
    let counts: Vec<Counts> = suites.iter().map(|suite| attacked(suite, seed, time)).collect();
    let all = counts.iter().all(|counts| counts.failures.is_empty());
    println!("{} s in all", started.elapsed().as_secs());
    if options.write {
        anyhow::ensure!(all, "--write wants attacks that were all survived");
        results::write(seed, options.minutes, &counts)?;
    }
    Ok(all)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Suite>> {
    static ALL: [Suite; 6] = SUITES;
    if let Some(unknown) = names.iter().find(|name| !ALL.iter().any(|suite| suite.name == **name)) {
        let all: Vec<&str> = ALL.iter().map(|suite| suite.name).collect();
        bail!("no suite {unknown}: there are {}", all.join(", "));
    }
    Ok(ALL
        .iter()
        .filter(|suite| names.is_empty() || names.iter().any(|n| n == suite.name))
        .collect())
}

/// Attacks until the time is over, or until it has failed three times.
fn attacked(suite: &Suite, seed: u64, time: Duration) -> Counts {
    let started = Instant::now();
    let mut counts = Counts::of(suite);
    for number in 0.. {
        if started.elapsed() >= time || counts.failures.len() == 3 {
            break;
        }
        let attack_seed = random::mix(seed, suite.name, number);
        counts.add(attack_seed, one(suite, attack_seed));
    }
    println!("{counts}");
    counts
}

fn repeat(suite: &Suite, seed: u64) -> bool {
    let mut counts = Counts::of(suite);
    counts.add(seed, one(suite, seed));
    println!("{counts}");
    counts.failures.is_empty()
}

/// One attack, in a folder of its own, watched by a clock.
fn one(suite: &Suite, seed: u64) -> attack::Outcome {
    let watch = attack::Watch::start(suite.name, seed);
    let outcome = std::panic::catch_unwind(|| {
        let folder: PathBuf = attack::folder()?;
        let mut attack = Attack::new(seed, folder.clone());
        let outcome = (suite.attack)(&mut attack);
        // A folder that cannot be removed is a fault of its own.
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("removing {}", folder.display()))?;
        outcome.with_context(|| attack.kind())
    });
    watch.stop();
    outcome.unwrap_or_else(|panic| Err(attack::of_panic(&*panic)))
}
