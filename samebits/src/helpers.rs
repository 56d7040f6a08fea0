//! The threads that help: one pool for the whole process.
//!
//! Whoever calls one of this crate's functions works on it, and up to [`num_threads`] - 1 helpers do, too.
//! The helpers belong to nobody: any number of threads may call at once, from within another pool of threads
//! as well, and a piece of work may itself share work. A caller only ever works on what it has called for,
//! and waits only for helpers that are at it, so nobody waits in a circle.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a helper looks out for work before it sleeps: to be woken takes longer than many a piece of work.
const PATIENCE: Duration = Duration::from_millis(1);

/// How long a helper sleeps before it ends.
const REST: Duration = Duration::from_secs(1);

/// The most threads. No work here is split into so many pieces.
const MOST: usize = 256;

/// How many threads share the work, the one that calls included.
///
/// It is what [`set_num_threads`] has said; else what the environment variable `SAMEBITS_NUM_THREADS` says, or
/// `RAYON_NUM_THREADS`; else how many the system lets run at once.
///
/// The other threads are helpers that all callers of the process share. One is started when there is work for it,
/// looks out for more during a millisecond, in which it yields its processor to whoever needs it, then sleeps, and ends
/// after a second without work.
pub fn num_threads() -> usize {
    match POOL.threads.load(Ordering::Relaxed) {
        0 => {
            let threads = from_environment().clamp(1, MOST);
            // Whoever has set a number meanwhile is right.
            let set =
                POOL.threads.compare_exchange(0, threads, Ordering::Relaxed, Ordering::Relaxed);
            set.err().unwrap_or(threads)
        }
        threads => threads,
    }
}

/// Says how many threads share the work from now on, in the whole process, the one that calls included; at most
/// 256. No result depends on it.
///
/// Helpers that are too many end when they have done what they are at.
///
/// # Panics
/// If `threads` is 0.
///
/// ```
/// samebits::set_num_threads(2);
/// assert_eq!(samebits::num_threads(), 2);
/// ```
pub fn set_num_threads(threads: usize) {
    assert!(threads > 0, "0 threads: the one that calls always works, so it is at least 1");
    let _shared = POOL.lock();
    POOL.threads.store(threads.min(MOST), Ordering::Relaxed);
    POOL.wake.notify_all();
}

