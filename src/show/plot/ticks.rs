//! The marks of an axis: round numbers with short labels.

use std::ops::Range;

/// At most so many marks on an axis.
const TICKS: usize = 6;

/// The marks of an axis: round numbers with equal steps of 1, 2 or 5 times a power of ten.
pub(super) fn ticks(range: &Range<f32>) -> Vec<(f32, String)> {
    let numbers = round_numbers(f64::from(range.start), f64::from(range.end));
    numbers.into_iter().map(|(value, label)| (value as f32, label)).collect()
}

/// The same in numbers of double precision: the smallest steps that give no more than [`TICKS`].
fn round_numbers(from: f64, to: f64) -> Vec<(f64, String)> {
    let power = ((to - from) / TICKS as f64).log10().floor() as i32;
    let steps = (power..).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| (digit, power)));
    for (digit, power) in steps.take(9) {
        let step = digit * 10f64.powi(power);
        // A range that starts at 0.1 does so in single precision, a little beside the mark.
        let first = (from / step - 1e-6).ceil() as i64;
        let last = (to / step + 1e-6).floor() as i64;
        if last - first < TICKS as i64 {
            let values: Vec<f64> = (first..=last).map(|i| i as f64 * step).collect();
            let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
            let scientific = !is_plain(largest);
            let label = |value: f64| number(value, scientific, power);
            return values.iter().map(|&value| (value, label(value))).collect();
        }
    }
    Vec::new()
}

/// The marks of a logarithmic axis, whose range is one of logarithms: powers of ten; on a short
/// axis 2 and 5 times these, too, and on a very short one round numbers.
pub(super) fn log_ticks(range: &Range<f32>) -> Vec<(f32, String)> {
    let (from, to) = (f64::from(range.start), f64::from(range.end));
    let (first, last) = (from.floor() as i32, to.ceil() as i32);
    let marks = |digits: &[f64], every: usize| -> Vec<(f64, i32)> {
        let powers = (first..=last).filter(|power| power.rem_euclid(every as i32) == 0);
        let all = powers.flat_map(|power| digits.iter().map(move |digit| (*digit, power)));
        all.filter(|(digit, power)| (from..=to).contains(&(digit.log10() + f64::from(*power))))
            .collect()
    };
    let every = (1..).find(|every| marks(&[1.0], *every).len() <= TICKS).unwrap_or(1);
    let mut chosen = marks(&[1.0], every);
    if chosen.len() < 3 {
        chosen = marks(&[1.0, 2.0, 5.0], 1);
    }
    if chosen.len() < 3 {
        let numbers = round_numbers(10f64.powf(from), 10f64.powf(to));
        return numbers.into_iter().map(|(value, text)| (value.log10() as f32, text)).collect();
    }
    let labelled = chosen.into_iter().map(|(digit, power)| {
        let value = digit * 10f64.powi(power);
        let place = digit.log10() + f64::from(power);
        (place as f32, number(value, !is_plain(value), power))
    });
    labelled.collect()
}

/// Whether a number is easier to read without a power of ten.
fn is_plain(size: f64) -> bool {
    size == 0.0 || (1e-3..1e5).contains(&(size * (1.0 + 1e-9)))
}

/// A number at an axis that is a multiple of the given power of ten: as short as it can be, with a
/// real minus sign.
fn number(value: f64, scientific: bool, power: i32) -> String {
    let fixed = format!("{value:.*}", (-power).max(0) as usize);
    let short = |digits: &str| match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => digits.to_string(),
    };
    let text = match scientific && value != 0.0 {
        true => {
            let digits = (value.abs().log10() + 1e-9).floor() as i32 - power;
            let text = format!("{value:.*e}", digits.max(0) as usize);
            match text.split_once('e') {
                Some((digits, exponent)) => format!("{}e{exponent}", short(digits)),
                None => text,
            }
        }
        false => short(&fixed),
    };
    if text == "-0" { "0".into() } else { text.replace('-', "\u{2212}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<(f32, String)>) -> Vec<String> {
        ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn numbers_at_an_axis_are_short() {
        assert_eq!(labels(ticks(&(-0.1..0.4))), ["\u{2212}0.1", "0", "0.1", "0.2", "0.3", "0.4"]);
        assert_eq!(labels(ticks(&(0.98151..0.98157))), ["0.98152", "0.98154", "0.98156"]);
        assert_eq!(
            labels(ticks(&(-1.5e6..0.5e6))),
            ["\u{2212}1.5e6", "\u{2212}1e6", "\u{2212}5e5", "0", "5e5"]
        );
        assert_eq!(
            labels(ticks(&(0.0..2e-5))),
            ["0", "5e\u{2212}6", "1e\u{2212}5", "1.5e\u{2212}5", "2e\u{2212}5"]
        );
    }

    #[test]
    fn a_logarithmic_axis_always_has_labels() {
        let of = |from: f32, to: f32| labels(log_ticks(&(from.log10()..to.log10())));
        assert_eq!(of(0.005, 200.0), ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(of(600.0, 26000.0), ["1000", "2000", "5000", "10000", "20000"]);
        assert_eq!(of(0.21, 0.32), ["0.22", "0.24", "0.26", "0.28", "0.3", "0.32"]);
        assert_eq!(of(1e-7, 1e7), ["1e\u{2212}6", "0.001", "1", "1000", "1e6"]);
    }
}
