//! The table that grows while a model learns, and the bar below it.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use crate::host::{ProgressBar, ProgressStyle};
use mdbook_literate::display::is_recording;

use crate::show::print_line;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verbosity {
    /// The table, and in a terminal a bar for the epoch that runs.
    Bar,
    /// The table.
    Table,
    /// Nothing.
    Silent,
}

/// The display of one `fit`.
pub(super) struct Progress {
    verbosity: Verbosity,
    widths: Vec<usize>,
    bar: ProgressBar,
}

impl Progress {
    /// Prints the head of the table.
    pub fn start(verbosity: Verbosity, metric_names: &[String]) -> Self {
        let mut progress = Self { verbosity, widths: Vec::new(), bar: ProgressBar::hidden() };
        let mut names = vec!["epoch".to_string()];
        names.extend_from_slice(metric_names);
        names.push("time".to_string());
        progress.widths = names.iter().map(|name| name.chars().count().max(8) + 2).collect();
        progress.row(&names);
        progress
    }

    /// Shows an empty bar for an epoch.
    pub fn start_epoch(&mut self, epoch: usize, epochs: usize, batches: usize) {
        if self.verbosity == Verbosity::Bar && io::stderr().is_terminal() && !is_recording() {
            let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}");
            self.bar = ProgressBar::new(batches as u64)
                .with_style(style.expect("a template"))
                .with_prefix(format!("epoch {} of {epochs}", epoch + 1));
        }
    }

    /// Moves the bar on by a batch.
    pub fn batch(&self, loss: f32) {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{loss:.4}"));
            self.bar.inc(1);
        }
    }

    /// Replaces the bar by a row of the table.
    pub fn end_epoch(&mut self, epoch: usize, values: &[f32], time: Duration) {
        self.remove_bar();
        let mut cells = vec![epoch.to_string()];
        // As fastai's table: losses are finite, so there was no validation.
        let number = |value: &f32| match value.is_nan() {
            true => "None".to_string(),
            false => format!("{value:.6}"),
        };
        cells.extend(values.iter().map(number));
        cells.push(clock(time));
        self.row(&cells);
    }

    fn remove_bar(&mut self) {
        std::mem::replace(&mut self.bar, ProgressBar::hidden()).finish_and_clear();
    }

    fn row(&self, cells: &[String]) {
        if self.verbosity != Verbosity::Silent {
            print_line(&aligned(cells, &self.widths));
        }
    }
}

/// An epoch that ended with an error leaves no bar.
impl Drop for Progress {
    fn drop(&mut self) {
        self.remove_bar();
    }
}

/// Cells below each other, with two spaces at least between them, however long they are.
fn aligned(cells: &[String], widths: &[usize]) -> String {
    let width = |width: &usize| width.saturating_sub(2);
    let line: String = cells
        .iter()
        .zip(widths)
        .map(|(cell, full)| format!("{cell:<width$}  ", width = width(full)))
        .collect();
    line.trim_end().to_string()
}

/// Minutes and seconds, and hours if there are any: `00:07`, `1:02:33`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_fastai() {
        let names = ["epoch", "train_loss", "valid_loss", "accuracy", "time"].map(String::from);
        let progress = Progress::start(Verbosity::Silent, &names[1..4]);
        let row = ["0", "0.060807", "0.011237", "0.998037", "02:33"].map(String::from);
        assert_eq!(
            [aligned(&names, &progress.widths), aligned(&row, &progress.widths)],
            [
                "epoch     train_loss  valid_loss  accuracy  time",
                "0         0.060807    0.011237    0.998037  02:33",
            ]
        );
    }

    #[test]
    fn long_numbers_do_not_run_together() {
        let cells = ["0", "12345678.123456", "inf", "1"].map(String::from);
        assert_eq!(aligned(&cells, &[10, 12, 12, 10]), "0         12345678.123456  inf         1");
    }

    #[test]
    fn times() {
        let clocks = [0, 7, 153, 3600 + 2 * 60 + 33].map(|s| clock(Duration::from_secs(s)));
        assert_eq!(clocks, ["00:00", "00:07", "02:33", "1:02:33"]);
    }
}
