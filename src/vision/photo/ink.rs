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

    /// Where there is ink, without the table around the paper, lines that are printed on it, and specks.
    pub(super) fn of(contrast: &GrayImage) -> Self {
        let [least, ink] = thresholds(contrast);
        let mut mask = Self::over(contrast, least).without_frames();
        // Printed lines run from side to side, and ink is stronger than they are.
        if mask.runs_across() {
            let stronger = Self::over(contrast, ink).without_frames();
            if !stronger.runs_across() {
                mask = stronger;
            }
        }
        let parts = mask.parts();
        let largest = parts.iter().map(Vec::len).max().unwrap_or(0) as f64;
        for part in parts.iter().filter(|part| (part.len() as f64) < SPECK * largest) {
            part.iter().for_each(|&at| mask.ink[at] = false);
        }
        mask
    }

    /// Without the parts that reach three sides of the picture or all, if there is a part as large as a digit that
    /// reaches none. A table is such a part, at whichever sides of the paper it can be seen, and however large.
    fn without_frames(mut self) -> Self {
        let parts = self.parts();
        let longest = self.width.max(self.height) as usize;
        let sides = |part: &[usize]| self.sides(part).iter().filter(|reached| **reached).count();
        let frames: Vec<_> = parts.iter().filter(|part| sides(part) >= 3).collect();
        if parts.iter().any(|part| part.len() > longest && sides(part) == 0) {
            frames.into_iter().flatten().for_each(|&at| self.ink[at] = false);
        }
        self
    }

    /// Whether a part reaches from the left side of the picture to the right one, or from the top to the bottom.
    fn runs_across(&self) -> bool {
        self.parts()
            .iter()
            .map(|part| self.sides(part))
            .any(|[left, top, right, bottom]| left && right || top && bottom)
    }

    /// Which sides of the picture a part reaches: left, top, right, bottom.
    fn sides(&self, part: &[usize]) -> [bool; 4] {
        let (width, height) = (self.width as usize, self.height as usize);
        let mut sides = [false; 4];
        for at in part {
            let (x, y) = (at % width, at / width);
            let here = [x == 0, y == 0, x + 1 == width, y + 1 == height];
            sides.iter_mut().zip(here).for_each(|(side, here)| *side |= here);
        }
        sides
    }

    /// Without the parts that reach the edge of the picture, if the others are a fifth of the ink or more.
    pub(super) fn without_what_touches_the_edge(mut self) -> Self {
        let (touching, inside): (Vec<_>, Vec<_>) =
            self.parts().into_iter().partition(|part| self.sides(part).contains(&true));
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

/// How much contrast ink has at least, and how much if there are fainter printed lines. The first is at least a
/// quarter of the strongest contrast: there may be little ink, and then two kinds of paper differ more. The second
/// divides what is left once more.
fn thresholds(contrast: &GrayImage) -> [u8; 2] {
    let mut counts = [0u64; 256];
    contrast.pixels().for_each(|pixel| counts[pixel[0] as usize] += 1);
    let strongest = counts.iter().rposition(|count| *count > 0).unwrap_or(0) as u8;
    let least = otsu(&counts).max(strongest / 4).max(1);
    counts[..usize::from(least)].fill(0);
    [least, otsu(&counts).max(least)]
}

/// Otsu's threshold: the one that divides the pixels, counted by value, into two groups that differ most.
fn otsu(counts: &[u64; 256]) -> u8 {
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
    threshold
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
    fn a_frame_is_no_ink_however_large_it_is() {
        let frames =
            ["########", "#......#", "#.####.#", "#.####.#", "#.#....#", "#......#", "########"];
        let digit = mask(&frames.map(|row| if row.contains('.') { row } else { "........" }));
        let digit = digit.without_what_touches_the_edge();
        assert_eq!(digit.bounds(), Some(Part { x: 2, y: 2, width: 4, height: 3 }));
        assert_eq!(mask(&frames).without_frames(), digit);
        // At one side only.
        let at_left = frames.map(|row| match row.contains('.') {
            true => format!("#{}.", &row[1..7]),
            false => "#.......".to_string(),
        });
        assert_eq!(mask(&at_left.each_ref().map(String::as_str)).without_frames(), digit);
        // A digit that fills the picture stays.
        let alone = mask(&["####", "...#", "..#.", "..#."]);
        assert_eq!(alone.clone().without_frames(), alone);
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
        let [least, _] = thresholds(&picture);
        assert!((10..=180).contains(&least), "{least}");
    }

    #[test]
    fn printed_lines_are_no_ink() {
        let is_ink = |x: u32, y: u32| (25..33).contains(&x) && (10..45).contains(&y);
        let lined = |line: fn(u32, u32) -> bool| {
            Mask::of(&GrayImage::from_fn(60, 60, |x, y| {
                Luma([match () {
                    () if is_ink(x, y) => 230,
                    () if line(x, y) => 70,
                    () => (x % 4) as u8,
                }])
            }))
        };
        let part = Some(Part { x: 25, y: 10, width: 8, height: 35 });
        assert_eq!(lined(|_, _| false).bounds(), part);
        assert_eq!(lined(|_, y| y % 9 == 4).bounds(), part, "ruled");
        assert_eq!(lined(|x, y| x % 9 == 4 || y % 9 == 4).bounds(), part, "squared");
        assert_eq!(lined(|x, y| (8 * y + x) % 72 < 8).bounds(), part, "askew");
        assert_eq!(lined(|x, _| x == 6).bounds(), part, "a margin");
    }
}
