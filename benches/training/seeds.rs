//! How much the accuracy of a ResNet18 depends on luck: ten seeds for each of some recipes.
//!
//! The better recipe was chosen among others by what these ten seeds came to. So it also gets ten that
//! had no part in that.
//!
//! ```sh
//! cargo bench --bench training -- --seeds --python python3
//! ```

use std::ops::Range;

use anyhow::{Context, Result};
use mnist_from_scratch::anyhow;
use mnist_from_scratch::prelude::RandomAffine;
use serde_json::{Value, json};

use super::ours::{self, Recipe};
use super::peer::Peer;

const SEEDS: Range<u64> = 0..10;
/// Nobody has looked at these before the recipes were settled.
const OTHER_SEEDS: Range<u64> = 200..210;

/// What is trained; the chapter on ResNet18 has both.
fn recipes() -> [Recipe; 2] {
    let tfms = RandomAffine::new(15.).translate(0.1).scale(0.85..=1.15).shear(15.).fade();
    [
        Recipe { name: "one epoch at 0.1", ..Recipe::NOTEBOOK },
        Recipe {
            name: "three epochs at 0.01, with more pictures",
            epochs: 3,
            lr_max: 0.01,
            tfms: Some(tfms),
            smoothing: 0.1,
        },
    ]
}

/// What is trained from ten seeds.
struct Row<'a> {
    name: &'a str,
    first_seed: u64,
    train: Box<dyn FnMut(u64) -> Result<super::Run> + 'a>,
    runs: Vec<super::Run>,
}

impl<'a> Row<'a> {
    fn new(
        name: &'a str,
        seeds: &Range<u64>,
        train: impl FnMut(u64) -> Result<super::Run> + 'a,
    ) -> Self {
        Self { name, first_seed: seeds.start, train: Box::new(train), runs: Vec::new() }
    }
}

/// Trains all of them, and fastai's cell if there is a Python: in turn, so that what else the machine does
/// meets all of them alike. Returns accuracies and seconds.
pub fn measure(peer: Option<&mut Peer>) -> Result<Value> {
    let [notebook, better] = recipes();
    let mut rows = vec![
        Row::new(notebook.name, &SEEDS, |seed| ours::resnet(seed, &notebook)),
        Row::new(better.name, &SEEDS, |seed| ours::resnet(seed, &better)),
        Row::new("the same, from ten other seeds", &OTHER_SEEDS, |seed| {
            ours::resnet(seed, &better)
        }),
    ];
    if let Some(peer) = peer {
        rows.push(Row::new("fastai, one epoch at 0.1", &SEEDS, |seed| {
            peer.run("fastai", &format!("resnet {seed}"))?.context("no answer")
        }));
    }
    for at in 0..SEEDS.end - SEEDS.start {
        for Row { name, first_seed, train, runs } in &mut rows {
            let seed = *first_seed + at;
            let run = train(seed)?;
            let accuracy = run.accuracy.context("a ResNet without an accuracy")?;
            eprintln!("{name}, seed {seed}: {accuracy:.4} in {:.1} s", run.seconds);
            runs.push(run);
        }
    }
    let row = |Row { name, first_seed, runs, .. }: &Row| {
        let accuracies = runs.iter().map(|run| run.accuracy.unwrap_or(f64::NAN));
        let rounded = |x: f64, by: f64| (x * by).round() / by;
        json!({
            "recipe": name,
            "first_seed": first_seed,
            "accuracy": accuracies.map(|accuracy| rounded(accuracy, 1e6)).collect::<Vec<_>>(),
            "seconds": runs.iter().map(|run| rounded(run.seconds, 10.0)).collect::<Vec<_>>(),
        })
    };
    Ok(rows.iter().map(row).collect())
}
