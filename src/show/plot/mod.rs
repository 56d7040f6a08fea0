//! Plots of points, lines and functions, drawn with plotters as SVG.
//!
//! Text and axes have the colour of the page's text (`currentColor`), so that a plot fits light and
//! dark themes. Series differ in their marks and dashes, not in colour alone.

mod axis;
mod clip;
mod draw;
mod error;
mod legend;
mod look;
mod row;
mod ticks;
mod values;

use std::ops::Range;

use mdbook_literate::display::{self, Figure};
use plotters::prelude::*;

pub use error::PlotError;
pub use row::Plots;
pub use values::Values;

use axis::{Axis, around, check_range};
use clip::Point;
use legend::LEGEND_ROW;
use look::{SCALE, SIZE};
use ticks::{log_ticks, ticks};

/// How many points a curve is made of.
const SAMPLES: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Line,
    Points,
}

#[derive(Debug, Clone)]
struct Series {
    name: String,
    kind: Kind,
    /// Where a function was asked for; points have no such range.
    domain: Option<Range<f32>>,
    xs: Vec<f32>,
    ys: Vec<f32>,
}

/// A plot in the making. Series are drawn in the order in which they were added; what lies outside
/// the ranges is left out. Where a number is NaN or infinite, a line has a gap and a point is left
/// out, as in matplotlib.
///
/// ```
/// use mnist_from_scratch::show::Plot;
///
/// let svg = Plot::new()
///     .function("x²", |x| x * x, -2.0..2.0)
///     .points("start", &[-1.5], &[2.25])
///     .x_label("x")
///     .svg("parabola")?;
/// assert!(svg.contains("currentColor"));
/// # Ok::<(), mnist_from_scratch::show::PlotError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Plot {
    title: String,
    x_label: String,
    y_label: String,
    x_range: Option<Range<f32>>,
    y_range: Option<Range<f32>>,
    log_x: bool,
    log_y: bool,
    series: Vec<Series>,
}

impl Plot {
    /// A plot without series.
    pub fn new() -> Self {
        Self::default()
    }

    /// The line above the plot.
    pub fn title(mut self, title: &str) -> Self {
        self.title = title.into();
        self
    }

    /// What the horizontal axis shows.
    pub fn x_label(mut self, label: &str) -> Self {
        self.x_label = label.into();
        self
    }

    /// What the vertical axis shows.
    pub fn y_label(mut self, label: &str) -> Self {
        self.y_label = label.into();
        self
    }

    /// The part of the horizontal axis to show; without it, all points fit in.
    pub fn x_range(mut self, range: Range<f32>) -> Self {
        self.x_range = Some(range);
        self
    }

    /// The part of the vertical axis to show; without it, all points fit in.
    pub fn y_range(mut self, range: Range<f32>) -> Self {
        self.y_range = Some(range);
        self
    }

    /// The horizontal axis is logarithmic, as [`log_y`](Self::log_y) makes the vertical one.
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// The vertical axis is logarithmic: equal distances are equal factors. Values of 0 and less
    /// are left out, and a line has a gap there.
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// Points joined by straight lines.
    pub fn line(
        self,
        name: &str,
        xs: &(impl Values + ?Sized),
        ys: &(impl Values + ?Sized),
    ) -> Self {
        self.add(Kind::Line, name, None, xs.values(), ys.values())
    }

    /// Single points.
    pub fn points(
        self,
        name: &str,
        xs: &(impl Values + ?Sized),
        ys: &(impl Values + ?Sized),
    ) -> Self {
        self.add(Kind::Points, name, None, xs.values(), ys.values())
    }

    /// The curve of a function over a range of x.
    pub fn function(self, name: &str, f: impl Fn(f32) -> f32, range: Range<f32>) -> Self {
        let step = (range.end - range.start) / SAMPLES as f32;
        let xs: Vec<f32> = (0..=SAMPLES).map(|i| range.start + step * i as f32).collect();
        let ys = xs.iter().map(|&x| f(x)).collect();
        self.add(Kind::Line, name, Some(range), xs, ys)
    }

    fn add(
        mut self,
        kind: Kind,
        name: &str,
        domain: Option<Range<f32>>,
        xs: Vec<f32>,
        ys: Vec<f32>,
    ) -> Self {
        self.series.push(Series { name: name.into(), kind, domain, xs, ys });
        self
    }

    /// Shows the plot under the cell, or writes it to a file of this name and prints its path.
    ///
    /// # Errors
    /// See [`PlotError`].
    pub fn show(&self, name: &str) -> Result<(), PlotError> {
        Ok(display::show(name, Figure::Svg(&self.svg(name)?))?)
    }

