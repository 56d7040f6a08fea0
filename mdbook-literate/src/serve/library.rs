//! Notices when the book's library, or one that it is made of, has changed, and builds it again.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, thread};

use anyhow::Result;

use crate::book::Book;
use crate::libs::Libs;

/// Builds the library again after each change of its sources, so that the next run has it. Never returns,
/// but when Cargo cannot say where they are.
pub(super) fn watch(book: &Book, release: bool) -> Result<()> {
    // Before it is built: what changes meanwhile is not to be missed.
    let mut seen = state(&sources(book, release)?);
    match Libs::build(book, release) {
        Ok(_) => eprintln!("       Ready: cells can be run"),
        Err(error) => eprintln!("error: {error:#}"),
    }
    loop {
        thread::sleep(Duration::from_millis(500));
        let now = state(&sources(book, release)?);
        if now != seen {
            seen = now;
            if let Err(error) = Libs::build_again(book, release) {
                eprintln!("error: {error:#}");
            }
        }
    }
}

/// The files that the library was made of, as Cargo has noted beside it, and its manifest.
fn sources(book: &Book, release: bool) -> Result<Vec<PathBuf>> {
    let target = book.target()?;
    let profile = if release { "release" } else { "debug" };
    let note = target
        .folder()
        .join(profile)
        .join(format!("lib{}.d", book.crate_name.as_deref().unwrap_or_default()));
    let note = fs::read_to_string(note).unwrap_or_default();
    let mut files: Vec<PathBuf> = note.lines().flat_map(noted).collect();
    files.push(book.package.join("Cargo.toml"));
    Ok(files)
}

/// The files behind the colon in a line `PATH: FILE FILE`, in which a blank within a name is `\ `.
fn noted(line: &str) -> Vec<PathBuf> {
    let files = line.split_once(": ").map_or("", |(_, files)| files).replace("\\ ", "\0");
    files.split_whitespace().map(|file| Path::new(&file.replace('\0', " ")).into()).collect()
}

/// When each file was changed; `None` for one that is gone.
fn state(files: &[PathBuf]) -> Vec<Option<SystemTime>> {
    let changed = |file: &PathBuf| fs::metadata(file).and_then(|file| file.modified()).ok();
    files.iter().map(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_note_names_the_files() {
        let names = |line| noted(line).iter().map(|f| f.display().to_string()).collect::<Vec<_>>();
        assert_eq!(
            names("/t/liba.rlib: /a/lib.rs /my\\ book/b.rs"),
            ["/a/lib.rs", "/my book/b.rs"]
        );
        assert_eq!(names("C:\\t\\a.rlib: C:\\a.rs"), ["C:\\a.rs"]);
        assert!(names("").is_empty() && names("/t/liba.rlib:").is_empty());
    }
}
