//! The one door through which the engine changes files.
//!
//! A [`Room`] is a folder that one of the book's settings names. Whatever the engine writes, links
//! or removes, it does in a room, and a path that leads out of its room is refused. No other file
//! of the engine calls `std::fs` to change anything (a test reads the sources for it), but for the
//! module `figures`, which runs in the reader's program.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};

/// The name of a file that is being written starts with this.
const PART: &str = ".mdbook-literate-part-";

/// A folder in which the engine may change files.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    folder: PathBuf,
    /// What leads to this folder, as messages name it: `examples = "../examples"`.
    setting: String,
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.folder.display(), self.setting)
    }
}

impl Room {
    /// The room of a setting. Nothing is made yet.
    pub(crate) fn new(folder: impl Into<PathBuf>, setting: impl Into<String>) -> Self {
        Self { folder: folder.into(), setting: setting.into() }
    }

    /// A room within this one.
    pub(crate) fn room(&self, path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { folder: self.path(path)?, setting: self.setting.clone() })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The place of `path` in this room.
    ///
    /// # Errors
    /// When it lies elsewhere: `..`, an absolute path, or a symbolic link on the way.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = path.as_ref();
        let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !stays || path.as_os_str().is_empty() {
            bail!("{} lies outside of {self}, and is left alone", path.display());
        }
        let mut folder = self.folder.clone();
        for part in path.parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            if folder.is_symlink() {
                bail!(
                    "{} lies outside of {self}, and is left alone: {} is a symbolic link",
                    path.display(),
                    folder.display()
                );
            }
        }
        Ok(self.folder.join(path))
    }

    /// Makes this room's folder.
    pub(crate) fn make(&self) -> Result<()> {
        fs::create_dir_all(&self.folder).with_context(|| format!("folder {self} cannot be made"))
    }

    /// Writes a file as a whole or not at all: whoever reads it meanwhile, or after the engine was
    /// killed, finds the old text or the new one.
    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> Result<PathBuf> {
        self.put(path.as_ref(), |part| {
            let mut file = File::create_new(part)?;
            file.write_all(text.as_ref())?;
            file.sync_all()
        })
    }

    /// The same, for a file that only this user may read, where the system knows such files.
    pub(crate) fn write_secret(&self, path: impl AsRef<Path>, text: &str) -> Result<PathBuf> {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        self.put(path.as_ref(), |part| options.open(part)?.write_all(text.as_bytes()))
    }

    /// Puts a link to `from` there, or a copy where the disk allows no link.
    pub(crate) fn link(&self, path: impl AsRef<Path>, from: &Path) -> Result<PathBuf> {
        self.put(path.as_ref(), |part| fs::hard_link(from, part).or_else(|_| copy(from, part)))
    }

    /// Puts a copy of `from` there.
    pub(crate) fn copy(&self, path: impl AsRef<Path>, from: &Path) -> Result<PathBuf> {
        self.put(path.as_ref(), |part| copy(from, part))
    }

    /// Makes a new file beside the place by `make`, then moves it there.
    fn put(&self, path: &Path, make: impl Fn(&Path) -> io::Result<()>) -> Result<PathBuf> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let to = self.path(path)?;
        let folder = to.parent().unwrap_or(&self.folder);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let part = folder.join(format!("{PART}{}-{number}", std::process::id()));
        let done = fs::create_dir_all(folder).and_then(|()| {
            // Of a process that had this number before, and was killed.
            let _ = fs::remove_file(&part);
            make(&part).and_then(|()| fs::rename(&part, &to))
        });
        // Renaming a link onto another link of the same file does nothing and leaves both.
        let _ = fs::remove_file(&part);
        done.with_context(|| format!("{} cannot be written", to.display()))?;
        Ok(to)
    }

    /// Removes a file; it may be gone already.
    pub(crate) fn remove(&self, path: impl AsRef<Path>) -> Result<()> {
        let file = self.path(path)?;
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", file.display()))
            }
            _ => Ok(()),
        }
    }

    /// Removes folders that hold nothing, from that of `path` up to the room's own.
    pub(crate) fn remove_empty_folders(&self, path: &Path) -> Result<()> {
        for folder in path.ancestors().skip(1).take_while(|f| !f.as_os_str().is_empty()) {
            if fs::remove_dir(self.path(folder)?).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes what a run that was killed has left half written. Nobody else may be writing here.
    pub(crate) fn sweep(&self) -> Result<()> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Ok(()) };
        for entry in entries.flatten() {
            if is_part(&entry.file_name().to_string_lossy()) {
                self.remove(entry.file_name())?;
            }
        }
        Ok(())
    }

    /// Opens a file for locking; its content does not matter.
    pub(crate) fn lock_file(&self, path: impl AsRef<Path>) -> Result<(PathBuf, File)> {
        let path = self.path(path)?;
        self.make()?;
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        Ok((path, file))
    }
}

/// Whether a file of this name is one that the engine had not finished.
pub(crate) fn is_part(name: &str) -> bool {
    name.starts_with(PART)
}

/// A copy with the time of the original, into a file that is not there yet.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut copy = File::create_new(to)?;
    io::copy(&mut source, &mut copy)?;
    copy.set_modified(source.metadata()?.modified()?)
}

/// Whether `copy` is there and as new and long as `file`: then it is a link to it or its copy.
pub(crate) fn is_same(file: &Path, copy: &Path) -> bool {
    let stamp = |path: &Path| {
        let data = fs::symlink_metadata(path).ok()?;
        Some((data.len(), data.modified().ok()?))
    };
    stamp(copy).is_some() && stamp(file) == stamp(copy)
}

