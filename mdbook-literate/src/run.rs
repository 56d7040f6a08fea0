//! Compiles and runs a chapter's program, and says which cell failed.

use anyhow::Result;

use crate::book::Book;
use crate::chapter::Chapter;
use crate::compile::{Build, CompileError};
use crate::execute::execute;
use crate::failure::{Failure, Run};
use crate::kept::{self, Kept};
use crate::lexer;
use crate::libs::Libs;
use crate::parts;
use crate::program;
use crate::values;

/// Compiles `chapter` and runs it once, in the package's folder, within its limits of time and output; or takes what is
/// known from an earlier run. `tell` gets the word for what is done.
///
/// # Errors
/// When a tool cannot be started or a file cannot be written. What is wrong with the chapter
/// itself is in [`Run::failures`].
pub(crate) fn run(
    book: &Book,
    libs: &Libs,
    chapter: &Chapter,
    how: How,
    tell: impl Fn(&str),
) -> Result<Run> {
    let How { release, fresh } = how;
    let Some(program) = program::recorded(chapter, &book.settings.main) else {
        return Ok(Run::without_outputs(Vec::new()));
    };
    let lints = false;
    let (name, shown, edition) = (&chapter.name, &chapter.file, book.edition);
    let build = Build { book, libs, name, shown, edition, release, lints };
    let room = book.programs(release)?.room(&chapter.name)?;
    let strings: Vec<String> = chapter
        .cells
        .iter()
        .flat_map(|cell| lexer::strings(parts::code_of(chapter, cell)))
        .chain(chapter.values.iter().flat_map(|value| lexer::strings([value.expression.as_str()])))
        .collect();
    let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
    let limits = (book.settings.time_limit.0, book.settings.output_limit.0);
    let required = chapter.cells.iter().flat_map(|cell| &cell.options.requires);
    let required: Vec<_> = required.map(|name| (name, std::env::var_os(name))).collect();
    let options = format!("{:?}", chapter.cells);
    let kept = Kept::new(book, libs, &strings, (&program, limits, required, options))?;
    let is_kept = chapter.cells.iter().all(|cell| cell.options.keep);
    let earlier = kept.read(&room, fresh).filter(|_| is_kept);
    if let Some(run) = earlier.and_then(|text| serde_json::from_str(&text).ok()) {
        tell("Kept");
        return Ok(Run { is_kept: true, ..run });
    }
    tell("Running");
    kept::forget(&room)?;
    match build.executable(&program)? {
        Ok(executable) => {
            let run = execute(book, libs, chapter, &executable, &mut |_| Ok(()))?;
            if run.failures.is_empty() && is_kept {
                kept.write(&room, &serde_json::to_string(&run)?)?;
            }
            Ok(run)
        }
        Err(errors) => Ok(Run::without_outputs(compile_failures(chapter, errors))),
    }
}

/// How chapters are run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    pub(crate) release: bool,
    /// Whether they run even where what comes of it is known.
    pub(crate) fresh: bool,
}

/// One failure for each cell with errors.
fn compile_failures(chapter: &Chapter, errors: Vec<CompileError>) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for error in errors {
        let cell = error.line.and_then(|line| chapter.cell_at(line));
        let value = chapter.values.iter().find(|value| Some(value.line) == error.line);
        let name = cell.map(|cell| cell.name.clone()).or(value.map(|_| values::NAME.into()));
        if let Some(failure) = failures.iter_mut().find(|failure| failure.cell == name) {
            failure.message.push_str(&error.rendered);
            continue;
        }
        let what = match (cell, value) {
            (Some(cell), _) => format!("{}:{}: cell `{}`", chapter.file, cell.open, cell.name),
            (None, Some(value)) => format!("{}:{}: a value in the text", chapter.file, value.line),
            (None, None) => chapter.file.clone(),
        };
        let message = format!("{what} does not compile\n{}", error.rendered);
        failures.push(Failure { cell: name, message });
    }
    failures
}
