//! Plots of points, lines and functions, drawn with plotters as SVG.
//!
//! Text and axes have the colour of the page's text (`currentColor`), so that a plot fits light and
//! dark themes. Series differ in their marks and dashes, not in colour alone.

use std::ops::Range;

use dfdx::shapes::Shape;
use dfdx::tensor::{Storage, Tensor};
use mdbook_literate::display::{self, Figure};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};

use plotters::prelude::*;

/// Plotters has whole pixels only: a picture drawn larger has smoother curves.
const SCALE: u32 = 4;
/// Width and height on the page, in CSS pixels.
const SIZE: (u32, u32) = (440, 290);
/// The same for a plot in a row of plots.
const SMALL: (u32, u32) = (330, 250);
/// How many points a curve is made of.
const SAMPLES: usize = 200;
/// Mid-tones that can be told from white and from a dark ground.
const COLORS: [RGBColor; 4] = [
    RGBColor(63, 135, 208),
    RGBColor(217, 83, 79),
    RGBColor(43, 156, 114),
    RGBColor(155, 109, 208),
];

/// Why a plot could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// Nothing to draw.
    #[error("plot `{0}`: no points to draw; add some with `points`, `line` or `function`")]
    Empty(String),
    /// As many x as y are needed.
    #[error("plot `{plot}`, series `{series}`: {xs} values of x, but {ys} of y")]
    Lengths {
        /// The plot's file name.
        plot: String,
        /// The series' name.
        series: String,
        /// How many values of x.
        xs: usize,
        /// How many values of y.
        ys: usize,
    },
    /// A range from nowhere to nowhere.
    #[error("plot `{plot}`: the range {from} to {to} is empty or not finite; give it another")]
    Range {
        /// The plot's file name.
        plot: String,
        /// The range's start.
        from: f32,
        /// Its end.
        to: f32,
    },
    /// Plotters gave up.
    #[error("plot `{plot}`: {message}")]
    Draw {
        /// The plot's file name.
        plot: String,
        /// What plotters said.
        message: String,
    },
    /// The figure could not be written.
    #[error(transparent)]
    Write(#[from] std::io::Error),
}

/// Numbers that can be plotted: slices, vectors, arrays and tensors of one axis.
pub trait Values {
    /// The numbers in order.
    fn values(&self) -> Vec<f32>;
}

impl Values for [f32] {
    fn values(&self) -> Vec<f32> {
        self.to_vec()
    }
}

impl<const N: usize> Values for [f32; N] {
    fn values(&self) -> Vec<f32> {
        self.to_vec()
    }
}

impl Values for Vec<f32> {
    fn values(&self) -> Vec<f32> {
        self.clone()
    }
}

