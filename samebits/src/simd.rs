//! Which of the processor's vector instructions are used.

use std::sync::atomic::{AtomicU8, Ordering};

use pulp::{Simd, WithSimd};

/// A way to do the arithmetic. All of them give the same bits; they differ in how many numbers they
/// take at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Path {
    /// Plain Rust, for any processor. Where the processor has no fused multiply-add, each is made of
    /// several operations.
    Portable = 1,
    /// 8 numbers at once, with AVX2 and FMA: x86 processors since about 2013.
    Avx2 = 2,
    /// 16 numbers at once, with AVX-512.
    Avx512 = 3,
}

impl Path {
    /// The paths that this processor has, the fastest last.
    ///
    /// ```
    /// assert_eq!(samebits::Path::available()[0], samebits::Path::Portable);
    /// ```
    pub fn available() -> Vec<Path> {
        let mut paths = vec![Path::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            paths.extend(pulp::x86::V3::try_new().map(|_| Path::Avx2));
            paths.extend(pulp::x86::V4::try_new().map(|_| Path::Avx512));
        }
        paths
    }

    /// The path in use: the fastest that there is, or what [`force`](Self::force) has said.
    pub fn current() -> Path {
        match CURRENT.load(Ordering::Relaxed) {
            1 => Path::Portable,
            2 => Path::Avx2,
            3 => Path::Avx512,
            _ => {
                let best = *Self::available().last().expect("the portable path");
                CURRENT.store(best as u8, Ordering::Relaxed);
                best
            }
        }
    }

    /// Uses this path from now on, in all threads; for tests and for measuring.
    ///
    /// # Panics
    /// If this processor has not got it.
    ///
    /// ```
    /// use samebits::Path;
    ///
    /// Path::Portable.force();
    /// assert_eq!(Path::current(), Path::Portable);
    /// ```
    pub fn force(self) {
        assert!(Self::available().contains(&self), "this processor has no {self:?}");
        CURRENT.store(self as u8, Ordering::Relaxed);
    }
}

/// 0 until somebody asks.
static CURRENT: AtomicU8 = AtomicU8::new(0);

/// Arithmetic for which there is a version with vectors, and a plain one with the same results.
pub(crate) trait Kernel {
    /// On vectors of `S`, which has fused multiply-adds.
    fn vectors<S: Simd>(self, simd: S);
    /// On single numbers.
    fn plain(self);
}

/// Runs the version of a kernel that fits the present path.
pub(crate) fn run<K: Kernel>(kernel: K) {
    struct Vectors<K>(K);
    impl<K: Kernel> WithSimd for Vectors<K> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            self.0.vectors(simd);
        }
    }
    match Path::current() {
        Path::Portable => kernel.plain(),
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => {
            Simd::vectorize(pulp::x86::V3::try_new().expect("checked before"), Vectors(kernel))
        }
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => {
            Simd::vectorize(pulp::x86::V4::try_new().expect("checked before"), Vectors(kernel))
        }
        #[cfg(not(target_arch = "x86_64"))]
        path => unreachable!("{path:?} is for x86 processors"),
    }
}

/// Loops over numbers, of which the compiler makes vectors by itself. They must not use `mul_add`.
pub(crate) trait Loops {
    /// Has to be `#[inline(always)]`: what is left out of line is compiled without vectors.
    fn run(self);
}

/// Runs loops, compiled for the vectors of the present path.
pub(crate) fn run_loops(loops: impl Loops) {
    struct Inlined<L>(L);
    impl<L: Loops> WithSimd for Inlined<L> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            self.0.run();
        }
    }
    match Path::current() {
        Path::Portable => loops.run(),
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => {
            Simd::vectorize(pulp::x86::V3::try_new().expect("checked before"), Inlined(loops))
        }
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => {
            Simd::vectorize(pulp::x86::V4::try_new().expect("checked before"), Inlined(loops))
        }
        #[cfg(not(target_arch = "x86_64"))]
        path => unreachable!("{path:?} is for x86 processors"),
    }
}

/// The same for a closure with a single short loop. The compiler may leave a longer one out of line.
pub(crate) fn each(code: impl FnOnce()) {
    run_loops(code);
}

impl<F: FnOnce()> Loops for F {
    #[inline(always)]
    fn run(self) {
        self();
    }
}
