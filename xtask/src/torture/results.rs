//! Counting what was tried and what was survived.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::attack::{Fate, Outcome, Suite, again};
use crate::table;

/// The count of one suite.
pub(crate) struct Counts {
    name: &'static str,
    about: &'static str,
    attacks: u64,
    /// Why attacks could not be made, and how many.
    skipped: BTreeMap<&'static str, u64>,
    pub(crate) failures: Vec<u64>,
}

impl Counts {
    pub(crate) fn of(suite: &Suite) -> Self {
        let Suite { name, about, .. } = *suite;
        Self { name, about, attacks: 0, skipped: BTreeMap::new(), failures: Vec::new() }
    }

    pub(crate) fn add(&mut self, seed: u64, outcome: Outcome) {
        match outcome {
            Ok(Fate::Skipped(why)) => {
                let count = self.skipped.entry(why).or_default();
                if *count == 0 {
                    println!("{}: SKIPPED: {why}", self.name);
                }
                *count += 1;
            }
            Ok(Fate::Survived) => self.attacks += 1,
            Err(error) => {
                self.attacks += 1;
                self.failures.push(seed);
                println!("{}: FAILED: {error:#}\n  again: {}", self.name, again(self.name, seed));
            }
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "about": self.about,
            "attacks": self.attacks,
            "survived": self.attacks - self.failures.len() as u64,
            "skipped": self.skipped,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let survived = self.attacks - self.failures.len() as u64;
        write!(f, "{}: {} attacks, {survived} survived", self.name, self.attacks)?;
        let skipped: u64 = self.skipped.values().sum();
        if skipped > 0 { write!(f, ", {skipped} could not be made") } else { Ok(()) }
    }
}

/// Writes the counts and the book's table of them.
pub(crate) fn write(seed: u64, minutes: f64, counts: &[Counts]) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/results");
    let suites: Vec<Value> = counts.iter().map(Counts::json).collect();
    let results = json!({ "seed": seed, "minutes": minutes, "suites": suites });
    let text = serde_json::to_string_pretty(&results)? + "\n";
    std::fs::write(folder.join("torture.json"), text).context("torture.json")?;
    std::fs::write(folder.join("torture.md"), table::markdown(&results)?).context("torture.md")
}
