//! How near the steps are to what the machine allows: their multiply-adds at the processor's peak, or their bytes at the
//! memory's, whichever takes longer.
//!
//! ```sh
//! cargo bench --bench training -- --limits
//! ```

use anyhow::Result;
use mnist_from_scratch::anyhow;
use serde_json::{Value, json};

use super::ours::{self, Data};
use super::{RESNET_ROUNDS, table};

#[path = "../../samebits/benches/step/machine.rs"]
mod machine;
#[path = "../../samebits/benches/step/net.rs"]
#[expect(dead_code, reason = "only what its operations cost is wanted here")]
mod net;

use machine::Peaks;
use net::{BATCH, Cost, Net, OPERATIONS};

/// Images of the training set and of the validation set, and pixels of each.
const TRAIN: f64 = 12_396.0;
const VALID: f64 = 2_038.0;
const PIXELS: f64 = 784.0;

/// What a step cannot be faster than.
struct Limit {
    seconds: f64,
    /// Which share of them is arithmetic; the rest is memory.
    arithmetic: f64,
}

/// Times each step, and between the rounds the machine. Other work on it only makes it slower, so of its peaks the highest
/// count.
pub fn measure(rounds: usize) -> Result<Value> {
    let data = Data::load()?;
    let mut peaks = Peaks::measure();
    let steps = ["baseline", "linear", "learner", "simple_net", "resnet"];
    let mut seconds = [const { Vec::new() }; 5];
    for round in 0..rounds {
        peaks.raise_to(&Peaks::measure());
        for (step, seconds) in steps.iter().zip(&mut seconds) {
            if *step != "resnet" || round < RESNET_ROUNDS {
                seconds.push(ours::run(step, &data)?.seconds);
            }
        }
    }
    let rows = steps.iter().zip(&mut seconds).map(|(step, seconds)| {
        seconds.sort_by(f64::total_cmp);
        let Limit { seconds: limit, arithmetic } = limit(step, &peaks);
        json!({ "step": step, "median": table::median(seconds), "limit": limit, "arithmetic": arithmetic })
    });
    let tenths = |x: f64| (x / 1e8).round() / 10.0;
    Ok(json!({
        "threads": samebits::num_threads(),
        "rounds": rounds,
        "resnet_rounds": rounds.min(RESNET_ROUNDS),
        "gflops": (peaks.flops / 1e9).round(),
        "read_gb": tenths(peaks.read),
        "read_and_written_gb": tenths(peaks.bytes),
        "steps": rows.collect::<Vec<_>>(),
    }))
}

fn limit(step: &str, peaks: &Peaks) -> Limit {
    // Each image is fetched once for the product forward, and for that which gives the weights' gradient.
    let dense = |epochs: f64, outputs: f64| Cost {
        multiply_adds: epochs * (2.0 * TRAIN + VALID) * PIXELS * outputs,
        numbers: epochs * (TRAIN + VALID) * PIXELS,
    };
    let cost = match step {
        "baseline" => Cost { multiply_adds: 0.0, numbers: (TRAIN + VALID) * PIXELS },
        "linear" => dense(20.0, 1.0),
        "learner" => dense(10.0, 1.0),
        "simple_net" => dense(40.0, 30.0),
        _ => return of_the_resnet(peaks),
    };
    let (arithmetic, memory) = seconds(cost, peaks.flops, peaks.read);
    let is_arithmetic = if arithmetic > memory { 1.0 } else { 0.0 };
    Limit { seconds: arithmetic.max(memory), arithmetic: is_arithmetic }
}

/// An epoch of the ResNet: each of its operations has a limit of its own.
fn of_the_resnet(peaks: &Peaks) -> Limit {
    let (train, valid) = ((TRAIN / BATCH as f64).floor(), VALID / BATCH as f64);
    let (mut of_arithmetic, mut of_memory) = (0.0, 0.0);
    for (operation, cost) in OPERATIONS.into_iter().zip(Net::new().costs()) {
        let batches = match operation {
            // It could be kept, and where it is written as a whole, left as it is.
            "room for results" => continue,
            _ if operation.ends_with(": forward") => train + valid,
            _ => train,
        };
        let (arithmetic, memory) = seconds(cost, peaks.flops, peaks.bytes);
        match arithmetic > memory {
            true => of_arithmetic += batches * arithmetic,
            false => of_memory += batches * memory,
        }
    }
    let seconds = of_arithmetic + of_memory;
    Limit { seconds, arithmetic: of_arithmetic / seconds }
}

/// How long multiply-adds and numbers take at least, with so many operations and bytes a second.
fn seconds(cost: Cost, flops: f64, bytes: f64) -> (f64, f64) {
    (2.0 * cost.multiply_adds / flops, 4.0 * cost.numbers / bytes)
}
