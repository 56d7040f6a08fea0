//! Several plots in one figure.

use mdbook_literate::display::{self, Figure};

use super::look::SMALL;
use super::{Plot, PlotError};

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
