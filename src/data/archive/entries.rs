//! What must hold for each entry of an archive.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{Archive, DataError, Limits};

/// The longest path and the longest name in it that all common systems take, in bytes.
const PATH_BYTES: usize = 1000;
const NAME_BYTES: usize = 255;

/// What an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    File,
    Folder,
    /// What is never unpacked, in words.
    Refused(&'static str),
}

/// Whether the archive's files lie in one top folder, whose name is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    InTopFolder,
    Flat,
}

/// What is to be done with an entry.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Todo {
    Unpack(PathBuf),
    Skip,
    /// The archive has no top folder: it is to be read again as [`Layout::Flat`].
    ReadAsFlat,
}

/// What must hold, and what has been seen so far.
pub(super) struct Checks<'a> {
    name: &'a str,
    limits: &'a Limits,
    layout: Layout,
    top: Option<String>,
    /// All files and folders by their paths in lower case, since some systems take those for one.
    seen: HashMap<String, Seen>,
    /// The folder of the last file: its own folders need not be looked up again.
    last_folder: String,
    entries: u64,
    total_bytes: u64,
    name_bytes: u64,
}

struct Seen {
    path: String,
    kind: Kind,
}

impl<'a> Checks<'a> {
    pub(super) fn new(archive: &'a Archive, layout: Layout) -> Self {
        Checks {
            name: archive.name(),
            limits: &archive.limits,
            layout,
            top: None,
            seen: HashMap::new(),
            last_folder: String::new(),
            entries: 0,
            total_bytes: 0,
            name_bytes: 0,
        }
    }

    /// Whether nothing was to be unpacked.
    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What is to be done with the entry `raw` of `size` bytes.
    pub(super) fn check(&mut self, raw: &[u8], kind: Kind, size: u64) -> Result<Todo, DataError> {
        let refused = |reason: &str| refused(self.name, raw, reason);
        if let Kind::Refused(reason) = kind {
            return Err(refused(reason));
        }
        self.entries += 1;
        // Sizes first: they are what somebody could run out of.
        self.total_bytes = self.total_bytes.saturating_add(size);
        let limits = self.limits;
        if size > limits.file_bytes {
            let what = format!("{:?} has {size} bytes", printed(raw));
            return Err(self.too_large(what, limits.file_bytes, "file_bytes"));
        }
        if self.total_bytes > limits.total_bytes {
            let what = format!("its files have {} bytes and more", self.total_bytes);
            return Err(self.too_large(what, limits.total_bytes, "total_bytes"));
        }
        self.check_count(self.entries)?;

        let parts = inner_path(raw).map_err(refused)?;
        let Some((&first, below)) = parts.split_first() else { return Ok(Todo::Skip) }; // "./"
        if is_of_a_mac(&parts, kind) {
            return Ok(Todo::Skip);
        }
        let inner = match self.layout {
            Layout::Flat => &parts,
            Layout::InTopFolder => {
                let is_other = self.top.get_or_insert_with(|| first.into()) != first;
                if is_other || below.is_empty() && kind == Kind::File {
                    return Ok(Todo::ReadAsFlat);
                }
                below
            }
        };
        let Some((_, folders)) = inner.split_last() else { return Ok(Todo::Skip) };
        let folder = folders.join("/");
        if folder != self.last_folder {
            for length in 1..=folders.len() {
                self.insert(raw, folders[..length].join("/"), Kind::Folder)?;
            }
            self.last_folder = folder;
        }
        let path = inner.join("/");
        self.insert(raw, path.clone(), kind)?;
        Ok(Todo::Unpack(path.into()))
    }

    fn insert(&mut self, raw: &[u8], path: String, kind: Kind) -> Result<(), DataError> {
        let refused = |reason: &str| Err(refused(self.name, raw, reason));
        match self.seen.get(&path.to_lowercase()) {
            Some(seen) if seen.path != path => {
                let other = printed(seen.path.as_bytes());
                refused(&format!(
                    "which differs from {other:?} in nothing but capital letters: for many systems \
                     they are one"
                ))
            }
            // The last one would win on the disk, and the first one would look damaged ever after.
            Some(seen) if (seen.kind, kind) == (Kind::File, Kind::File) => {
                refused("which is there twice")
            }
            Some(seen) if seen.kind != kind => refused("which is there as a file and as a folder"),
            Some(_) => Ok(()),
            None => {
                self.name_bytes += path.len() as u64;
                if self.name_bytes > self.limits.name_bytes {
                    let what = format!("its names have {} bytes and more", self.name_bytes);
                    return Err(self.too_large(what, self.limits.name_bytes, "name_bytes"));
                }
                self.seen.insert(path.to_lowercase(), Seen { path, kind });
                self.check_count(self.seen.len() as u64)
            }
        }
    }

