//! Where the time of a training step goes: `cargo bench -p samebits --bench step`.
//!
//! All operations of a step of ResNet18, for a batch of 64 pictures of 28x28, one after the other and each on numbers
//! of its own, as in a training. So the caches are as cold as there, which in `kernels` they are not. Beside the time
//! of each kind of operation stand:
//!
//! - the fastest of its calls, each made several times in a row: the same with warm caches;
//! - its limit: its multiply-adds at the processor's peak, or its bytes at the memory's, whichever takes longer. Both
//!   peaks are measured at the start and at the end, and the higher counts. Numbers that an operation reads and finds in a cache count as well, so some come
//!   out faster than their limit.

mod machine;
mod net;

use std::time::Instant;

use machine::Peaks;
use net::{Cost, Net, OPERATIONS};

/// How many steps are made. Of each call the fastest of all steps counts: whatever else the machine does makes it slower.
const STEPS: usize = 60;

fn main() {
    let mut peaks = Peaks::measure();
    let mut net = Net::new();
    // Of each call the operation and its fastest time.
    let mut calls: Vec<(usize, f64)> = Vec::new();
    for _ in 0..STEPS {
        let mut at = 0;
        net.step(&mut |operation, work| {
            let start = Instant::now();
            work();
            let seconds = start.elapsed().as_secs_f64();
            match calls.get_mut(at) {
                Some((_, fastest)) => *fastest = fastest.min(seconds),
                None => calls.push((operation, seconds)),
            }
            at += 1;
        });
    }
    let mut warm = vec![0.0; OPERATIONS.len()];
    net.step(&mut |operation, work| {
        let fastest = (0..15).map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        });
        warm[operation] += fastest.fold(f64::MAX, f64::min);
    });
    peaks.raise_to(&Peaks::measure());
    println!(
        "{} threads: {:.0} GFLOP/s in registers; GB/s: {:.1} read and written, {:.1} only read",
        samebits::num_threads(),
        peaks.flops / 1e9,
        peaks.bytes / 1e9,
        peaks.read / 1e9
    );
    let costs = net.costs();
    println!("{:28}{:>8}{:>8}{:>8}{:>8}", "ms a step", "step", "warm", "limit", "reached");
    let (mut limits, mut all) = (0.0, 0.0);
    for (at, name) in OPERATIONS.iter().enumerate() {
        let Cost { multiply_adds, numbers } = costs[at];
        let arithmetic = 2.0 * multiply_adds / peaks.flops;
        let limit = arithmetic.max(numbers * 4.0 / peaks.bytes);
        let of = calls.iter().filter(|(operation, _)| *operation == at);
        let step = of.map(|(_, fastest)| fastest).sum();
        (limits, all) = (limits + limit, all + step);
        line(name, step, warm[at], limit);
    }
    line("all", all, warm.iter().sum(), limits);
}

fn line(name: &str, step: f64, warm: f64, limit: f64) {
    let ms = |seconds: f64| seconds * 1e3;
    let reached = 100.0 * limit / step;
    println!("{name:28}{:8.2}{:8.2}{:8.2}{reached:7.0}%", ms(step), ms(warm), ms(limit));
}
