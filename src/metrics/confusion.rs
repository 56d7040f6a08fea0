//! Which class is taken for which.

use std::fmt::Write as _;
use std::io;

use mdbook_literate::display::{Figure, show};

/// How often each class was predicted for each class: fastai's `plot_confusion_matrix`.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let (actual, predicted) = ([0, 0, 1, 1], [0, 1, 1, 1]);
/// let matrix = ConfusionMatrix::new(&["7", "3"], &actual, &predicted);
/// assert_eq!(matrix.counts(), [[1, 1], [0, 2]]);
/// assert_eq!(matrix.accuracy(), 0.75);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: Vec<String>,
    counts: Vec<Vec<usize>>,
}

impl ConfusionMatrix {
    /// Counts pairs of classes. A class is given by its place in `classes`.
    ///
    /// # Panics
    /// If there are not as many predictions as actual classes, or a place is not in the list.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let matrix = ConfusionMatrix::new(&["cat", "dog"], &[0], &[1]);
    /// ```
    pub fn new(classes: &[&str], actual: &[usize], predicted: &[usize]) -> Self {
        let (actuals, predictions) = (actual.len(), predicted.len());
        assert_eq!(actuals, predictions, "{predictions} predictions for {actuals} items");
        let n = classes.len();
        let mut counts = vec![vec![0; n]; n];
        for (&actual, &predicted) in actual.iter().zip(predicted) {
            let class = actual.max(predicted);
            assert!(
                class < n,
                "there is no class {class} among {n}: they are 0 to {}",
                n.max(1) - 1
            );
            counts[actual][predicted] += 1;
        }
        Self { classes: classes.iter().map(ToString::to_string).collect(), counts }
    }

    /// For each actual class a row: how often each class was predicted.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// assert_eq!(ConfusionMatrix::new(&["cat", "dog"], &[0], &[1]).counts(), [[0, 1], [0, 0]]);
    /// ```
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// The share of right predictions; not a number if there are none.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// assert_eq!(ConfusionMatrix::new(&["cat", "dog"], &[0, 1], &[1, 1]).accuracy(), 0.5);
    /// ```
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.counts.len()).map(|at| self.counts[at][at]).sum();
        let all: usize = self.counts.iter().flatten().sum();
        right as f64 / all as f64
    }

    /// Shows it as a table: in the book with grounds as dark as the counts are large, in a terminal
    /// as text.
    ///
    /// # Errors
    /// If the output cannot be written.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// ConfusionMatrix::new(&["7", "3"], &[0, 0, 1], &[0, 1, 1]).show()?;
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn show(&self) -> io::Result<()> {
        show("confusion", Figure::Html { html: &self.html(), text: &self.text() })
    }

    /// The pairs of an actual and a predicted class that differ, with how often that was, if it was at least
    /// `min_val` times; the most frequent first. fastai's `most_confused`.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// let matrix = ConfusionMatrix::new(&["cat", "dog"], &[0, 1, 1, 1], &[1, 0, 0, 1]);
    /// assert_eq!(matrix.most_confused(1), [("dog", "cat", 2), ("cat", "dog", 1)]);
    /// assert_eq!(matrix.most_confused(2).len(), 1);
    /// ```
    pub fn most_confused(&self, min_val: usize) -> Vec<(&str, &str, usize)> {
        let mut pairs = Vec::new();
        for (actual, counts) in self.classes.iter().zip(&self.counts) {
            for (predicted, &count) in self.classes.iter().zip(counts) {
                if actual != predicted && count >= min_val.max(1) {
                    pairs.push((actual.as_str(), predicted.as_str(), count));
                }
            }
        }
        // Stable: of equally frequent ones the first come first.
        pairs.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        pairs
    }

    /// Whether there is no room for the words *actual* and *predicted* beside each class.
    fn is_large(&self) -> bool {
        self.classes.len() > 4
    }

    /// The table without these words.
    fn text_of_many(&self, width: usize) -> String {
        let digits = self.counts.iter().flatten().max().map_or(1, |count| count.to_string().len());
        let column = width.max(digits);
        let mut text = " ".repeat(width);
        for class in &self.classes {
            let _ = write!(text, "  {class:>column$}");
        }
        for (class, counts) in self.classes.iter().zip(&self.counts) {
            let _ = write!(text, "\n{class:<width$}");
            for count in counts {
                let _ = write!(text, "  {count:>column$}");
            }
        }
        text
    }

    fn html(&self) -> String {
        let largest = self.counts.iter().flatten().copied().max().unwrap_or(0).max(1);
        let (class, [predicted, actual]) = match self.is_large() {
            false => ("confusion", ["predicted ", "actual "]),
            true => ("confusion large", ["", ""]),
        };
        // Writing to a string cannot fail.
        let mut html = format!("<table class=\"{class}\">\n<thead>\n<tr><td></td>");
        for class in &self.classes {
            let _ = write!(html, "<th scope=\"col\">{predicted}{}</th>", escape(class));
        }
        html.push_str("</tr>\n</thead>\n<tbody>\n");
        for (class, counts) in self.classes.iter().zip(&self.counts) {
            let _ = write!(html, "<tr><th scope=\"row\">{actual}{}</th>", escape(class));
            for &count in counts {
                let share = count as f32 / largest as f32;
                let dark = if share > 0.5 { " class=\"dark\"" } else { "" };
                let _ = write!(html, "<td{dark} style=\"--share:{share:.2}\">{count}</td>");
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n</table>\n");
        html
    }

    fn text(&self) -> String {
        let width = self.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
        if self.is_large() {
            return self.text_of_many(width);
        }
        let column = width.max(5) + "predicted ".len();
        let mut text = " ".repeat("actual ".len() + width);
        for class in &self.classes {
            let _ = write!(text, "  {:>column$}", format!("predicted {class}"));
        }
        for (class, counts) in self.classes.iter().zip(&self.counts) {
            let _ = write!(text, "\nactual {class:<width$}");
            for count in counts {
                let _ = write!(text, "  {count:>column$}");
            }
        }
        text
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_actual_and_columns_predicted() {
        let matrix = ConfusionMatrix::new(&["3", "7"], &[0, 0, 0, 1], &[0, 0, 1, 1]);
        assert_eq!(matrix.counts(), [[2, 1], [0, 1]]);
        assert_eq!(
            matrix.text(),
            "              predicted 3      predicted 7\n\
             actual 3                2                1\n\
             actual 7                0                1"
        );
        assert!(matrix.html().contains(
            "<tr><th scope=\"row\">actual 3</th><td class=\"dark\" style=\"--share:1.00\">2</td>\
             <td style=\"--share:0.50\">1</td></tr>"
        ));
    }

    #[test]
    fn a_large_table_is_narrow() {
        let matrix = ConfusionMatrix::new(&["0", "1", "2", "3", "4"], &[0, 4, 4], &[0, 4, 1]);
        assert!(matrix.text().starts_with("   0  1  2  3  4\n0  1  0"), "{}", matrix.text());
        assert!(matrix.html().contains("<table class=\"confusion large\">"));
        assert!(matrix.html().contains("<th scope=\"row\">4</th>"));
    }

    #[test]
    #[should_panic = "there is no class 2 among 2: they are 0 to 1"]
    fn an_unknown_class() {
        ConfusionMatrix::new(&["3", "7"], &[0], &[2]);
    }
}
