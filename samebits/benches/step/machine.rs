//! What the machine can do, measured: the limits of everything else.

use std::hint::black_box;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};

/// The peaks of all threads together.
pub struct Peaks {
    /// Multiplications and additions in a second, in fused multiply-adds whose numbers stay in registers.
    pub flops: f64,
    /// Bytes read and written in a second, of arrays that no near cache holds.
    pub bytes: f64,
    /// Bytes only read in a second, of arrays that are together as large as all pictures of 3s and 7s.
    pub read: f64,
}

impl Peaks {
    pub fn measure() -> Self {
        let flops = (0..25).map(|_| at_once(|_| multiply_adds())).fold(0.0, f64::max);
        let size = 4 << 20;
        let arrays = || (vec![1.0f32; size], vec![2.0f32; size], vec![3.0f32; size]);
        let all: Vec<_> = (0..samebits::num_threads()).map(|_| arrays().into()).collect();
        let all: Vec<std::sync::Mutex<_>> = all;
        let bytes = (0..25).map(|_| {
            at_once(|thread| {
                let arrays = &mut *all[thread].lock().expect("nothing has panicked");
                let (a, b, c): &mut (Vec<f32>, Vec<f32>, Vec<f32>) = arrays;
                a.iter_mut().zip(b).zip(c).for_each(|((a, b), c)| *a = *b + 0.5 * *c);
                black_box(a);
                // What is written has been read into a cache before.
                4.0 * (4 * size) as f64
            })
        });
        let bytes = bytes.fold(0.0, f64::max);
        let pictures = vec![1.0f32; (12_396 + 2_038) * 784];
        let parts: Vec<&[f32]> =
            pictures.chunks(pictures.len().div_ceil(samebits::num_threads())).collect();
        let read = (0..25).map(|_| at_once(|thread| read_through(parts[thread])));
        Self { flops, bytes, read: read.fold(0.0, f64::max) }
    }

    /// Takes the higher of each: whatever else the machine does makes it slower.
    pub fn raise_to(&mut self, other: &Self) {
        self.flops = self.flops.max(other.flops);
        self.bytes = self.bytes.max(other.bytes);
        self.read = self.read.max(other.read);
    }
}

/// Adds up numbers in many sums, so that none waits for another; returns how many bytes it has read.
fn read_through(numbers: &[f32]) -> f64 {
    let (lanes, rest) = numbers.as_chunks::<64>();
    let mut sums = [0.0f32; 64];
    for lane in lanes {
        sums.iter_mut().zip(lane).for_each(|(sum, number)| *sum += number);
    }
    black_box((sums, rest));
    4.0 * numbers.len() as f64
}

/// Does some work on each thread and returns how much all of them have done in a second.
fn at_once(work: impl Fn(usize) -> f64 + Sync) -> f64 {
    let start = Instant::now();
    let done: f64 = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..samebits::num_threads()).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    done / start.elapsed().as_secs_f64()
}

/// Fused multiply-adds on all vectors of the processor; returns how many operations they were.
fn multiply_adds() -> f64 {
    struct Rounds;
    impl WithSimd for Rounds {
        type Output = f64;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> f64 {
            /// So many that none waits for another.
            const SUMS: usize = 12;
            const ROUNDS: usize = 200_000;
            let (a, b) = (simd.splat_f32s(black_box(0.5)), simd.splat_f32s(black_box(0.25)));
            let mut sums = [simd.splat_f32s(black_box(1.0)); SUMS];
            for _ in 0..ROUNDS {
                for sum in &mut sums {
                    *sum = simd.mul_add_f32s(a, *sum, b);
                }
            }
            black_box(sums);
            (2 * ROUNDS * SUMS * S::F32_LANES) as f64
        }
    }
    Arch::new().dispatch(Rounds)
}
