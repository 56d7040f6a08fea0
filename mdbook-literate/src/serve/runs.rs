//! The runs that go on: one a chapter, and not too many.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::event::{Event, How};
use super::run::Wish;
use super::stream::{self, Events, Feed};
use crate::book::Book;
use crate::chapter::Chapter;
use crate::record::CellOutput;
use crate::{snapshots, values};

/// So many chapters may run at once.
const MOST: usize = 4;

/// What a page asks for.
pub(super) struct Request {
    pub(super) book: Book,
    pub(super) release: bool,
    /// As it is in the book.
    pub(super) chapter: Chapter,
    /// With the reader's changes.
    pub(super) edited: Chapter,
    /// The number of the last cell to run.
    pub(super) last: usize,
    /// Whether to say which outputs are not those that were accepted.
    pub(super) compare: bool,
}

/// The outputs of a chapter's last run without changes, and the source that it had.
#[derive(Clone)]
pub(super) struct Printed {
    pub(super) lines: Vec<String>,
    pub(super) outputs: Vec<CellOutput>,
}

/// All runs of a server.
#[derive(Default)]
pub(super) struct Runs {
    next: AtomicU64,
    going: Mutex<Vec<Going>>,
    /// Held by the run of a chapter: its programs lie in one folder.
    turns: Mutex<HashMap<String, Arc<Mutex<()>>>>,
    printed: Mutex<HashMap<String, Printed>>,
}

struct Going {
    id: u64,
    chapter: String,
    stop: Arc<AtomicBool>,
}

/// What one thread left behind when it panicked is still in order here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a chapter's turn. `None` when the run is stopped before.
fn wait<'a>(turn: &'a Mutex<()>, stop: &AtomicBool) -> Option<MutexGuard<'a, ()>> {
    while !stop.load(Ordering::Relaxed) {
        match turn.try_lock() {
            Ok(turn) => return Some(turn),
            Err(TryLockError::Poisoned(turn)) => return Some(turn.into_inner()),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
        }
    }
    None
}

impl Runs {
    /// Starts a run; an earlier one of the same chapter is stopped. `None` when too many others go on.
    pub(super) fn start(self: &Arc<Self>, request: Request) -> Option<Events> {
        let (id, stop) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::default());
        let chapter = request.chapter.name.clone();
        {
            let mut going = lock(&self.going);
            going.iter().filter(|other| other.chapter == chapter).for_each(Going::stop);
            let still = |other: &&Going| !other.stop.load(Ordering::Relaxed);
            if going.iter().filter(still).count() >= MOST {
                return None;
            }
            going.push(Going { id, chapter: chapter.clone(), stop: Arc::clone(&stop) });
        }
        let turn = Arc::clone(lock(&self.turns).entry(chapter).or_default());
        let (feed, events) = stream::channel(Arc::clone(&stop));
        let entry = Entry { runs: Arc::clone(self), id };
        thread::spawn(move || {
            feed.tell(&Event::Run { id });
            match wait(&turn, &stop) {
                Some(_turn) => entry.runs.run(&request, &feed, &stop),
                None => feed.tell(&Event::End { how: How::Stopped, seconds: 0.0 }),
            }
            drop(entry);
        });
        Some(events)
    }

    /// Compiles a chapter as it is in the book, unless it is being compiled or run. A run that starts meanwhile
    /// waits: what has changed since is quickly compiled then.
    pub(super) fn prepare(&self, book: &Book, release: bool, chapter: &Chapter) {
        let turn = Arc::clone(lock(&self.turns).entry(chapter.name.clone()).or_default());
        let Ok(_turn) = turn.try_lock() else { return };
        let (stop, last) = (&AtomicBool::new(false), chapter.cells.len());
        Wish { book, release, chapter, last, stop, is_full: &|| false }.prepare();
    }

    fn run(&self, request: &Request, feed: &Feed, stop: &AtomicBool) {
        let started = Instant::now();
        let Request { book, release, edited, last, .. } = request;
        let is_full = || feed.is_full();
        let wish =
            Wish { book, release: *release, chapter: edited, last: *last, stop, is_full: &is_full };
        let outcome = wish.run(&mut |event| feed.tell(&event));
        let is_unchanged = request.edited.lines == request.chapter.lines;
        if request.compare && is_unchanged && outcome.how != How::Stopped {
            for cell in changed(request, &outcome.outputs) {
                feed.tell(&Event::Changed { cell });
            }
            let printed =
                Printed { lines: request.chapter.lines.clone(), outputs: outcome.outputs };
            lock(&self.printed).insert(request.chapter.name.clone(), printed);
        }
        let seconds = started.elapsed().as_secs_f64();
        feed.tell(&Event::End { how: outcome.how, seconds });
    }

    /// Stops a run. Whether it was there.
    pub(super) fn stop(&self, id: u64) -> bool {
        let going = lock(&self.going);
        let run = going.iter().find(|run| run.id == id);
        run.inspect(|run| run.stop()).is_some()
    }

    /// What the chapter printed when it was run without changes.
    pub(super) fn printed(&self, chapter: &str) -> Option<Printed> {
        lock(&self.printed).get(chapter).cloned()
    }
}

impl Going {
    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// A place among those that go on, free again when it is dropped, be it by a panic.
struct Entry {
    runs: Arc<Runs>,
    id: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.runs.going).retain(|run| run.id != self.id);
    }
}

/// The cells whose output, or a value in the text below, is not the accepted one.
fn changed(request: &Request, outputs: &[CellOutput]) -> Vec<String> {
    let Request { book, chapter, .. } = request;
    let snapshot = snapshots::accepted(book, &chapter.name, values::NAME).unwrap_or_default();
    let accepted_values = values::accepted(&chapter.values, &snapshot);
    let is_accepted = |output: &CellOutput| {
        let accepted = snapshots::accepted(book, &chapter.name, &output.name);
        let number = chapter.cells.iter().position(|cell| cell.name == output.name);
        let (Some(accepted), Some(number)) = (accepted, number) else { return false };
        let cell = &chapter.cells[number];
        let (old, new) = (accepted.trim_end(), output.text.trim_end());
        let apart = cell.options.comparison();
        let is_same = old == new || apart.is_some_and(|apart| apart.matches(old, new));
        let known = chapter.values.iter().zip(&accepted_values);
        let known =
            known.filter(|(value, _)| value.cell == number).map(|(_, text)| text.as_deref());
        let mut both = known.zip(&output.values);
        let same_values = both.all(|(old, new)| old.map(str::trim) == Some(new.trim()));
        same_values && (!cell.options.compare || is_same)
    };
    outputs.iter().filter(|o| !is_accepted(o)).map(|output| output.name.clone()).collect()
}
