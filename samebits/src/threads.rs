//! Work on several processor cores.

use std::cell::RefCell;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Fewer numbers than this are worked on by one thread: to wake another one takes longer.
pub(crate) const FEW: usize = 40_000;

/// Splits `values` into pieces of `size` numbers (the last may be shorter) and calls `work` for each
/// of them with its number, on all threads of rayon's pool.
///
/// Nothing may depend on which thread does what: each piece is worked on as if it were alone.
pub(crate) fn for_each_piece<T: Send>(
    values: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    if size >= values.len() {
        if !values.is_empty() {
            work(0, values);
        }
        return;
    }
    use_this_thread();
    let pieces = values.par_chunks_mut(size).enumerate().with_max_len(1);
    pieces.for_each(|(number, piece)| work(number, piece));
}

/// The length of a piece when `rows` rows of `width` numbers are split for all threads.
///
/// It depends on the sizes alone, never on the number of threads: some sums are made piece by piece.
pub(crate) fn rows_of_piece(rows: usize, width: usize) -> usize {
    /// Enough for the threads of a usual computer to share evenly.
    const PIECES: usize = 16;
    if rows * width < FEW { rows.max(1) } else { rows.div_ceil(PIECES) }
}

/// Makes this thread one of those that share the work, unless it is one already.
///
/// By itself rayon lets other threads do all of it while this one sleeps. To fall asleep and to be woken
/// takes longer than many a piece of work here.
pub(crate) fn use_this_thread() {
    thread_local! {
        static POOL: RefCell<Option<ThreadPool>> = const { RefCell::new(None) };
    }
    if rayon::current_thread_index().is_none() {
        // Without a pool of its own the work is done all the same, by rayon's.
        let pool = ThreadPoolBuilder::new().use_current_thread().build();
        POOL.set(pool.ok());
    }
}
