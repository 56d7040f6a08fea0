//! What can be wrong with a plot.

/// Why a plot could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// Nothing to draw.
    #[error(
        "plot `{0}`: no points to draw; add some with `points`, `line` or `function`; NaN and infinite numbers have no place"
    )]
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
