//! One run of the tests: what the trials share, and what each of them does.

mod pages;
mod unread;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once, OnceLock};

use anyhow::Result;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use self::unread::Unread;
use crate::asked::{is_wanted, progress};
use crate::assertion::Assert;
use crate::book::Book;
use crate::chapter::{Chapter, Reading, Snippet};
use crate::failure::{Failure, Run};
use crate::libs::Libs;
use crate::names::test_name;
use crate::preprocess::is_text;
use crate::problem::Problem;
use crate::run::How;
use crate::settings::Numbers;
use crate::summary::{Came, Outcomes, Summary};
use crate::{assertion, compile, examples, message, numbers, run, snapshots, values};

/// What the trials share.
pub(crate) struct Session {
    book: Book,
    chapters: Vec<Chapter>,
    assert: Assert,
    how: How,
    args: Arguments,
    /// Which chapters the arguments ask for.
    wanted: Vec<usize>,
    started: Once,
    /// How many of the wanted chapters are running or done.
    taken: AtomicUsize,
    libs: OnceLock<Result<Libs, String>>,
    compiler: OnceLock<String>,
    runs: Vec<OnceLock<Result<Run, String>>>,
    /// The chapters as mdBook's preprocessors leave them for its test.
    pages: OnceLock<Result<BTreeMap<PathBuf, String>, String>>,
    /// What came of the fence on a line of a chapter.
    came: Outcomes,
}

type Outcome = Result<Completion, Failed>;

impl Session {
    pub(crate) fn new(
        book: Book,
        read: Vec<Reading>,
        assert: Assert,
        args: &Arguments,
        how: How,
    ) -> (Arc<Self>, Vec<Trial>) {
        let (mut chapters, mut broken) = (Vec::new(), Vec::new());
        for (path, chapter) in read {
            match chapter {
                Ok(chapter) => chapters.push((path, chapter)),
                Err(problems) => broken.push((path, problems)),
            }
        }
        let (paths, chapters): (Vec<_>, Vec<_>) = chapters.into_iter().unzip();
        let wanted = (0..chapters.len())
            .filter(|&at| {
                let chapter: &Chapter = &chapters[at];
                chapter.missing_variable().is_none()
                    && snapshots::all(chapter)
                        .any(|(name, _)| is_wanted(args, &test_name(&chapter.name, name)))
            })
            .collect();
        let runs = chapters.iter().map(|_| OnceLock::new()).collect();
        let session = Arc::new(Self {
            book,
            assert,
            how,
            args: args.clone(),
            wanted,
            started: Once::new(),
            taken: AtomicUsize::new(0),
            libs: OnceLock::new(),
            compiler: OnceLock::new(),
            runs,
            pages: OnceLock::new(),
            came: Outcomes::default(),
            chapters,
        });
        let mut trials: Vec<Trial> =
            (0..session.chapters.len()).flat_map(|at| session.trials_of(at)).collect();
        for (at, path) in paths.into_iter().enumerate() {
            trials.extend(session.mdbook_trial(at, path));
        }
        let unread = Unread::new(broken);
        trials.extend(unread.trials(session.book.settings.numbers));
        if session.book.settings.numbers == Numbers::Checked {
            let name = "numbers::given";
            let check =
                |session: &Arc<Self>| told(&numbers::strangers(&session.book, &session.chapters));
            let trial = unread.in_place_of(name);
            trials.push(trial.unwrap_or_else(|| session.trial(name.into(), check)));
        }
        let name = "snapshots::orphans";
        let check = |session: &Arc<Self>| session.orphans();
        let trial = unread.in_place_of(name);
        trials.push(trial.unwrap_or_else(|| session.trial(name.into(), check)));
        trials.extend(unread.asked_for(args, &trials));
        (session, trials)
    }

