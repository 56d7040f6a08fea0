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
/// folder. Or else `figures` in Cargo's target folder, which is made when it is needed.
fn folder(asked: Option<OsString>) -> io::Result<PathBuf> {
    let Some(asked) = asked.filter(|asked| !asked.is_empty()).map(PathBuf::from) else {
        let program = std::env::current_exe().unwrap_or_default();
        let target = target(&program, std::env::var_os("CARGO_TARGET_DIR")).join("figures");
        // The printed path is short where it can be.
        let here = std::env::current_dir().unwrap_or_default();
        return Ok(target.strip_prefix(here).map(Path::to_path_buf).unwrap_or(target));
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

/// Cargo's target folder: that in which the program lies, wherever Cargo was told to have it. A program
/// that lies elsewhere, such as a doc test, takes the one that `CARGO_TARGET_DIR` names, or `target`.
fn target(program: &Path, named: Option<OsString>) -> PathBuf {
    let is_cargos = |folder: &&Path| {
        let tag = std::fs::read_to_string(folder.join("CACHEDIR.TAG"));
        tag.is_ok_and(|tag| tag.contains("created by cargo"))
    };
    let own = program.ancestors().skip(1).find(is_cargos).map(Path::to_path_buf);
    own.or(named.filter(|named| !named.is_empty()).map(PathBuf::from)).unwrap_or("target".into())
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
        assert!(path.parent().unwrap().parent().unwrap().ends_with("figures"), "{path:?}");
    }

    #[test]
    fn figures_go_to_the_target_folder_that_the_program_lies_in() {
        let place = tempfile::tempdir().unwrap();
        let built = place.path().join("built/debug/examples/one");
        assert_eq!(target(&built, None), Path::new("target"));
        assert_eq!(target(&built, Some("else".into())), Path::new("else"));
        std::fs::create_dir_all(place.path().join("built")).unwrap();
        let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# created by cargo.\n";
        std::fs::write(place.path().join("built/CACHEDIR.TAG"), tag).unwrap();
        assert_eq!(target(&built, Some("else".into())), place.path().join("built"));
    }

    #[test]
    fn a_folder_of_ones_choice_must_be_there() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(folder(Some(place.path().into())).unwrap(), place.path());
        assert!(folder(Some("".into())).unwrap().ends_with("figures"));
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
