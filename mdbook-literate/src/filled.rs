//! Folders that the engine fills, and empties again: the libraries, the API docs, figures.
//!
//! Such a folder holds a list of what the engine has put there. Only what is on the list is ever
//! replaced or removed; a folder with other files and no list is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::files::{self, Room};

/// The file that marks a folder as the engine's, and lists what it has put there.
pub(crate) const MARK: &str = ".mdbook-literate";

/// What stands at the top of the list.
const ABOUT: &str =
    "# mdbook-literate fills this folder. It replaces and removes the files that are listed here.";

/// How files get into the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As hard links, where the disk allows them.
    Links,
    Copies,
}

/// Stops unless the engine may fill the room's folder: it is empty, not there yet, or marked.
pub(crate) fn check(room: &Room) -> Result<()> {
    let folder = room.folder();
    if folder.join(MARK).is_file() || !folder.exists() {
        return Ok(());
    }
    let mut entries =
        fs::read_dir(folder).with_context(|| format!("folder {room} cannot be read"))?;
    match entries
        .find(|e| e.as_ref().is_ok_and(|e| !files::is_part(&e.file_name().to_string_lossy())))
    {
        None => Ok(()),
        Some(entry) => bail!(
            "folder {room} holds files that mdbook-literate did not put there, such as {}; it would \
             have to replace them\n  help: name another folder, or remove this one yourself when \
             nothing in it is needed",
            entry?.file_name().display()
        ),
    }
}

/// Stops unless mdBook may empty the folder of the pages, which it does without asking: it is empty,
/// not there yet, the pages of an earlier build lie in it, or `known` names it.
pub(crate) fn check_pages(pages: &Room, known: &Path) -> Result<()> {
    let is_known = files::read_text(known)
        .is_ok_and(|text| text.lines().any(|line| Path::new(line) == pages.folder()));
    // mdBook writes these files beside the pages. The first alone many write by hand, for GitHub's pages.
    let is_built = [".nojekyll", "toc.html"].iter().all(|name| pages.folder().join(name).is_file());
    match is_known || is_built {
        true => Ok(()),
        false => check(pages),
    }
}

/// Stops if among pages that mdBook will remove lies what publishes them, and what a build would not bring back: `made`
/// says of which it does.
pub(crate) fn check_published(pages: &Room, made: impl Fn(&str) -> bool) -> Result<()> {
    for (name, help) in [
        (".git", "build into another folder, and copy the pages from there"),
        ("CNAME", "move it to the book's sources, from where each build copies it"),
    ] {
        if pages.folder().join(name).symlink_metadata().is_ok() && !made(name) {
            bail!("folder {pages} holds {name}, and mdBook empties the folder\n  help: {help}");
        }
    }
    Ok(())
}

/// Makes the room hold these files: path in the room, and the file to take.
pub(crate) fn fill(room: &Room, wanted: &BTreeMap<PathBuf, PathBuf>, how: How) -> Result<()> {
    hold(room, wanted, |path, from| match how {
        _ if files::is_same(from, &room.path(path)?) => Ok(()),
        How::Links => room.link(path, from).map(drop),
        How::Copies => room.copy(path, from).map(drop),
    })
}

/// Makes the room hold these files: path in the room, and what the file holds. One that is right stays as it is.
pub(crate) fn write(room: &Room, wanted: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    hold(room, wanted, |path, bytes| match fs::read(room.path(path)?) {
        Ok(old) if old == *bytes => Ok(()),
        _ => room.write(path, bytes).map(drop),
    })
}

fn hold<T>(
    room: &Room,
    wanted: &BTreeMap<PathBuf, T>,
    put: impl Fn(&Path, &T) -> Result<()>,
) -> Result<()> {
    check(room)?;
    room.sweep()?;
    let listed = listed(room)?;
    let strangers = wanted.keys().filter(|path| !listed.contains(*path));
    for stranger in strangers {
        if room.path(stranger)?.symlink_metadata().is_ok() {
            bail!(
                "{} in folder {room} is not of mdbook-literate's making\n  help: move it elsewhere",
                stranger.display()
            );
        }
    }
    // Listed before they are there: a run that is killed leaves nothing that is not on the list.
    list(room, listed.iter().chain(wanted.keys()))?;
    for path in listed.iter().filter(|path| !wanted.contains_key(*path)) {
        room.remove(path)?;
        room.remove_empty_folders(path)?;
    }
    for (path, what) in wanted {
        put(path, what)?;
    }
    list(room, wanted.keys())
}

