//! How time and memory grow, as plots for the book.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use mnist_from_scratch::anyhow;
use mnist_from_scratch::prelude::{Plot, Plots};
use serde_json::Value;

/// Time and memory of trainings with more images, and of those with more epochs; below them where and when they were
/// measured.
pub fn markdown(results: &Value) -> Result<String> {
    let runs = results["runs"].as_array().context("no `runs`")?;
    let number = |run: &Value, field: &str| {
        run[field].as_f64().with_context(|| format!("a run without `{field}`"))
    };
    let threads: BTreeSet<u64> = runs.iter().filter_map(|run| run["threads"].as_u64()).collect();
    let few = runs.iter().filter(|run| run["epochs"] != 1).find_map(|run| run["images"].as_u64());
    let few = few.context("no run of several epochs")?;
    let mut plots = Vec::new();
    for (over, label) in [("images", "images, one epoch"), ("epochs", "epochs")] {
        for (of, unit) in [("seconds", "seconds"), ("peak_mib", "MiB")] {
            let label = match over {
                "epochs" => format!("epochs, {few} images"),
                _ => label.to_string(),
            };
            let mut plot = Plot::new().x_label(&label).y_label(unit);
            let mut most = 0.0f64;
            for count in &threads {
                let mut points = Vec::new();
                for run in runs.iter().filter(|run| run["threads"] == *count) {
                    let fits = match over {
                        "epochs" => run["images"] == few,
                        _ => run["epochs"] == 1,
                    };
                    if fits {
                        points.push((number(run, over)? as f32, number(run, of)? as f32));
                        most = most.max(number(run, of)?);
                    }
                }
                // Those of several epochs come last, and the first of them has one epoch, too.
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                let (xs, ys): (Vec<_>, Vec<_>) = points.into_iter().unzip();
                let name = format!("{count} thread{}", if *count == 1 { "" } else { "s" });
                plot = plot.line(&name, &xs, &ys);
            }
            plots.push(plot.y_range(0.0..1.15 * most as f32));
        }
    }
    let html = Plots::row(plots).html("growth")?;
    // A blank line would end the HTML block.
    let html: Vec<&str> = html.lines().filter(|line| !line.trim().is_empty()).collect();
    let text = |field: &str| results[field].as_str().unwrap_or_default();
    Ok(format!(
        "<figure role=\"img\" aria-label=\"Four plots: time and memory of a training over the number of images, and over \
         that of epochs.\">\n{}\n<figcaption>Time and memory over images, and over epochs.</figcaption>\n</figure>\n\n\
         The net of `examples/speed_run.rs`; medians of {} rounds, each training in a process of its own. Memory is the most that \
         the whole process has had, its program and the images included. Processor: {}, measured on {}.\n",
        html.join("\n"),
        results["rounds"],
        text("cpu"),
        text("date"),
    ))
}