    /// The plot as an SVG document; `name` is for error messages.
    ///
    /// # Errors
    /// See [`PlotError`].
    pub fn svg(&self, name: &str) -> Result<String, PlotError> {
        self.sized_svg(name, SIZE)
    }

    fn sized_svg(&self, name: &str, (width, height): (u32, u32)) -> Result<String, PlotError> {
        self.check(name)?;
        let (x, y) = self.axes(name)?;
        let legend = self.legend(width);
        // A legend of several rows makes the figure higher, not the plot smaller.
        let more_rows = legend.last().map_or(0, |entry| entry.row);
        let (wide, high) = (width * SCALE, (height + more_rows * LEGEND_ROW) * SCALE);
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, (wide, high)).into_drawing_area();
            self.draw(&root, &x, &y, &legend)
                .and_then(|()| root.present().map_err(|error| error.to_string()))
                .map_err(|message| PlotError::Draw { plot: name.into(), message })?;
        }
        // XML has no way to write the other control characters.
        svg.retain(|c| !c.is_control() || c == '\n');
        // The page's text colour instead of black, and the size on the page instead of the larger
        // one that it was drawn with.
        let svg = svg.replace("\"#000000\"", "\"currentColor\"");
        let drawn = format!("width=\"{wide}\" height=\"{high}\"");
        Ok(svg.replacen(&drawn, &format!("width=\"{width}\""), 1))
    }

    /// Whether there is a point that has a place.
    fn check(&self, name: &str) -> Result<(), PlotError> {
        let plot = || name.to_string();
        for series in &self.series {
            let (xs, ys) = (series.xs.len(), series.ys.len());
            if xs != ys {
                return Err(PlotError::Lengths {
                    plot: plot(),
                    series: series.name.clone(),
                    xs,
                    ys,
                });
            }
            if let Some(domain) = &series.domain {
                check_range(name, domain)?;
            }
        }
        // NaN has no place; on a logarithmic axis, nor have 0 and less.
        let mut points = self.series.iter().flat_map(|series| self.places(series));
        match points.any(|(x, y)| x.is_finite() && y.is_finite()) {
            true => Ok(()),
            false => Err(PlotError::Empty(plot())),
        }
    }

    /// The two axes: as they were asked for, or such that all points fit in.
    fn axes(&self, name: &str) -> Result<(Axis, Axis), PlotError> {
        let points = || {
            let all = self.series.iter().flat_map(|series| self.places(series));
            all.filter(|(x, y)| x.is_finite() && y.is_finite())
        };
        let axis = |range: Option<Range<f32>>, all: Range<f32>, log: bool| {
            let range = match range {
                Some(range) if log => {
                    check_range(name, &range)?;
                    if range.start <= 0.0 {
                        return Err(PlotError::LogRange { plot: name.into(), from: range.start });
                    }
                    range.start.log10()..range.end.log10()
                }
                Some(range) => range,
                None => all,
            };
            check_range(name, &range)?;
            Ok(Axis { ticks: if log { log_ticks(&range) } else { ticks(&range) }, range })
        };
        let x = axis(self.x_range.clone(), around(points().map(|(x, _)| x)), self.log_x)?;
        let y = axis(self.y_range.clone(), around(points().map(|(_, y)| y)), self.log_y)?;
        Ok((x, y))
    }

    /// Where the points of a series stand on the axes. On a logarithmic axis that is the logarithm,
    /// which is not finite for numbers that have none.
    fn places<'a>(&'a self, series: &'a Series) -> impl Iterator<Item = Point> + 'a {
        let points = series.xs.iter().copied().zip(series.ys.iter().copied());
        let place = |value: f32, log: bool| if log { value.log10() } else { value };
        points.map(move |(x, y)| (place(x, self.log_x), place(y, self.log_y)))
    }
}

/// The curve of a function, as in the fastai course; the names of the axes may be empty, and
/// [`title`](Plot::title) gives it a title.
///
/// ```
/// use mnist_from_scratch::show::plot_function;
///
/// assert!(plot_function(|x| x * x, "x", "x²", -2.0..2.0).svg("parabola")?.contains("x²"));
/// # Ok::<(), mnist_from_scratch::show::PlotError>(())
/// ```
pub fn plot_function(
    f: impl Fn(f32) -> f32,
    x_label: &str,
    y_label: &str,
    range: Range<f32>,
) -> Plot {
    Plot::new().function(y_label, f, range).x_label(x_label).y_label(y_label)
}

