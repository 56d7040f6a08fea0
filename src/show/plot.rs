//! Plots of points, lines and functions, drawn with plotters as SVG.
//!
//! Text and axes have the colour of the page's text (`currentColor`), so that a plot fits light and
//! dark themes. Series differ in their marks and dashes, not in colour alone.

use std::ops::Range;

use dfdx::shapes::Shape;
use dfdx::tensor::{Storage, Tensor};
use mdbook_literate::display::{self, Figure};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::coord::types::RangedCoordf32;
use plotters::prelude::*;

/// Plotters has whole pixels only: a picture drawn larger has smoother curves.
const SCALE: u32 = 4;
/// Width and height on the page, in CSS pixels.
const SIZE: (u32, u32) = (440, 290);
/// The same for a plot in a row of plots.
const SMALL: (u32, u32) = (330, 250);
/// At most so many marks on an axis.
const TICKS: usize = 6;
/// Height of a row of the legend, in CSS pixels.
const LEGEND_ROW: u32 = 20;
/// Where the names of the legend start, in CSS pixels.
const LEGEND_LEFT: i32 = 60;
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
    #[error(
        "plot `{plot}`: the range {from} to {to} is empty, too narrow or not finite; give it another"
    )]
    Range {
        /// The plot's file name.
        plot: String,
        /// The range's start.
        from: f32,
        /// Its end.
        to: f32,
    },
    /// NaN or infinite, as after steps that were too large.
    #[error("plot `{plot}`, series `{series}`: point {index} is ({x}, {y}); leave it out")]
    NotFinite {
        /// The plot's file name.
        plot: String,
        /// The series' name.
        series: String,
        /// Which point of the series, counted from 0.
        index: usize,
        /// The point's x.
        x: f32,
        /// The point's y.
        y: f32,
    },
    /// Logarithms of numbers above 0 only.
    #[error("plot `{plot}`: a logarithmic axis cannot start at {from}; let it start above 0")]
    LogRange {
        /// The plot's file name.
        plot: String,
        /// The range's start.
        from: f32,
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
    /// Where a function was asked for; points have no such range.
    domain: Option<Range<f32>>,
    xs: Vec<f32>,
    ys: Vec<f32>,
}

/// A plot in the making. Series are drawn in the order in which they were added; what lies outside
/// the ranges is left out.
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

    /// Whether there are points, and all of them can be drawn.
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
            let mut points = series.xs.iter().copied().zip(series.ys.iter().copied());
            if let Some(index) = points.clone().position(|(x, y)| !(x.is_finite() && y.is_finite()))
            {
                let (x, y) = points.nth(index).expect("the index was found");
                let series = series.name.clone();
                return Err(PlotError::NotFinite { plot: plot(), series, index, x, y });
            }
        }
        // On a logarithmic axis not all points have a place.
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

    /// The series' names in rows as wide as the figure; none for a single series.
    fn legend(&self, width: u32) -> Vec<LegendEntry> {
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

    fn draw(
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

    /// Mark and name of each series.
    fn draw_legend<'a>(
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

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// A place on the axes.
type Point = (f32, f32);

/// One axis: what it spans, and where which label stands.
#[derive(Debug, Clone)]
struct Axis {
    range: Range<f32>,
    ticks: Vec<(f32, String)>,
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

#[derive(Debug)]
struct LegendEntry {
    name: String,
    /// From the figure's left edge, in CSS pixels.
    left: i32,
    /// Counted from 0.
    row: u32,
}

// The dashes of a line, by the number of its series: stroke and gap in CSS pixels.

const DASHES: (u32, u32) = (6, 4);
const LONG: (u32, u32) = (12, 3);
const DOTS: (u32, u32) = (2, 3);

fn dash(number: usize) -> Option<(u32, u32)> {
    // With the fifth series the colours start anew, but each with another dash.
    match (number + number / COLORS.len()) % 4 {
        0 => None,
        1 => Some(DASHES),
        2 => Some(LONG),
        _ => Some(DOTS),
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

/// Whether floating-point numbers can tell the places in a range apart.
fn check_range(plot: &str, range: &Range<f32>) -> Result<(), PlotError> {
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
fn around(values: impl Iterator<Item = f32>) -> Range<f32> {
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

/// The parts of a line that lie within the ranges, cut at their edges.
fn within(points: &[(f32, f32)], x: &Range<f32>, y: &Range<f32>) -> Vec<Vec<(f32, f32)>> {
    let mut parts: Vec<Vec<(f32, f32)>> = Vec::new();
    for pair in points.windows(2) {
        if !(pair[0].1.is_finite() && pair[1].1.is_finite()) {
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

/// The marks of an axis: round numbers with equal steps of 1, 2 or 5 times a power of ten.
fn ticks(range: &Range<f32>) -> Vec<(f32, String)> {
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
fn log_ticks(range: &Range<f32>) -> Vec<(f32, String)> {
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
        if self.plots.is_empty() {
            return Err(PlotError::Empty(name.into()));
        }
        self.plots.iter().try_for_each(|plot| plot.show(name))
    }

    /// The figure as HTML.
    ///
    /// # Errors
    /// See [`PlotError`].
    pub fn html(&self, name: &str) -> Result<String, PlotError> {
        if self.plots.is_empty() {
            return Err(PlotError::Empty(name.into()));
        }
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
        let message = error(scatter(&[0.0, 1.0], &[1.0, f32::NAN]));
        assert_eq!(message, "plot `p`, series `data`: point 1 is (1, NaN); leave it out");
        assert!(error(scatter(&[1.0, 2.0], &[1.0])).contains("`data`: 2 values of x, but 1 of y"));
        let plot = scatter(&[1.0], &[1.0]);
        assert!(error(plot.clone().y_range(1.0..1.0)).contains("range 1 to 1 is empty"));
        assert!(error(plot.x_range(0.0..f32::INFINITY)).contains("not finite"));
        assert!(error(plot_function(|x| x, "x", "y").x_range(2.0..1.0)).contains("2 to 1"));
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

    #[test]
    fn no_two_series_look_the_same() {
        let looks = |number| (number % COLORS.len(), dash(number));
        let different: std::collections::HashSet<_> = (0..16).map(looks).collect();
        assert_eq!(different.len(), 16);
        // The first four differ without their colours, too.
        assert_eq!((0..4).map(dash).collect::<std::collections::HashSet<_>>().len(), 4);
    }

    #[test]
    fn text_is_what_was_written_except_for_control_characters() {
        let svg = scatter(&[0.0], &[0.0]).title("#000000\u{0}").svg("p").unwrap();
        assert!(svg.contains("\n#000000\n"), "{svg}");
    }

    #[test]
    fn a_line_is_cut_at_the_edge() {
        let parts = within(&[(0.0, 0.0), (2.0, 2.0), (4.0, 0.0)], &(0.0..4.0), &(0.0..1.0));
        assert_eq!(parts, [vec![(0.0, 0.0), (1.0, 1.0)], vec![(3.0, 1.0), (4.0, 0.0)]]);
    }

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

    #[test]
    fn equal_values_have_a_range() {
        assert_eq!(around([3.0].into_iter()), 1.5..4.5);
        assert_eq!(around([1.0, 1.000_000_1].into_iter()), 0.5..1.500_000_1);
        assert_eq!(around([0.0, 10.0].into_iter()), -0.5..10.5);
    }
}