impl<N: dfdx::shapes::Dim, D: Storage<f32>, T> Values for Tensor<(N,), f32, D, T>
where
    (N,): Shape,
{
    fn values(&self) -> Vec<f32> {
        self.as_vec()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Line,
    Points,
}

#[derive(Debug, Clone)]
struct Series {
    name: String,
    kind: Kind,
    xs: Vec<f32>,
    ys: Vec<f32>,
}

/// A plot in the making. Series are drawn in the order in which they were added; values that are
/// not finite or lie outside the ranges are left out.
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

    /// Each mark of the vertical axis is ten times the one below. Values of 0 and less are left
    /// out.
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
        self.add(Kind::Line, name, xs.values(), ys.values())
    }

    /// Single points.
    pub fn points(
        self,
        name: &str,
        xs: &(impl Values + ?Sized),
        ys: &(impl Values + ?Sized),
    ) -> Self {
        self.add(Kind::Points, name, xs.values(), ys.values())
    }

    /// The curve of a function over a range of x.
    pub fn function(self, name: &str, f: impl Fn(f32) -> f32, range: Range<f32>) -> Self {
        let step = (range.end - range.start) / SAMPLES as f32;
        let xs: Vec<f32> = (0..=SAMPLES).map(|i| range.start + step * i as f32).collect();
        let ys = xs.iter().map(|&x| f(x)).collect();
        self.add(Kind::Line, name, xs, ys)
    }

    fn add(mut self, kind: Kind, name: &str, xs: Vec<f32>, ys: Vec<f32>) -> Self {
        self.series.push(Series { name: name.into(), kind, xs, ys });
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
        let (x, y) = self.ranges(name)?;
        let mut svg = String::new();
        {
            let size = (width * SCALE, height * SCALE);
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let drawn = match self.log_y {
                true => self.draw(&root, x.clone(), y.clone(), (y.start..y.end).log_scale()),
                false => self.draw(&root, x.clone(), y.clone(), y.clone()),
            };
            drawn
                .and_then(|()| root.present().map_err(|error| error.to_string()))
                .map_err(|message| PlotError::Draw { plot: name.into(), message })?;
        }
        // The page's text colour instead of black, and the size on the page instead of the larger
        // one that it was drawn with.
        let svg = svg.replace("#000000", "currentColor");
        let drawn = format!("width=\"{}\" height=\"{}\"", width * SCALE, height * SCALE);
        Ok(svg.replacen(&drawn, &format!("width=\"{width}\""), 1))
    }

    /// The ranges to draw: those that were asked for, or such that all points fit in.
    fn ranges(&self, name: &str) -> Result<(Range<f32>, Range<f32>), PlotError> {
        for s in &self.series {
            if s.xs.len() != s.ys.len() {
                let (plot, series) = (name.into(), s.name.clone());
                return Err(PlotError::Lengths { plot, series, xs: s.xs.len(), ys: s.ys.len() });
            }
        }
        let points = || self.series.iter().flat_map(|s| self.usable(s));
        if points().next().is_none() {
            return Err(PlotError::Empty(name.into()));
        }
        let x = self.x_range.clone().unwrap_or_else(|| around(points().map(|(x, _)| x)));
        let y = self.y_range.clone().unwrap_or_else(|| match self.log_y {
            true => {
                let range = around(points().map(|(_, y)| y.ln()));
                range.start.exp()..range.end.exp()
            }
            false => around(points().map(|(_, y)| y)),
        });
        for range in [&x, &y] {
            let (from, to) = (range.start, range.end);
            if !(from.is_finite() && to.is_finite() && from < to) {
                return Err(PlotError::Range { plot: name.into(), from, to });
            }
        }
        Ok((x, y))
    }

    /// The points of a series that can be drawn at all.
    fn usable<'a>(&'a self, series: &'a Series) -> impl Iterator<Item = (f32, f32)> + 'a {
        let points = series.xs.iter().copied().zip(series.ys.iter().copied());
        points.filter(|(x, y)| x.is_finite() && y.is_finite() && (*y > 0.0 || !self.log_y))
    }

    fn draw<'a, Y>(
        &self,
        root: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
        x: Range<f32>,
        y: Range<f32>,
        y_axis: Y,
    ) -> Result<(), String>
    where
        Y: AsRangedCoord<Value = f32>,
        Y::CoordDescType: ValueFormatter<f32>,
    {
        let text = |size: u32| ("sans-serif", size * SCALE).into_font().color(&BLACK);
        let px = |pixels: u32| (pixels * SCALE) as i32;
        let error = |error: DrawingAreaErrorKind<_>| error.to_string();
        let mut root = root.clone();
        if !self.title.is_empty() {
            root = root.titled(&self.title, text(16)).map_err(error)?;
        }
        if self.series.len() > 1 {
            let (legend, rest) = root.split_vertically(px(24));
            self.draw_legend(&legend, text(14)).map_err(error)?;
            root = rest;
        }
        let named = |label: &str| if label.is_empty() { 0 } else { 18 };
        let mut chart = ChartBuilder::on(&root)
            .margin(px(4))
            // The last label of the axis needs room.
            .margin_right(px(20))
            .x_label_area_size(px(26 + named(&self.x_label)))
            .y_label_area_size(px(48 + named(&self.y_label)))
            .build_cartesian_2d(x.clone(), y_axis)
            .map_err(error)?;
        chart
            .configure_mesh()
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&tick)
            .y_label_formatter(&tick)
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
            let points: Vec<(f32, f32)> = self.usable(series).collect();
            let style = COLORS[number % COLORS.len()];
            match series.kind {
                Kind::Points => {
                    let inside = points.into_iter().filter(|(px, py)| {
                        (x.start..=x.end).contains(px) && (y.start..=y.end).contains(py)
                    });
                    match number % 3 {
                        0 => chart.draw_series(inside.map(|at| disc(at, number))),
                        1 => chart.draw_series(inside.map(|at| triangle(at, number))),
                        _ => chart.draw_series(inside.map(|at| cross(at, number))),
                    }
                    .map_err(error)?;
                }
                Kind::Line => {
                    for part in within(&points, &x, &y) {
                        let style = style.stroke_width(2 * SCALE);
                        // A dash tells the second line from the first.
                        if number % 2 == 0 {
                            chart.draw_series(LineSeries::new(part, style)).map_err(error)?;
                        } else {
                            let dashes = DashedLineSeries::new(part, px(6), px(4), style);
                            chart.draw_series(dashes).map_err(error)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Mark and name of each series, side by side.
    fn draw_legend<'a>(
        &self,
        area: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
        text: TextStyle<'a>,
    ) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
        let px = |pixels: i32| pixels * SCALE as i32;
        let (mut left, middle) = (px(60), px(13));
        for (number, series) in self.series.iter().enumerate() {
            let style = COLORS[number % COLORS.len()].stroke_width(2 * SCALE);
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
                    let ends = [(0, 18), (0, 7), (11, 18)];
                    // One stroke, or two that stand for a dashed line.
                    let strokes = if number % 2 == 0 { &ends[..1] } else { &ends[1..] };
                    for (from, to) in strokes {
                        let line = vec![(left + px(*from), middle), (left + px(*to), middle)];
                        area.draw(&PathElement::new(line, style))?;
                    }
                }
            }
            area.draw(&Text::new(series.name.clone(), (left + px(24), px(5)), text.clone()))?;
            // The width of a letter is a guess: plotters does not have the reader's fonts.
            left += px(24 + 8 * series.name.chars().count() as i32 + 20);
        }
        Ok(())
    }
}