fn listed(room: &Room) -> Result<BTreeSet<PathBuf>> {
    let file = room.path(MARK)?;
    if !file.exists() {
        return Ok(BTreeSet::new());
    }
    let text =
        files::read_text(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(text.lines().filter(|line| !line.starts_with('#')).map(PathBuf::from).collect())
}

fn list<'a>(room: &Room, paths: impl Iterator<Item = &'a PathBuf>) -> Result<()> {
    let paths: BTreeSet<&Path> = paths.map(PathBuf::as_path).collect();
    let lines = paths.iter().map(|path| path.display().to_string());
    let text: Vec<String> = std::iter::once(ABOUT.to_string()).chain(lines).collect();
    let text = text.join("\n") + "\n";
    if files::read_text(&room.path(MARK)?).is_ok_and(|old| old == text) {
        return Ok(());
    }
    room.write(MARK, text).map(drop)
}

/// All files below `folder`, as [`fill`] takes them.
pub(crate) fn files_below(folder: &Path) -> std::io::Result<BTreeMap<PathBuf, PathBuf>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![PathBuf::new()]);
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => folders.push(path),
                false => drop(found.insert(path, entry.path())),
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the files of a build, and a room beside it.
    struct Case {
        folder: tempfile::TempDir,
        room: Room,
    }

    impl Case {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let room = Room::new(folder.path().join("room"), "libs = \"x\"");
            Self { folder, room }
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn fill(&self, how: How) -> Result<()> {
            fill(&self.room, &files_below(&self.folder.path().join("build")).unwrap(), how)
        }

        fn names(&self) -> Vec<String> {
            let files = files_below(self.room.folder()).unwrap();
            files.keys().map(|p| p.display().to_string()).filter(|p| p != MARK).collect()
        }
    }

    #[test]
    fn the_folder_follows_changes_and_removals() {
        for how in [How::Links, How::Copies] {
            let case = Case::new();
            case.write("build/a/x", "1");
            case.write("build/y", "1");
            case.fill(how).unwrap();
            assert_eq!(case.names(), ["a/x", "y"]);
            fs::remove_dir_all(case.folder.path().join("build/a")).unwrap();
            case.write("build/z", "22");
            for _ in 0..2 {
                case.fill(how).unwrap();
                assert_eq!(case.names(), ["y", "z"]);
            }
            assert!(!case.room.folder().join("a").exists());
        }
    }

    #[test]
    fn a_folder_with_files_of_others_is_left_alone() {
        let case = Case::new();
        case.write("build/lib.rs", "new");
        case.write("room/lib.rs", "mine");
        let message = case.fill(How::Links).unwrap_err().to_string();
        assert!(message.contains("did not put there, such as lib.rs"), "{message}");
        assert!(message.contains("libs = \"x\""), "{message}");
        assert_eq!(fs::read_to_string(case.room.folder().join("lib.rs")).unwrap(), "mine");
    }

    #[test]
    fn a_file_that_somebody_adds_later_stays() {
        let case = Case::new();
        case.write("build/a", "1");
        case.fill(How::Copies).unwrap();
        case.write("room/notes", "mine");
        fs::remove_file(case.folder.path().join("build/a")).unwrap();
        case.fill(How::Copies).unwrap();
        assert_eq!(case.names(), ["notes"]);
        case.write("build/notes", "new");
        let message = case.fill(How::Copies).unwrap_err().to_string();
        assert!(message.starts_with("notes in folder"), "{message}");
        assert_eq!(fs::read_to_string(case.room.folder().join("notes")).unwrap(), "mine");
    }

    #[test]
    fn a_list_that_leads_elsewhere_removes_nothing_there() {
        let case = Case::new();
        case.write("mine", "mine");
        case.write("build/a", "1");
        case.write(&format!("room/{MARK}"), "../mine\n");
        assert!(case.fill(How::Copies).unwrap_err().to_string().contains("outside of"));
        assert!(case.folder.path().join("mine").exists());
    }
}