/// Single points, as matplotlib's `scatter` draws them; their series is called "data".
pub fn scatter(xs: &(impl Values + ?Sized), ys: &(impl Values + ?Sized)) -> Plot {
    Plot::new().points("data", xs, ys)
}

#[cfg(test)]
mod tests {
    use super::clip::within;
    use super::*;

    fn error(plot: Plot) -> String {
        plot.svg("p").unwrap_err().to_string()
    }

    #[test]
    fn a_plot_follows_the_readers_theme() {
        let svg = scatter(&[0.0, 1.0], &[0.0, 1.0]).x_label("time <s> & more").svg("p").unwrap();
        assert!(svg.contains("currentColor") && !svg.contains("#000000"));
        assert!(svg.contains("viewBox=\"0 0 1760 1160\"") && svg.contains("width=\"440\""));
        assert!(svg.contains("time &lt;s&gt; &amp; more"), "{svg}");
    }

    #[test]
    fn bad_input_is_told() {
        assert!(error(Plot::new()).starts_with("plot `p`: no points to draw"));
        assert!(error(scatter(&[0.0, 1.0], &[f32::NAN; 2])).contains("no points to draw"));
        assert!(error(scatter(&[1.0, 2.0], &[1.0])).contains("`data`: 2 values of x, but 1 of y"));
        let plot = scatter(&[1.0], &[1.0]);
        assert!(error(plot.clone().y_range(1.0..1.0)).contains("range 1 to 1 is empty"));
        assert!(error(plot.x_range(0.0..f32::INFINITY)).contains("not finite"));
        assert!(
            error(plot_function(|x| x, "x", "y", -2.0..2.0).x_range(2.0..1.0)).contains("2 to 1")
        );
        assert!(error(Plot::new().function("f", |x| x, 1.0..1.0)).contains("1 to 1 is empty"));
        assert!(error(scatter(&[0.0, 1.0], &[f32::MIN, f32::MAX])).contains("not finite"));
        assert!(Plots::row([]).html("p").unwrap_err().to_string().contains("no points"));
    }

    #[test]
    fn only_numbers_above_0_have_a_place_on_a_logarithmic_axis() {
        assert!(error(scatter(&[1.0], &[-1.0]).log_y()).contains("no points"));
        let plot = Plot::new().log_y().line("loss", &[0.0, 1.0, 2.0, 3.0], &[9.0, 0.0, 3.0, 1.0]);
        assert!(error(plot.clone().y_range(0.0..1.0)).contains("cannot start at 0"));
        // Before the gap there is a single point; a line needs two.
        let places: Vec<Point> = plot.places(&plot.series[0]).collect();
        assert_eq!(within(&places, &(0.0..3.0), &(-1.0..1.0)).len(), 1);
    }

    #[test]
    fn text_is_what_was_written_except_for_control_characters() {
        let svg = scatter(&[0.0], &[0.0]).title("#000000\u{0}").svg("p").unwrap();
        assert!(svg.contains("\n#000000\n"), "{svg}");
    }

    #[test]
    fn a_plot_has_a_gap_at_nan() {
        let xs = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let lines = |plot: &Plot| plot.svg("p").unwrap().matches("<polyline").count();
        for missing in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let loss = Plot::new().line("loss", &xs, &[5.0, 4.0, missing, 2.0, 1.0, 0.0]);
            // The frame and the axes are lines, too.
            let whole = Plot::new().line("loss", &xs, &[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
            assert_eq!(lines(&loss), lines(&whole) + 1);
            let mut places = xs;
            places[2] = missing;
            assert_eq!(lines(&Plot::new().line("loss", &places, &xs)), lines(&whole) + 1);
            let points = scatter(&places, &[5.0, 4.0, 3.0, missing, 1.0, 0.0]).svg("p").unwrap();
            assert_eq!(points.matches("<circle").count(), 4);
        }
        let root = Plot::new().function("root", f32::sqrt, -1.0..1.0).svg("p").unwrap();
        assert!(root.contains("<polyline"));
    }

    #[test]
    fn what_has_no_place_does_not_move_the_axes() {
        let whole = scatter(&[0.0, 1.0], &[0.0, 1.0]);
        let more = scatter(&[0.0, 7.0, f32::NAN, 1.0], &[0.0, f32::NAN, 9.0, 1.0]);
        assert_eq!(whole.svg("p").unwrap(), more.svg("p").unwrap());
    }
}
