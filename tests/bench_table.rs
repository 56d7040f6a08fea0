//! The book shows the tables that the benches have written.

use std::fs;

use serde_json::{Value, json};

#[path = "../benches/training/gpu_table.rs"]
mod gpu_table;
#[path = "../benches/training/growth_plot.rs"]
mod growth_plot;
#[path = "../benches/training/table.rs"]
mod table;

#[test]
fn the_tables_are_those_of_the_results() {
    let read = |file: &str| fs::read_to_string(format!("benches/results/{file}")).unwrap();
    let results = |file: &str| -> Value { serde_json::from_str(&read(file)).unwrap() };
    let same = |file: &str, table: String| {
        if table != read(file) {
            fs::write(format!("benches/results/{file}"), table).unwrap();
            panic!("{file} was not as its results say, and has been written anew: run this again");
        }
    };
    same("training.md", table::markdown(&results("training.json")).unwrap());
    same("ten_digits.md", table::ten_digits(&results("ten_digits.json")).unwrap());
    same("growth.md", growth_plot::markdown(&results("growth.json")).unwrap());
    same("limits.md", table::limits(&results("limits.json")).unwrap());
    same("seeds.md", table::seeds(&results("seeds.json")).unwrap());
    let gpu = fs::exists("benches/results/gpu.json").unwrap().then(|| results("gpu.json"));
    let table = gpu_table::markdown(&results("training.json"), gpu.as_ref()).unwrap();
    same("gpu.md", table);
}

#[test]
fn the_table_of_all_ten_digits() {
    let results = json!({ "cpu": "X", "threads": 2, "date": "2000-01-01", "versions": { "torch": "9" }, "runs": [
        { "who": "ours", "accuracy": [0.99, 0.9925, 0.9899], "seconds": [4.0, 2.0, 3.0], "peak_mib": 177 },
        { "who": "pytorch", "accuracy": [0.9921], "seconds": [6.0], "peak_mib": 700 },
    ] });
    let table = table::ten_digits(&results).unwrap();
    for row in [
        "| this book | 0.9899 | 0.9900 | 0.9925 | 2 of 3 | 3.00 | 177 MiB |",
        "| PyTorch | 0.9921 | 0.9921 | 0.9921 | 1 of 1 | 6.00 (×&nbsp;2.0) | 700 MiB |",
    ] {
        assert!(table.contains(row), "{table}");
    }
}

#[test]
fn the_table_of_the_limits() {
    let results = json!({
        "cpu": "X", "threads": 2, "date": "2000-01-01", "rounds": 15, "resnet_rounds": 3,
        "gflops": 300.0, "read_gb": 40.0, "read_and_written_gb": 60.0,
        "steps": [
            { "step": "baseline", "median": 0.002, "limit": 0.001, "arithmetic": 0.0 },
            { "step": "resnet", "median": 10.0, "limit": 6.0, "arithmetic": 0.857 },
        ],
    });
    let table = table::limits(&results).unwrap();
    for row in [
        "(04_broadcasting.md) | 0.00200 | 0.00100 | 50 % | memory |",
        "(15_resnet.md), one epoch | 10.0 | 6.00 | 60 % | arithmetic (86 %) and memory |",
        "Processor: X, 2 threads: 300.0 billion operations",
    ] {
        assert!(table.contains(row), "{table}");
    }
}

