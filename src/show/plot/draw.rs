//! The drawing itself, with plotters.

use plotters::prelude::*;

use super::axis::Axis;
use super::clip::{Point, within};
use super::legend::{LEGEND_ROW, LegendEntry};
use super::look::{COLORS, SCALE, cross, dash, disc, triangle};
use super::{Kind, Plot};

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

impl Plot {
    pub(super) fn draw(
        &self,
        root: &Area<'_>,
        x: &Axis,
        y: &Axis,
        legend: &[LegendEntry],
    ) -> Result<(), String> {
        let text = |size: u32| ("sans-serif", size * SCALE).into_font().color(&BLACK);
        let px = |pixels: u32| (pixels * SCALE) as i32;
        let error = |error: DrawingAreaErrorKind<_>| error.to_string();
        let mut root = root.clone();
        if !self.title.is_empty() {
            root = root.titled(&self.title, text(16)).map_err(error)?;
        }
        if let Some(last) = legend.last() {
            let (names, rest) = root.split_vertically(px(24 + last.row * LEGEND_ROW));
            self.draw_legend(&names, legend, &text(14)).map_err(error)?;
            root = rest;
        }
        let named = |label: &str| if label.is_empty() { 0 } else { 18 };
        let mut chart = ChartBuilder::on(&root)
            .margin(px(4))
            // The last label of the axis needs room.
            .margin_right(px(20))
            .x_label_area_size(px(26 + named(&self.x_label)))
            .y_label_area_size(px(48 + named(&self.y_label)))
            .build_cartesian_2d(x.clone(), y.clone())
            .map_err(error)?;
        chart
            .configure_mesh()
            .label_style(text(13))
            .axis_desc_style(text(14))
            .x_desc(&self.x_label)
            .y_desc(&self.y_label)
            .axis_style(BLACK.stroke_width(SCALE))
            .bold_line_style(RGBColor(128, 128, 128).mix(0.35).stroke_width(SCALE))
            .light_line_style(TRANSPARENT)
            .set_all_tick_mark_size(px(4))
            .draw()
            .map_err(error)?;
        for (number, series) in self.series.iter().enumerate() {
            let points: Vec<Point> = self.places(series).collect();
            let style = COLORS[number % COLORS.len()].stroke_width(2 * SCALE);
            match series.kind {
                Kind::Points => {
                    let inside = points.into_iter().filter(|(px, py)| {
                        (x.range.start..=x.range.end).contains(px)
                            && (y.range.start..=y.range.end).contains(py)
                    });
                    match number % 3 {
                        0 => chart.draw_series(inside.map(|at| disc(at, number))),
                        1 => chart.draw_series(inside.map(|at| triangle(at, number))),
                        _ => chart.draw_series(inside.map(|at| cross(at, number))),
                    }
                    .map_err(error)?;
                }
                Kind::Line => {
                    for part in within(&points, &x.range, &y.range) {
                        match dash(number) {
                            None => chart.draw_series(LineSeries::new(part, style)),
                            Some((stroke, gap)) => {
                                let dashes =
                                    DashedLineSeries::new(part, px(stroke), px(gap), style);
                                chart.draw_series(dashes)
                            }
                        }
                        .map_err(error)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scatter;

    #[test]
    fn points_outside_the_ranges_are_left_out() {
        let svg = scatter(&[0.0, 1.0], &[0.0, 9.0]).y_range(-1.0..1.0).svg("p").unwrap();
        assert_eq!(svg.matches("<circle").count(), 1);
    }

    #[test]
    fn all_marks_lie_inside_the_figure() {
        let svg = scatter(&[-7.0, 0.0, 1e6], &[-3.0, 9.0, 1e-6]).svg("p").unwrap();
        let places = |attribute: &str| -> Vec<i32> {
            let circles = svg.lines().filter(|line| line.starts_with("<circle"));
            let values = circles.map(|line| line.split(attribute).nth(1).unwrap());
            values.map(|value| value.split('"').next().unwrap().parse().unwrap()).collect()
        };
        assert!(places(" cx=\"").iter().all(|x| (0..1760).contains(x)));
        assert!(places(" cy=\"").iter().all(|y| (0..1160).contains(y)));
    }
}
