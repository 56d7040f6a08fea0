//! Compiles and runs a chapter's program, and says which cell failed.

use anyhow::Result;

use crate::book::Book;
use crate::chapter::Chapter;
use crate::compile::{Build, CompileError};
use crate::execute::execute;
use crate::failure::{Failure, Run};
use crate::libs::Libs;
use crate::program;

/// Compiles `chapter` and runs it once, in the package's folder, within its limits of time and output.
///
/// # Errors
/// When a tool cannot be started or a file cannot be written. What is wrong with the chapter
/// itself is in [`Run::failures`].
pub(crate) fn run(book: &Book, libs: &Libs, chapter: &Chapter, release: bool) -> Result<Run> {
    let Some(program) = program::recorded(chapter, &book.settings.main) else {
        return Ok(Run::without_outputs(Vec::new()));
    };
    let build = Build { book, libs, name: &chapter.name, shown: &chapter.file, release };
    match build.executable(&program)? {
        Ok(executable) => execute(book, chapter, &executable, &mut |_| Ok(())),
        Err(errors) => Ok(Run::without_outputs(compile_failures(chapter, errors))),
    }
}

/// One failure for each cell with errors.
fn compile_failures(chapter: &Chapter, errors: Vec<CompileError>) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for error in errors {
        let cell = error.line.and_then(|line| chapter.cell_at(line));
        let name = cell.map(|cell| cell.name.clone());
        if let Some(failure) = failures.iter_mut().find(|failure| failure.cell == name) {
            failure.message.push_str(&error.rendered);
            continue;
        }
        let what = match cell {
            Some(cell) => format!("{}:{}: cell `{}`", chapter.file, cell.open, cell.name),
            None => chapter.file.clone(),
        };
        let message = format!("{what} does not compile\n{}", error.rendered);
        failures.push(Failure { cell: name, message });
    }
    failures
}
