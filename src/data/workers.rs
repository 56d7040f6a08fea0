//! Threads that put batches together while the model learns from the ones before.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};

use super::dataset::Dataset;

/// How many finished batches may wait for each worker.
const AHEAD: usize = 2;

/// One pass, made by several threads; the batches come in order.
pub(super) struct Workers<B> {
    threads: Vec<Worker<B>>,
    next: usize,
}

struct Worker<B> {
    batches: Receiver<B>,
    thread: JoinHandle<()>,
}

impl<B: Send + 'static> Workers<B> {
    /// Starts `n` threads for the batches of `order`. The first makes batch 0, n, 2n, ..., the second
    /// batch 1, n + 1, and so on.
    pub fn start<D>(n: usize, dataset: &Arc<D>, order: &[usize], batch_size: usize) -> Self
    where
        D: Dataset<Batch = B> + Send + Sync + 'static,
    {
        let start = |worker: usize| {
            let dataset = Arc::clone(dataset);
            let mine: Vec<Vec<usize>> =
                order.chunks(batch_size).skip(worker).step_by(n).map(<[usize]>::to_vec).collect();
            let (send, batches) = sync_channel(AHEAD);
            let thread = thread::spawn(move || {
                for indices in mine {
                    // If nobody wants the rest of the pass, the work is done.
                    if send.send(dataset.batch(&indices)).is_err() {
                        return;
                    }
                }
            });
            Worker { batches, thread }
        };
        Self { threads: (0..n).map(start).collect(), next: 0 }
    }
}

impl<B> Workers<B> {
    /// The next batch.
    ///
    /// # Panics
    /// If the dataset panicked while making it, with that panic; or after the last batch.
    pub fn next(&mut self) -> B {
        let worker = self.next % self.threads.len();
        self.next += 1;
        match self.threads[worker].batches.recv() {
            Ok(batch) => batch,
            Err(_) => match self.threads.swap_remove(worker).thread.join() {
                Err(panic) => resume_unwind(panic),
                Ok(()) => unreachable!("asked for more batches than there are"),
            },
        }
    }
}
