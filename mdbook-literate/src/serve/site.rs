//! The pages that are served, and how they are built anew.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

use anyhow::Result;

use crate::book::Book;
use crate::chapter::Chapter;
use crate::problem::Problem;

/// One build of the pages.
pub(super) struct Pages {
    pub(super) book: Book,
    folder: PathBuf,
    /// By the path of its page; `None` when there is something wrong with it, as its page says.
    pub(super) chapters: BTreeMap<String, Option<Chapter>>,
}

/// The pages as they are now.
pub(super) struct Site {
    pages: RwLock<Arc<Pages>>,
    /// Why the last change is not in them.
    problem: RwLock<Option<String>>,
}

impl Pages {
    /// Builds the pages of the book in `root`, in one of two folders of their own.
    fn build(root: &Path, folder: &str) -> Result<Self> {
        let book = Book::open(root)?;
        let folder = book.workshop()?.room("serve")?.path(folder)?;
        let mut chapters = BTreeMap::new();
        for (path, read) in book.build_draft(&folder)? {
            let page = book.page(&path).with_extension("html");
            let chapter = read.map_err(|problems| tell(&problems)).ok();
            // mdBook makes the first chapter the front page, too.
            if chapters.is_empty() {
                chapters.insert("index.html".into(), chapter.clone());
            }
            chapters.insert(page.to_string_lossy().replace('\\', "/"), chapter);
        }
        Ok(Self { book, folder, chapters })
    }

    /// The chapter of a page, if it has one whose cells can be run.
    pub(super) fn chapter(&self, page: &str) -> Option<&Chapter> {
        self.chapters.get(page)?.as_ref()
    }

    /// The bytes of a page, or of another file of the book. `None` for what is not there, and for all
    /// that lies elsewhere.
    pub(super) fn file(&self, path: &str) -> Option<Vec<u8>> {
        let path = Path::new(path);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let file = self.folder.join(path).canonicalize().ok()?;
        let is_ours = file.starts_with(self.folder.canonicalize().ok()?);
        fs::read(file).ok().filter(|_| is_ours)
    }

    /// Another number for each content of a page.
    pub(super) fn version(&self, page: &str) -> Option<String> {
        Some(version(&self.file(page)?))
    }
}

/// Another number for each content.
pub(super) fn version(page: &[u8]) -> String {
    let mut hash = DefaultHasher::new();
    page.hash(&mut hash);
    format!("{:016x}", hash.finish())
}

impl Site {
    /// Builds the pages for the first time.
    pub(super) fn new(root: &Path) -> Result<Self> {
        let pages = RwLock::new(Arc::new(Pages::build(root, "0")?));
        Ok(Self { pages, problem: RwLock::new(None) })
    }

    pub(super) fn pages(&self) -> Arc<Pages> {
        Arc::clone(&self.pages.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.problem.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Builds the pages anew. Those that are there stay until then, and also when it fails.
    fn rebuild(&self) {
        let old = self.pages();
        let folder = if old.folder.ends_with("0") { "1" } else { "0" };
        let problem = match Pages::build(&old.book.root, folder) {
            Ok(new) => {
                *self.pages.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                None
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                Some(format!("{error:#}"))
            }
        };
        *self.problem.write().unwrap_or_else(PoisonError::into_inner) = problem;
    }

    /// Builds the pages anew after each change of a file that they are made of. Never returns.
    pub(super) fn watch(&self, mut seen: u64) {
        loop {
            thread::sleep(Duration::from_millis(300));
            let now = state(&self.pages().book);
            if now == seen {
                continue;
            }
            // An editor may write several files, or one in pieces.
            thread::sleep(Duration::from_millis(50));
            if state(&self.pages().book) == now {
                seen = now;
                self.rebuild();
            }
        }
    }
}

/// Prints what is wrong with a chapter.
fn tell(problems: &[Problem]) {
    problems.iter().for_each(|problem| eprintln!("{problem}"));
}

/// Another number for each state of the files that the pages are made of: names, sizes, times.
pub(super) fn state(book: &Book) -> u64 {
    let mut files = BTreeMap::new();
    for folder in [book.root.clone(), book.source.clone(), book.snapshots()] {
        // A folder that is not there has no files.
        let _ = look(&folder, &mut files);
    }
    let mut hash = DefaultHasher::new();
    files.hash(&mut hash);
    hash.finish()
}

type Files = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

fn look(folder: &Path, files: &mut Files) -> io::Result<()> {
    // What mdBook, this crate and Cargo put in a folder to know it again: nobody edits what is there.
    let made = [".nojekyll", crate::filled::MARK, "CACHEDIR.TAG"];
    if made.iter().any(|mark| folder.join(mark).exists()) {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_hidden = name.to_string_lossy().starts_with('.');
        let Ok(metadata) = fs::metadata(entry.path()) else { continue };
        if metadata.is_dir() && !is_hidden && !entry.path().is_symlink() {
            let _ = look(&entry.path(), files);
        } else if metadata.is_file() && !is_hidden {
            files.insert(entry.path(), (metadata.len(), metadata.modified().ok()));
        }
    }
    Ok(())
}
