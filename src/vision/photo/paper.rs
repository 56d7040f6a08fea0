//! Ink against its paper, however that is lit.

use image::GrayImage;
use image::imageops::{self, FilterType};

/// How much the ink stands out.
pub(super) struct Contrast {
    /// 0 is paper. A share of the light is missing there: 255 is black.
    pub contrast: GrayImage,
    /// The contrast of full ink.
    pub strength: u8,
}

/// Less contrast than this is the grain of the paper or the camera's noise: 6 % of the light.
const GRAIN: u8 = 16;

/// The paper is found at this size.
const SMALL: u32 = 40;

/// Divides the picture by its paper, which is what there is with all strokes painted over. Light ink on dark is
/// dark ink on light after inverting. `None` if nothing stands out.
pub(super) fn contrast(grey: &GrayImage) -> Option<Contrast> {
    let mut grey = grey.clone();
    if ink_is_light(&grey) {
        imageops::invert(&mut grey);
    }
    level(&mut grey);
    let paper = paper(&grey);
    let mut contrast = grey;
    for (pixel, paper) in contrast.pixels_mut().zip(paper.pixels()) {
        let paper = u32::from(paper[0]);
        let light = u32::from(pixel[0]).min(paper);
        // Where there is no light at all, nothing stands out.
        pixel[0] = (255 - (light * 255).checked_div(paper).unwrap_or(255)) as u8;
    }
    // The mean of the strongest pixels: one in 500, or five.
    let mut all: Vec<u8> = contrast.as_raw().clone();
    all.sort_unstable();
    let strongest = &all[all.len().saturating_sub((all.len() / 500).max(5))..];
    let sum: u32 = strongest.iter().map(|byte| u32::from(*byte)).sum();
    let strength = (sum as usize).checked_div(strongest.len())? as u8;
    (strength > GRAIN).then_some(Contrast { contrast, strength })
}

/// Strokes are thin: the paper around them is what most of the neighbourhood of any pixel is. The side on which
/// single pixels are far from the median of their neighbourhood is the ink's.
fn ink_is_light(grey: &GrayImage) -> bool {
    let small = at_most(grey, 24);
    let (width, height) = small.dimensions();
    let radius = (width.max(height) / 4).max(1);
    let (mut lighter, mut darker) = (0u64, 0u64);
    let mut around = Vec::new();
    for y in 0..height {
        for x in 0..width {
            around.clear();
            for v in y.saturating_sub(radius)..(y + radius + 1).min(height) {
                for u in x.saturating_sub(radius)..(x + radius + 1).min(width) {
                    around.push(small.get_pixel(u, v)[0]);
                }
            }
            let middle = around.len() / 2;
            let median = *around.select_nth_unstable(middle).1;
            let here = small.get_pixel(x, y)[0];
            let far = u64::from(here.abs_diff(median));
            // Squares, so that the many small differences of uneven light do not outweigh the ink.
            if here > median { lighter += far * far } else { darker += far * far }
        }
    }
    lighter > darker
}

/// Divides by a slope of the light from one side to the other: the plane through the paper, found by leaving out
/// again and again what is darker than the plane so far, as ink is. The paper then is at 230.
fn level(grey: &mut GrayImage) {
    let small = at_most(grey, SMALL);
    let at = |n: u32, of: u32| f64::from(2 * n + 1) / f64::from(of) - 1.0;
    let points: Vec<[f64; 3]> = small
        .enumerate_pixels()
        .map(|(x, y, pixel)| [at(x, small.width()), at(y, small.height()), f64::from(pixel[0])])
        .collect();
    let mut paper: Vec<&[f64; 3]> = points.iter().collect();
    let mut plane = [0.0; 3];
    for _ in 0..8 {
        let Some(next) = plane_through(&paper) else { break };
        plane = next;
        let below = |[x, y, light]: &[f64; 3]| light - (plane[0] + plane[1] * x + plane[2] * y);
        let squares: f64 = paper.iter().map(|point| below(point).powi(2)).sum();
        let spread = (squares / paper.len() as f64).sqrt().max(1.0);
        paper = points.iter().filter(|point| below(point).abs() <= 1.5 * spread).collect();
    }
    let (width, height) = grey.dimensions();
    for (x, y, pixel) in grey.enumerate_pixels_mut() {
        let paper = plane[0] + plane[1] * at(x, width) + plane[2] * at(y, height);
        // Where the plane comes down to nothing there is no light to divide by.
        pixel[0] = (f64::from(pixel[0]) * LEVEL / paper.max(8.0)).round().min(255.0) as u8;
    }
}

/// How light the paper is after [`level`].
const LEVEL: f64 = 230.0;

