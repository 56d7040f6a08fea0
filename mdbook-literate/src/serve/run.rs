//! One run of a chapter, from the compiler to its end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Result, bail};

use super::edit::{self, Spot};
use super::event::{Event, How};
use super::live::Live;
use crate::book::Book;
use crate::chapter::Chapter;
use crate::compile::{Build, CompileError};
use crate::execute::execute;
use crate::failure::{Failure, Run};
use crate::libs::Libs;
use crate::record::{self, CellOutput};
use crate::{group, program, terminal, values};

/// What is to be run.
pub(super) struct Wish<'a> {
    pub(super) book: &'a Book,
    pub(super) release: bool,
    /// With the reader's changes.
    pub(super) chapter: &'a Chapter,
    /// The number of the last cell to run.
    pub(super) last: usize,
    /// Set when the run shall end.
    pub(super) stop: &'a AtomicBool,
    /// Whether the page has enough to read, so that more of the output can wait.
    pub(super) is_full: &'a dyn Fn() -> bool,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) how: How,
    /// Of the cells that ran to their end.
    pub(super) outputs: Vec<CellOutput>,
}

impl Outcome {
    fn without_outputs(how: How) -> Self {
        Self { how, outputs: Vec::new() }
    }
}

impl Wish<'_> {
    /// Runs the cells, and tells each step. What comes last, [`Event::End`], is left to the caller.
    pub(super) fn run(&self, tell: &mut impl FnMut(Event)) -> Outcome {
        match self.try_run(tell) {
            Ok(outcome) => outcome,
            Err(_) if self.is_stopped() => Outcome::without_outputs(How::Stopped),
            Err(error) => {
                tell(Event::Error { cell: None, at: None, text: format!("{error:#}") });
                Outcome::without_outputs(How::Failed)
            }
        }
    }

    /// Compiles the cells, so that the compiler has less to do when they are run. What is wrong with them is
    /// told then.
    pub(super) fn prepare(&self) {
        let _ =
            Libs::build(self.book, self.release).and_then(|libs| self.compile(&libs, self.chapter));
    }

    fn try_run(&self, tell: &mut impl FnMut(Event)) -> Result<Outcome> {
        if let Some(name) = self.chapter.missing_variable() {
            bail!("the cells of this chapter run where the environment variable {name} is set");
        }
        tell(Event::Compiling);
        let libs = Libs::build(self.book, self.release)?;
        let mut chapter = self.chapter.clone();
        let mut built = self.compile(&libs, &chapter)?;
        if let Err(errors) = &built
            && errors.iter().all(|error| self.is_below(error))
        {
            // All of them, since a cell may need those below: they say of which type its values are.
            // But where only those are wrong, this one need not wait for them.
            chapter.cells.truncate(self.last + 1);
            chapter.values.retain(|value| value.cell <= self.last);
            built = self.compile(&libs, &chapter)?;
        }
        match built {
            Ok(executable) => self.execute(&libs, &chapter, &executable, tell),
            Err(errors) => {
                errors.iter().for_each(|error| tell(compile_error(&chapter, error)));
                Ok(Outcome::without_outputs(How::Failed))
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn is_below(&self, error: &CompileError) -> bool {
        let cell = error.line.and_then(|line| self.chapter.cell_at(line));
        let value = self.chapter.values.iter().find(|value| Some(value.line) == error.line);
        let number =
            cell.and_then(|cell| self.number(&cell.name)).or(value.map(|value| value.cell));
        number > Some(self.last)
    }

    fn number(&self, cell: &str) -> Option<usize> {
        self.chapter.cells.iter().position(|known| known.name == cell)
    }

    /// In a folder of its own, where the compiler also keeps what it can use again.
    fn compile(
        &self,
        libs: &Libs,
        chapter: &Chapter,
    ) -> Result<Result<PathBuf, Vec<CompileError>>> {
        let Some(program) = program::recorded(chapter, &self.book.settings.main) else {
            bail!("chapter {} has no cells", chapter.name);
        };
        // No chapter's name has a dot.
        let name = format!("serve.d/{}", chapter.name);
        let room = self.book.programs(self.release)?.room(&name)?;
        let mut incremental = OsString::from("incremental=");
        incremental.push(room.folder().join("incremental"));
        let (book, shown) = (self.book, chapter.file.as_str());
        let (release, lints) = (self.release, false);
        let build = Build { book, libs, name: &name, shown, edition: book.edition, release, lints };
        let started = Instant::now();
        build.executable_by(&program, &["-C".into(), incremental], |rustc| {
            group::errors_of(rustc, &record::secret(), || {
                let limit = self.book.settings.time_limit;
                if self.is_stopped() {
                    bail!("was stopped");
                }
                if started.elapsed() > limit.0 {
                    bail!("the compiler took longer than the chapter's limit of {limit}");
                }
                Ok(())
            })
        })
    }

    fn execute(
        &self,
        libs: &Libs,
        chapter: &Chapter,
        executable: &Path,
        tell: &mut impl FnMut(Event),
    ) -> Result<Outcome> {
        let mut live = Live::new(chapter, self.last);
        let run = execute(self.book, libs, chapter, executable, &mut |recorder| {
            if !(self.is_full)() {
                live.tell(recorder, tell);
            }
            if self.is_stopped() {
                return Err("was stopped".into());
            }
            match recorder.started() > self.last + 1 {
                true => Err("was not asked for".into()),
                false => Ok(()),
            }
        })?;
        live.tell_all(&run.outputs, &[], tell);
        let Run { mut outputs, failures, .. } = run;
        let is_asked = |failure: &&Failure| {
            failure.cell.as_ref().is_none_or(|cell| self.number(cell) <= Some(self.last))
        };
        let failures: Vec<&Failure> = failures.iter().filter(is_asked).collect();
        let is_whole = outputs.len() > self.last + 1 || failures.is_empty();
        outputs.truncate(if is_whole { self.last + 1 } else { outputs.len().saturating_sub(1) });
        outputs.retain(|output| output.is_utf8);
        let how = match failures.is_empty() {
            _ if self.is_stopped() && !is_whole => How::Stopped,
            true => How::Done,
            false => How::Failed,
        };
        if how == How::Failed {
            failures.iter().for_each(|failure| tell(failed(chapter, failure)));
        }
        Ok(Outcome { how, outputs })
    }
}

fn compile_error(chapter: &Chapter, error: &CompileError) -> Event {
    let at = error.line.and_then(|line| Spot::of(chapter, line));
    let (text, first) = edit::told(chapter, &terminal::shown(&error.rendered));
    let at = at.or(first);
    Event::Error { cell: at.as_ref().map(|at| at.cell.clone()), at, text }
}

fn failed(chapter: &Chapter, failure: &Failure) -> Event {
    // The page shows it at its place.
    let place = failure.message.strip_prefix(&chapter.file).and_then(|rest| rest.split_once(": "));
    let message = place.map_or(failure.message.as_str(), |(_line, message)| message);
    let (text, at) = edit::told(chapter, &terminal::shown(message));
    // A value in the text is none of the page's cells.
    let cell = failure.cell.clone().filter(|name| name != values::NAME);
    Event::Error { cell, at, text }
}
