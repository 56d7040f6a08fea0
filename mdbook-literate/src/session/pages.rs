//! The snippets that rustdoc tests, on the chapter's page as mdBook's preprocessors leave it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use libtest_mimic::{Completion, Trial};

use super::Session;
use crate::chapter::{Chapter, Snippet};
use crate::compile;
use crate::doctest::{self, Snippets};
use crate::fences::Fence;
use crate::origins::{self, Origins};
use crate::preprocess::{Literate, is_checked_apart};
use crate::problem::Place;
use crate::summary::Came;

impl Session {
    /// What `mdbook test` does with one chapter's snippets.
    pub(super) fn mdbook_trial(self: &Arc<Self>, at: usize, path: PathBuf) -> Option<Trial> {
        let chapter = &self.chapters[at];
        let tested = self.tested(at);
        if tested.is_empty() && !self.includes_snippets(at) {
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

    /// Whether a file that the chapter includes has a fence that says that it is Rust.
    fn includes_snippets(&self, at: usize) -> bool {
        let chapter = &self.chapters[at];
        let includes = |line: &String| line.contains("{{#");
        chapter.lines.iter().any(includes) && {
            let whole = origins::whole(&self.book, chapter, is_checked_apart);
            let is_labelled = |fence: &Fence| !fence.info.is_empty();
            let is_own = |fence: &Fence| whole.origins.get(fence.open - 1).is_some_and(|o| o.1);
            origins::rust(&whole.text).iter().any(|fence| is_labelled(fence) && !is_own(fence))
        }
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
        let origins = Origins::new(page, &whole);
        let mut by_line = told.by_line(tested, &origins);
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
        for fence in origins::rust(page) {
            let told_line = fence.open;
            let Err(error) = self.other_error(chapter, fence, &origins) else { continue };
            let failure = told.failure.get_or_insert_default();
            failure.push_str(&format!("{error:#}\n"));
            for (.., came) in by_line.iter_mut().filter(|(_, line, _)| *line == told_line) {
                *came = Came::Failed;
            }
        }
        for (line, _, came) in by_line {
            self.came.note(at, line, came);
        }
        Ok(told)
    }

    /// rustdoc takes any error for the one that a fence of the page names.
    fn other_error(&self, chapter: &Chapter, fence: Fence, origins: &Origins) -> Result<()> {
        if !compile::has_error(&self.book, &fence.info) {
            return Ok(());
        }
        let (line, is_own) = origins.of(fence.open).unwrap_or((1, false));
        let what = if is_own { "" } else { ": a snippet of a file that is included here" };
        let place = format!("{}:{line}{what}", chapter.file);
        // Its program has the chapter's lines, up to what is included.
        let snippet = Snippet { open: line, ..fence.snippet() };
        let libs = self.libs().map_err(|error| anyhow!("{error}"))?;
        compile::check_compile_fail(&self.book, libs, chapter, &snippet, &place).map(drop)
    }
}
