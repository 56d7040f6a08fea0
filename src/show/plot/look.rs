//! How things look: sizes, colours, dashes and marks. Series differ in their marks and dashes, not in colour alone.

use plotters::prelude::*;

/// Plotters has whole pixels only: a picture drawn larger has smoother curves.
pub(super) const SCALE: u32 = 4;
/// Width and height on the page, in CSS pixels.
pub(super) const SIZE: (u32, u32) = (440, 290);
/// The same for a plot in a row of plots.
pub(super) const SMALL: (u32, u32) = (330, 250);
/// Mid-tones that can be told from white and from a dark ground.
pub(super) const COLORS: [RGBColor; 4] = [
    RGBColor(63, 135, 208),
    RGBColor(217, 83, 79),
    RGBColor(43, 156, 114),
    RGBColor(155, 109, 208),
];

// The dashes of a line, by the number of its series: stroke and gap in CSS pixels.

pub(super) const DASHES: (u32, u32) = (6, 4);
pub(super) const LONG: (u32, u32) = (12, 3);
pub(super) const DOTS: (u32, u32) = (2, 3);

pub(super) fn dash(number: usize) -> Option<(u32, u32)> {
    // With the fifth series the colours start anew, but each with another dash.
    match (number + number / COLORS.len()) % 4 {
        0 => None,
        1 => Some(DASHES),
        2 => Some(LONG),
        _ => Some(DOTS),
    }
}

// The marks of the points of a series, by its number: a disc, a triangle or a cross.

pub(super) fn disc<C>(at: C, number: usize) -> Circle<C, i32> {
    Circle::new(at, 4 * SCALE as i32, COLORS[number % COLORS.len()].filled())
}

pub(super) fn triangle<C>(at: C, number: usize) -> TriangleMarker<C, i32> {
    TriangleMarker::new(at, 5 * SCALE as i32, COLORS[number % COLORS.len()].filled())
}

pub(super) fn cross<C>(at: C, number: usize) -> Cross<C, i32> {
    Cross::new(at, 4 * SCALE as i32, COLORS[number % COLORS.len()].stroke_width(2 * SCALE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_series_look_the_same() {
        let looks = |number| (number % COLORS.len(), dash(number));
        let different: std::collections::HashSet<_> = (0..16).map(looks).collect();
        assert_eq!(different.len(), 16);
        // The first four differ without their colours, too.
        assert_eq!((0..4).map(dash).collect::<std::collections::HashSet<_>>().len(), 4);
    }
}
