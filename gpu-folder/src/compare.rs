//! How an output is compared with the accepted one.
//!
//! A GPU adds up in another order, and so prints other last digits. Compared are:
//!
//! - text: word by word, and numbers within a bound; a number that is printed without a point counts
//!   something (or is a label or a shape), and has a bound of its own, mostly 0
//! - plots: line by line of their source; what stands in a tag is a place on the drawing, with a bound in its
//!   units; what stands between tags is text
//! - pictures: decoded, pixel by pixel

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mdbook_literate::compare::paired_numbers;
use mdbook_literate::output::{self, Part};
use regex::Regex;

use crate::outputs::Cell;

/// How a cell is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// As the book's own tests do it.
    Exact,
    /// As the book's own tests do it, but for the name of the device in the type of a tensor.
    OtherDevice,
    /// A fingerprint of trained weights, which is another one as soon as a single bit is.
    OtherFingerprint,
    /// Text the same, numbers and figures within the bound.
    Near(Bound),
    /// Text the same, numbers within the bound; figures have to be there, in the same number and of the same
    /// kind, but may show something else.
    NearWithOtherFigures(Bound),
}

/// How far off something may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// A number may be off by this much,
    pub absolute: f64,
    /// and by this share of the accepted number.
    pub relative: f64,
    /// A number below one half may be off by this much instead, if something is said. Beside accuracies, such
    /// numbers are losses.
    pub loss: Option<f64>,
    /// A number that is printed without a point may be off by this much.
    pub whole: f64,
    /// A line of a plot may be off by so many units of its drawing; four are a pixel of the page.
    pub drawing: f64,
    /// A pixel of a picture may be off by so many of 255 steps of grey.
    pub grey: u8,
}

/// What came out of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Not a byte differs, apart from what changes with each run, such as times.
    Same,
    /// It differs within the bound; the largest share of the bound that was used.
    Near(f64),
    /// What differs.
    Different(String),
}

/// Compares what a cell printed with its accepted output.
///
/// ```
/// use gpu_folder::compare::{Verdict, compare};
/// use gpu_folder::outputs::CHAPTERS;
/// use gpu_folder::rules::SUMS;
///
/// let cell = CHAPTERS[2].cells.iter().find(|cell| cell.name == "dist_3").unwrap();
/// let printed = cell.accepted().replace("0.1114", "0.1115");
/// assert!(matches!(compare(cell, SUMS, &printed), Verdict::Near(_)));
/// let printed = cell.accepted().replace("0.1114", "0.1214");
/// assert!(matches!(compare(cell, SUMS, &printed), Verdict::Different(_)));
/// ```
pub fn compare(cell: &Cell, rule: Rule, printed: &str) -> Verdict {
    let (accepted, printed) = (cell.accepted().trim_end(), printed.trim_end());
    let comparison = cell.comparison();
    let exact = mdbook_literate::compare::Comparison::new(None, comparison.sanitize.clone());
    if exact.matches(accepted, printed) {
        return Verdict::Same;
    }
    if !cell.compare {
        // What may be anything is only looked at.
        return Verdict::Near(0.);
    }
    let bound = match rule {
        Rule::OtherDevice => {
            return compare(cell, Rule::Exact, &printed.replace(", Cuda>", ", Cpu>"));
        }
        Rule::Exact => {
            return match comparison.matches(accepted, printed) {
                true => Verdict::Near(1.),
                false => Verdict::Different(first_difference(accepted, printed)),
            };
        }
        Rule::OtherFingerprint => {
            let is_fingerprint = |text: &str| {
                let text = text.trim();
                text.len() == 16 && text.chars().all(|digit| digit.is_ascii_hexdigit())
            };
            return match is_fingerprint(accepted) && is_fingerprint(printed) {
                true => Verdict::Near(1.),
                false => Verdict::Different(first_difference(accepted, printed)),
            };
        }
        Rule::Near(bound) | Rule::NearWithOtherFigures(bound) => bound,
    };
    let clean = |text: &str| match &comparison.sanitize {
        Some(sanitizer) => sanitizer.sanitize(text).into_owned(),
        None => text.to_string(),
    };
    let figures = matches!(rule, Rule::Near(_));
    match parts(&output::parts(&clean(accepted)), &output::parts(&clean(printed)), &bound, figures)
    {
        Ok(used) => Verdict::Near(used),
        Err(message) => Verdict::Different(message),
    }
}

/// The largest share of a bound that was used, or what differs.
type Used = Result<f64, String>;

