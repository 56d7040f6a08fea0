//! What a model consists of.

use std::fmt;

use crate::nn::LayerSummary;
use crate::show::Show;

/// The layers of a model, as [`Learner::summary`](super::Learner::summary) has seen them; `show!` prints
/// a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The shape of the batch that was passed.
    pub input: Vec<usize>,
    /// The layers of this crate, in the order of their work.
    pub layers: Vec<LayerSummary>,
    /// How many numbers the model learns.
    pub parameters: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape =
            |sizes: &[usize]| sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
        let row = |name: &str, output: String, parameters: String| {
            format!("{name:<22} {output:<20} {parameters:>10}").trim_end().to_string()
        };
        writeln!(f, "{}", row("layer", "output".into(), "parameters".into()))?;
        writeln!(f, "{}", row("input", shape(&self.input), String::new()))?;
        for LayerSummary { name, output, parameters } in &self.layers {
            let parameters = if *parameters == 0 { String::new() } else { grouped(*parameters) };
            writeln!(f, "{}", row(name, shape(output), parameters))?;
        }
        write!(f, "{}", row("all", String::new(), grouped(self.parameters)))
    }
}

impl Show for Summary {
    fn text(&self) -> String {
        self.to_string()
    }
}

/// A number with a comma after each thousand.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let start = (digits.len() - 1) % 3 + 1;
    let mut text = digits[..start].to_string();
    for at in (start..digits.len()).step_by(3) {
        text.push(',');
        text.push_str(&digits[at..at + 3]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_groups() {
        assert_eq!([0, 999, 1000, 11_704_896].map(grouped), ["0", "999", "1,000", "11,704,896"]);
    }
}