    fn check_count(&self, count: u64) -> Result<(), DataError> {
        if count > self.limits.files {
            let what = format!("it has {count} files and folders and more");
            return Err(self.too_large(what, self.limits.files, "files"));
        }
        Ok(())
    }

    fn too_large(&self, what: String, limit: u64, field: &'static str) -> DataError {
        DataError::TooLarge { archive: self.name.into(), what, limit, field }
    }
}

fn refused(archive: &str, raw: &[u8], reason: &str) -> DataError {
    DataError::Refused { archive: archive.into(), entry: printed(raw), reason: reason.into() }
}

/// A path in an archive as it is printed: not all of it if it is long.
fn printed(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into_owned(),
    }
}

/// What a Mac puts beside the files: their colours and comments, and how its folders looked.
fn is_of_a_mac(parts: &[&str], kind: Kind) -> bool {
    let last = parts.last().copied().unwrap_or_default();
    parts.contains(&"__MACOSX")
        || kind == Kind::File && (last.starts_with("._") || last == ".DS_Store")
}

/// The parts of an entry's path if it stays inside the folder that it is unpacked to.
fn inner_path(raw: &[u8]) -> Result<Vec<&str>, &'static str> {
    if raw.len() > PATH_BYTES {
        return Err("a path of more than 1000 bytes");
    }
    let text = std::str::from_utf8(raw).map_err(|_| "a name that is not UTF-8")?;
    if text.starts_with('/') {
        return Err("an absolute path");
    }
    if text.contains(char::is_control) {
        return Err("a name with a control character");
    }
    if text.contains('\\') {
        return Err("a name with a backslash, which separates folders on Windows");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !["", "."].contains(part)).collect();
    for part in &parts {
        if *part == ".." {
            return Err("a path with `..` in it");
        }
        if part.len() > NAME_BYTES {
            return Err("a name of more than 255 bytes");
        }
        if cfg!(windows) && is_odd_on_windows(part) {
            return Err("a name that Windows keeps for itself");
        }
    }
    Ok(parts)
}

