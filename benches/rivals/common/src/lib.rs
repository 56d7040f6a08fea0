//! What the rivals share: the pictures, and the loop that answers the bench's questions.

pub mod ten_digits;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use ten_digits::TenDigits;

/// The numbers in a picture.
pub const PIXELS: usize = 28 * 28;

/// All pictures of one kind, one after the other, from 0 for white to 1 for black.
pub type Stack = Vec<f32>;

/// The threes and sevens of one part of the data set.
pub struct Part {
    pub threes: Stack,
    pub sevens: Stack,
}

/// What a rival is asked about.
pub enum Data {
    Sample(Pictures),
    TenDigits(TenDigits),
}

/// All threes and sevens.
pub struct Pictures {
    pub train: Part,
    pub valid: Part,
}

/// How a step went.
pub struct Run {
    pub seconds: f64,
    pub accuracy: f64,
}

/// Reads what the bench gives to a rival: the archive of threes and sevens or the folder with all of MNIST, and
/// how many threads it may use.
pub fn start() -> Result<Data> {
    let mut arguments = std::env::args().skip(1);
    let data = arguments.next().context("no archive and no folder given")?;
    let threads: usize = arguments.next().context("no number of threads given")?.parse()?;
    ensure!(threads > 0, "at least one thread is needed");
    // rayon's global pool reads it when it starts, and candle at each matrix product.
    // SAFETY: there are no other threads yet.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", threads.to_string()) };
    let data = Path::new(&data);
    Ok(if data.is_dir() {
        Data::TenDigits(TenDigits::open(data)?)
    } else {
        Data::Sample(pictures(data)?)
    })
}

fn pictures(archive: &Path) -> Result<Pictures> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(File::open(archive)?));
    let mut files = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if name.ends_with(".png") {
            let mut png = Vec::new();
            entry.read_to_end(&mut png)?;
            files.push((name, png));
        }
    }
    files.sort();
    let stack = |folder: &str| -> Result<Stack> {
        let mut stack = Vec::new();
        for (_, png) in files.iter().filter(|(name, _)| name.contains(folder)) {
            let picture = image::load_from_memory(png)?.into_luma8();
            ensure!(picture.len() == PIXELS, "a picture is not 28 pixels wide and high");
            stack.extend(picture.iter().map(|&pixel| f32::from(pixel) / 255.));
        }
        ensure!(!stack.is_empty(), "no pictures in {folder}");
        Ok(stack)
    };
    Ok(Pictures {
        train: Part { threes: stack("train/3/")?, sevens: stack("train/7/")? },
        valid: Part { threes: stack("valid/3/")?, sevens: stack("valid/7/")? },
    })
}

impl Part {
    /// The threes, then the sevens.
    pub fn pictures(&self) -> Stack {
        [&self.threes[..], &self.sevens].concat()
    }

    /// For each picture whether it is a three.
    pub fn is_3(&self) -> Vec<bool> {
        let mut labels = vec![true; self.threes.len() / PIXELS];
        labels.resize(labels.len() + self.sevens.len() / PIXELS, false);
        labels
    }
}

/// The version of a package in a `Cargo.lock`.
pub fn version<'a>(lock: &'a str, package: &str) -> &'a str {
    let entry =
        lock.split_once(&format!("name = \"{package}\"\nversion = \"")).map(|(_, rest)| rest);
    entry.and_then(|rest| rest.split('"').next()).unwrap_or("unknown")
}

/// Says what is measured, then answers each line `WHO STEP` or `WHO STEP SEED` from standard input.
pub fn answer(
    name: &str,
    version: &str,
    mut run: impl FnMut(&str, u64) -> Result<Option<Run>>,
) -> Result<()> {
    say(&json!({ name: version }))?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let mut words = line.split_whitespace().skip(1);
        let step = words.next().context("no step in the question")?;
        let seed = words.next().map_or(Ok(42), str::parse)?;
        say(&match run(step, seed)? {
            Some(run) => json!({ "seconds": run.seconds, "accuracy": run.accuracy }),
            None => Value::Null,
        })?;
    }
    Ok(())
}

fn say(answer: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}

/// The one-cycle schedule at `position`, from 0 to 1: by a cosine from `start` to `middle` in the first
/// quarter, and from there to `end`.
pub fn one_cycle(start: f64, middle: f64, end: f64, position: f64) -> f64 {
    let cosine = |from: f64, to: f64, at: f64| {
        from + (1. + (std::f64::consts::PI * (1. - at)).cos()) * (to - from) / 2.
    };
    if position < 0.25 {
        cosine(start, middle, position / 0.25)
    } else {
        cosine(middle, end, (position - 0.25) / 0.75)
    }
}
