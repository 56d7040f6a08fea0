//! The results as a table for the book.

use anyhow::{Context, Result};
use mnist_from_scratch::anyhow;
use mnist_from_scratch::prelude::Plot;
use serde_json::Value;

/// What the reader knows a step as.
pub fn title(step: &str) -> &str {
    match step {
        "load" => "[opening all images](03_pixel_similarity.md)",
        "baseline" => "[pixel similarity](04_broadcasting.md)",
        "linear" => "[linear model by hand](09_training_loop.md), 20 epochs",
        "learner" => "[`Linear` with `Learner`](11_learner.md), 10 epochs",
        "simple_net" => "[`simple_net`](13_neural_net.md), 40 epochs",
        "resnet" => "[ResNet18](15_resnet.md), one epoch",
        other => other,
    }
}

/// Who is measured, and the heading of the column.
const COLUMNS: [(&str, &str); 8] = [
    ("ours", "this book"),
    ("pytorch", "PyTorch"),
    ("compile", "`torch.compile`"),
    ("channels_last", "channels last"),
    ("bf16", "bfloat16"),
    ("fastai", "fastai"),
    ("candle", "candle"),
    ("burn", "burn"),
];

/// Bars as long as the times, for each step that of `ours` as one: who is faster, at a glance.
pub fn bars(steps: &[Value], ours: &str, columns: &[&(&str, &str)]) -> Result<String> {
    let ratio = |step: &Value, who: &str| -> Option<f64> {
        if step["runs"][who]["problem"].is_string() {
            return None;
        }
        Some(step["runs"][who]["median"].as_f64()? / step["runs"][ours]["median"].as_f64()?)
    };
    let all = steps.iter().flat_map(|step| columns.iter().filter_map(|(who, _)| ratio(step, who)));
    let longest = all.fold(1.0, f64::max);
    let mut html = String::from("<figure class=\"bars\">\n");
    for step in steps {
        // The title without its link's address, and without backticks.
        let title = title(step["step"].as_str().context("no `step`")?);
        let title = title.trim_start_matches('[').replace('`', "");
        let title = match title.split_once("](") {
            Some((name, rest)) => {
                format!("{name}{}", rest.split_once(')').map_or("", |(_, more)| more))
            }
            None => title,
        };
        html += &format!("<p>{title}</p>\n");
        for (who, heading) in columns {
            if let Some(ratio) = ratio(step, who) {
                let width = 100.0 * ratio / longest;
                let class = if *who == ours { " class=\"ours\"" } else { "" };
                let heading = heading.replace('`', "");
                html += &format!(
                    "<div{class}><span>{heading}</span><i style=\"--long:{width:.1}%\"></i><b>{ratio:.1}</b></div>\n"
                );
            }
        }
    }
    html += "<figcaption>Times, with that of this book as 1: shorter is faster.</figcaption>\n</figure>\n";
    Ok(html)
}