fn from_environment() -> usize {
    let number = |name| parse(&std::env::var(name).ok()?);
    number("SAMEBITS_NUM_THREADS")
        .or_else(|| number("RAYON_NUM_THREADS"))
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

fn parse(threads: &str) -> Option<usize> {
    threads.trim().parse().ok().filter(|threads| *threads > 0)
}

/// Calls `part` on this thread, and at the same time on helpers that have nothing else to do. Returns when all
/// calls have.
///
/// # Panics
/// If one of the calls does, with what it says; the others are waited for.
pub(crate) fn together(part: &(dyn Fn() + Sync)) {
    let threads = num_threads();
    if threads == 1 {
        return part();
    }
    let offer = Offer::new(part, threads);
    part();
    if let Some(panic) = offer.close() {
        resume_unwind(panic);
    }
}

static POOL: Pool = Pool {
    threads: AtomicUsize::new(0),
    offers: AtomicUsize::new(0),
    shared: Mutex::new(Shared { open: Vec::new(), helpers: 0, busy: 0, asleep: 0 }),
    wake: Condvar::new(),
};

struct Pool {
    /// See [`num_threads`]; 0 until somebody asks.
    threads: AtomicUsize,
    /// How often work was offered: who looks out for work looks at this.
    offers: AtomicUsize,
    shared: Mutex<Shared>,
    /// Where helpers sleep.
    wake: Condvar,
}

struct Shared {
    /// What callers are at.
    open: Vec<Arc<Job>>,
    /// How many helpers there are, how many of them are at some work, and how many sleep.
    helpers: usize,
    busy: usize,
    asleep: usize,
}

/// What a caller wants help with.
struct Job {
    /// What is to be called, as long as the [`Offer`] is open.
    part: *const (dyn Fn() + Sync),
    /// How many helpers are at it. It grows only under the pool's lock.
    inside: AtomicUsize,
    /// Whether a call has returned: there is nothing left to begin.
    done: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: What `part` points to may be called by several threads at once, as it is `Sync`. `Offer` sees to it
// that it is there.
unsafe impl Send for Job {}
// SAFETY: As above; the other fields are `Sync`.
unsafe impl Sync for Job {}

impl Job {
    /// Takes part, as a helper that has been counted in `inside`.
    fn help(&self) {
        // SAFETY: This helper is counted in `inside`, so the `Offer` waits, and with it the borrow of `part`
        // lasts, until this function counts it out.
        let part = unsafe { &*self.part };
        match catch_unwind(AssertUnwindSafe(part)) {
            Ok(()) => self.done.store(true, Ordering::Relaxed),
            Err(panic) => *lock(&self.panic) = Some(panic),
        }
        // From here on `part` may be gone.
        self.inside.fetch_sub(1, Ordering::Release);
    }
}

/// A job that helpers may join while this lives. Dropping it, also when a panic unwinds, waits for them.
struct Offer<'a> {
    job: Arc<Job>,
    _part: PhantomData<&'a ()>,
}

impl<'a> Offer<'a> {
    fn new(part: &'a (dyn Fn() + Sync), threads: usize) -> Self {
        // SAFETY: Only the lifetime is forgotten. `drop` does not return before all helpers that were given
        // the pointer are done with it, and nobody else is given it afterwards. This module never forgets an
        // offer, so `drop` runs before `'a` ends.
        let part = unsafe {
            std::mem::transmute::<*const (dyn Fn() + Sync + 'a), *const (dyn Fn() + Sync + 'static)>(
                part,
            )
        };
        let job = Arc::new(Job {
            part,
            inside: AtomicUsize::new(0),
            done: false.into(),
            panic: Mutex::new(None),
        });
        let mut shared = POOL.lock();
        shared.open.push(Arc::clone(&job));
        POOL.offers.fetch_add(1, Ordering::Release);
        if shared.asleep > 0 {
            POOL.wake.notify_all();
        }
        while shared.helpers + 1 < threads {
            let helper = std::thread::Builder::new().name("samebits".into());
            // Where no thread can be had, those that there are do the work.
            let Ok(_) = helper.spawn(help) else { break };
            shared.helpers += 1;
        }
        Self { job, _part: PhantomData }
    }

    /// Waits for the helpers. Returns the panic of one of them, if there was any.
    fn close(self) -> Option<Box<dyn Any + Send>> {
        let job = Arc::clone(&self.job);
        drop(self);
        lock(&job.panic).take()
    }
}

impl Drop for Offer<'_> {
    fn drop(&mut self) {
        POOL.lock().open.retain(|job| !Arc::ptr_eq(job, &self.job));
        // Others may still be at their last piece. That will not take long, and to fall asleep and to be woken
        // takes longer.
        let mut looked = 0;
        while self.job.inside.load(Ordering::Acquire) > 0 {
            looked += 1;
            if looked < 2000 { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    /// Looks out for work that is offered after the offer number `seen`, for a while.
    fn look_out(&self, seen: usize) -> bool {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            for _ in 0..32 {
                if self.offers.load(Ordering::Acquire) != seen {
                    return true;
                }
                std::hint::spin_loop();
            }
            std::thread::yield_now();
        }
        false
    }
}

impl Shared {
    /// Joins the job with the fewest helpers, if there is one to join.
    fn join(&mut self) -> Option<Arc<Job>> {
        // Callers work, too: more than the number of threads would only be in each other's way.
        if self.open.len() + self.busy >= num_threads() {
            return None;
        }
        let open = self.open.iter().filter(|job| !job.done.load(Ordering::Relaxed));
        let job = open.min_by_key(|job| job.inside.load(Ordering::Relaxed))?;
        job.inside.fetch_add(1, Ordering::Relaxed);
        self.busy += 1;
        Some(Arc::clone(job))
    }
}

/// What a helper does.
fn help() {
    let mut shared = POOL.lock();
    // With the caller they are one more.
    while shared.helpers < num_threads() {
        if let Some(job) = shared.join() {
            drop(shared);
            job.help();
            shared = POOL.lock();
            shared.busy -= 1;
            continue;
        }
        let seen = POOL.offers.load(Ordering::Relaxed);
        drop(shared);
        let offered = POOL.look_out(seen);
        shared = POOL.lock();
        if offered || POOL.offers.load(Ordering::Relaxed) != seen {
            continue;
        }
        shared.asleep += 1;
        let (guard, rest) =
            POOL.wake.wait_timeout(shared, REST).unwrap_or_else(PoisonError::into_inner);
        shared = guard;
        shared.asleep -= 1;
        if rest.timed_out() && POOL.offers.load(Ordering::Relaxed) == seen {
            break;
        }
    }
    shared.helpers -= 1;
}

/// Nothing that is locked here can be left half changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::share;

    fn sum_of_pieces(work: impl Fn(usize) -> usize + Sync) -> usize {
        let sum = AtomicUsize::new(0);
        share(0..100, |piece| {
            sum.fetch_add(work(piece), Ordering::Relaxed);
        });
        sum.into_inner()
    }

    #[test]
    fn work_may_share_work() {
        set_num_threads(4);
        let nested = sum_of_pieces(|a| sum_of_pieces(|b| sum_of_pieces(|c| a * b + c)));
        assert_eq!(
            nested,
            (0..100).map(|a| (0..100).map(|b| 100 * a * b + 4950).sum::<usize>()).sum()
        );
    }

    #[test]
    fn a_panic_in_any_piece_comes_back_to_the_caller_and_others_go_on() {
        set_num_threads(4);
        for bad in 0..100 {
            let work = |piece| {
                assert_ne!(piece, bad, "piece {bad}");
                // So that the helpers get some, too.
                std::thread::yield_now();
                1
            };
            let panic = catch_unwind(|| sum_of_pieces(work)).expect_err("one piece panics");
            let message = panic.downcast_ref::<String>().expect("a message");
            assert!(message.contains(&format!("piece {bad}")), "{message}");
            assert_eq!(sum_of_pieces(|_| 1), 100);
        }
        assert!(POOL.lock().open.len() < 100, "jobs left behind");
    }

    #[test]
    fn a_number_that_makes_no_sense_is_no_number() {
        for (text, number) in
            [("3", Some(3)), (" 3\n", Some(3)), ("0", None), ("-1", None), ("", None)]
        {
            assert_eq!(parse(text), number, "{text:?}");
        }
    }
}