    fn trials_of(self: &Arc<Self>, at: usize) -> Vec<Trial> {
        let chapter = &self.chapters[at];
        let mut trials = Vec::new();
        for (index, cell) in chapter.cells.iter().enumerate() {
            let name = test_name(&chapter.name, &cell.name);
            let line = cell.open;
            trials.push(self.trial(name, move |session| {
                let outcome = session.cell(at, index);
                let is_kept =
                    session.runs[at].get().is_some_and(|run| run.as_ref().is_ok_and(|r| r.is_kept));
                session.came.note(
                    at,
                    line,
                    match &outcome {
                        Err(_) => Came::Failed,
                        Ok(Completion::Ignored { .. }) => Came::DidNotRun,
                        Ok(Completion::Completed) if is_kept => Came::Kept,
                        Ok(Completion::Completed) => Came::Passed,
                    },
                );
                outcome
            }));
        }
        for (index, snippet) in chapter.snippets.iter().enumerate() {
            if compile::is_checked(&self.book, snippet) {
                let name = format!("{}::compile_fail_line_{}", chapter.name, snippet.open);
                trials.push(self.trial(name, move |session| {
                    let snippet = &session.chapters[at].snippets[index];
                    let outcome = session.compile_fail(at, snippet);
                    let came = if outcome.is_ok() { Came::Passed } else { Came::Failed };
                    session.came.note(at, snippet.open, came);
                    outcome
                }));
            }
        }
        if !chapter.values.is_empty() {
            let name = test_name(&chapter.name, values::NAME);
            trials.push(self.trial(name, move |session| session.values(at)));
        }
        if self.book.settings.numbers == Numbers::Checked {
            let name = format!("numbers::{}", chapter.name);
            trials.push(self.trial(name, move |session| {
                told(&numbers::problems(&session.book, &session.chapters[at]))
            }));
        }
        if !chapter.cells.is_empty() {
            let name = format!("example::{}", chapter.name);
            trials.push(self.trial(name, move |session| session.example(at)));
        }
        trials
    }

    fn trial(
        self: &Arc<Self>,
        name: String,
        check: impl FnOnce(&Arc<Self>) -> Outcome + Send + 'static,
    ) -> Trial {
        let session = Arc::clone(self);
        Trial::ignorable_test(name, move || check(&session))
    }

    /// What the cell printed is what was accepted.
    fn cell(self: &Arc<Self>, at: usize, index: usize) -> Outcome {
        let cell = &self.chapters[at].cells[index];
        self.compared(at, &cell.name, |chapter, run| {
            let output = run.outputs.iter().find(|output| output.name == cell.name)?;
            Some(assertion::check(&self.book, self.assert, chapter, cell, &output.text))
        })
    }

    /// The values in a chapter's text are those that were accepted.
    fn values(self: &Arc<Self>, at: usize) -> Outcome {
        self.compared(at, values::NAME, |chapter, run| {
            let printed = run.outputs.iter().flat_map(|output| &output.values);
            let printed: Vec<&str> = printed.map(String::as_str).collect();
            let is_whole = printed.len() >= chapter.values.len();
            let check = || assertion::check_values(&self.book, self.assert, chapter, &printed);
            is_whole.then(check)
        })
    }

    /// What comes of the test of this name; `check` says `None` where there is nothing to compare.
    fn compared(
        self: &Arc<Self>,
        at: usize,
        name: &str,
        check: impl FnOnce(&Chapter, &Run) -> Option<Result<(), String>>,
    ) -> Outcome {
        let chapter = &self.chapters[at];
        if let Some(name) = chapter.missing_variable() {
            return Ok(Completion::ignored_with(format!("requires {name}, which is not set")));
        }
        let run = self.run(at)?;
        if let Some(failure) = run.failure_of(name) {
            return Err(failure.into());
        }
        match check(chapter, run) {
            Some(outcome) => Ok(outcome.map(|()| Completion::Completed)?),
            None => self.did_not_run(chapter, run),
        }
    }

    /// A cell behind one that failed: that one's test fails, or this one's if nobody asked for the other.
    fn did_not_run(&self, chapter: &Chapter, run: &Run) -> Outcome {
        if let Some(cell) = &run.exited {
            let why = format!("did not run: cell `{cell}` ends the program (`exits: true`)");
            return Ok(Completion::ignored_with(why));
        }
        let named = |failure: &Failure| Some((failure.cell.clone()?, failure.message.clone()));
        match run.failures.iter().find_map(named) {
            Some((name, _)) if is_wanted(&self.args, &test_name(&chapter.name, &name)) => {
                Ok(Completion::ignored_with(format!("did not run: cell `{name}` failed")))
            }
            Some((name, message)) => {
                Err(format!("did not run: cell `{name}` failed\n{message}").into())
            }
            None => Err("did not run, and no cell before it failed".into()),
        }
    }

