//! Runs one chapter of the book, or one step of the bench; with the feature `cuda` on the GPU.
//!
//! ```text
//! course device            says which device this is for, if it is there, and where the data lies
//! course chapter NAME      prints what the chapter's cells print
//! course step NAME ROUNDS  prints a line of JSON for each round: seconds and accuracy
//! ```

use std::env;
use std::process::ExitCode;

use mnist_from_scratch::anyhow::{Context, bail};
use mnist_from_scratch::prelude::*;

/// The chapters' programs, as the engine makes them from the book.
#[allow(warnings, clippy::all)]
const PROGRAMS: &[(&str, fn() -> Result<()>)] = include!(concat!(env!("OUT_DIR"), "/programs.rs"));

/// The steps are those of the bench, to the letter.
#[path = "../../../benches/training/ours.rs"]
#[allow(dead_code)]
mod ours;

/// One run of a step.
struct Run {
    seconds: f64,
    /// None where nothing is predicted.
    accuracy: Option<f64>,
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["device"] => return device(),
        ["chapter", name] => {
            let program = PROGRAMS.iter().find(|(chapter, _)| *chapter == name);
            program.with_context(|| format!("there is no chapter {name}"))?.1()?;
        }
        ["step", name, rounds] => step(name, rounds.parse().context("ROUNDS is a number")?)?,
        _ => bail!("usage: course device | course chapter NAME | course step NAME ROUNDS"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit code 3: there is no such device.
fn device() -> Result<ExitCode> {
    let kind = if cfg!(feature = "cuda") { "GPU" } else { "CPU" };
    match default_device() {
        Ok(_) => println!("{kind}\n{}", untar_data(Urls::MNIST_SAMPLE)?.display()),
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(3));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn step(name: &str, rounds: usize) -> Result<()> {
    let data = ours::Data::load()?;
    for _ in 0..rounds {
        // A step ends when a GPU is done with it, too. So nothing is left over for the next round.
        let run = ours::run(name, &data)?;
        let accuracy = run.accuracy.map_or("null".into(), |accuracy| accuracy.to_string());
        println!("{{\"seconds\": {}, \"accuracy\": {accuracy}}}", run.seconds);
    }
    Ok(())
}