// The marks of the points of a series, by its number: a disc, a triangle or a cross.

fn disc<C>(at: C, number: usize) -> Circle<C, i32> {
    Circle::new(at, 4 * SCALE as i32, COLORS[number % COLORS.len()].filled())
}

fn triangle<C>(at: C, number: usize) -> TriangleMarker<C, i32> {
    TriangleMarker::new(at, 5 * SCALE as i32, COLORS[number % COLORS.len()].filled())
}

fn cross<C>(at: C, number: usize) -> Cross<C, i32> {
    Cross::new(at, 4 * SCALE as i32, COLORS[number % COLORS.len()].stroke_width(2 * SCALE))
}

/// A range that holds all values, with a little room on both sides.
fn around(values: impl Iterator<Item = f32>) -> Range<f32> {
    let (least, most) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    let room = match (most - least) * 0.05 {
        // All values are the same.
        0.0 => least.abs().max(1.0) * 0.5,
        room => room,
    };
    least - room..most + room
}

/// The parts of a line that lie within the ranges, cut at their edges.
fn within(points: &[(f32, f32)], x: &Range<f32>, y: &Range<f32>) -> Vec<Vec<(f32, f32)>> {
    let mut parts: Vec<Vec<(f32, f32)>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = cut(pair[0], pair[1], x, y) else { continue };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
    }
    parts
}

type Point = (f32, f32);

/// Liang and Barsky's way to cut a straight line at the edges of a rectangle.
fn cut(from: Point, to: Point, x: &Range<f32>, y: &Range<f32>) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let edges = [
        (-dx, from.0 - x.start),
        (dx, x.end - from.0),
        (-dy, from.1 - y.start),
        (dy, y.end - from.1),
    ];
    let (mut first, mut last) = (0.0f32, 1.0f32);
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
    let at = |share: f32| (from.0 + share * dx, from.1 + share * dy);
    let start = if first == 0.0 { from } else { at(first) };
    let end = if last == 1.0 { to } else { at(last) };
    (first <= last).then_some((start, end))
}

/// A number at an axis: as short as it can be, with a real minus sign.
fn tick(value: &f32) -> String {
    let size = value.abs();
    let text = if size != 0.0 && !(1e-3..1e5).contains(&size) {
        format!("{value:e}")
    } else {
        let fixed = format!("{value:.3}");
        fixed.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    if text == "-0" { "0".into() } else { text.replace('-', "\u{2212}") }
}

/// Several plots in one figure, side by side where there is room.
///
/// ```
/// use mnist_from_scratch::show::{Plot, Plots};
///
/// let plots = [1.0, 2.0].map(|k| Plot::new().function("line", move |x| k * x, 0.0..1.0));
/// assert_eq!(Plots::row(plots).html("lines")?.matches("<svg").count(), 2);
/// # Ok::<(), mnist_from_scratch::show::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plots {
    plots: Vec<Plot>,
}

