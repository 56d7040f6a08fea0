//! Which pixels are ink.

use image::{GrayImage, Luma};

/// A pixel of each is ink or is not.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mask {
    width: u32,
    height: u32,
    ink: Vec<bool>,
    /// Whether strokes were too thin and have been thickened.
    pub thickened: bool,
}

/// A part of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// A part of less than this share of the largest one's pixels is a speck.
const SPECK: f64 = 0.04;

/// The strokes of MNIST's digits are at least this share of the digit's longer side thick: two of twenty pixels.
const THIN: f64 = 0.1;

impl Mask {
    /// Where a picture is at least this light.
    pub(super) fn over(picture: &GrayImage, least: u8) -> Self {
        let ink = picture.pixels().map(|pixel| pixel[0] >= least).collect();
        let (width, height) = picture.dimensions();
        Self { width, height, ink, thickened: false }
    }

    /// Where there is ink, without specks.
    pub(super) fn of(contrast: &GrayImage) -> Self {
        let mut mask = Self::over(contrast, otsu(contrast));
        let parts = mask.parts();
        let largest = parts.iter().map(Vec::len).max().unwrap_or(0) as f64;
        for part in parts.iter().filter(|part| (part.len() as f64) < SPECK * largest) {
            part.iter().for_each(|&at| mask.ink[at] = false);
        }
        mask
    }

    /// Without the parts that reach the edge of the picture, if the others are a fifth of the ink or more.
    pub(super) fn without_what_touches_the_edge(mut self) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        let at_edge = |at: &usize| {
            let (x, y) = (at % width, at / width);
            x == 0 || y == 0 || x + 1 == width || y + 1 == height
        };
        let (touching, inside): (Vec<_>, Vec<_>) =
            self.parts().into_iter().partition(|part| part.iter().any(at_edge));
        let count = |parts: &[Vec<usize>]| parts.iter().map(Vec::len).sum::<usize>();
        if 5 * count(&inside) >= count(&touching) + count(&inside) {
            touching.iter().flatten().for_each(|&at| self.ink[at] = false);
        }
        self
    }

    /// With thicker strokes, if they would be thinner than MNIST's once the digit, which fills `whole`, is scaled.
    pub(super) fn bold(&self, whole: Part) -> Self {
        let area = self.ink.iter().filter(|ink| **ink).count() as f64;
        let edge =
            (0..self.ink.len()).filter(|&at| self.ink[at] && self.has_paper_beside(at)).count();
        // A long stroke of n pixels' thickness has two of them at its edges.
        let thickness = 2.0 * area / (edge as f64).max(1.0);
        let wanted = THIN * f64::from(whole.width.max(whole.height));
        let radius = ((wanted - thickness) / 2.0).round().max(0.0) as u32;
        if radius == 0 {
            return self.clone();
        }
        Self { thickened: true, ..self.wider(radius) }
    }

    fn has_paper_beside(&self, at: usize) -> bool {
        let (x, y) = (at as u32 % self.width, at as u32 / self.width);
        x == 0
            || y == 0
            || x + 1 == self.width
            || y + 1 == self.height
            || [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)].iter().any(|&(x, y)| !self.at(x, y))
    }

    /// With all pixels that are at most `radius` away from ink.
    pub(super) fn wider(&self, radius: u32) -> Self {
        let mut wider = self.clone();
        let r = radius as i64;
        for at in (0..self.ink.len()).filter(|&at| self.ink[at]) {
            let (x, y) = (at as i64 % i64::from(self.width), at as i64 / i64::from(self.width));
            for v in (y - r).max(0)..(y + r + 1).min(i64::from(self.height)) {
                for u in (x - r).max(0)..(x + r + 1).min(i64::from(self.width)) {
                    if (u - x).pow(2) + (v - y).pow(2) <= r * r {
                        wider.ink[(v * i64::from(self.width) + u) as usize] = true;
                    }
                }
            }
        }
        wider
    }

    pub(super) fn at(&self, x: u32, y: u32) -> bool {
        self.ink[(y * self.width + x) as usize]
    }

    /// The smallest part of the picture that has all ink; `None` if there is none.
    pub(super) fn bounds(&self) -> Option<Part> {
        let (mut left, mut top, mut right, mut bottom) = (self.width, self.height, 0, 0);
        for at in (0..self.ink.len()).filter(|&at| self.ink[at]) {
            let (x, y) = (at as u32 % self.width, at as u32 / self.width);
            (left, right) = (left.min(x), right.max(x + 1));
            (top, bottom) = (top.min(y), bottom.max(y + 1));
        }
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        Some(Part { x: left, y: top, width, height })
    }

    /// White ink on black.
    pub(super) fn picture(&self) -> GrayImage {
        GrayImage::from_fn(self.width, self.height, |x, y| Luma([255 * u8::from(self.at(x, y))]))
    }

    /// The places of the ink, part by part: pixels that touch, also at a corner, are of one part.
    fn parts(&self) -> Vec<Vec<usize>> {
        let (width, height) = (self.width as i64, self.height as i64);
        let mut seen = vec![false; self.ink.len()];
        let mut parts = Vec::new();
        for start in 0..self.ink.len() {
            if !self.ink[start] || seen[start] {
                continue;
            }
            seen[start] = true;
            let mut part = vec![start];
            let mut next = 0;
            while let Some(&at) = part.get(next) {
                next += 1;
                let (x, y) = (at as i64 % width, at as i64 / width);
                for v in (y - 1).max(0)..(y + 2).min(height) {
                    for u in (x - 1).max(0)..(x + 2).min(width) {
                        let beside = (v * width + u) as usize;
                        if self.ink[beside] && !seen[beside] {
                            seen[beside] = true;
                            part.push(beside);
                        }
                    }
                }
            }
            parts.push(part);
        }
        parts
    }
}

