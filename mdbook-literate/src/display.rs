//! How a chapter's program shows a figure: the only part of the engine that runs inside a chapter.
//!
//! Under the engine's test harness a figure becomes part of the cell's output. When the same
//! program is run by hand, the figure is written to a file and the path is printed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Set by the harness in the environment of a chapter's program: figures go to standard output.
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
/// `target/figures/PROGRAM/NN-NAME.png` (or `.svg`) whose path is printed.
///
/// # Errors
/// When the file cannot be written; the message names it.
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
    if is_recording() {
        return record(&mut io::stdout().lock(), figure);
    }
    let (extension, bytes) = match figure {
        Figure::Png { bytes, .. } => ("png", bytes),
        Figure::Svg(svg) => ("svg", svg.as_bytes()),
        Figure::Html { text, .. } => {
            println!("{}", text.trim_end());
            return Ok(());
        }
    };
    let path = figure_path(name, extension);
    write(&path, bytes)
        .map_err(|e| io::Error::new(e.kind(), format!("figure {}: {e}", path.display())))?;
    println!("[figure: {}]", path.display());
    Ok(())
}

/// Whether the harness runs the program, so that figures are part of the output.
pub fn is_recording() -> bool {
    std::env::var_os(RECORDING).is_some()
}

/// The record of one figure, as the harness reads it.
fn record(out: &mut impl Write, figure: Figure<'_>) -> io::Result<()> {
    let (header, body) = match figure {
        Figure::Png { bytes, width } => {
            (format!("image/png width={width}"), BASE64_STANDARD.encode(bytes))
        }
        Figure::Svg(svg) => ("image/svg+xml".into(), svg.into()),
        Figure::Html { html, .. } => ("text/html".into(), html.into()),
    };
    writeln!(out, "{MARK}figure {header}")?;
    for line in body.lines().filter(|line| !line.trim().is_empty()) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{MARK}end")
}

/// `target/figures/PROGRAM/NN-NAME.EXTENSION`; NN counts the program's figures from 1.
fn figure_path(name: &str, extension: &str) -> PathBuf {
    static SHOWN: AtomicUsize = AtomicUsize::new(0);
    let number = SHOWN.fetch_add(1, Ordering::Relaxed) + 1;
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::file_stem).map(|s| s.to_string_lossy());
    let name: String =
        name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    Path::new("target/figures")
        .join(program.as_deref().unwrap_or("program"))
        .join(format!("{number:02}-{name}.{extension}"))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_no_blank_lines_and_an_end() {
        let mut out = Vec::new();
        record(&mut out, Figure::Svg("<svg>\n\n</svg>")).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\u{1e}figure image/svg+xml\n<svg>\n</svg>\n\u{1e}end\n"
        );
    }

    #[test]
    fn a_png_is_recorded_as_base64_with_its_width() {
        let mut out = Vec::new();
        record(&mut out, Figure::Png { bytes: b"\x89PNG", width: 140 }).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\u{1e}figure image/png width=140\niVBORw==\n\u{1e}end\n"
        );
    }

    #[test]
    fn file_names_are_numbered_and_safe() {
        let path = figure_path("a 3/7", "png");
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.ends_with("-a_3_7.png"), "{name}");
        assert!(path.starts_with("target/figures"));
    }
}
