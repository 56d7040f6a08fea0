//! The results of a machine with a GPU as a table for the book.

use anyhow::{Context, Result, ensure};
use mnist_from_scratch::anyhow;
use serde_json::Value;

use super::table::{bars, three_digits, title};

/// Whose runs stand in which column: of PyTorch on a GPU, the ways in which it can be made faster, too.
const COLUMNS: [(&str, &str); 8] = [
    ("cpu", "this book, CPU"),
    ("gpu", "this book, GPU"),
    ("pytorch_cpu", "PyTorch, CPU"),
    ("pytorch_gpu", "PyTorch, GPU"),
    ("pytorch_gpu_compile", "`torch.compile`"),
    ("pytorch_gpu_graph", "CUDA graph"),
    ("pytorch_gpu_graph_tf32", "CUDA graph, TF32"),
    ("pytorch_gpu_graph_bf16", "CUDA graph, bf16"),
];

/// A chart, a Markdown table with seconds and accuracy of each step, and below it where and when they were measured.
///
/// `gpu` is what `check` of the folder `gpu-folder` has written. Where there is nothing yet, the columns of
/// the CPU are those of `training`, the results of the bench, and the GPU is "not measured". A column that
/// nobody has measured is left out. A dry run is no measurement, and an error.
pub fn markdown(training: &Value, gpu: Option<&Value>) -> Result<String> {
    let results = gpu.unwrap_or(training);
    ensure!(
        results["dry_run"] != true,
        "these are the results of a dry run, which measures nothing: take benches/results/gpu.json away, or \
         make it on a machine with a GPU"
    );
    let steps = results["steps"].as_array().context("no `steps`")?;
    let name = |who: &'static str| match (gpu, who) {
        (None, "cpu") => "ours",
        (None, "pytorch_cpu") => "pytorch",
        (_, who) => who,
    };
    let measured = |who| steps.iter().any(|step| !step["runs"][name(who)].is_null());
    let columns: Vec<_> =
        COLUMNS.iter().filter(|(who, _)| *who == "gpu" || measured(who)).collect();
    let headings: Vec<&str> = columns.iter().map(|(_, heading)| *heading).collect();
    // What nobody has measured has no chart.
    let mut lines = match gpu.is_some() && measured("gpu") {
        true => vec![bars(steps, "gpu", &columns)?],
        false => Vec::new(),
    };
    lines.extend([
        format!("| step | {} |", headings.join(" | ")),
        format!("| --- |{}", " ---: |".repeat(columns.len())),
    ]);
    for step in steps {
        let cells: Vec<_> =
            columns.iter().map(|(who, _)| cell(who, &step["runs"][name(who)])).collect();
        let title = title(step["step"].as_str().context("no `step`")?);
        lines.push(format!("| {title} | {} |", cells.join(" | ")));
    }
    lines.push(String::new());
    lines.push(match gpu {
        Some(gpu) => note(gpu),
        None => {
            "Seconds, and in brackets the accuracy. The times on the CPU are those of the table above."
                .to_string()
        }
    });
    Ok(lines.join("\n") + "\n")
}

/// Seconds and accuracy. PyTorch's faster ways are for some steps only.
fn cell(who: &str, run: &Value) -> String {
    let accuracy = run["accuracy"].as_f64();
    match (run["median"].as_f64(), run["problem"].as_str()) {
        (Some(seconds), None) => match accuracy {
            Some(accuracy) => format!("{} ({accuracy:.4})", three_digits(seconds)),
            None => three_digits(seconds),
        },
        (_, Some(problem)) if problem.starts_with("not done after") => "not in time".to_string(),
        (_, Some(_)) => "failed".to_string(),
        (None, None) if who == "gpu" => "not measured".to_string(),
        (None, None) => "–".to_string(),
    }
}

/// Where and when.
fn note(gpu: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_string();
    let pytorch = match gpu["versions"]["torch"].as_str() {
        Some(version) => {
            format!(
                " PyTorch {version}, with its defaults where nothing is said, on the same machine."
            )
        }
        None => String::new(),
    };
    let commit = match gpu["versions"]["commit"].as_str() {
        Some(commit) => format!(" (commit {commit})"),
        None => String::new(),
    };
    format!(
        "Seconds, and in brackets the accuracy: medians of {} rounds (of the ResNet at most 3) after one to warm \
         up. GPU: {}, driver {}. CPU: {}, {} threads.{pytorch} Measured on {}, with version {}{commit} of \
         the course.\n\n{}",
        gpu["rounds"],
        text(&gpu["gpu"]),
        text(&gpu["driver"]),
        text(&gpu["cpu"]),
        gpu["threads"],
        text(&gpu["date"]),
        text(&gpu["versions"]["course"]),
        cells_of_the_book(gpu),
    )
}

/// How many cells of the book print what the book shows.
fn cells_of_the_book(gpu: &Value) -> String {
    let of = |device: &str, verdicts: &[&str]| {
        let chapters = gpu[format!("chapters_{device}")].as_array().into_iter().flatten();
        let cells = chapters.flat_map(|chapter| chapter["cells"].as_array().into_iter().flatten());
        let verdict = |cell: &&Value| cell["verdict"].as_str().unwrap_or_default().to_string();
        cells
            .filter(|cell| verdicts.is_empty() || verdicts.contains(&verdict(cell).as_str()))
            .count()
    };
    let on = |device: &str, name: &str| match of(device, &[]) {
        0 => format!("On the {name} the chapters were not run."),
        all => format!(
            "On the {name} {} of {all} cells print what the book shows, {} of them to the last digit.",
            of(device, &["same", "near"]),
            of(device, &["same"]),
        ),
    };
    format!("{} {}", on("gpu", "GPU"), on("cpu", "CPU"))
}