/// A chart and a Markdown table of the medians, and below it where and when they were measured.
pub fn markdown(results: &Value) -> Result<String> {
    let steps = results["steps"].as_array().context("no `steps`")?;
    let measured = |who: &str| steps.iter().any(|step| step["runs"].get(who).is_some());
    let columns: Vec<_> = COLUMNS.iter().filter(|(who, _)| measured(who)).collect();
    let headings: Vec<&str> = columns.iter().map(|(_, heading)| *heading).collect();
    let mut lines = vec![
        bars(steps, "ours", &columns)?,
        format!("| step | {} |", headings.join(" | ")),
        format!("| --- |{}", " ---: |".repeat(columns.len())),
    ];
    for step in steps {
        let median = |who: &str| step["runs"][who]["median"].as_f64();
        let cells =
            columns.iter().map(|(who, _)| median(who).map_or("–".to_string(), three_digits));
        let title = title(step["step"].as_str().context("no `step`")?);
        lines.push(format!("| {title} | {} |", cells.collect::<Vec<_>>().join(" | ")));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let versions = &results["versions"];
    let version = |name: &str, key: &str| {
        versions[key].as_str().map_or(String::new(), |version| format!("{name} {version}, "))
    };
    lines.push(String::new());
    lines.push(format!(
        "Seconds, the medians of {} rounds{}. Processor: {}, {} threads. {}{}{}{}measured on {}.",
        results["rounds"],
        fewer_rounds(results),
        text(&results["cpu"]),
        results["threads"],
        version("PyTorch", "torch"),
        version("fastai", "fastai"),
        version("candle", "candle"),
        version("burn", "burn"),
        text(&results["date"]),
    ));
    Ok(lines.join("\n") + "\n")
}

/// How near each step of ours is to what the machine allows.
pub fn limits(results: &Value) -> Result<String> {
    let mut lines = vec![
        "| step | takes | could take | reached | in the way |".to_string(),
        "| --- | ---: | ---: | ---: | --- |".to_string(),
    ];
    for step in results["steps"].as_array().context("no `steps`")? {
        let number =
            |field: &str| step[field].as_f64().with_context(|| format!("a step without `{field}`"));
        let (takes, limit) = (number("median")?, number("limit")?);
        let in_the_way = match (100.0 * number("arithmetic")?).round() {
            0.0 => "memory".to_string(),
            100.0 => "arithmetic".to_string(),
            percent => format!("arithmetic ({percent} %) and memory"),
        };
        lines.push(format!(
            "| {} | {} | {} | {:.0} % | {in_the_way} |",
            title(step["step"].as_str().context("no `step`")?),
            three_digits(takes),
            three_digits(limit),
            100.0 * limit / takes,
        ));
    }
    let text = |field: &str| results[field].as_str().unwrap_or_default();
    lines.push(String::new());
    lines.push(format!(
        "Seconds, the medians of {} rounds (of the ResNet {}). Processor: {}, {} threads: {} billion operations a second, {} GB read a \
         second, and {} GB read and written, each the best that it did between the rounds. Measured on {}.",
        results["rounds"],
        results["resnet_rounds"],
        text("cpu"),
        results["threads"],
        results["gflops"],
        results["read_gb"],
        results["read_and_written_gb"],
        text("date"),
    ));
    Ok(lines.join("\n") + "\n")
}

/// A number with three digits that count.
pub fn three_digits(x: f64) -> String {
    // The logarithm of 0 is no number of digits.
    let decimals = (2 - x.abs().max(1e-9).log10().floor() as i32).clamp(0, 9);
    format!("{x:.*}", decimals as usize)
}

/// How many rounds the ResNet got, if it has been measured.
fn fewer_rounds(results: &Value) -> String {
    let mut steps = results["steps"].as_array().into_iter().flatten();
    let resnet = steps.find(|step| step["step"] == "resnet");
    let rounds = resnet.and_then(|step| step["runs"]["ours"]["rounds"].as_u64());
    rounds.map_or(String::new(), |rounds| format!(" (of the ResNet {rounds})"))
}

/// A figure with a point for each of the seeds from 0 on, and a table of the lowest, the median and the
/// highest.
pub fn seeds(results: &Value) -> Result<String> {
    let mut plot = Plot::new().x_label("seed").y_label("accuracy");
    let mut lines = vec![
        "| recipe | lowest | median | highest |".to_string(),
        "| --- | ---: | ---: | ---: |".to_string(),
    ];
    let (mut dates, mut measured) = (Vec::new(), String::new());
    for recipe in results["recipes"].as_array().context("no `recipes`")? {
        let name = recipe["recipe"].as_str().context("no `recipe`")?;
        let accuracies = recipe["accuracy"].as_array().context("no `accuracy`")?;
        let accuracies: Vec<f64> = accuracies.iter().filter_map(Value::as_f64).collect();
        let seeds: Vec<f32> = (0..accuracies.len()).map(|seed| seed as f32).collect();
        let shown: Vec<f32> = accuracies.iter().map(|accuracy| *accuracy as f32).collect();
        if recipe["first_seed"] == 0 {
            plot = plot.points(name, &seeds, &shown);
        }
        let text = |key: &str| recipe[key].as_str().unwrap_or_default();
        dates.push(text("date").to_string());
        if recipe["cpu"].is_string() {
            measured = format!(" Processor for the last row: {}.", text("cpu"));
        }
        let mut sorted = accuracies;
        sorted.sort_by(f64::total_cmp);
        lines.push(format!(
            "| {name} | {:.4} | {:.4} | {:.4} |",
            sorted[0],
            median(&sorted),
            sorted[sorted.len() - 1],
        ));
    }
    let svg = plot.svg("seeds")?;
    // A blank line would end the HTML block.
    let svg: Vec<&str> = svg.lines().filter(|line| !line.trim().is_empty()).collect();
    Ok(format!(
        "<figure role=\"img\" aria-label=\"For each recipe the accuracies of ten seeds.\">\n{}\n\
         <figcaption>Accuracies for the seeds 0 to 9.</figcaption>\n</figure>\n\n{}\n\n\
         The rows of this book come out the same on every computer. Measured on {}.{measured}\n",
        svg.join("\n"),
        lines.join("\n"),
        on(&dates),
    ))
}

/// The dates of the rows: once for rows that follow each other and have the same.
fn on(dates: &[String]) -> String {
    let mut first = 1;
    let runs = dates.chunk_by(|a, b| a == b).map(|run| {
        let rows = match run.len() {
            len if len == dates.len() => String::new(),
            1 => format!(" (row {first})"),
            len => format!(" (rows {first} to {})", first + len - 1),
        };
        first += run.len();
        format!("{}{rows}", run[0])
    });
    runs.collect::<Vec<_>>().join(" and ")
}

/// A table of the net of all ten digits: how good it gets from each seed, how long that takes, and how much memory.
pub fn ten_digits(results: &Value) -> Result<String> {
    let mut lines = vec![
        "| | lowest accuracy | median | highest | 0.99 and more | seconds | memory |".to_string(),
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |".to_string(),
    ];
    let mut ours = None;
    for run in results["runs"].as_array().context("no `runs`")? {
        let who = run["who"].as_str().context("no `who`")?;
        let title = COLUMNS.iter().find(|(name, _)| *name == who).map_or(who, |(_, title)| title);
        let sorted = |field: &str| -> Result<Vec<f64>> {
            let numbers = run[field].as_array().with_context(|| format!("no `{field}`"))?;
            let mut numbers: Vec<f64> = numbers.iter().filter_map(Value::as_f64).collect();
            numbers.sort_by(f64::total_cmp);
            Ok(numbers)
        };
        let (accuracies, seconds) = (sorted("accuracy")?, median(&sorted("seconds")?));
        let enough = accuracies.iter().filter(|accuracy| **accuracy >= 0.99).count();
        let ratio = ours.map_or(String::new(), |ours| format!(" (×&nbsp;{:.1})", seconds / ours));
        ours = ours.or(Some(seconds));
        lines.push(format!(
            "| {title} | {:.4} | {:.4} | {:.4} | {enough} of {} | {}{ratio} | {} MiB |",
            accuracies[0],
            median(&accuracies),
            accuracies[accuracies.len() - 1],
            accuracies.len(),
            three_digits(seconds),
            run["peak_mib"],
        ));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let version = |key: &str| text(&results["versions"][key]);
    lines.push(String::new());
    lines.push(format!(
        "Accuracies on the 10,000 images of the test set, of nets from the seeds 0, 1, 2 and so on; seconds are those of a \
         training of two epochs with a test after each, medians of runs in turn. Memory is the most that the whole process has \
         had, its libraries and the data included. Processor: {}, {} threads. PyTorch {}, candle {}, burn {}, measured on {}.",
        text(&results["cpu"]),
        results["threads"],
        version("torch"),
        version("candle"),
        version("burn"),
        text(&results["date"]),
    ));
    Ok(lines.join("\n") + "\n")
}

/// The median of sorted numbers.
pub fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