/// Otsu's threshold: the one that divides the pixels into two groups that differ most. At least a quarter of the
/// strongest contrast: there may be little ink, and then two kinds of paper differ more.
fn otsu(contrast: &GrayImage) -> u8 {
    let mut counts = [0u64; 256];
    contrast.pixels().for_each(|pixel| counts[pixel[0] as usize] += 1);
    let all: u64 = counts.iter().sum();
    let sum: u64 = counts.iter().zip(0u64..).map(|(count, value)| count * value).sum();
    let (mut below, mut sum_below) = (0u64, 0u64);
    let (mut best, mut threshold) = (0.0, 1u8);
    for value in 0..255u8 {
        below += counts[value as usize];
        sum_below += counts[value as usize] * u64::from(value);
        if below == 0 || below == all {
            continue;
        }
        let (low, high) = (below as f64, (all - below) as f64);
        let apart = (sum - sum_below) as f64 / high - sum_below as f64 / low;
        let between = low * high * apart * apart;
        if between > best {
            (best, threshold) = (between, value + 1);
        }
    }
    let strongest = counts.iter().rposition(|count| *count > 0).unwrap_or(0) as u8;
    threshold.max(strongest / 4).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(rows: &[&str]) -> Mask {
        let ink: Vec<bool> = rows.iter().flat_map(|row| row.chars().map(|c| c == '#')).collect();
        Mask { width: rows[0].len() as u32, height: rows.len() as u32, ink, thickened: false }
    }

    #[test]
    fn pixels_that_touch_are_one_part() {
        let mask = mask(&["#...", ".#.#", "...#"]);
        assert_eq!(mask.parts(), [vec![0, 5], vec![7, 11]]);
        assert_eq!(mask.bounds(), Some(Part { x: 0, y: 0, width: 4, height: 3 }));
    }

    #[test]
    fn the_table_around_the_paper_is_no_digit() {
        let both = mask(&["##.....", "##.....", "....#..", "....#.."]);
        let digit = mask(&[".......", ".......", "....#..", "....#.."]);
        assert_eq!(both.clone().without_what_touches_the_edge(), both);
        let inside = mask(&["##.....", "##..#..", "....#..", "......."]);
        let alone = mask(&[".......", "....#..", "....#..", "......."]);
        assert_eq!(inside.without_what_touches_the_edge(), alone);
        // A digit that reaches the edge is still one.
        assert_eq!(digit.clone().without_what_touches_the_edge(), digit);
    }

    #[test]
    fn thin_strokes_are_thickened_and_others_not() {
        let thin: Vec<String> =
            (0..60).map(|_| format!("{}#{}", ".".repeat(20), ".".repeat(20))).collect();
        let thin = mask(&thin.iter().map(String::as_str).collect::<Vec<_>>());
        let bold = thin.bold(thin.bounds().unwrap());
        assert!(bold.thickened && bold.bounds().unwrap().width >= 3);
        assert!(
            !bold
                .bold(Part { x: 0, y: 0, width: 20, height: 20 })
                .bold(Part { x: 0, y: 0, width: 9, height: 9 })
                .at(0, 0)
        );
        let thick = mask(&["###", "###", "###"]);
        assert_eq!(thick.bold(thick.bounds().unwrap()), thick);
    }

    #[test]
    fn otsu_divides_paper_and_ink() {
        let picture =
            GrayImage::from_fn(10, 10, |x, y| Luma([if y < 3 { 180 + x as u8 } else { x as u8 }]));
        assert!((10..=180).contains(&otsu(&picture)), "{}", otsu(&picture));
    }
}
