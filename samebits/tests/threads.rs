//! Who may call, and which threads there are.

#[allow(dead_code, reason = "some of it is for other tests")]
mod common;

use std::panic::catch_unwind;
use std::thread;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use common::Random;
use samebits::{Matrix, matmul, num_threads, set_num_threads};

/// Some results, as bits: a product large enough to be shared, and the gradient of a convolution. Both work in memory
/// that a thread keeps.
fn results(seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed);
    let (a, b) = (random.numbers(150 * 90), random.numbers(90 * 170));
    let mut c = vec![0.0; 150 * 170];
    matmul(&mut c, Matrix::new(&a, 150, 90), Matrix::new(&b, 170, 90).transposed());
    let conv = random.convolution();
    let (w, dy) = (random.numbers(conv.weight_len()), random.numbers(conv.output_len()));
    let mut dx = vec![0.0; conv.input_len()];
    conv.input_gradient(&dy, &w, &mut dx);
    c.iter().chain(&dx).map(|x| x.to_bits()).collect()
}

/// How many helpers are alive.
#[cfg(target_os = "linux")]
fn helpers() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    // A thread may end while we look.
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "samebits").count()
}

/// One test, as the number of threads is the process's.
#[test]
fn callers_of_all_kinds_share_one_pool_that_ends() {
    set_num_threads(1);
    let expected: Vec<_> = (0..4).map(results).collect();
    for threads in [2, 5] {
        set_num_threads(threads);
        assert_eq!(num_threads(), threads);
        callers_that_end(&expected);
        many_callers_at_once(&expected);
        callers_in_another_pool(&expected);
        callers_that_panic(&expected);
        #[cfg(target_os = "linux")]
        assert!(helpers() < threads, "{} helpers of {threads} threads", helpers());
    }
    #[cfg(target_os = "linux")]
    {
        set_num_threads(3);
        wait_until("one of 3 threads calls", || helpers() <= 2);
        set_num_threads(1);
        wait_until("1 thread needs no helper", || helpers() == 0);
        assert_eq!(results(0), expected[0]);
        assert_eq!(helpers(), 0);
        set_num_threads(4);
        wait_until("somebody calls", || results(0) == expected[0] && helpers() > 0);
        wait_until("nobody calls any more", || helpers() == 0);
        wait_until("somebody calls again", || results(1) == expected[1] && helpers() > 0);
    }
    // More than there is a use for.
    set_num_threads(usize::MAX);
    assert!(num_threads() <= 256);
}

#[cfg(target_os = "linux")]
fn wait_until(why: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "{why}: {} helpers", helpers());
        thread::yield_now();
    }
}

fn callers_that_end(expected: &[Vec<u32>]) {
    for _ in 0..50 {
        let found = thread::spawn(|| results(0)).join().unwrap();
        assert_eq!(found, expected[0]);
    }
    #[cfg(target_os = "linux")]
    assert!(helpers() < num_threads(), "{} helpers after 50 callers", helpers());
}

fn many_callers_at_once(expected: &[Vec<u32>]) {
    thread::scope(|scope| {
        for caller in 0..20 {
            scope.spawn(move || {
                for round in 0..10 {
                    let seed = (caller + round) % 4;
                    assert_eq!(results(seed as u64), expected[seed]);
                }
            });
        }
    });
}

fn callers_in_another_pool(expected: &[Vec<u32>]) {
    use rayon::prelude::*;

    for threads in [1, 16] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            (0..100usize).into_par_iter().with_max_len(1).for_each(|at| {
                assert_eq!(results(at as u64 % 4), expected[at % 4]);
                // A loop within the loop, too.
                rayon::join(|| results(0), || results(1));
            });
        });
    }
}

fn callers_that_panic(expected: &[Vec<u32>]) {
    thread::scope(|scope| {
        for (caller, expected) in expected.iter().enumerate() {
            scope.spawn(move || {
                for _ in 0..20 {
                    let too_short =
                        catch_unwind(|| matmul(&mut [], square(&[1.0]), square(&[1.0])));
                    assert!(too_short.is_err());
                    assert_eq!(results(caller as u64), *expected);
                }
            });
        }
    });
}

fn square(numbers: &[f32]) -> Matrix<'_> {
    Matrix::new(numbers, 1, numbers.len())
}
