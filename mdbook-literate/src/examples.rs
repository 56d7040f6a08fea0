//! The examples: one clean program a chapter, in a folder where others may lie beside them.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::book::Book;
use crate::chapter::Chapter;
use crate::{files, tangle};

/// How a chapter's example on disk is.
enum State {
    InStep,
    Missing,
    /// Differs from this line on.
    OutOfStep(usize),
    /// Not this chapter's, and why.
    Foreign(String),
}

/// Writes the examples of all chapters anew, and returns those that changed.
///
/// # Errors
/// All mistakes of the chapters, and all files in the way that somebody else made: they are left
/// as they are.
pub(crate) fn tangle(book: &Book) -> Result<Vec<PathBuf>> {
    let _lock = book.lock_folder(&book.examples())?;
    let room = book.examples_room();
    room.sweep()?;
    let (mut written, mut problems) = (Vec::new(), Vec::new());
    for (_, reading) in book.chapters()? {
        let chapter = match reading {
            Ok(chapter) => chapter,
            Err(more) => {
                problems.extend(more.iter().map(ToString::to_string));
                continue;
            }
        };
        let Some(example) = tangle::example(&chapter, &book.settings.main) else { continue };
        match state(book, &chapter, &example) {
            State::InStep => {}
            State::Foreign(why) => problems.push(why),
            State::Missing | State::OutOfStep(_) => {
                written.push(room.write(file_name(&chapter), example)?);
            }
        }
    }
    for file in &written {
        println!("wrote {}", file.display());
    }
    match problems.is_empty() {
        true => Ok(written),
        false => bail!("{}", problems.join("\n")),
    }
}

/// What is wrong with the chapter's example, and what to do; `None` when it is in step.
pub(crate) fn mistake(book: &Book, chapter: &Chapter) -> Option<String> {
    let example = tangle::example(chapter, &book.settings.main)?;
    let shown = book.shown(&book.examples().join(file_name(chapter)));
    let what = match state(book, chapter, &example) {
        State::InStep => return None,
        State::Foreign(why) => return Some(why),
        State::Missing => format!("{shown}, the example of {}, is not there", chapter.file),
        State::OutOfStep(line) => {
            format!("{shown} is out of step with {} from line {line} on", chapter.file)
        }
    };
    Some(format!("{what}\n  help: `cargo book tangle` writes it anew"))
}

fn file_name(chapter: &Chapter) -> String {
    format!("{}.rs", chapter.name)
}

fn state(book: &Book, chapter: &Chapter, example: &str) -> State {
    let file = book.examples().join(file_name(chapter));
    let found = match files::read_text(&file) {
        Ok(found) => found,
        Err(error)
            if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(&file).is_err() =>
        {
            return State::Missing;
        }
        // A folder, a link that leads nowhere, bytes that are no text.
        Err(_) => String::new(),
    };
    if found == example {
        return State::InStep;
    }
    let shown = book.shown(&file);
    match tangle::made_from(&found) {
        None => State::Foreign(format!(
            "{shown} is not made from {}: its second line does not say so\n  help: remove it when \
             it is not needed; else move it, rename the chapter, or name another folder in the \
             setting `examples`",
            chapter.file
        )),
        // The chapter was renamed when the other one is no longer there.
        Some(other) if other != chapter.file && book.package.join(other).exists() => {
            State::Foreign(format!(
                "{shown} is made from {other}, not from {}\n  help: rename one of the chapters, or \
                 give each book a folder of its own in the setting `examples`",
                chapter.file
            ))
        }
        Some(_) => {
            let same = example.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
            State::OutOfStep(same + 1)
        }
    }
}
