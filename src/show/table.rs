//! The numbers of a picture as a table, each on the grey that it stands for.

use std::fmt::Write as _;
use std::io;
use std::ops::Range;

use dfdx::shapes::{Dim, HasShape, Shape};
use dfdx::tensor::{Storage, Tensor};
use mdbook_literate::display::{Figure, show};

use super::picture::grey;
use crate::shapes::as_vec;

/// Below this brightness white text has more contrast than black text: at 117 of 255 both have
/// the same, 4.6 to 1.
const DARK: u8 = 118;

/// Shows some rows and columns of a picture as a table of numbers, each on a ground of its grey,
/// as pandas does with `background_gradient('Greys')`.
///
/// The headers count rows and columns of the whole picture. The greys run from the smallest to the
/// largest number of the table, while pandas starts afresh in every column; so equal numbers have
/// equal greys here.
///
/// In the book it is an HTML table, in a terminal aligned text.
///
/// # Errors
/// If the output cannot be written.
///
/// # Panics
/// If a range ends beyond the picture.
///
/// # Example
/// ```
/// use mnist_from_scratch::dfdx::prelude::*;
/// use mnist_from_scratch::show::show_pixels;
///
/// let dev = AutoDevice::default();
/// let pixels = dev.tensor([[0u8, 0, 29], [48, 166, 224]]);
/// show_pixels(&pixels, 0..2, 1..3)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn show_pixels<H: Dim, W: Dim, D: Storage<u8>, T>(
    pixels: &Tensor<(H, W), u8, D, T>,
    rows: Range<usize>,
    columns: Range<usize>,
) -> io::Result<()> {
    let [_, width] = pixels.shape().concrete();
    let values = as_vec(pixels);
    let table: Vec<Vec<u8>> =
        rows.clone().map(|row| values[row * width..][..width][columns.clone()].to_vec()).collect();
    let (html, text) = (html(&table, &rows, &columns), text(&table, &rows, &columns));
    show("pixels", Figure::Html { html: &html, text: &text })
}

fn html(table: &[Vec<u8>], rows: &Range<usize>, columns: &Range<usize>) -> String {
    let smallest = table.iter().flatten().min().copied().unwrap_or(0);
    let largest = table.iter().flatten().max().copied().unwrap_or(0);
    let range = f32::from(largest - smallest).max(1.0);
    let mut html = String::from("<table class=\"pixels\">\n<thead>\n<tr><td></td>");
    // Writing to a string cannot fail.
    for column in columns.clone() {
        let _ = write!(html, "<th scope=\"col\">{column}</th>");
    }
    html.push_str("</tr>\n</thead>\n<tbody>\n");
    for (row, values) in rows.clone().zip(table) {
        let _ = write!(html, "<tr><th scope=\"row\">{row}</th>");
        for &value in values {
            let brightness = grey(f32::from(value - smallest) / range);
            let class = if brightness < DARK { " class=\"dark\"" } else { "" };
            let ink = 1.0 - f32::from(brightness) / 255.0;
            let _ = write!(html, "<td{class} style=\"--ink:{ink:.2}\">{value}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
    html
}

fn text(table: &[Vec<u8>], rows: &Range<usize>, columns: &Range<usize>) -> String {
    let mut text = String::from("    ");
    for column in columns.clone() {
        let _ = write!(text, "{column:>4}");
    }
    for (row, values) in rows.clone().zip(table) {
        let _ = write!(text, "\n{row:>4}");
        for value in values {
            let _ = write!(text, "{value:>4}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_dark_as_their_numbers() {
        let html = html(&[vec![0, 255], vec![128, 200]], &(4..6), &(10..12));
        for part in [
            "<th scope=\"col\">10</th><th scope=\"col\">11</th>",
            "<tr><th scope=\"row\">4</th><td style=\"--ink:0.00\">0</td>\
             <td class=\"dark\" style=\"--ink:1.00\">255</td></tr>",
            "<tr><th scope=\"row\">5</th><td style=\"--ink:0.42\">128</td>",
        ] {
            assert!(html.contains(part), "{html}");
        }
    }

    #[test]
    fn a_terminal_gets_aligned_numbers() {
        assert_eq!(
            text(&[vec![0, 255], vec![128, 7]], &(4..6), &(10..12)),
            "      10  11\n   4   0 255\n   5 128   7"
        );
    }
}
