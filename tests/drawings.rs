//! The drawings of the book: boxes, arrows and words, in the colours of the page.
//!
//! Each is a file in `book/drawings/` that a chapter includes. The tests draw them, and write a file anew
//! that is not as drawn.

use std::fmt::Write as _;
use std::fs;

/// The colour of what a drawing is about; the page's own, so that it fits each theme.
const ACCENT: &str = "var(--links)";
const INK: &str = "currentColor";

/// A drawing of a size in CSS pixels.
struct Drawing {
    size: [u32; 2],
    alt: &'static str,
    body: String,
}

impl Drawing {
    fn new(size: [u32; 2], alt: &'static str) -> Self {
        Self { size, alt, body: String::new() }
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.body, "{element}").unwrap();
    }

    fn rect(&mut self, [x, y, w, h]: [f32; 4], colour: &str, strong: f32) {
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"3\" fill=\"{colour}\" \
             fill-opacity=\"{strong}\" stroke=\"{colour}\"/>"
        ));
    }

    /// A box with a word in its middle.
    fn labelled(&mut self, [x, y, w, h]: [f32; 4], colour: &str, text: &str) {
        self.rect([x, y, w, h], colour, 0.12);
        self.text([x + w / 2., y + h / 2. + 5.], "middle", text);
    }

    fn text(&mut self, [x, y]: [f32; 2], anchor: &str, text: &str) {
        self.add(format_args!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{INK}\">{text}</text>"
        ));
    }

    fn line(&mut self, [x1, y1, x2, y2]: [f32; 4], colour: &str, opacity: f32) {
        self.add(format_args!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{colour}\" \
             stroke-width=\"1.5\" stroke-opacity=\"{opacity}\"/>"
        ));
    }

    fn arrow(&mut self, [x1, y1, x2, y2]: [f32; 4], colour: &str) {
        self.line([x1, y1, x2, y2], colour, 1.);
        let (dx, dy) = (x2 - x1, y2 - y1);
        let length = dx.hypot(dy);
        let (ux, uy) = (dx / length * 8., dy / length * 8.);
        let [left, right] = [0.5, -0.5].map(|side| [x2 - ux - uy * side, y2 - uy + ux * side]);
        self.add(format_args!(
            "<polygon points=\"{x2},{y2} {:.1},{:.1} {:.1},{:.1}\" fill=\"{colour}\"/>",
            left[0], left[1], right[0], right[1]
        ));
    }

    fn circle(&mut self, [x, y]: [f32; 2], r: f32, colour: &str) {
        self.add(format_args!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{colour}\" fill-opacity=\"0.25\" \
             stroke=\"{colour}\"/>"
        ));
    }

    /// What a page includes: one block of HTML, without an empty line.
    fn html(&self) -> String {
        let [w, h] = self.size;
        format!(
            "<div role=\"img\" aria-label=\"{}\" class=\"drawing\">\n\
             <svg viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" font-size=\"15\">\n{}</svg>\n</div>\n",
            self.alt, self.body
        )
    }
}

/// Compares with the file; where it is not as drawn, it is written.
fn is_as_drawn(name: &str, drawing: &Drawing) {
    let file = format!("book/drawings/{name}.svg");
    let html = drawing.html();
    if fs::read_to_string(&file).unwrap_or_default() != html {
        fs::write(&file, html).unwrap();
        panic!("{file} has been drawn anew: look at it, and run this again");
    }
}