/// A text file with the line ends that the engine writes, whatever Git made of them.
pub(crate) fn read_text(file: &Path) -> io::Result<String> {
    let text = fs::read_to_string(file)?;
    Ok(if text.contains('\r') { text.replace("\r\n", "\n") } else { text })
}

/// `a/../b` as `b`, without a look at the disk: messages then show short paths.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if tidy.file_name().is_some() => drop(tidy.pop()),
            Component::ParentDir if tidy.has_root() => {}
            Component::CurDir => {}
            part => tidy.push(part),
        }
    }
    tidy
}

/// A folder as its owner sees it: absolute, and with its symbolic links as they are, so that `..`
/// leads to the folder that the link lies in.
pub(crate) fn as_named(folder: &Path) -> io::Result<PathBuf> {
    let real = folder.canonicalize()?;
    let named = tidy(&std::path::absolute(folder)?);
    // Where `..` follows a symbolic link, the disk knows better.
    Ok(if named.canonicalize().is_ok_and(|path| path == real) { named } else { real })
}

/// Where a path really leads: symbolic links are followed as far as the path is there.
pub(crate) fn real(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (there.canonicalize(), path.strip_prefix(there)) {
            return tidy(&real.join(rest));
        }
    }
    path.to_path_buf()
}

/// The way from the folder `from` to `to`, with forward slashes: `../book/src`. Both are absolute.
pub(crate) fn way(from: &Path, to: &Path) -> String {
    let same = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(same).map(|_| Component::ParentDir);
    let way: PathBuf = match same {
        // Another drive.
        0 => to.to_path_buf(),
        _ => up.chain(to.components().skip(same)).collect(),
    };
    way.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(folder: &Path) -> Room {
        Room::new(folder, "examples = \"x\"")
    }

    #[test]
    fn nothing_outside_of_its_room_is_written_or_removed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("room")).unwrap();
        fs::write(folder.path().join("mine"), "mine").unwrap();
        let room = room(&folder.path().join("room"));
        let absolute = folder.path().join("mine");
        for path in [Path::new("../mine"), Path::new("a/../../mine"), Path::new(""), &absolute] {
            for refused in [room.write(path, "x").err(), room.remove(path).err()] {
                let message = refused.unwrap().to_string();
                assert!(
                    message.contains("outside of") && message.contains("examples ="),
                    "{message}"
                );
            }
        }
        assert_eq!(fs::read_to_string(absolute).unwrap(), "mine");
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_does_not_lead_out() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("room"), folder.path().join("mine"));
        for made in [&inside, &outside] {
            fs::create_dir(made).unwrap();
        }
        fs::write(outside.join("file"), "mine").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
        std::os::unix::fs::symlink(outside.join("file"), inside.join("file")).unwrap();
        let room = room(&inside);
        let message = room.write("link/file", "x").unwrap_err().to_string();
        assert!(message.contains("is a symbolic link"), "{message}");
        assert!(room.remove("link/file").is_err());
        // A link in the place of a file is replaced itself, not what it leads to.
        room.write("file", "new").unwrap();
        assert_eq!(fs::read_to_string(inside.join("file")).unwrap(), "new");
        assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "mine");
    }

    #[test]
    fn what_a_killed_run_left_is_swept_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let room = room(folder.path());
        fs::write(folder.path().join(format!("{PART}1-1")), "ha").unwrap();
        room.write("a", "whole").unwrap();
        room.sweep().unwrap();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].file_name(), "a");
    }

    #[test]
    fn a_copy_never_writes_into_the_file_that_a_link_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let room = room(folder.path());
        for (name, text) in [("debug", "one"), ("release", "two")] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        room.link("lib", &folder.path().join("debug")).unwrap();
        room.copy("lib", &folder.path().join("release")).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("debug")).unwrap(), "one");
        assert_eq!(fs::read_to_string(folder.path().join("lib")).unwrap(), "two");
        assert!(is_same(&folder.path().join("release"), &folder.path().join("lib")));
    }

    #[test]
    #[cfg(unix)]
    fn a_secret_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(folder.path(), "the target folder");
        let file = room.write("a", "open").and_then(|_| room.write_secret("a", "secret")).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(file).unwrap(), "secret");
    }

    #[test]
    fn paths_are_shown_from_where_the_reader_is() {
        assert_eq!(way(Path::new("/a/lib"), Path::new("/a/book/src/1.md")), "../book/src/1.md");
        assert_eq!(way(Path::new("/a"), Path::new("/a/book/1.md")), "book/1.md");
        assert_eq!(tidy(Path::new("/a/./b/../../../c")), Path::new("/c"));
        assert_eq!(tidy(Path::new("../a/../b")), Path::new("../b"));
    }

    /// `std::fs` is asked to change something in this file alone.
    #[test]
    fn every_other_file_of_the_engine_leaves_the_disk_to_this_one() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let changes = regex::Regex::new(
            r"\b(fs::(write|remove_\w+|rename|copy|hard_link|create_dir\w*|set_permissions|OpenOptions)|File::(create\w*|options))\b",
        )
        .unwrap();
        let mut read = 0;
        let mut folders = vec![sources];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                let apart = ["files.rs", "figures.rs"];
                let name = path.file_name().unwrap().to_str().unwrap();
                let found = code
                    .lines()
                    .find(|line| !line.trim_start().starts_with("//") && changes.is_match(line));
                assert!(apart.contains(&name) || found.is_none(), "{name}: {found:?}");
                read += 1;
            }
        }
        assert!(read > 15);
    }
}
