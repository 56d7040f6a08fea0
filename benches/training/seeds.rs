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

/// Trains all of them, and fastai's cell if there is a Python, and notes accuracies and seconds.
pub fn measure(mut peer: Option<&mut Peer>) -> Result<Value> {
    let mut results = Vec::new();
    let mut note = |name: &str,
                    seeds: Range<u64>,
                    run: &mut dyn FnMut(u64) -> Result<super::Run>|
     -> Result<()> {
        let (mut accuracies, mut seconds) = (Vec::new(), Vec::new());
        for seed in seeds.clone() {
            let run = run(seed)?;
            let accuracy = run.accuracy.context("a ResNet without an accuracy")?;
            eprintln!("{name}, seed {seed}: {accuracy:.4} in {:.1} s", run.seconds);
            accuracies.push((accuracy * 1e6).round() / 1e6);
            seconds.push((run.seconds * 10.0).round() / 10.0);
        }
        results.push(json!({
            "recipe": name,
            "first_seed": seeds.start,
            "accuracy": accuracies,
            "seconds": seconds,
        }));
        Ok(())
    };
    let [notebook, better] = recipes();
    note(notebook.name, SEEDS, &mut |seed| ours::resnet(seed, &notebook))?;
    note(better.name, SEEDS, &mut |seed| ours::resnet(seed, &better))?;
    note("the same, from ten other seeds", OTHER_SEEDS, &mut |seed| ours::resnet(seed, &better))?;
    if let Some(peer) = &mut peer {
        note("fastai, one epoch at 0.1", SEEDS, &mut |seed| {
            peer.run("fastai", &format!("resnet {seed}"))?.context("no answer")
        })?;
    }
    Ok(results.into())
}
