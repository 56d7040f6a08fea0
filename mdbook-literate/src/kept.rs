//! What came of earlier runs, kept by all that they depend on: the program, the crates, the files and variables that
//! the book names, and what the chapter's own strings name.
//!
//! Only a run without a fault is kept. What is not named here (the clock, the network, other files) must not matter:
//! such a chapter says `keep: false` in a cell, or `--fresh` runs all.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::book::Book;
use crate::files::{self, Room};
use crate::libs::Libs;

/// The file of what is kept, in the room of a chapter.
const FILE: &str = "kept";

/// Stands for all that a run depends on.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    key: String,
}

impl Kept {
    /// `strings` are what the program's own text names, perhaps files; `program` is all else.
    pub(crate) fn new(
        book: &Book,
        libs: &Libs,
        strings: &[&str],
        program: impl Hash,
    ) -> Result<Self> {
        let mut hash = DefaultHasher::new();
        env!("CARGO_PKG_VERSION").hash(&mut hash);
        program.hash(&mut hash);
        book.edition.hash(&mut hash);
        libs.stamp.hash(&mut hash);
        for name in &book.settings.environment {
            (name, std::env::var_os(name)).hash(&mut hash);
        }
        let named = book.settings.files.iter().map(|file| book.folder(file));
        let mentioned = strings.iter().filter(|text| text.len() < 1000);
        // Or the way from the folder that `env!("CARGO_MANIFEST_DIR")` names.
        let mentioned =
            mentioned.flat_map(|text| [Some(*text), text.split_once('/').map(|(_, way)| way)]);
        let mentioned = mentioned.flatten().filter(|text| !text.is_empty());
        let mentioned = mentioned.map(|text| book.package.join(text)).filter(|path| path.is_file());
        let mut seen = BTreeSet::new();
        for path in named.chain(mentioned) {
            hash_files(&path, &mut seen, &mut hash);
        }
        Ok(Self { key: format!("{:016x}", hash.finish()) })
    }

    /// What is kept in this room, if it depends on the same.
    pub(crate) fn read(&self, room: &Room, fresh: bool) -> Option<String> {
        let text = fs::read_to_string(room.path(FILE).ok()?).ok().filter(|_| !fresh)?;
        let (key, content) = text.split_once('\n')?;
        (key == self.key).then(|| content.to_string())
    }

    pub(crate) fn write(&self, room: &Room, content: &str) -> Result<()> {
        room.write(FILE, format!("{}\n{content}", self.key)).map(drop)
    }
}

/// Before another run: one that is killed leaves nothing that looks like a result.
pub(crate) fn forget(room: &Room) -> Result<()> {
    room.remove(FILE)
}

/// Adds a file, or all files of a folder, by their content. `seen` are the folders that are added: a symbolic link may
/// lead to one of them.
fn hash_files(path: &Path, seen: &mut BTreeSet<PathBuf>, hash: &mut DefaultHasher) {
    path.hash(hash);
    let mut paths: Vec<PathBuf> = match fs::read_dir(path) {
        Ok(_) if !seen.insert(files::real(path)) => return,
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => {
            fs::read(path).map_err(|error| error.kind()).hash(hash);
            return;
        }
    };
    paths.sort();
    paths
        .iter()
        .filter(|path| !path.file_name().is_some_and(|n| files::is_part(&n.to_string_lossy())))
        .for_each(|path| hash_files(path, seen, hash));
}
