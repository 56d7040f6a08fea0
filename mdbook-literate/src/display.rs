//! How a chapter's program shows a figure: the only part of the engine that runs inside a chapter.
//!
//! Under the engine's test harness a figure becomes part of the cell's output. When the same
//! program is run by hand, the figure is written to a file and the path is printed.

use std::io::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::figures;
pub use crate::figures::FIGURES;

/// Set by the harness in the environment of a chapter's program: figures go to standard output. Its value
/// marks them there, and is another in each run, so that no printed text is taken for a figure.
pub const RECORDING: &str = "MDBOOK_LITERATE";

/// Starts each record of the harness's protocol on standard output (ASCII "record separator").
#[doc(hidden)]
pub const MARK: char = '\u{1e}';

/// Something a cell can show besides text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure<'a> {
    /// A PNG file; the page shows it `width` CSS pixels wide, with hard-edged pixels.
    Png {
        /// The whole file.
        bytes: &'a [u8],
        /// Width on the page, in CSS pixels.
        width: u32,
    },
    /// An SVG document. Inlined in the page, so `currentColor` follows the reader's theme.
    Svg(&'a str),
    /// A piece of HTML, such as a table, and what a terminal prints in its place.
    Html {
        /// One or more block elements; blank lines are dropped.
        html: &'a str,
        /// The same content for a terminal.
        text: &'a str,
    },
}

/// Shows `figure`: under the harness as part of the cell's output, else as a file
/// `target/figures/PROGRAM/NN-NAME.png` (or `.svg`) whose path is printed. The environment variable
/// [`MDBOOK_LITERATE_FIGURES`](FIGURES) names another folder than `target/figures`.
///
/// # Errors
/// When the file cannot be written, or that folder is not there; the message names it.
///
/// # Example
/// ```
/// # let folder = std::env::temp_dir().join("mdbook-literate-display");
/// # std::fs::create_dir_all(&folder)?;
/// # std::env::set_current_dir(folder)?;
/// use mdbook_literate::display::{Figure, show};
/// show("dot", Figure::Svg("<svg viewBox='0 0 2 2'><circle cx='1' cy='1' r='1'/></svg>"))?;
/// # std::io::Result::Ok(())
/// ```
pub fn show(name: &str, figure: Figure<'_>) -> io::Result<()> {
    if let Some(secret) = std::env::var_os(RECORDING) {
        return record(&mut io::stdout().lock(), &secret.to_string_lossy(), figure);
    }
    let (extension, bytes) = match figure {
        Figure::Png { bytes, .. } => ("png", bytes),
        Figure::Svg(svg) => ("svg", svg.as_bytes()),
        Figure::Html { text, .. } => {
            println!("{}", text.trim_end());
            return Ok(());
        }
    };
    let path = figures::write(name, extension, bytes)?;
    println!("[figure: {}]", path.display());
    Ok(())
}

/// Whether the harness runs the program, so that figures are part of the output.
pub fn is_recording() -> bool {
    std::env::var_os(RECORDING).is_some()
}

/// The record of one figure, as the harness reads it.
fn record(out: &mut impl Write, secret: &str, figure: Figure<'_>) -> io::Result<()> {
    let (header, body) = match figure {
        Figure::Png { bytes, width } => {
            (format!("image/png width={width}"), BASE64_STANDARD.encode(bytes))
        }
        Figure::Svg(svg) => ("image/svg+xml".into(), svg.into()),
        Figure::Html { html, .. } => ("text/html".into(), html.into()),
    };
    writeln!(out, "{MARK}{secret} figure {header}")?;
    for line in body.lines().filter(|line| !line.trim().is_empty()) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{MARK}{secret} end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_no_blank_lines_and_an_end() {
        let mut out = Vec::new();
        record(&mut out, "5ec3e7", Figure::Svg("<svg>\n\n</svg>")).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\u{1e}5ec3e7 figure image/svg+xml\n<svg>\n</svg>\n\u{1e}5ec3e7 end\n"
        );
    }

    #[test]
    fn a_png_is_recorded_as_base64_with_its_width() {
        let mut out = Vec::new();
        record(&mut out, "5ec3e7", Figure::Png { bytes: b"\x89PNG", width: 140 }).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\u{1e}5ec3e7 figure image/png width=140\niVBORw==\n\u{1e}5ec3e7 end\n"
        );
    }
}
