//! Into which tiles a product is cut. No bit depends on it.

use std::cell::Cell;

use super::arguments::Tiles;
use super::driver::Gpu;

/// The tiles that a block can work out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tile {
    /// 32 times 32 results.
    T32x32,
    /// 16 times 32 results.
    T16x32,
    /// 16 times 16 results.
    T16x16,
    /// 16 times 16 results where numbers do not lie for vectors of four.
    Any,
}

impl Tile {
    pub(super) fn sizes(self) -> [usize; 2] {
        match self {
            Self::T32x32 => [32, 32],
            Self::T16x32 => [16, 32],
            Self::T16x16 | Self::Any => [16, 16],
        }
    }

    /// About how many cycles a term takes a warp, measured on an H200.
    fn cycles(self) -> f64 {
        match self {
            Self::T32x32 => 19.0,
            Self::T16x32 => 10.5,
            Self::T16x16 | Self::Any => 7.0,
        }
    }

    /// How many tiles a matrix has.
    pub(super) fn of(self, rows: usize, columns: usize) -> [usize; 2] {
        let [height, width] = self.sizes();
        [rows.div_ceil(height), columns.div_ceil(width)]
    }
}

/// Some matrices of the same size, and how many terms each of their numbers has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub matrices: usize,
    pub rows: usize,
    pub columns: usize,
    pub terms: usize,
}

thread_local! {
    static FORCED: Cell<Option<Tile>> = const { Cell::new(None) };
}

impl Gpu {
    /// Calls `work`, for which this thread uses such tiles wherever there is a choice; for tests and for measuring. No result
    /// depends on it.
    pub fn with_tile<R>(self, tile: Tile, work: impl FnOnce() -> R) -> R {
        let before = FORCED.replace(Some(tile));
        let result = work();
        FORCED.set(before);
        result
    }
}

/// Which tile is the quickest, or the one that is forced.
pub(super) fn quickest(gpu: Gpu, tiles: &[Tile], work: &[Work]) -> Tile {
    if let Some(forced) = FORCED.get().filter(|forced| tiles.contains(forced)) {
        return forced;
    }
    let time = |tile: &Tile| {
        let warps = |work: &Work| {
            let [rows, columns] = tile.of(work.rows, work.columns);
            2 * work.matrices * rows * columns
        };
        let longest = work.iter().map(|work| work.terms).max().unwrap_or(0) as f64;
        let all: f64 = work.iter().map(|work| (warps(work) * work.terms) as f64).sum();
        // Full turns of all warps that compute at the same time.
        let turns = (all / gpu.warps() as f64 / longest.max(1.0)).ceil();
        turns * longest * tile.cycles()
    };
    *tiles.iter().min_by(|a, b| time(a).total_cmp(&time(b))).expect("some tile")
}

/// How many tiles a matrix has, as kernels take it.
pub(super) fn tiles([rows, columns]: [usize; 2]) -> Tiles {
    // Fewer than the numbers of the matrix, which have been looked at.
    Tiles { rows: rows as i32, columns: columns as i32 }
}
