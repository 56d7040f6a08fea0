//! All ten digits with the net and the recipe of `examples/speed_run.rs`, by each in turn.
//!
//! ```sh
//! cargo bench --bench training -- --ten-digits --python python3 --rivals
//! ```

use anyhow::{Context, Result};
use mnist_from_scratch::anyhow;
use mnist_from_scratch::data::{Urls, untar_data};
use serde_json::{Map, Value, json};

use super::peer::{Peer, peak_memory};
use super::{Options, Run};

// Examples have a width of their own.
#[rustfmt::skip]
#[path = "../../examples/speed_run.rs"]
#[allow(dead_code, reason = "its `main` is the example's")]
pub mod speed_run;

/// From how many seeds ours are trained. All have to be right in 99 of 100 cases.
const SEEDS: u64 = 10;
/// The others take so much longer that they get fewer.
const OTHERS_SEEDS: u64 = 3;

/// Accuracies, seconds and the most memory that each process has had.
pub fn measure(options: &Options) -> Result<Value> {
    let mnist = untar_data(Urls::MNIST)?;
    let mut peers = Vec::new();
    if let Some(python) = &options.python {
        peers.push(("pytorch", Peer::python_with(python, &mnist, options.threads)?, Vec::new()));
    }
    if options.rivals {
        for name in ["candle", "burn"] {
            peers.push((name, Peer::rival_with(name, &mnist, options.threads)?, Vec::new()));
        }
    }
    let mut dls = speed_run::open()?;
    let mut ours = Vec::new();
    for seed in 0..SEEDS {
        let run = speed_run::train(dls, seed)?;
        dls = run.dls;
        ours.push(Run { seconds: run.seconds, accuracy: Some(f64::from(run.accuracy)) });
        say("ours", seed, &ours);
        if seed < OTHERS_SEEDS {
            for (who, peer, runs) in &mut peers {
                runs.push(peer.run(who, &format!("ten_digits {seed}"))?.context("no answer")?);
                say(who, seed, runs);
            }
        }
    }
    let mut rows = vec![row("ours", &ours, peak_memory("self"))];
    let mut versions = Map::new();
    for (who, peer, runs) in &peers {
        rows.push(row(who, runs, peer.peak_memory()));
        versions.extend(peer.versions.as_object().cloned().unwrap_or_default());
    }
    Ok(json!({ "runs": rows, "versions": versions }))
}

fn say(who: &str, seed: u64, runs: &[Run]) {
    let Run { seconds, accuracy } = &runs[runs.len() - 1];
    let accuracy = accuracy.unwrap_or(f64::NAN);
    eprintln!("seed {seed} {who:8} {accuracy:.4} in {seconds:.2} s");
}

fn row(who: &str, runs: &[Run], memory: Option<u64>) -> Value {
    let rounded = |x: f64, by: f64| (x * by).round() / by;
    let accuracies = runs.iter().map(|run| rounded(run.accuracy.unwrap_or(f64::NAN), 1e4));
    json!({
        "who": who,
        "accuracy": accuracies.collect::<Vec<_>>(),
        "seconds": runs.iter().map(|run| rounded(run.seconds, 100.0)).collect::<Vec<_>>(),
        "peak_mib": memory,
    })
}
