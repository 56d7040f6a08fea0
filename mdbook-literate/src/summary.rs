//! What became of every fence of a book: none is passed over in silence.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use crate::attributes;
use crate::chapter::{Chapter, Snippet};
use crate::failure::Run;
use crate::names;
use crate::record::CellOutput;

/// What came of a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Came {
    Passed,
    /// As an earlier run found it.
    Kept,
    /// Compiled and not run, as it says.
    Compiled,
    Failed,
    DidNotRun,
    /// It says `ignore`.
    Ignored,
    /// The arguments of the run ask for others.
    NotAsked,
    /// Not Rust: there is nothing to do.
    Text,
    /// Markdown takes it for HTML.
    Unseen,
}

impl Came {
    fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Kept => "kept from an earlier run",
            Self::Compiled => "compiled, as they say",
            Self::Failed => "FAILED",
            Self::DidNotRun => "did not run",
            Self::Ignored => "ignored, as they say",
            Self::NotAsked => "not asked for",
            Self::Text => "not Rust",
            Self::Unseen => "no code to Markdown",
        }
    }
}

/// What came of the fences so far, by chapter and line.
#[derive(Debug, Default)]
pub(crate) struct Outcomes(Mutex<BTreeMap<(usize, usize), Came>>);

impl Outcomes {
    pub(crate) fn note(&self, chapter: usize, line: usize, came: Came) {
        let mut all = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        all.insert((chapter, line), came);
    }

    pub(crate) fn of(&self, chapter: usize, line: usize) -> Option<Came> {
        let all = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        all.get(&(chapter, line)).copied()
    }

    /// What came of those that are on no line of the chapter: they stand in files that it includes.
    pub(crate) fn beyond(&self, chapter: usize, last: usize) -> Vec<Came> {
        let all = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        all.range((chapter, last + 1)..=(chapter, usize::MAX)).map(|(_, came)| *came).collect()
    }
}

/// A table of the slowest cells.
pub(crate) fn print_slowest<'a>(runs: impl Iterator<Item = (&'a Chapter, &'a Run)>) {
    let times = runs.flat_map(|(chapter, run)| {
        let name = |output: &CellOutput| names::test_name(&chapter.name, &output.name);
        run.outputs.iter().map(move |output| (output.time, name(output)))
    });
    let mut times: Vec<_> = times.collect();
    times.sort_by(|a, b| b.cmp(a));
    println!("slowest cells:");
    for (time, name) in times.iter().take(20) {
        println!("{:>9.3} s  {name}", time.as_secs_f64());
    }
}

/// The number of fences by kind, and by what came of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    kinds: BTreeMap<(usize, String), BTreeMap<Came, usize>>,
    chapters: usize,
}

impl Summary {
    /// Counts a chapter's fences; `came` says what came of the one on a line, where anything did.
    pub(crate) fn add(
        &mut self,
        chapter: &Chapter,
        is_text: impl Fn(&Snippet) -> bool,
        came: impl Fn(usize) -> Option<Came>,
    ) {
        self.chapters += 1;
        for cell in &chapter.cells {
            self.count(0, "cell", came(cell.open).unwrap_or(Came::NotAsked));
        }
        for snippet in &chapter.snippets {
            if is_text(snippet) {
                self.count(3, "without a label", Came::Text);
                continue;
            }
            let came = match came(snippet.open) {
                _ if attributes::is_ignored(&snippet.info) => Came::Ignored,
                Some(Came::Passed) if attributes::has(&snippet.info, "no_run") => Came::Compiled,
                came => came.unwrap_or(Came::NotAsked),
            };
            self.count(1, kind(snippet), came);
        }
        for other in &chapter.others {
            let word = attributes::attributes(&other.info).next().unwrap_or_default();
            self.count(2, word, Came::Text);
        }
        for _ in &chapter.in_html {
            self.count(4, "in a comment or other HTML", Came::Unseen);
        }
    }

    /// Counts fences of files that a chapter includes.
    pub(crate) fn add_included(&mut self, all: Vec<Came>) {
        all.into_iter().for_each(|came| self.count(1, "rust, of an included file", came));
    }

    fn count(&mut self, order: usize, kind: &str, came: Came) {
        *self.kinds.entry((order, kind.into())).or_default().entry(came).or_default() += 1;
    }
}

/// The kind of a Rust fence that is no cell.
pub(crate) fn kind(snippet: &Snippet) -> &'static str {
    let has = |attribute| attributes::has(&snippet.info, attribute);
    match () {
        () if attributes::is_ignored(&snippet.info) => "rust, ignore",
        () if snippet.is_indented => "indented",
        () if has("compile_fail") => "rust, compile_fail",
        () if has("should_panic") => "rust, should_panic",
        () if has("no_run") => "rust, no_run",
        () if snippet.info.is_empty() => "without a label",
        () => "rust",
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |counts: &BTreeMap<Came, usize>| counts.values().sum::<usize>();
        let all: usize = self.kinds.values().map(sum).sum();
        writeln!(f, "fences: {all} in {}", crate::problem::count(self.chapters, "chapter"))?;
        let width = self.kinds.keys().map(|(_, kind)| kind.len()).max().unwrap_or(0);
        for ((_, kind), counts) in &self.kinds {
            let each: Vec<String> =
                counts.iter().map(|(came, number)| format!("{number} {}", came.words())).collect();
            writeln!(f, "{:>6} {kind:width$}  {}", sum(counts), each.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fence_is_passed_over() {
        let page = "# A\n\nText.\n\n```rust,cell=a\n```\n\n```\nx\n```\n\n- ```compile_fail,E0308\n  x\n  ```\n\n\
                    ```rust,ignore\n```\n\n```rust,no_run\n```\n\n```sh\n```\n\n<!--\n```rust\n```\n-->\n";
        let chapter = Chapter::parse("a", "a.md", page).unwrap();
        let mut summary = Summary::default();
        summary.add(&chapter, |_| false, |line| (line != 8).then_some(Came::Passed));
        let expected = "fences: 7 in 1 chapter\n     \
             1 cell                        1 passed\n     \
             1 rust, compile_fail          1 passed\n     \
             1 rust, ignore                1 ignored, as they say\n     \
             1 rust, no_run                1 compiled, as they say\n     \
             1 without a label             1 not asked for\n     \
             1 sh                          1 not Rust\n     \
             1 in a comment or other HTML  1 no code to Markdown\n";
        assert_eq!(summary.to_string(), expected);
    }
}
