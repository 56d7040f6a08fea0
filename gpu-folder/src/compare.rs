//! How an output is compared with the accepted one.

use mdbook_literate::compare::Comparison;

use crate::outputs::Cell;

/// How a cell is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// As the book's own tests do it.
    Exact,
    /// As the book's own tests do it, but for the name of the device in the type of a tensor.
    OtherDevice,
}

/// What came out of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Not a byte differs, apart from what changes with each run, such as times.
    Same,
    /// It differs as the cell's own options allow it.
    Near,
    /// What differs.
    Different(String),
}

/// Compares what a cell printed with its accepted output.
///
/// ```
/// use gpu_folder::compare::{Rule, Verdict, compare};
/// use gpu_folder::outputs::CHAPTERS;
///
/// let cell = CHAPTERS[2].cells.iter().find(|cell| cell.name == "dist_3").unwrap();
/// assert_eq!(compare(cell, Rule::Exact, cell.accepted()), Verdict::Same);
/// let printed = cell.accepted().replace("0.1114", "0.1115");
/// assert!(matches!(compare(cell, Rule::Exact, &printed), Verdict::Different(_)));
/// ```
pub fn compare(cell: &Cell, rule: Rule, printed: &str) -> Verdict {
    let (accepted, printed) = (cell.accepted().trim_end(), printed.trim_end());
    let printed = match rule {
        Rule::Exact => printed.to_string(),
        Rule::OtherDevice => printed.replace(", Cuda>", ", Cpu>"),
    };
    let comparison = cell.comparison();
    if Comparison::new(None, comparison.sanitize.clone()).matches(accepted, &printed) {
        return Verdict::Same;
    }
    // What may be anything is only looked at.
    match !cell.compare || comparison.matches(accepted, &printed) {
        true => Verdict::Near,
        false => Verdict::Different(first_difference(accepted, &printed)),
    }
}

/// The first lines that are not the same.
fn first_difference(accepted: &str, printed: &str) -> String {
    let (mut accepted, mut printed) = (accepted.lines(), printed.lines());
    loop {
        match (accepted.next(), printed.next()) {
            (a, b) if a == b && a.is_some() => {}
            (a, b) => {
                let shown = |line: Option<&str>| {
                    line.map_or("nothing".into(), |l| format!("`{}`", short(l)))
                };
                return format!("{} in place of {}", shown(b), shown(a));
            }
        }
    }
}

/// The start of a long line.
fn short(line: &str) -> String {
    match line.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::CHAPTERS;

    fn cell(chapter: &str, name: &str) -> &'static Cell {
        let chapter = CHAPTERS.iter().find(|other| other.name == chapter).unwrap();
        chapter.cells.iter().find(|cell| cell.name == name).unwrap()
    }

    /// The verdict when `from` in the accepted output has become `to`.
    #[track_caller]
    fn verdict(at: (&str, &str), rule: Rule, from: &str, to: &str) -> Verdict {
        let cell = cell(at.0, at.1);
        assert!(cell.accepted().contains(from), "no {from} in {}", cell.accepted());
        compare(cell, rule, &cell.accepted().replacen(from, to, 1))
    }

    fn different(message: &str) -> Verdict {
        Verdict::Different(message.into())
    }

    #[test]
    fn the_accepted_output_is_the_same_by_any_rule() {
        for chapter in CHAPTERS {
            for cell in chapter.cells {
                for rule in [Rule::Exact, Rule::OtherDevice] {
                    assert_eq!(
                        compare(cell, rule, cell.accepted()),
                        Verdict::Same,
                        "{}",
                        cell.name
                    );
                }
            }
        }
    }

    #[test]
    fn no_digit_may_be_another_one_and_no_line_be_missing() {
        let loss = ("09_training_loop", "loss");
        let said = different("`tensor(0.9996)` in place of `tensor(0.9995)`");
        assert_eq!(verdict(loss, Rule::Exact, "0.9995", "0.9996"), said);
        let fingerprint = ("09_training_loop", "fingerprint");
        let said = different("`979f3c0d70ee8fb6` in place of `74471a64499e0f27`");
        let (from, to) = ("74471a64499e0f27", "979f3c0d70ee8fb6");
        assert_eq!(verdict(fingerprint, Rule::Exact, from, to), said);
        let fit = cell("13_neural_net", "fit");
        let mut lines: Vec<&str> = fit.accepted().lines().collect();
        let last = lines.pop().unwrap();
        let said = different(&format!("nothing in place of `{last}`"));
        assert_eq!(compare(fit, Rule::Exact, &lines.join("\n")), said);
    }

    #[test]
    fn a_type_may_name_the_other_device() {
        let at = ("02_pixels", "im3_t_type");
        assert_eq!(verdict(at, Rule::OtherDevice, "u8, Cpu>", "u8, Cuda>"), Verdict::Same);
        let other = verdict(at, Rule::OtherDevice, "u8, Cpu>", "f32, Cuda>");
        assert!(matches!(other, Verdict::Different(_)), "{other:?}");
        let exact = verdict(at, Rule::Exact, "u8, Cpu>", "u8, Cuda>");
        assert!(matches!(exact, Verdict::Different(_)), "{exact:?}");
    }

    #[test]
    fn a_time_may_be_any() {
        let fit = ("13_neural_net", "fit");
        assert_eq!(verdict(fit, Rule::Exact, "00:00", "00:59"), Verdict::Same);
    }
}
