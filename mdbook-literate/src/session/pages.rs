//! The snippets that rustdoc tests, on the chapter's page as mdBook's preprocessors leave it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use libtest_mimic::{Completion, Trial};

use super::Session;
use crate::doctest::{self, Snippets};
use crate::origins::{self, Origins};
use crate::preprocess::{Literate, is_checked_apart};
use crate::problem::Place;
use crate::summary::Came;

impl Session {
    /// What `mdbook test` does with one chapter's snippets.
    pub(super) fn mdbook_trial(self: &Arc<Self>, at: usize, path: PathBuf) -> Option<Trial> {
        let chapter = &self.chapters[at];
        let tested = self.tested(at);
        if tested.is_empty() {
            return None;
        }
        let name = format!("mdbook_test::{}", chapter.name);
        Some(self.trial(name, move |session| {
            let told = session.mdbook_test(at, &path, &tested).map_err(|error| {
                tested.iter().for_each(|line| session.came.note(at, *line, Came::Failed));
                format!("{error:#}")
            })?;
            match told.failure {
                None => Ok(Completion::Completed),
                Some(failure) => Err(failure.into()),
            }
        }))
    }

    /// The lines of the chapter's snippets that rustdoc tests.
    fn tested(&self, at: usize) -> Vec<usize> {
        let snippets = self.chapters[at].snippets.iter();
        let tested = snippets.filter(|snippet| !is_checked_apart(&self.book, snippet));
        tested.map(|snippet| snippet.open).collect()
    }

    fn mdbook_test(&self, at: usize, path: &Path, tested: &[usize]) -> Result<Snippets> {
        let pages = self.pages.get_or_init(|| {
            // A chapter that cannot be read has a test that says so, and takes no other along.
            let literate = Literate { is_out: Some(is_checked_apart), draft: true };
            self.book.pages_for_test(literate).map_err(|error| format!("{error:#}"))
        });
        let pages = pages.as_ref().map_err(|error| anyhow!("{error}"))?;
        let page = pages.get(path).context("mdBook has lost the chapter")?;
        let chapter = &self.chapters[at];
        let libs = self.libs().map_err(|error| anyhow!("{error}"))?;
        let mut told = doctest::test(&self.book, libs, chapter, page, self.how.fresh)?;
        let whole = origins::whole(&self.book, chapter, is_checked_apart);
        let by_line = told.by_line(tested, &Origins::new(page, &whole));
        let is_missed = |line: &&usize| !by_line.iter().any(|(other, ..)| other == *line);
        for line in tested.iter().filter(is_missed) {
            self.came.note(at, *line, Came::DidNotRun);
            // It was not to happen, and must not look as if all were well.
            let problem = Place::new(&chapter.file, *line)
                .problem("rustdoc passes over a fence here that looks like Rust");
            let help = match whole.includes.is_empty() {
                true => "label it as rustdoc knows it, such as ```rust,no_run, or as ```text",
                false => {
                    "does a file that the chapter includes above leave a fence open, or HTML? Close it there"
                }
            };
            told.failure.get_or_insert_with(|| problem.help(help).to_string());
        }
        for (line, _, came) in by_line {
            self.came.note(at, line, came);
        }
        Ok(told)
    }
}
