//! Which of the processor's vector instructions are used.

use std::sync::atomic::{AtomicU8, Ordering};

use pulp::{Simd, WithSimd};

/// The instructions with which the arithmetic is done (an instruction set architecture, or a part of one). One is
/// chosen for the whole process, all threads included. All of them give the same bits; they differ in how many numbers they
/// take at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Isa {
    /// Plain Rust, for any processor. Where the processor has no fused multiply-add, each is made of
    /// several operations.
    Portable = 1,
    /// 8 numbers at once, with AVX2 and FMA: x86 processors since about 2013.
    Avx2 = 2,
    /// 16 numbers at once, with AVX-512.
    Avx512 = 3,
    /// 4 numbers at once, with NEON: ARM processors of 64 bits, such as Apple's.
    Neon = 4,
}

impl Isa {
    /// Those that this processor has, the fastest last.
    ///
    /// ```
    /// assert_eq!(samebits::Isa::available()[0], samebits::Isa::Portable);
    /// ```
    pub fn available() -> Vec<Isa> {
        let mut all = vec![Isa::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V3::try_new().map(|_| Isa::Avx2));
            all.extend(pulp::x86::V4::try_new().map(|_| Isa::Avx512));
        }
        #[cfg(target_arch = "aarch64")]
        all.extend(pulp::aarch64::Neon::try_new().map(|_| Isa::Neon));
        all
    }

    /// The one in use: the fastest that there is, or what [`force`](Self::force) has said.
    pub fn current() -> Isa {
        match CURRENT.load(Ordering::Relaxed) {
            1 => Isa::Portable,
            2 => Isa::Avx2,
            3 => Isa::Avx512,
            4 => Isa::Neon,
            _ => {
                let best = *Self::available().last().expect("the portable one");
                CURRENT.store(best as u8, Ordering::Relaxed);
                best
            }
        }
    }

    /// Uses these from now on, in all threads of the process; for tests and for measuring.
    ///
    /// # Panics
    /// If this processor has not got it.
    ///
    /// ```
    /// use samebits::Isa;
    ///
    /// Isa::Portable.force();
    /// assert_eq!(Isa::current(), Isa::Portable);
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

/// Runs the version of a kernel that fits the present instructions.
pub(crate) fn run<K: Kernel>(kernel: K) {
    struct Vectors<K>(K);
    impl<K: Kernel> WithSimd for Vectors<K> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            self.0.vectors(simd);
        }
    }
    match Isa::current() {
        Isa::Portable => kernel.plain(),
        isa => with_vectors(isa, Vectors(kernel)),
    }
}

/// Does some work that is compiled for these vectors.
fn with_vectors(isa: Isa, work: impl WithSimd<Output = ()>) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => Simd::vectorize(pulp::x86::V3::try_new().expect("checked before"), work),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => Simd::vectorize(pulp::x86::V4::try_new().expect("checked before"), work),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => Simd::vectorize(pulp::aarch64::Neon::try_new().expect("checked before"), work),
        _ => unreachable!("{isa:?} is for other processors"),
    }
}

/// Loops over numbers, of which the compiler makes vectors by itself. They must not use `mul_add`.
pub(crate) trait Loops {
    /// Has to be `#[inline(always)]`: what is left out of line is compiled without vectors.
    fn run(self);
}

/// Runs loops, compiled for the vectors of the present instructions.
pub(crate) fn run_loops(loops: impl Loops) {
    struct Inlined<L>(L);
    impl<L: Loops> WithSimd for Inlined<L> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            self.0.run();
        }
    }
    match Isa::current() {
        Isa::Portable => loops.run(),
        isa => with_vectors(isa, Inlined(loops)),
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
