//! The results as a table for the book.

use anyhow::{Context, Result};
use mnist_from_scratch::anyhow;
use serde_json::Value;

/// What the reader knows a step as.
fn title(step: &str) -> &str {
    match step {
        "linear" => "[linear model by hand](09_training_loop.md), 20 epochs",
        "learner" => "[`Linear` with `Learner`](10_learner.md), 10 epochs",
        "simple_net" => "[`simple_net`](11_neural_net.md), 40 epochs",
        other => other,
    }
}

/// A Markdown table of the medians, and below it where and when they were measured.
pub fn markdown(results: &Value) -> Result<String> {
    let mut lines = vec![
        "| step | this book (s) | PyTorch (s) | fastai (s) | PyTorch / this book | fastai / this book |"
            .to_string(),
        "| --- | ---: | ---: | ---: | ---: | ---: |".to_string(),
    ];
    for step in results["steps"].as_array().context("no `steps`")? {
        let median = |who: &str| {
            step["runs"][who]["median"].as_f64().with_context(|| format!("no median of {who}"))
        };
        let (ours, pytorch, fastai) = (median("ours")?, median("pytorch")?, median("fastai")?);
        lines.push(format!(
            "| {} | {ours:.3} | {pytorch:.3} | {fastai:.3} | {:.1} | {:.1} |",
            title(step["step"].as_str().context("no `step`")?),
            pytorch / ours,
            fastai / ours,
        ));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let versions = &results["versions"];
    lines.push(String::new());
    lines.push(format!(
        "Seconds, the medians of {} rounds; the last two columns say how many times as long the others take. \
         Processor: {}. PyTorch {} may use {} threads; fastai is version {}. Measured on {}.",
        results["rounds"],
        text(&results["cpu"]),
        text(&versions["torch"]),
        results["threads"],
        text(&versions["fastai"]),
        text(&results["date"]),
    ));
    Ok(lines.join("\n") + "\n")
}
