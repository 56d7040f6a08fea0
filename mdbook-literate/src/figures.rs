//! Figures as files, for a program that is run by hand.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The environment variable that names another folder for figures than `target/figures`.
pub const FIGURES: &str = "MDBOOK_LITERATE_FIGURES";

/// Writes a figure to `FOLDER/PROGRAM/NN-NAME.EXTENSION`, where NN counts the program's figures from 1.
///
/// The file is there as a whole or not at all: what was there before stays until the new one is written.
pub(crate) fn write(name: &str, extension: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let folder = folder(std::env::var_os(FIGURES))?;
    let path = path(&folder, name, extension);
    write_whole(&path, bytes).map_err(|error| {
        let advice = format!("may you write there? {FIGURES} can name another folder");
        io::Error::new(error.kind(), format!("figure {}: {error}; {advice}", path.display()))
    })?;
    Ok(path)
}

/// The folder that was asked for, which must be there: a name with a typing error is not to become a
/// folder. Or else `target/figures`, which is made when it is needed.
fn folder(asked: Option<OsString>) -> io::Result<PathBuf> {
    let Some(asked) = asked.filter(|asked| !asked.is_empty()).map(PathBuf::from) else {
        return Ok("target/figures".into());
    };
    if asked.is_dir() {
        return Ok(asked);
    }
    let (kind, what) = match asked.symlink_metadata() {
        Ok(_) => (io::ErrorKind::NotADirectory, "is no folder that can be opened"),
        Err(_) => (io::ErrorKind::NotFound, "does not exist"),
    };
    let message = format!(
        "the folder for figures, {} (from {FIGURES}), {what}; make it, or name another",
        asked.display()
    );
    Err(io::Error::new(kind, message))
}

fn path(folder: &Path, name: &str, extension: &str) -> PathBuf {
    static SHOWN: AtomicUsize = AtomicUsize::new(0);
    let number = SHOWN.fetch_add(1, Ordering::Relaxed) + 1;
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::file_stem).map(|s| s.to_string_lossy());
    let name: String =
        name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    folder
        .join(program.as_deref().unwrap_or("program"))
        .join(format!("{number:02}-{name}.{extension}"))
}

/// Under another name first, which no other program takes: a reader of the file never sees half of it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let written = std::fs::File::create(&part)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        // It may not even have come to be.
        let _ = std::fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_numbered_and_safe() {
        let path = path(&folder(None).unwrap(), "a 3/7", "png");
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.ends_with("-a_3_7.png"), "{name}");
        assert!(path.starts_with("target/figures"));
    }

    #[test]
    fn a_folder_of_ones_choice_must_be_there() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(folder(Some(place.path().into())).unwrap(), place.path());
        assert_eq!(folder(Some("".into())).unwrap(), Path::new("target/figures"));
        let missing = place.path().join("figuers");
        let message = folder(Some(missing.clone().into())).unwrap_err().to_string();
        assert!(message.contains("figuers (from MDBOOK_LITERATE_FIGURES), does not exist"));
        std::fs::write(&missing, "").unwrap();
        let message = folder(Some(missing.into())).unwrap_err().to_string();
        assert!(message.contains("is no folder that can be opened; make it, or name another"));
    }

    #[test]
    fn a_figure_that_cannot_be_written_leaves_nothing_and_takes_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.svg");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        // A folder of that name cannot be replaced by a file.
        let taken = place.path().join("b.svg");
        std::fs::create_dir_all(taken.join("mine")).unwrap();
        assert!(write_whole(&taken, b"new").is_err());
        let mut names: Vec<_> =
            std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.svg", "b.svg"]);
        // In a file's place there can be no folder.
        assert!(write_whole(&path.join("c.svg"), b"new").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }
}