#[test]
fn ten_of_ten_seeds_are_right_in_99_of_100_cases_and_ours_is_the_fastest() {
    let results = fs::read_to_string("benches/results/ten_digits.json").unwrap();
    let results: Value = serde_json::from_str(&results).unwrap();
    let runs = results["runs"].as_array().unwrap();
    let numbers = |run: &Value, field: &str| -> Vec<f64> {
        run[field].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let accuracies = numbers(&runs[0], "accuracy");
    assert!(accuracies.len() == 10 && accuracies.iter().all(|accuracy| *accuracy >= 0.99));
    let medians: Vec<f64> = runs
        .iter()
        .map(|run| {
            let mut seconds = numbers(run, "seconds");
            seconds.sort_by(f64::total_cmp);
            table::median(&seconds)
        })
        .collect();
    assert!(medians.len() == 4 && medians[1..].iter().all(|other| *other > medians[0]));
}

#[test]
fn the_page_of_the_results_shows_the_table_of_the_gpu() {
    let page = fs::read_to_string("book/src/results.md").unwrap();
    assert!(page.contains("{{#include ../../benches/results/gpu.md}}"));
}

/// Results of a machine with a GPU, made up.
fn of_a_gpu() -> Value {
    json!({
        "dry_run": false, "gpu": "NVIDIA X", "driver": "1.2", "cpu": "Y", "threads": 8, "rounds": 5,
        "date": "2000-01-01", "versions": { "course": "0.1", "commit": "abc", "torch": "9" },
        "steps": [{ "step": "resnet", "runs": {
            "cpu": { "median": 5.5, "accuracy": 0.99607 },
            "gpu": { "median": 0.25, "accuracy": 0.995 },
            "pytorch_cpu": { "median": 12.0, "accuracy": null },
            "pytorch_gpu": { "median": 1.0, "problem": "no room" },
        } }],
        "chapters_gpu": [{ "cells": [
            { "verdict": "same" }, { "verdict": "near" }, { "verdict": "different" },
        ] }],
    })
}

#[test]
fn the_gpu_is_not_measured_before_somebody_has_measured_it() {
    let training = json!({ "steps": [{ "step": "linear", "runs": {
        "ours": { "median": 0.1, "accuracy": 0.9 }, "pytorch": { "median": 0.2, "accuracy": 0.9 },
    } }] });
    let table = gpu_table::markdown(&training, None).unwrap();
    let row = "| 0.100 (0.9000) | not measured | 0.200 (0.9000) |";
    assert!(table.contains(row), "{table}");
}

#[test]
fn the_table_of_a_gpu() {
    let table = gpu_table::markdown(&json!({}), Some(&of_a_gpu())).unwrap();
    let row = "| 5.50 (0.9961) | 0.250 (0.9950) | 12.0 | failed |";
    assert!(table.contains(row), "{table}");
    // The chart: beside the GPU's bar one that is 22 times as long, and none for what failed.
    assert!(
        table.contains("<span>this book, CPU</span>") && table.contains("<b>22.0</b>"),
        "{table}"
    );
    assert!(!table.contains("<span>PyTorch, GPU</span>"), "{table}");
    for part in [
        "GPU: NVIDIA X, driver 1.2.",
        "CPU: Y, 8 threads.",
        "PyTorch 9",
        "on 2000-01-01, with version 0.1 (commit abc)",
    ] {
        assert!(table.contains(part), "{table}");
    }
    let cells = "On the GPU 2 of 3 cells print what the book shows, 1 of them to the last digit.";
    assert!(table.contains(cells), "{table}");
    assert!(table.contains("On the CPU the chapters were not run."), "{table}");
}

#[test]
fn what_the_time_did_not_suffice_for_has_not_failed() {
    let mut results = of_a_gpu();
    results["steps"][0]["runs"]["pytorch_gpu_compile"]["problem"] = "not done after 94 s".into();
    let table = gpu_table::markdown(&json!({}), Some(&results)).unwrap();
    assert!(table.contains("| failed | not in time |"), "{table}");
}

#[test]
fn a_dry_run_is_no_measurement() {
    let mut results = of_a_gpu();
    results["dry_run"] = true.into();
    let error = gpu_table::markdown(&json!({}), Some(&results)).unwrap_err().to_string();
    assert!(error.contains("a dry run"), "{error}");
}

#[test]
fn seconds_with_three_digits() {
    for (seconds, text) in
        [(60.94, "60.9"), (5.494, "5.49"), (0.0738, "0.0738"), (0.00189, "0.00189")]
    {
        assert_eq!(table::three_digits(seconds), text);
    }
    assert_eq!(table::three_digits(123.4), "123");
    assert_eq!(table::three_digits(0.0), "0.000000000");
}

#[test]
fn the_median() {
    assert_eq!(table::median(&[1.0, 2.0, 4.0]), 2.0);
    assert_eq!(table::median(&[1.0, 2.0, 4.0, 8.0]), 3.0);
}