#[test]
fn broadcasting() {
    let mut d = Drawing::new(
        [560, 190],
        "Three boxes, 1, 2 and 3, minus one box 2 that is repeated in dashes to three, are minus 1, 0 and 1. Below, a \
         stack of images minus one image that is repeated.",
    );
    let row = |d: &mut Drawing, x: f32, numbers: [&str; 3], first_only: bool| {
        for (i, number) in numbers.iter().enumerate() {
            let place = [x + 38. * i as f32, 15., 34., 34.];
            match first_only && i > 0 {
                true => d.add(format_args!(
                    "<rect x=\"{}\" y=\"15\" width=\"34\" height=\"34\" rx=\"3\" fill=\"none\" \
                     stroke=\"{ACCENT}\" stroke-dasharray=\"4 3\"/>",
                    place[0]
                )),
                false => d.rect(place, if first_only { ACCENT } else { INK }, 0.12),
            }
            d.text([place[0] + 17., 37.], "middle", number);
        }
    };
    row(&mut d, 20., ["1", "2", "3"], false);
    d.text([160., 38.], "middle", "−");
    row(&mut d, 190., ["2", "2", "2"], true);
    d.text([330., 38.], "middle", "=");
    row(&mut d, 360., ["−1", "0", "1"], false);
    let stack = |d: &mut Drawing, x: f32, only_first: bool, name: &str| {
        for i in [2, 1, 0] {
            let at = 9. * i as f32;
            let place = [x + 18. + at, 75. + 18. - at, 54., 54.];
            match only_first && i > 0 {
                true => d.add(format_args!(
                    "<rect x=\"{}\" y=\"{}\" width=\"54\" height=\"54\" rx=\"3\" fill=\"none\" \
                     stroke=\"{ACCENT}\" stroke-dasharray=\"4 3\"/>",
                    place[0], place[1]
                )),
                false => d.rect(place, if only_first { ACCENT } else { INK }, 0.12),
            }
        }
        d.text([x + 50., 178.], "middle", name);
    };
    stack(&mut d, 15., false, "images");
    d.text([160., 128.], "middle", "−");
    stack(&mut d, 180., true, "mean3");
    d.text([330., 128.], "middle", "=");
    stack(&mut d, 350., false, "differences");
    is_as_drawn("broadcasting", &d);
}

#[test]
fn backward() {
    let mut d = Drawing::new(
        [560, 190],
        "Three numbers, 3, 4 and 10, are squared to 9, 16 and 100, and added up to 125. Back go the gradients: 1 to \
         the sum, 1 to each square, and 6, 8 and 20 to the numbers.",
    );
    for (i, (x, square, gradient)) in
        [("3", "9", "6"), ("4", "16", "8"), ("10", "100", "20")].into_iter().enumerate()
    {
        let y = 20. + 52. * i as f32;
        d.labelled([20., y, 50., 30.], INK, x);
        d.labelled([220., y, 60., 30.], INK, square);
        d.arrow([72., y + 9., 218., y + 9.], INK);
        d.arrow([218., y + 23., 72., y + 23.], ACCENT);
        d.text([145., y + 4.], "middle", "square");
        d.text([145., y + 40.], "middle", gradient);
        d.arrow([282., y + 9., 428., 79.], INK);
        d.arrow([428., 93., 282., y + 23.], ACCENT);
    }
    d.text([355., 20.], "middle", "sum");
    d.text([372., 172.], "middle", "1");
    d.labelled([430., 71., 70., 30.], INK, "125");
    d.text([465., 124.], "middle", "1");
    is_as_drawn("backward", &d);
}

#[test]
fn net() {
    let mut d = Drawing::new(
        [560, 250],
        "Many circles on the left, the 784 pixels, are joined by lines to some in the middle, the 30 features, and \
         these to a single one on the right, the answer.",
    );
    let y = |i: usize, n: usize, gap: f32| 115. + (i as f32 - (n as f32 - 1.) / 2.) * gap;
    for feature in 0..6 {
        for pixel in 0..9 {
            d.line([70., y(pixel, 9, 24.), 280., y(feature, 6, 32.)], INK, 0.25);
        }
        d.line([280., y(feature, 6, 32.), 480., 115.], INK, 0.5);
    }
    for pixel in 0..9 {
        d.circle([70., y(pixel, 9, 24.)], 7., INK);
    }
    for feature in 0..6 {
        d.circle([280., y(feature, 6, 32.)], 10., ACCENT);
    }
    d.circle([480., 115.], 12., INK);
    d.text([70., 243.], "middle", "784 pixels");
    d.text([280., 243.], "middle", "30 features, with ReLU");
    d.text([480., 243.], "middle", "3 or 7");
    is_as_drawn("net", &d);
}

