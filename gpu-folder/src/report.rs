//! The file that comes out. It is written anew after each result, so that nothing is lost that was measured.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The results so far, and what went wrong.
#[derive(Debug)]
pub struct Report {
    file: PathBuf,
    results: Value,
}

impl Report {
    /// An empty report for `file`.
    ///
    /// # Errors
    /// When the file cannot be written: better now than after eight minutes.
    ///
    /// # Example
    /// ```
    /// use gpu_folder::report::Report;
    /// use serde_json::json;
    ///
    /// # let file = std::env::temp_dir().join("gpu-folder-report.json");
    /// let mut report = Report::new(file.clone())?;
    /// report.set("date", json!("2026-11-26"))?;
    /// report.problem("no GPU")?;
    /// assert!(std::fs::read_to_string(file)?.contains("no GPU"));
    /// assert!(!report.is_green());
    /// # anyhow::Ok(())
    /// ```
    pub fn new(file: PathBuf) -> Result<Self> {
        let report = Self { file, results: json!({ "dry_run": false, "problems": [] }) };
        report.write()?;
        Ok(report)
    }

    /// Notes a result.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set(&mut self, key: &str, value: Value) -> Result<()> {
        self.results[key] = value;
        self.write()
    }

    /// What was noted under `key`.
    pub fn get(&self, key: &str) -> &Value {
        &self.results[key]
    }

    /// Notes that something went wrong, and prints it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn problem(&mut self, message: &str) -> Result<()> {
        println!("  ! {message}");
        if let Some(problems) = self.results["problems"].as_array_mut() {
            problems.push(message.into());
        }
        self.write()
    }

    /// Marks the results as those of a rehearsal without a GPU: they are no measurements.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn is_a_dry_run(&mut self) -> Result<()> {
        self.set("dry_run", true.into())
    }

    /// Whether nothing went wrong.
    pub fn is_green(&self) -> bool {
        self.results["problems"].as_array().is_some_and(Vec::is_empty)
    }

    fn write(&self) -> Result<()> {
        let name = self.file.display();
        let text = serde_json::to_string_pretty(&self.results)? + "\n";
        // As a whole or not at all: the machine may be taken away at any moment.
        let half = self.file.with_extension("json.part");
        fs::write(&half, text)
            .and_then(|()| fs::rename(&half, &self.file))
            .with_context(|| format!("{name} cannot be written: name another file with --out"))
    }
}
