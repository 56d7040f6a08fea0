//! An axis: what it spans, and where which label stands.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::coord::types::RangedCoordf32;
use plotters::prelude::*;

use super::PlotError;

/// One axis: what it spans, and where which label stands.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) range: Range<f32>,
    pub(super) ticks: Vec<(f32, String)>,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f32;

    fn map(&self, value: &f32, pixels: (i32, i32)) -> i32 {
        RangedCoordf32::from(self.range.clone()).map(value, pixels)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f32> {
        // No finer lines between those at the labels.
        match hint.weight().allow_light_points() {
            true => Vec::new(),
            false => self.ticks.iter().map(|(place, _)| *place).collect(),
        }
    }

    fn range(&self) -> Range<f32> {
        self.range.clone()
    }
}

impl ValueFormatter<f32> for Axis {
    fn format(place: &f32) -> String {
        place.to_string()
    }

    fn format_ext(&self, place: &f32) -> String {
        let tick = self.ticks.iter().find(|(at, _)| at == place);
        tick.map_or_else(|| Self::format(place), |(_, label)| label.clone())
    }
}

/// Whether floating-point numbers can tell the places in a range apart.
pub(super) fn check_range(plot: &str, range: &Range<f32>) -> Result<(), PlotError> {
    let (from, to) = (range.start, range.end);
    match (to - from).is_finite() && to - from > nothing(from, to) {
        true => Ok(()),
        false => Err(PlotError::Range { plot: plot.into(), from, to }),
    }
}

/// A distance between two numbers that is hardly more than rounding.
fn nothing(a: f32, b: f32) -> f32 {
    a.abs().max(b.abs()) * 1e-6
}

/// A range that holds all values, with a little room on both sides.
pub(super) fn around(values: impl Iterator<Item = f32>) -> Range<f32> {
    let (least, most) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    let room = match (most - least) * 0.05 {
        // All values are the same.
        room if room <= nothing(least, most) => least.abs().max(1.0) * 0.5,
        room => room,
    };
    least - room..most + room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_a_range() {
        assert_eq!(around([3.0].into_iter()), 1.5..4.5);
        assert_eq!(around([1.0, 1.000_000_1].into_iter()), 0.5..1.500_000_1);
        assert_eq!(around([0.0, 10.0].into_iter()), -0.5..10.5);
    }
}
