//! Runs the same on both devices, and compares.

use samebits::cuda::{Gpu, Tile};
use samebits::{Cpu, Device};

use crate::common::{Random, Special};

/// Something that an operation does, on any device: from some slices of numbers to others.
pub trait Work {
    /// The numbers that it leaves. It starts from the same ones each time.
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error>;
}

pub fn gpu() -> Gpu {
    Gpu::get().expect("a GPU, or the stand-in for one")
}

/// Compares what both devices leave, bit by bit; of a NaN only that it is one.
pub fn assert_same(work: &impl Work, of: impl std::fmt::Display) {
    let Ok(expected) = work.run(Cpu);
    let found = work.run(gpu()).expect("a GPU that works");
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{of}: how many numbers result {at} has");
        let differs = found.iter().zip(expected).position(|(a, b)| bits(*a) != bits(*b));
        if let Some(place) = differs {
            let count = found.iter().zip(expected).filter(|(a, b)| bits(**a) != bits(**b)).count();
            panic!(
                "{of}: result {at} differs in {count} of {} numbers, first in number {place}: {:e} for {:e}",
                found.len(),
                found[place],
                expected[place]
            );
        }
    }
}

fn bits(x: f32) -> u32 {
    if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }
}

/// Numbers of all sorts: usual ones, infinities and NaN, tiny and huge ones.
pub fn all_sorts(seed: u64) -> Random {
    match seed % 4 {
        1 => Random::with_special_numbers(seed, Special::INFINITIES),
        2 => Random::with_special_numbers(seed, Special::ZEROS_TINY_AND_HUGE),
        3 => Random::with_special_numbers(seed, Special::NAN_AND_INFINITIES),
        _ => Random::new(seed),
    }
}

/// Copies numbers to a device, and back.
pub fn back<D: Device>(device: D, buffer: &D::Buffer<f32>) -> Result<Vec<f32>, D::Error> {
    device.copy_out(device.slice(buffer))
}

/// Calls `work` with each kind of tile that there is.
pub fn with_each_tile(work: impl Fn()) {
    for tile in [Tile::T32x32, Tile::T16x32, Tile::T16x16] {
        gpu().with_tile(tile, &work);
    }
}
