//! The book's table of what was attacked and survived.

use anyhow::{Context, Result};
use serde_json::Value;

/// The table, and a line that says how it came to be.
pub fn markdown(results: &Value) -> Result<String> {
    let mut text =
        String::from("| attacked | how | attacks | survived |\n| --- | --- | ---: | ---: |\n");
    let mut sums = [0, 0];
    for suite in results["suites"].as_array().context("suites")? {
        let [name, about] = ["name", "about"].map(|key| suite[key].as_str().unwrap_or_default());
        let counts = ["attacks", "survived"].map(|key| suite[key].as_u64().unwrap_or_default());
        let [attacks, survived] = counts.map(grouped);
        text += &format!("| {name} | {about} | {attacks} | {survived} |\n");
        sums = [sums[0] + counts[0], sums[1] + counts[1]];
    }
    let [attacks, survived] = sums.map(grouped);
    text += &format!("| **all** | | **{attacks}** | **{survived}** |\n\n");
    let (minutes, seed) = (results["minutes"].as_f64().context("minutes")?, &results["seed"]);
    text +=
        &format!("Made by `cargo xtask torture --write` in {minutes} minutes, from seed {seed}.\n");
    Ok(text)
}

/// 12345 as 12,345.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
