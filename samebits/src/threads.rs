//! Work on several processor cores.

use std::sync::{Mutex, PoisonError};

use crate::helpers::together;

/// Fewer numbers than this are worked on by one thread: to share them takes longer.
const FEW: usize = 20_000;

/// Splits `values` into pieces of `size` numbers (the last may be shorter) and calls `work` for each
/// of them with its number; see [`share`].
pub(crate) fn for_each_piece<T: Send>(
    values: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Sync,
) {
    if values.is_empty() {
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
    if rows.saturating_mul(width) < FEW { rows.max(1) } else { rows.div_ceil(PIECES) }
}

/// How many rows a thread takes at once where each number is used once, so that to read them is what
/// takes time. It is the same for all such work: then a thread often finds rows in its own cache that
/// it has worked on before.
pub(crate) fn rows_at_once(rows: usize, width: usize) -> usize {
    /// Fewer numbers are left to one thread.
    const FEW: usize = 1 << 17;
    const PIECES: usize = 4;
    if rows.saturating_mul(width) < FEW { rows.max(1) } else { rows.div_ceil(PIECES) }
}

/// Calls `work` for each of the pieces, on this thread and on those that [help](together): whoever is free takes
/// the next.
///
/// Nothing may depend on which thread does what: each piece is worked on as if it were alone. But this thread begins with the
/// first piece and the helpers with the last, so that in the next operation each of two threads finds in its own cache what
/// it has written in this one.
pub(crate) fn share<P: Send>(
    pieces: impl DoubleEndedIterator<Item = P> + Send,
    work: impl Fn(P) + Sync,
) {
    // For a single one nobody is called.
    if pieces.size_hint().1.is_some_and(|most| most < 2) {
        return pieces.for_each(work);
    }
    let caller = std::thread::current().id();
    let pieces = Mutex::new(pieces);
    together(&|| {
        let helps = std::thread::current().id() != caller;
        // The lock is held only while the next piece is taken.
        let next = || {
            let mut pieces = pieces.lock().unwrap_or_else(PoisonError::into_inner);
            if helps { pieces.next_back() } else { pieces.next() }
        };
        while let Some(piece) = next() {
            work(piece);
        }
    });
}
