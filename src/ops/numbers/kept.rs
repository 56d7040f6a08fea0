//! Memory that operations need for themselves, kept from one step of a training to the next.
//!
//! New memory is slow: the system hands it out page by page, and it is filled with zeros, which are then overwritten.
//!
//! Each thread has its own, and only as long as its training runs: never more than what was in use at once.

use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    /// By its length; `None` outside of a training.
    static KEPT: RefCell<Option<BTreeMap<usize, Vec<Vec<f32>>>>> = const { RefCell::new(None) };
}

/// Runs `f`, a training: memory is kept until it ends. In a training within another one, it is the outer one's.
pub(crate) fn keeping_memory<R>(f: impl FnOnce() -> R) -> R {
    /// Ends it also where `f` panics.
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            KEPT.set(None);
        }
    }
    if KEPT.with_borrow(Option::is_some) {
        return f();
    }
    keep_heap();
    KEPT.set(Some(BTreeMap::new()));
    let _end = End;
    f()
}

/// Has the C library keep what is freed for the next step.
///
/// Linux's gives memory at the end of its heap back to the system if it is more than twice the largest piece that was ever
/// freed, up to 64 MB (`M_MMAP_THRESHOLD` in mallopt(3)). Where a step comes to just that, each step hands its memory out and
/// in again, and all threads wait meanwhile: with 70,000 images a third of the time went there. To free a large piece, that
/// nobody has written to, costs nothing.
fn keep_heap() {
    /// The largest piece that counts has 32 MB, with some bytes of the library's own.
    const LARGEST: usize = 31 << 20;
    if cfg!(target_env = "gnu") {
        drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGEST)));
    }
}

/// `len` numbers that mean nothing: each has to be written before it is read.
pub(super) fn take(len: usize) -> Vec<f32> {
    let kept = KEPT.with_borrow_mut(|kept| kept.as_mut()?.get_mut(&len)?.pop());
    let mut numbers = kept.unwrap_or_else(|| vec![0.0; len]);
    if cfg!(debug_assertions) {
        // Whoever reads one first is found out by each test.
        numbers.fill(f32::NAN);
    }
    numbers
}

/// Keeps the memory of some numbers, in a training.
pub(super) fn give(numbers: Vec<f32>) {
    // At its end a thread keeps nothing any more.
    let _ = KEPT.try_with(|kept| {
        if let Some(kept) = kept.borrow_mut().as_mut() {
            kept.entry(numbers.len()).or_default().push(numbers);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> usize {
        KEPT.with_borrow(|kept| kept.iter().flat_map(BTreeMap::values).map(Vec::len).sum())
    }

    /// How often this thread has got a page of memory from the system.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn pages() -> u64 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().nth(7).unwrap().parse().unwrap()
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn in_a_training_freed_memory_stays_with_the_process() {
        let step = || std::hint::black_box([8, 8, 8].map(|mb| vec![1u8; mb << 20]));
        keeping_memory(|| {
            drop(step());
            let before = pages();
            (0..5).for_each(|_| drop(step()));
            // A single step has 6,144 pages.
            assert!(pages() - before < 6144, "{} pages", pages() - before);
        });
    }

    #[test]
    fn in_a_training_the_same_memory_comes_back() {
        let at = |len| {
            let numbers = take(len);
            let at = numbers.as_ptr();
            give(numbers);
            at
        };
        keeping_memory(|| {
            let first = at(7);
            assert_ne!(at(8), first);
            assert_eq!(keeping_memory(|| at(7)), first);
            assert_eq!(kept(), 2);
        });
        assert_eq!(kept(), 0);
        give(vec![0.0]);
        assert_eq!(kept(), 0);
    }

    #[test]
    fn a_panic_ends_it() {
        let panicked = std::panic::catch_unwind(|| keeping_memory(|| panic!("as planned")));
        assert!(panicked.is_err());
        give(vec![0.0]);
        assert_eq!(kept(), 0);
    }
}