/// The plane `a + bx + cy` with the least squares to these points; `None` if they do not span one.
fn plane_through(points: &[&[f64; 3]]) -> Option<[f64; 3]> {
    // The normal equations, by Cramer's rule.
    let sum = |f: &dyn Fn(&[f64; 3]) -> f64| points.iter().map(|point| f(point)).sum::<f64>();
    let n = points.len() as f64;
    let (x, y) = (sum(&|p| p[0]), sum(&|p| p[1]));
    let (xx, xy, yy) = (sum(&|p| p[0] * p[0]), sum(&|p| p[0] * p[1]), sum(&|p| p[1] * p[1]));
    let right = [sum(&|p| p[2]), sum(&|p| p[0] * p[2]), sum(&|p| p[1] * p[2])];
    let columns = [[n, x, y], [x, xx, xy], [y, xy, yy]];
    let determinant = |[a, b, c]: [[f64; 3]; 3]| {
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    let whole = determinant(columns);
    let solved = |i: usize| {
        let mut columns = columns;
        columns[i] = right;
        determinant(columns) / whole
    };
    // A strip one pixel wide has no slope across.
    if whole.abs() > 1e-6 * n.powi(3) {
        return Some([solved(0), solved(1), solved(2)]);
    }
    (n > 0.0).then(|| [right[0] / n, 0.0, 0.0])
}

/// The paper below dark ink: a closing, the lightest pixel around each and then the darkest of those around it.
/// What is narrower than a third of the picture, as strokes are, is gone then; slopes of the light stay.
fn paper(grey: &GrayImage) -> GrayImage {
    let small = at_most(grey, SMALL);
    let radius = (small.width().max(small.height()) as usize / 6).max(1);
    let lightest = slide(&small, radius, u8::max);
    let closed = slide(&lightest, radius, u8::min);
    if small.dimensions() == grey.dimensions() {
        return closed;
    }
    let (width, height) = grey.dimensions();
    imageops::resize(&closed, width, height, FilterType::Triangle)
}

fn at_most(grey: &GrayImage, side: u32) -> GrayImage {
    let longer = grey.width().max(grey.height());
    if longer <= side {
        return grey.clone();
    }
    let [width, height] = [grey.width(), grey.height()]
        .map(|n| (u64::from(n) * u64::from(side) / u64::from(longer)) as u32);
    imageops::resize(grey, width.max(1), height.max(1), FilterType::Triangle)
}

/// For each pixel the one that `pick` prefers in the square around it.
fn slide(grey: &GrayImage, radius: usize, pick: fn(u8, u8) -> u8) -> GrayImage {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let pixels = grey.as_raw();
    let around = |at: usize, n: usize| at.saturating_sub(radius)..(at + radius + 1).min(n);
    let best = |of: &mut dyn Iterator<Item = u8>| of.reduce(pick).unwrap_or_default();
    let rows: Vec<u8> = (0..width * height)
        .map(|at| {
            let row = &pixels[at / width * width..][..width];
            best(&mut row[around(at % width, width)].iter().copied())
        })
        .collect();
    let both = (0..width * height)
        .map(|at| best(&mut around(at / width, height).map(|y| rows[y * width + at % width])))
        .collect();
    GrayImage::from_raw(grey.width(), grey.height(), both).expect("a byte for each pixel")
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    /// Ink of this brightness on paper that gets lighter to the right.
    fn stroke(ink: impl Fn(u32) -> u8, paper: impl Fn(u32) -> u8) -> GrayImage {
        GrayImage::from_fn(60, 60, |x, y| {
            let inked = (25..31).contains(&x) && (10..50).contains(&y);
            Luma([if inked { ink(x) } else { paper(x) }])
        })
    }

    #[test]
    fn ink_is_found_on_any_ground() {
        assert!(!ink_is_light(&stroke(|_| 0, |_| 255)));
        assert!(ink_is_light(&stroke(|_| 255, |_| 0)));
        // Lit from the right: the paper at the left is darker than the ink at the right could be.
        assert!(!ink_is_light(&stroke(|x| 20 + x as u8, |x| 60 + 3 * x as u8)));
        assert!(ink_is_light(&stroke(|x| 90 + 3 * x as u8, |x| 20 + 2 * x as u8)));
    }

    #[test]
    fn the_light_is_divided_out() {
        let found = contrast(&stroke(|x| 30 + x as u8, |x| 60 + 3 * x as u8)).unwrap().contrast;
        let at = |x: u32| found.get_pixel(x, 30)[0];
        assert!(at(5) < 16 && at(15) < 16 && at(45) < 16 && at(55) < 16, "{:?}", [at(5), at(55)]);
        assert!(at(28) > 120, "{}", at(28));
    }

    #[test]
    fn an_empty_sheet_has_no_ink() {
        assert!(contrast(&GrayImage::from_pixel(40, 30, Luma([200]))).is_none());
        assert!(contrast(&GrayImage::from_fn(40, 30, |x, _| Luma([100 + 2 * x as u8]))).is_none());
        assert!(contrast(&GrayImage::new(0, 0)).is_none());
        assert!(contrast(&GrayImage::new(40, 30)).is_none());
    }
}
