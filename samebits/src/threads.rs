//! Work on several processor cores.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder, Yield};

/// Fewer numbers than this are worked on by one thread: to share them takes longer.
const FEW: usize = 20_000;

/// Splits `values` into pieces of `size` numbers (the last may be shorter) and calls `work` for each
/// of them with its number; see [`share`].
pub(crate) fn for_each_piece<T: Send>(
    values: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    if size >= values.len() {
        if !values.is_empty() {
            work(0, values);
        }
        return;
    }
    share(values.chunks_mut(size).enumerate(), |(number, piece)| work(number, piece));
}

/// The length of a piece when `rows` rows of `width` numbers are split for all threads.
///
/// It depends on the sizes alone, never on the number of threads: some sums are made piece by piece.
pub(crate) fn rows_of_piece(rows: usize, width: usize) -> usize {
    /// Enough for the threads of a usual computer to share evenly.
    const PIECES: usize = 16;
    if rows * width < FEW { rows.max(1) } else { rows.div_ceil(PIECES) }
}

/// How many rows a thread takes at once where each number is used once, so that to read them is what
/// takes time. It is the same for all such work: then a thread often finds rows in its own cache that
/// it has worked on before.
pub(crate) fn rows_at_once(rows: usize, width: usize) -> usize {
    /// Fewer numbers are left to one thread.
    const FEW: usize = 1 << 17;
    const PIECES: usize = 4;
    if rows * width < FEW { rows.max(1) } else { rows.div_ceil(PIECES) }
}

/// Calls `work` for each of the pieces, on all threads of rayon's pool: whoever is free takes the next.
///
/// Nothing may depend on which thread does what: each piece is worked on as if it were alone.
pub(crate) fn share<P: Send>(pieces: impl Iterator<Item = P> + Send, work: impl Fn(P) + Sync) {
    stay_awake();
    let pieces = Mutex::new(pieces);
    let take_part = || {
        // The lock is held only while the next piece is taken.
        let next = || pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(piece) = next() {
            work(piece);
        }
    };
    let at_work = AtomicUsize::new(0);
    rayon::in_place_scope(|scope| {
        for _ in 1..rayon::current_num_threads() {
            scope.spawn(|_| {
                let _at_work = Count::one_more(&at_work);
                take_part();
            });
        }
        take_part();
        // Others may still be at their last piece. That will not take long, and to fall asleep and to
        // be woken takes longer.
        while at_work.load(Ordering::Acquire) > 0 {
            std::hint::spin_loop();
        }
    });
}

/// One more of something, for as long as this lives.
struct Count<'a>(&'a AtomicUsize);

impl<'a> Count<'a> {
    fn one_more(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// How long a thread without work looks for some before it sleeps.
const PATIENCE: Duration = Duration::from_millis(1);

/// A thread that has called one of our functions, and those that help it.
struct Team {
    _pool: ThreadPool,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// How often work was shared.
    calls: AtomicUsize,
    /// How many of the others look out for work.
    awake: AtomicUsize,
}

/// Makes this thread one of those that share the work, and keeps the others awake for a while.
///
/// By itself rayon lets other threads do all of it while this one sleeps; and it lets them sleep as soon
/// as there is no work for some microseconds. To be woken takes longer than many a piece of work here.
fn stay_awake() {
    thread_local! {
        static TEAM: RefCell<Option<Team>> = const { RefCell::new(None) };
    }
    TEAM.with_borrow_mut(|team| {
        if team.is_none() {
            if rayon::current_thread_index().is_some() {
                // Somebody else's pool: it is not for us to say who may sleep there.
                return;
            }
            // Without a pool of its own the work is done all the same, by rayon's.
            let Ok(pool) = ThreadPoolBuilder::new().use_current_thread().build() else { return };
            *team = Some(Team { _pool: pool, state: Arc::default() });
        }
        let Some(Team { state, .. }) = team else { return };
        state.calls.fetch_add(1, Ordering::Relaxed);
        if state.awake.load(Ordering::Relaxed) == 0 {
            let state = Arc::clone(state);
            rayon::spawn_broadcast(move |thread| {
                // Number 0 is the one that the others help.
                if thread.index() > 0 {
                    look_out(&state);
                }
            });
        }
    });
}

/// Does what work there is until there has been none for a while.
fn look_out(state: &State) {
    let _awake = Count::one_more(&state.awake);
    let (mut calls, mut since) = (state.calls.load(Ordering::Relaxed), Instant::now());
    while since.elapsed() < PATIENCE {
        if rayon::yield_now() == Some(Yield::Idle) {
            std::thread::yield_now();
        }
        let now = state.calls.load(Ordering::Relaxed);
        if now != calls {
            (calls, since) = (now, Instant::now());
        }
    }
}