impl Plots {
    /// A row of plots; on a narrow page they stand below one another.
    pub fn row(plots: impl IntoIterator<Item = Plot>) -> Self {
        Self { plots: plots.into_iter().collect() }
    }

    /// Shows the plots under the cell, or writes them to files and prints their paths.
    ///
    /// # Errors
    /// See [`PlotError`].
    pub fn show(&self, name: &str) -> Result<(), PlotError> {
        if display::is_recording() {
            return Ok(display::show(name, Figure::Html { html: &self.html(name)?, text: "" })?);
        }
        self.plots.iter().try_for_each(|plot| plot.show(name))
    }

    /// The figure as HTML.
    ///
    /// # Errors
    /// See [`PlotError`].
    pub fn html(&self, name: &str) -> Result<String, PlotError> {
        let svgs: Vec<String> =
            self.plots.iter().map(|plot| plot.sized_svg(name, SMALL)).collect::<Result<_, _>>()?;
        Ok(format!("<div class=\"plots\">\n{}\n</div>\n", svgs.join("\n")))
    }
}

/// The curve of a function from −2 to 2, as in the fastai course.
///
/// ```
/// use mnist_from_scratch::show::plot_function;
///
/// assert!(plot_function(|x| x * x, "x", "x²").svg("parabola")?.contains("x²"));
/// # Ok::<(), mnist_from_scratch::show::PlotError>(())
/// ```
pub fn plot_function(f: impl Fn(f32) -> f32, x_label: &str, y_label: &str) -> Plot {
    Plot::new().function(y_label, f, -2.0..2.0).x_label(x_label).y_label(y_label)
}

/// Single points, as matplotlib's `scatter` draws them; their series is called "data".
pub fn scatter(xs: &(impl Values + ?Sized), ys: &(impl Values + ?Sized)) -> Plot {
    Plot::new().points("data", xs, ys)
}

#[cfg(test)]
mod tests {
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
    fn a_legend_names_the_series_when_there_are_several() {
        let one = scatter(&[0.0, 1.0], &[0.0, 1.0]);
        assert!(!one.svg("p").unwrap().contains("data"));
        let two = one.points("prediction", &[0.5], &[0.5]).svg("p").unwrap();
        assert!(two.contains("data") && two.contains("prediction"));
    }

    #[test]
    fn bad_input_is_told() {
        assert!(error(Plot::new()).starts_with("plot `p`: no points to draw"));
        assert!(error(scatter(&[f32::NAN], &[1.0])).starts_with("plot `p`: no points"));
        assert!(error(scatter(&[1.0, 2.0], &[1.0])).contains("`data`: 2 values of x, but 1 of y"));
        let plot = scatter(&[1.0], &[1.0]);
        assert!(error(plot.clone().y_range(1.0..1.0)).contains("range 1 to 1 is empty"));
        assert!(error(plot.x_range(0.0..f32::INFINITY)).contains("not finite"));
        assert!(error(scatter(&[1.0], &[-1.0]).log_y()).contains("no points"));
    }

    #[test]
    fn values_that_cannot_be_drawn_are_left_out() {
        let svg = scatter(&[0.0, f32::NAN, 1.0], &[0.0, 1.0, f32::INFINITY]).svg("p").unwrap();
        assert_eq!(svg.matches("<circle").count(), 1);
        let svg = scatter(&[0.0, 1.0], &[0.0, 9.0]).y_range(-1.0..1.0).svg("p").unwrap();
        assert_eq!(svg.matches("<circle").count(), 1);
    }

    #[test]
    fn a_line_is_cut_at_the_edge() {
        let parts = within(&[(0.0, 0.0), (2.0, 2.0), (4.0, 0.0)], &(0.0..4.0), &(0.0..1.0));
        assert_eq!(parts, [vec![(0.0, 0.0), (1.0, 1.0)], vec![(3.0, 1.0), (4.0, 0.0)]]);
    }

    #[test]
    fn numbers_at_an_axis_are_short() {
        let ticks = [0.3, -1.5, 100.0, -0.0, 2e6, 1e-5].map(|v: f32| tick(&v));
        assert_eq!(ticks, ["0.3", "\u{2212}1.5", "100", "0", "2e6", "1e\u{2212}5"]);
    }

    #[test]
    fn equal_values_have_a_range() {
        assert_eq!(around([3.0].into_iter()), 1.5..4.5);
        assert_eq!(around([0.0, 10.0].into_iter()), -0.5..10.5);
    }
}
