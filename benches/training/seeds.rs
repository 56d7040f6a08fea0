//! How much the accuracy of a ResNet18 depends on luck: ten seeds for each of some recipes.
//!
//! ```sh
//! cargo bench --bench training -- --seeds --python python3
//! ```

use anyhow::Result;
use mnist_from_scratch::anyhow;
use serde_json::{Value, json};

use super::ours;
use super::peer::Peer;

const SEEDS: u64 = 10;

/// What is trained: a name, epochs, the largest learning rate, by how many pixels pictures are moved.
const RECIPES: [(&str, usize, f64, usize); 2] =
    [("one epoch at 0.1", 1, 0.1, 0), ("four epochs at 0.003, shifted", 4, 0.003, 1)];

/// Trains all of them, and fastai's cell if there is a Python, and notes accuracies and seconds.
pub fn measure(mut peer: Option<&mut Peer>) -> Result<Value> {
    let mut recipes = Vec::new();
    let mut note = |name: &str, run: &mut dyn FnMut(u64) -> Result<super::Run>| -> Result<()> {
        let (mut accuracies, mut seconds) = (Vec::new(), Vec::new());
        for seed in 0..SEEDS {
            let run = run(seed)?;
            eprintln!("{name}, seed {seed}: {:.4} in {:.1} s", run.accuracy, run.seconds);
            accuracies.push((run.accuracy * 1e6).round() / 1e6);
            seconds.push((run.seconds * 10.0).round() / 10.0);
        }
        recipes.push(json!({ "recipe": name, "accuracy": accuracies, "seconds": seconds }));
        Ok(())
    };
    for (name, epochs, lr_max, shift) in RECIPES {
        note(name, &mut |seed| ours::resnet(seed, epochs, lr_max, shift))?;
    }
    if let Some(peer) = &mut peer {
        note("fastai, one epoch at 0.1", &mut |seed| {
            peer.run("fastai", &format!("resnet {seed}"))
        })?;
    }
    Ok(recipes.into())
}