fn parts(accepted: &[Part], printed: &[Part], bound: &Bound, figures: bool) -> Used {
    if accepted.len() != printed.len() {
        let count = |parts: &[Part]| {
            let figures = parts.iter().filter(|part| part.header().is_some()).count();
            format!("{figures} figures and {} pieces of text", parts.len() - figures)
        };
        return Err(format!("{} in place of {}", count(printed), count(accepted)));
    }
    let mut used = 0_f64;
    for (accepted, printed) in accepted.iter().zip(printed) {
        if accepted.header() != printed.header() {
            return Err(format!("{:?} in place of {:?}", printed.header(), accepted.header()));
        }
        used = used.max(match (accepted, printed) {
            (Part::Figure { .. }, _) if !figures => 0.,
            (Part::Text(accepted), Part::Text(printed)) => lines(accepted, printed, bound)?,
            (Part::Figure { content: accepted, .. }, Part::Figure { content: printed, .. }) => {
                match accepted.starts_with('<') {
                    true => markup(accepted, printed, bound)?,
                    false => picture(accepted, printed, bound)?,
                }
            }
            _ => return Err("a figure in place of text, or the other way round".into()),
        });
    }
    Ok(used)
}

/// Lines in pairs.
fn pairs<'a>(accepted: &'a str, printed: &'a str) -> Result<Vec<(&'a str, &'a str)>, String> {
    if accepted.lines().count() != printed.lines().count() {
        return Err(first_difference(accepted, printed));
    }
    Ok(accepted.lines().zip(printed.lines()).collect())
}

fn lines(accepted: &str, printed: &str, bound: &Bound) -> Used {
    let pairs = pairs(accepted, printed)?;
    pairs.into_iter().try_fold(0_f64, |used, (accepted, printed)| {
        Ok(used.max(numbers(accepted, printed, |text| bound_of(text, bound))?))
    })
}

/// The bound of a number that was printed so.
fn bound_of(text: &str, bound: &Bound) -> f64 {
    if !text.contains(['.', 'e', 'E']) {
        return bound.whole;
    }
    let size = text.parse::<f64>().unwrap_or(0.).abs();
    let loss = bound.loss.filter(|_| size < 0.5);
    loss.unwrap_or(bound.absolute + bound.relative * size)
}

fn numbers(accepted: &str, printed: &str, bound: impl Fn(&str) -> f64) -> Used {
    let differ = || format!("`{}` in place of `{}`", short(printed), short(accepted));
    let mut used = 0_f64;
    for (a, b) in paired_numbers(accepted, printed).ok_or_else(differ)? {
        let (bound, distance) = (bound(a.text()), (a.value() - b.value()).abs());
        // A hair more than the bound: 0.52 and 0.53 are 0.010000000000000009 apart.
        if distance.is_nan() || distance > bound * (1. + 1e-9) {
            return Err(format!("{}: {} is off by more than {bound:.2e}", differ(), b.text()));
        }
        if distance > 0. {
            used = used.max(distance / bound);
        }
    }
    Ok(used)
}

/// HTML and SVG: pictures in it are decoded; in an SVG the tags hold places on the drawing.
fn markup(accepted: &str, printed: &str, bound: &Bound) -> Used {
    let picture_in = Regex::new(r"data:image/png;base64,([A-Za-z0-9+/=]*)").expect("a pattern");
    let (mut used, mut svg) = (0_f64, false);
    for (accepted, printed) in pairs(accepted, printed)? {
        svg |= accepted.starts_with("<svg");
        let in_a_tag = svg && accepted.starts_with('<');
        svg &= !accepted.starts_with("</svg");
        let found = |line| picture_in.captures_iter(line).map(|found| found[1].to_string());
        for (accepted, printed) in found(accepted).zip(found(printed)) {
            used = used.max(picture(&accepted, &printed, bound)?);
        }
        let text = |line| picture_in.replace_all(line, "[picture]").into_owned();
        used = used.max(numbers(&text(accepted), &text(printed), |number| match in_a_tag {
            true => bound.drawing,
            false => bound_of(number, bound),
        })?);
    }
    Ok(used)
}

/// Two PNG files in base64.
fn picture(accepted: &str, printed: &str, bound: &Bound) -> Used {
    let (accepted, printed) = (decode(accepted)?, decode(printed)?);
    if accepted.0 != printed.0 {
        return Err(format!("a picture of {} in place of {}", printed.0, accepted.0));
    }
    let distances = accepted.1.iter().zip(&printed.1).map(|(a, b)| a.abs_diff(*b));
    match distances.max().unwrap_or(0) {
        0 => Ok(0.),
        most if most > bound.grey => Err(format!(
            "a pixel of a picture is off by {most} of 255; at most {} are allowed",
            bound.grey
        )),
        most => Ok(f64::from(most) / f64::from(bound.grey)),
    }
}

/// Size and kind of a PNG file, and its pixels.
fn decode(base64: &str) -> Result<(String, Vec<u8>), String> {
    let broken = |error: &dyn std::fmt::Display| format!("a picture that cannot be read: {error}");
    let joined: String = base64.split_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(joined).map_err(|error| broken(&error))?;
    let mut reader =
        png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(|e| broken(&e))?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let frame = reader.next_frame(&mut pixels).map_err(|error| broken(&error))?;
    pixels.truncate(frame.buffer_size());
    Ok((format!("{} x {}, {:?}", frame.width, frame.height, frame.color_type), pixels))
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
mod tests;