/// Whether Windows would take a name for something else: `c:x`, `aux.txt`, `x.`.
fn is_odd_on_windows(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let device = ["con", "prn", "aux", "nul"].contains(&stem.as_str())
        || stem.len() == 4
            && (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.ends_with(|c: char| c.is_ascii_digit());
    device || name.ends_with(['.', ' ']) || name.contains(['<', '>', ':', '"', '|', '?', '*'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(inner_path(b"./sample/3/7.png"), Ok(vec!["sample", "3", "7.png"]));
        assert_eq!(inner_path(b"./"), Ok(vec![]));
        for (raw, reason) in [
            (&b"sample/../../x"[..], "a path with `..` in it"),
            (b"sample/..", "a path with `..` in it"),
            (b"/etc/x", "an absolute path"),
            (b"//server/x", "an absolute path"),
            (b"sample/\xff", "a name that is not UTF-8"),
            (b"sample/..\\x", "a name with a backslash, which separates folders on Windows"),
            (b"sample/\x1b[2Jx", "a name with a control character"),
            (b"sample/x\0.png", "a name with a control character"),
            (&[b'a'; 256], "a name of more than 255 bytes"),
            (&b"a/".repeat(501), "a path of more than 1000 bytes"),
        ] {
            assert_eq!(inner_path(raw), Err(reason));
        }
    }

    #[test]
    fn what_windows_keeps_for_itself_is_known() {
        for name in ["c:x", "aux", "Con.txt", "nul .x", "com1", "lpt9.a", "x.", "x ", "a?b"] {
            assert!(is_odd_on_windows(name), "{name}");
        }
        for name in ["x", ".x", "console", "com", "com10", "7.png", "ä ö"] {
            assert!(!is_odd_on_windows(name), "{name}");
        }
    }

    /// What is done with files of one byte, one after the other.
    fn todo(layout: Layout, paths: &[&str]) -> Vec<Result<Todo, String>> {
        let archive = Archive::embedded("digits", &[], "");
        let mut checks = Checks::new(&archive, layout);
        let mut check = |path: &&str| {
            let kind = if path.ends_with('/') { Kind::Folder } else { Kind::File };
            checks.check(path.as_bytes(), kind, 1).map_err(|error| error.to_string())
        };
        paths.iter().map(&mut check).collect()
    }

    fn unpack(path: &str) -> Result<Todo, String> {
        Ok(Todo::Unpack(path.into()))
    }

    #[test]
    fn the_top_folder_is_left_out() {
        let todo = todo(Layout::InTopFolder, &["./top/", "top/a", "top/./b/c", "x/a"]);
        assert_eq!(todo, [Ok(Todo::Skip), unpack("a"), unpack("b/c"), Ok(Todo::ReadAsFlat)]);
    }

    #[test]
    fn without_a_top_folder_all_names_stay() {
        assert_eq!(todo(Layout::InTopFolder, &["a"]), [Ok(Todo::ReadAsFlat)]);
        let todo = todo(Layout::Flat, &["a", "train/3/7.png", "valid/"]);
        assert_eq!(todo, [unpack("a"), unpack("train/3/7.png"), unpack("valid")]);
    }

    #[test]
    fn what_a_mac_adds_is_skipped() {
        let paths = ["._top", "__MACOSX/", "__MACOSX/top/._a", "top/.DS_Store", "top/._a", "top/a"];
        let todo = todo(Layout::InTopFolder, &paths);
        assert!(todo[..5].iter().all(|todo| *todo == Ok(Todo::Skip)), "{todo:?}");
        assert_eq!(todo[5], unpack("a"));
    }

    #[test]
    fn names_that_meet_are_refused() {
        for (paths, reason) in [
            (["t/a", "t/./a"], "which is there twice"),
            (["t/a", "t/A"], "in nothing but capital letters"),
            (["t/b/x", "t/B/y"], "in nothing but capital letters"),
            (["t/ä", "t/Ä"], "in nothing but capital letters"),
            (["t/a", "t/a/b"], "which is there as a file and as a folder"),
            (["t/a/b", "t/a"], "which is there as a file and as a folder"),
            (["t/a/", "t/a"], "which is there as a file and as a folder"),
        ] {
            let todo = todo(Layout::InTopFolder, &paths);
            let error = todo[1].as_ref().unwrap_err();
            assert!(error.contains(reason), "{paths:?}: {error}");
        }
        // A folder may be named as often as one likes.
        let todo = todo(Layout::InTopFolder, &["t/a/", "t/a/", "t/a/b", "t/a/"]);
        assert!(todo.iter().all(Result::is_ok), "{todo:?}");
    }

    #[test]
    fn folders_that_no_entry_names_count_too() {
        let mut archive = Archive::embedded("digits", &[], "");
        archive.limits.files = 10;
        let mut checks = Checks::new(&archive, Layout::InTopFolder);
        let error = checks.check(b"t/1/2/3/4/5/6/7/8/9/10/x", Kind::File, 1).unwrap_err();
        assert!(error.to_string().contains("raise `Limits::files`"), "{error}");
        // So do entries that leave nothing on the disk.
        let mut checks = Checks::new(&archive, Layout::InTopFolder);
        for _ in 0..10 {
            assert_eq!(checks.check(b"./", Kind::Folder, 0).unwrap(), Todo::Skip);
        }
        assert!(checks.check(b"./", Kind::Folder, 0).is_err());
    }

    #[test]
    fn names_have_a_limit_together() {
        let mut archive = Archive::embedded("digits", &[], "");
        archive.limits.name_bytes = 500;
        let mut checks = Checks::new(&archive, Layout::Flat);
        let mut add = |letter: &str| checks.check(letter.repeat(200).as_bytes(), Kind::File, 1);
        assert!(add("a").is_ok() && add("b").is_ok());
        assert!(add("c").unwrap_err().to_string().contains("raise `Limits::name_bytes`"));
    }
}