    /// The run of a chapter; the first call starts them all.
    fn run(self: &Arc<Self>, at: usize) -> Result<&Run, String> {
        self.started.call_once(|| self.start_all());
        self.runs[at].wait().as_ref().map_err(Clone::clone)
    }

    /// Runs the wanted chapters side by side, in threads of their own: the cells of a chapter are
    /// tested as soon as it is done.
    fn start_all(self: &Arc<Self>) {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..workers.min(self.wanted.len()) {
            let session = Arc::clone(self);
            std::thread::spawn(move || {
                let next = || session.taken.fetch_add(1, Ordering::Relaxed);
                while let Some(&at) = session.wanted.get(next()) {
                    let run = catch_unwind(AssertUnwindSafe(|| session.run_one(at)));
                    let run = run.unwrap_or_else(|_| Err("the run panicked".into()));
                    let _ = session.runs[at].set(run);
                }
            });
        }
    }

    fn run_one(&self, at: usize) -> Result<Run, String> {
        let libs = self.libs()?;
        let chapter = &self.chapters[at];
        let number = self.wanted.iter().position(|&other| other == at).unwrap_or(0) + 1;
        let place = format!("{} ({number} of {})", chapter.file, self.wanted.len());
        let tell = |what: &str| progress(format!("{what} {place}"));
        run::run(&self.book, libs, chapter, self.how, tell).map_err(|error| format!("{error:#}"))
    }

    fn libs(&self) -> Result<&Libs, String> {
        let libs = self.libs.get_or_init(|| {
            let what = self.book.crate_name.as_deref().unwrap_or("the crates");
            progress(format!("Building {what} for the chapters"));
            Libs::build(&self.book, self.how.release).map_err(|error| format!("{error:#}"))
        });
        libs.as_ref().map_err(Clone::clone)
    }

    fn compile_fail(&self, at: usize, snippet: &Snippet) -> Outcome {
        let libs = self.libs()?;
        let chapter = &self.chapters[at];
        let place = format!("{}:{}", chapter.file, snippet.open);
        let errors = compile::check_compile_fail(&self.book, libs, chapter, snippet, &place)
            .map_err(|error| format!("{error:#}"))?;
        let shown = message::all(&self.book, chapter);
        if let Some((_, name)) = shown.iter().find(|(other, _)| other.open == snippet.open) {
            let compiler = self.compiler.get_or_init(|| message::compiler(&self.book));
            let said = message::snapshot(compiler, &errors, &chapter.file);
            assertion::check_message(&self.book, self.assert, chapter, (snippet, name), &said)?;
        }
        Ok(Completion::Completed)
    }

    /// The example in the repository is the one that the chapter makes.
    fn example(&self, at: usize) -> Outcome {
        match examples::mistake(&self.book, &self.chapters[at]) {
            None => Ok(Completion::Completed),
            Some(mistake) => Err(mistake.into()),
        }
    }

    fn orphans(&self) -> Outcome {
        match snapshots::orphans_told(&self.book, &self.chapters) {
            Ok(None) => Ok(Completion::Completed),
            Ok(Some(told)) => Err(told.into()),
            Err(error) => Err(format!("{error:#}").into()),
        }
    }

    /// What became of every fence.
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for (at, chapter) in self.chapters.iter().enumerate() {
            let is_text = |snippet: &Snippet| is_text(&self.book, snippet);
            summary.add(chapter, is_text, |line| self.came.of(at, line));
            summary.add_included(self.came.beyond(at, chapter.lines.len()));
        }
        summary
    }

    /// The chapters that were run, and what came of it.
    pub(crate) fn done(&self) -> impl Iterator<Item = (&Chapter, &Run)> {
        let runs = self.runs.iter().map(|run| run.get()?.as_ref().ok());
        self.chapters.iter().zip(runs).filter_map(|(chapter, run)| Some((chapter, run?)))
    }
}

/// Fails with all that is wrong.
fn told(problems: &[Problem]) -> Outcome {
    let list: Vec<String> = problems.iter().map(Problem::to_string).collect();
    if list.is_empty() { Ok(Completion::Completed) } else { Err(list.join("\n").into()) }
}
