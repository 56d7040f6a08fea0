//! The tests of a book of which a chapter cannot be read: whoever asks for one of them hears of that.

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Trial};

use super::told;
use crate::asked::is_wanted;
use crate::names::chapter_name;
use crate::problem::Problem;
use crate::settings::Numbers;

/// Chapters that cannot be read, and what is wrong with each.
pub(super) struct Unread(Vec<(PathBuf, Vec<Problem>)>);

impl Unread {
    pub(super) fn new(chapters: Vec<(PathBuf, Vec<Problem>)>) -> Self {
        Self(chapters)
    }

    /// Fails in place of a test that needs all chapters, or one of these; `None` where all are read.
    pub(super) fn in_place_of(&self, name: &str) -> Option<Trial> {
        let (_, problems) = self.0.first()?;
        Some(not_tested(name, problems))
    }

    /// What stands for the tests of these chapters, of which only the kinds are known.
    pub(super) fn trials(&self, numbers: Numbers) -> Vec<Trial> {
        let mut trials = Vec::new();
        for (path, problems) in &self.0 {
            let name = chapter_name(Path::new(path));
            let all = problems.clone();
            let check = move || told(&all).map(drop);
            trials.push(Trial::test(format!("{name}::chapter"), check));
            for kind in ["mdbook_test", "example", "numbers"] {
                if kind != "numbers" || numbers == Numbers::Checked {
                    trials.push(not_tested(&format!("{kind}::{name}"), problems));
                }
            }
        }
        trials
    }

    /// A test of the name that is asked for, where `trials` have none: it may be one of these chapters'.
    pub(super) fn asked_for(&self, args: &Arguments, trials: &[Trial]) -> Option<Trial> {
        let filter = args.filter.as_ref().filter(|_| !args.list)?;
        let is_there = trials.iter().any(|trial| is_wanted(args, trial.name()));
        if is_there { None } else { self.in_place_of(filter) }
    }
}

fn not_tested(name: &str, problems: &[Problem]) -> Trial {
    let told = problems.first().map(Problem::to_string).unwrap_or_default();
    let what = told.lines().next().unwrap_or_default();
    let message = format!("not tested: {what}\n  help: correct that first");
    Trial::test(name, move || Err(message.into()))
}
