//! The numbers of a parameter that training changes.

use std::ops::Range;

/// Which of `len` numbers of a parameter may have a gradient, in ranges: all of them, or those of the taps
/// that have met a pixel.
pub(in crate::ops) fn ranges(taps: Option<&[bool]>, len: usize) -> Vec<Range<usize>> {
    let Some(taps) = taps else { return std::iter::once(0..len).collect() };
    let tap = len / taps.len();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for at in (0..taps.len()).filter(|at| taps[*at]) {
        match ranges.last_mut() {
            Some(range) if range.end == at * tap => range.end += tap,
            _ => ranges.push(at * tap..(at + 1) * tap),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_the_taps_that_have_met_a_pixel() {
        let ranges = |taps: Option<&[bool]>, len| -> Vec<[usize; 2]> {
            ranges(taps, len).into_iter().map(|range| [range.start, range.end]).collect()
        };
        assert_eq!(ranges(Some(&[false, true, true, false]), 60), [[15, 45]]);
        assert_eq!(ranges(Some(&[true, false, false, true]), 4), [[0, 1], [3, 4]]);
        assert_eq!(ranges(None, 7), [[0, 7]]);
    }
}
