//! How much the accuracy of a ResNet18 depends on luck: ten seeds for each of some recipes.
//!
//! The better recipe was chosen among others by what these ten seeds came to. So it also gets ten that
//! had no part in that.
//!
//! ```sh
//! cargo bench --bench training -- --seeds --python python3
//! ```
//!
//! Ours come out the same on every computer. Without a Python, those of fastai stay as they were measured; and if
//! it is stopped, so do the rows that it has not come to.

use std::ops::Range;

use anyhow::{Context, Result, bail};
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
            name: "three epochs at 0.01, with more images",
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
    seeds: Range<u64>,
    train: Box<dyn FnMut(u64) -> Result<super::Run> + 'a>,
}

impl<'a> Row<'a> {
    fn new(
        name: &'a str,
        seeds: &Range<u64>,
        train: impl FnMut(u64) -> Result<super::Run> + 'a,
    ) -> Self {
        Self { name, seeds: seeds.clone(), train: Box::new(train) }
    }
}

const FASTAI: &str = "fastai, one epoch at 0.1";

/// Trains all of them, row by row, and fastai's cell if there is a Python. What is not trained anew stays as it is in
/// the results `before`; `keep` is called with the results after each row.
pub fn measure(
    peer: Option<&mut Peer>,
    before: &Value,
    keep: impl Fn(&Value) -> Result<()>,
) -> Result<()> {
    let [notebook, better] = recipes();
    let mut rows = vec![
        Row::new(notebook.name, &SEEDS, |seed| ours::resnet(seed, &notebook)),
        Row::new(better.name, &SEEDS, |seed| ours::resnet(seed, &better)),
        Row::new("the same, from ten other seeds", &OTHER_SEEDS, |seed| {
            ours::resnet(seed, &better)
        }),
    ];
    if let Some(peer) = peer {
        rows.push(Row::new(FASTAI, &SEEDS, |seed| {
            peer.run("fastai", &format!("resnet {seed}"))?.context("no answer")
        }));
    }
    let mut results = before.clone();
    let known = before["recipes"].as_array().context("no `recipes`")?;
    for Row { name, seeds, train } in &mut rows {
        let mut accuracies = Vec::new();
        for seed in seeds.clone() {
            let accuracy = train(seed)?.accuracy.context("a ResNet without an accuracy")?;
            eprintln!("{name}, seed {seed}: {accuracy:.6}");
            accuracies.push((accuracy * 1e6).round() / 1e6);
        }
        let date = jiff::Zoned::now().date().to_string();
        let mut row = json!({
            "recipe": name, "first_seed": seeds.start, "accuracy": accuracies, "date": date,
        });
        if *name == FASTAI {
            row["cpu"] = super::cpu().into();
        }
        match known.iter().position(|row| row["recipe"] == *name) {
            Some(at) => results["recipes"][at] = row,
            None => bail!("the results have no row {name:?}"),
        }
        keep(&results)?;
    }
    Ok(())
}
