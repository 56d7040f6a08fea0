//! The parts of a line that lie inside the plot.

use std::ops::Range;

/// A place on the axes.
pub(super) type Point = (f32, f32);

/// The parts of a line that lie within the ranges, cut at their edges. A point that is not finite
/// makes a gap.
pub(super) fn within(
    points: &[(f32, f32)],
    x: &Range<f32>,
    y: &Range<f32>,
) -> Vec<Vec<(f32, f32)>> {
    let mut parts: Vec<Vec<(f32, f32)>> = Vec::new();
    for pair in points.windows(2) {
        if !pair.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
            continue;
        }
        let Some((from, to)) = cut(pair[0], pair[1], x, y) else { continue };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
    }
    parts
}

/// Liang and Barsky's way to cut a straight line at the edges of a rectangle.
fn cut(from: Point, to: Point, x: &Range<f32>, y: &Range<f32>) -> Option<(Point, Point)> {
    // Differences of large f32 are too large for an f32.
    let less = |a: f32, b: f32| f64::from(a) - f64::from(b);
    let (dx, dy) = (less(to.0, from.0), less(to.1, from.1));
    let edges = [
        (-dx, less(from.0, x.start)),
        (dx, less(x.end, from.0)),
        (-dy, less(from.1, y.start)),
        (dy, less(y.end, from.1)),
    ];
    let (mut first, mut last) = (0.0f64, 1.0f64);
    for (speed, distance) in edges {
        if speed == 0.0 {
            if distance < 0.0 {
                return None;
            }
        } else if speed < 0.0 {
            first = first.max(distance / speed);
        } else {
            last = last.min(distance / speed);
        }
    }
    let at = |share: f64| {
        let (x, y) = (f64::from(from.0) + share * dx, f64::from(from.1) + share * dy);
        (x as f32, y as f32)
    };
    let start = if first == 0.0 { from } else { at(first) };
    let end = if last == 1.0 { to } else { at(last) };
    (first <= last).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_edge() {
        let parts = within(&[(0.0, 0.0), (2.0, 2.0), (4.0, 0.0)], &(0.0..4.0), &(0.0..1.0));
        assert_eq!(parts, [vec![(0.0, 0.0), (1.0, 1.0)], vec![(3.0, 1.0), (4.0, 0.0)]]);
    }
}
