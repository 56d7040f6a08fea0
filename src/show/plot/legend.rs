//! The names of the series, above the plot.

use plotters::prelude::*;

use super::draw::Area;
use super::look::{COLORS, DOTS, LONG, SCALE, cross, dash, disc, triangle};
use super::{Kind, Plot};

/// Height of a row of the legend, in CSS pixels.
pub(super) const LEGEND_ROW: u32 = 20;
/// Where the names of the legend start, in CSS pixels.
const LEGEND_LEFT: i32 = 60;

#[derive(Debug)]
pub(super) struct LegendEntry {
    name: String,
    /// From the figure's left edge, in CSS pixels.
    left: i32,
    /// Counted from 0.
    pub(super) row: u32,
}

impl Plot {
    /// The series' names in rows as wide as the figure; none for a single series.
    pub(super) fn legend(&self, width: u32) -> Vec<LegendEntry> {
        if self.series.len() < 2 {
            return Vec::new();
        }
        // The width of a letter is a guess: plotters does not have the reader's fonts.
        const LETTER: i32 = 8;
        const MARK: i32 = 24;
        let room = width as i32 - LEGEND_LEFT;
        let most = ((room - MARK) / LETTER) as usize;
        let (mut left, mut row) = (0, 0);
        let entries = self.series.iter().map(|series| {
            let mut name = series.name.clone();
            if name.chars().count() > most {
                name = name.chars().take(most - 1).chain(['…']).collect();
            }
            let taken = MARK + LETTER * name.chars().count() as i32;
            if left > 0 && left + taken > room {
                (left, row) = (0, row + 1);
            }
            let entry = LegendEntry { name, left: LEGEND_LEFT + left, row };
            left += taken + 20;
            entry
        });
        entries.collect()
    }

    /// Mark and name of each series.
    pub(super) fn draw_legend<'a>(
        &self,
        area: &Area<'a>,
        legend: &[LegendEntry],
        text: &TextStyle<'a>,
    ) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
        let px = |pixels: i32| pixels * SCALE as i32;
        for (number, (series, entry)) in self.series.iter().zip(legend).enumerate() {
            let (left, top) = (px(entry.left), px((entry.row * LEGEND_ROW) as i32));
            let middle = top + px(13);
            match series.kind {
                Kind::Points => {
                    let at = (left + px(9), middle);
                    match number % 3 {
                        0 => area.draw(&disc(at, number))?,
                        1 => area.draw(&triangle(at, number))?,
                        _ => area.draw(&cross(at, number))?,
                    }
                }
                Kind::Line => {
                    let style = COLORS[number % COLORS.len()].stroke_width(2 * SCALE);
                    // As much of the dashes as stands for them.
                    let strokes: &[(i32, i32)] = match dash(number) {
                        None => &[(0, 18)],
                        Some(LONG) => &[(0, 12), (15, 18)],
                        Some(DOTS) => &[(0, 2), (5, 7), (10, 12), (15, 17)],
                        Some(_) => &[(0, 7), (11, 18)],
                    };
                    for (from, to) in strokes {
                        let line = vec![(left + px(*from), middle), (left + px(*to), middle)];
                        area.draw(&PathElement::new(line, style))?;
                    }
                }
            }
            area.draw(&Text::new(entry.name.clone(), (left + px(24), top + px(5)), text.clone()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::SIZE;
    use super::super::scatter;
    use super::*;

    #[test]
    fn a_legend_names_the_series_when_there_are_several() {
        let one = scatter(&[0.0, 1.0], &[0.0, 1.0]);
        assert!(!one.svg("p").unwrap().contains("data"));
        let two = one.points("prediction", &[0.5], &[0.5]).svg("p").unwrap();
        assert!(two.contains("data") && two.contains("prediction"));
    }

    #[test]
    fn a_long_legend_has_several_rows() {
        let names = ["rate 0.001", "rate 0.01", "rate 0.1", "<rate> & 1", &"x".repeat(99)];
        let plot = names.iter().fold(Plot::new(), |plot, name| plot.points(name, &[1.0], &[1.0]));
        let rows: Vec<u32> = plot.legend(SIZE.0).iter().map(|entry| entry.row).collect();
        assert_eq!(rows, [0, 0, 0, 1, 2]);
        let svg = plot.svg("p").unwrap();
        assert!(svg.contains("viewBox=\"0 0 1760 1320\""));
        assert!(svg.contains("&lt;rate&gt; &amp; 1") && svg.contains("xxx…"));
    }
}