#[test]
fn residual() {
    let mut d = Drawing::new(
        [560, 170],
        "An arrow from x goes through two boxes, convolution with ReLU and convolution, to a plus sign. A second \
         arrow goes from x over the boxes to the plus sign directly. Behind it come ReLU and y.",
    );
    d.text([25., 115.], "middle", "x");
    d.arrow([40., 110., 98., 110.], INK);
    d.labelled([100., 88., 130., 44.], INK, "conv, ReLU");
    d.arrow([232., 110., 268., 110.], INK);
    d.labelled([270., 88., 80., 44.], INK, "conv");
    d.arrow([352., 110., 398., 110.], INK);
    d.circle([412., 110.], 13., ACCENT);
    d.text([412., 115.], "middle", "+");
    d.line([65., 110., 65., 35.], ACCENT, 1.);
    d.line([65., 35., 412., 35.], ACCENT, 1.);
    d.arrow([412., 35., 412., 96.], ACCENT);
    d.text([238., 27.], "middle", "the shortcut");
    d.text([225., 155.], "middle", "f(x)");
    d.arrow([426., 110., 448., 110.], INK);
    d.labelled([450., 88., 60., 44.], INK, "ReLU");
    d.arrow([512., 110., 534., 110.], INK);
    d.text([547., 115.], "middle", "y");
    is_as_drawn("residual", &d);
}

#[test]
fn convolution() {
    let mut d = Drawing::new(
        [560, 230],
        "A grid of six by six pixels with a coloured window of three by three in it, a kernel of three by three \
         weights, and a grid of four by four results, in which the one that belongs to the window is coloured.",
    );
    let image = [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 1, 0],
        [0, 0, 0, 0, 1, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ];
    let kernel = [[-1, -1, -1], [0, 0, 0], [1, 1, 1]];
    let cell = |d: &mut Drawing, x: f32, y: f32, colour: &str, strong: f32, number: i32| {
        d.rect([x, y, 30., 30.], colour, strong);
        d.text([x + 15., y + 20.], "middle", &number.to_string().replace('-', "−"));
    };
    for (r, row) in image.iter().enumerate() {
        for (c, pixel) in row.iter().enumerate() {
            let inside = (1..4).contains(&r) && (2..5).contains(&c);
            let (colour, strong) = if inside { (ACCENT, 0.3) } else { (INK, 0.04) };
            cell(&mut d, 10. + 31. * c as f32, 10. + 31. * r as f32, colour, strong, *pixel);
        }
    }
    for (r, row) in kernel.iter().enumerate() {
        for (c, weight) in row.iter().enumerate() {
            cell(&mut d, 245. + 31. * c as f32, 56. + 31. * r as f32, ACCENT, 0.12, *weight);
        }
    }
    for r in 0..4 {
        for c in 0..4 {
            let products = (0..9).map(|i| image[r + i / 3][c + i % 3] * kernel[i / 3][i % 3]);
            let (colour, strong) = if (r, c) == (1, 2) { (ACCENT, 0.3) } else { (INK, 0.04) };
            cell(
                &mut d,
                400. + 31. * c as f32,
                41. + 31. * r as f32,
                colour,
                strong,
                products.sum(),
            );
        }
    }
    d.text([220., 107.], "middle", "·");
    d.text([370., 107.], "middle", "→");
    d.text([103., 218.], "middle", "image");
    d.text([291., 218.], "middle", "kernel");
    d.text([462., 218.], "middle", "result");
    is_as_drawn("convolution", &d);
}
