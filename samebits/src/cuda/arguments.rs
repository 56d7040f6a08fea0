//! What kernels are started with.

use std::ffi::c_void;

/// A value that a kernel may have as a parameter: its bytes mean the same in CUDA C++.
///
/// # Safety
/// It is a number, or `repr(C)` and made of such, in the order of the struct of the same name in `kernels/`. All its bytes
/// are set.
pub(super) unsafe trait Parameter {}

macro_rules! parameters {
    ($($type:ty)*) => {$(
        // SAFETY: a number; an address is an `u64`.
        unsafe impl Parameter for $type {}
    )*};
}
parameters!(i32 u32 u64 f32 f64);

/// How many words of eight bytes the largest argument has that is handed over by its value.
const WORDS: usize = 5;

/// An argument of a kernel: a copy of it, or, if it is large, where it lies.
#[derive(Debug)]
pub(super) enum Argument<'a> {
    Copied { words: [u64; WORDS], bytes: usize },
    Lent(&'a [u8]),
}

impl<P: Parameter> From<P> for Argument<'_> {
    fn from(value: P) -> Self {
        let bytes = size_of::<P>();
        assert!(bytes <= 8 * WORDS && align_of::<P>() <= 8, "a large argument is lent");
        let mut words = [0u64; WORDS];
        // SAFETY: `words` has at least so many bytes, all bytes of a parameter are set, and both are there for this call alone.
        unsafe {
            std::ptr::copy_nonoverlapping(
                (&raw const value).cast::<u8>(),
                words.as_mut_ptr().cast(),
                bytes,
            );
        }
        Self::Copied { words, bytes }
    }
}

impl<'a> Argument<'a> {
    /// One that is too large to be copied twice.
    pub fn lent<P: Parameter>(value: &'a P) -> Self {
        // SAFETY: All bytes of a parameter are set, and it is lent for as long.
        Self::Lent(unsafe {
            std::slice::from_raw_parts((&raw const *value).cast(), size_of::<P>())
        })
    }

    pub fn bytes(&self) -> usize {
        match self {
            Self::Copied { bytes, .. } => *bytes,
            Self::Lent(lent) => lent.len(),
        }
    }

    /// Where it lies.
    pub fn address(&self) -> *const c_void {
        match self {
            Self::Copied { words, .. } => words.as_ptr().cast(),
            Self::Lent(lent) => lent.as_ptr().cast(),
        }
    }
}

/// Some arguments, each a [`Parameter`] or an [`Argument`] already.
macro_rules! arguments {
    ($($argument:expr),* $(,)?) => {
        &[$($crate::cuda::arguments::Argument::from($argument)),*]
    };
}
pub(super) use arguments;

/// Structs that kernels take, as they lie in C++.
macro_rules! structs {
    ($($(#[$attribute:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$attribute])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $name {
            $(pub $field: $type),*
        }
        // SAFETY: As `Parameter` demands: `repr(C)`, of parameters; a test below looks that there are no gaps.
        unsafe impl Parameter for $name {}
    )*};
}

structs! {
    Conv {
        batch: i32, height: i32, width: i32, in_channels: i32, out_channels: i32, kernel: i32, stride: i32,
        padding: i32, out_height: i32, out_width: i32,
    }
    Tiles { rows: i32, columns: i32 }
    Pieces { rows: i32, channels: i32, piece: i32, pieces: i32 }
    Finished { pieces: Pieces, parts: u64, counts: u64 }
    Norm { pieces: Pieces, relu: i32, eps: f32 }
    Moves { mean: u64, variance: u64, keep: f32, of_mean: f32, of_variance: f32, unused: u32 }
    Gradients { dx: u64, dweight: u64, dbias: u64, dresidual: u64, fresh: i32, unused: i32 }
    Mm { rows: i32, columns: i32, depth: i32, a_step: i32, b_step: i32, init_step: i32 }
    /// Numbers of rows: in the struct, or at an address.
    Rows { more: u64, rows: [i32; FEW_ROWS] }
    /// Bits: in the struct, or at an address.
    Bits { more: u64, words: [u32; FEW_WORDS] }
    Axes { count: i32, lengths: [i32; MOST_AXES], strides: [i32; MOST_AXES] }
    Windows { starts: u64, inputs: u64, back_starts: u64, back: u64 }
    Adam {
        beta1: f32, beta2: f32, rest1: f32, rest2: f32, eps: f32, kept: f32, rate: f32, correction: f32,
        then_zero: i32,
    }
    /// Not a parameter itself, but what a parameter points at.
    Part { p: u64, m: u64, v: u64, g: u64, len: i32, decays: i32 }
}

/// How many numbers of rows come with the start of a kernel.
pub(super) const FEW_ROWS: usize = 960;

/// How many words of bits do.
pub(super) const FEW_WORDS: usize = 2048;

/// How many axes a sum may have.
pub(super) const MOST_AXES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_have_no_gaps() {
        assert_eq!(size_of::<Conv>(), 10 * 4);
        assert_eq!(size_of::<Finished>(), 4 * 4 + 2 * 8);
        assert_eq!(size_of::<Norm>(), 6 * 4);
        assert_eq!(size_of::<Moves>(), 2 * 8 + 4 * 4);
        assert_eq!(size_of::<Gradients>(), 4 * 8 + 2 * 4);
        assert_eq!(size_of::<Mm>(), 6 * 4);
        assert_eq!(size_of::<Windows>(), 4 * 8);
        assert_eq!(size_of::<Rows>(), 8 + 4 * FEW_ROWS);
        assert_eq!(size_of::<Bits>(), 8 + 4 * FEW_WORDS);
        assert_eq!(size_of::<Axes>(), 4 + 2 * 4 * MOST_AXES);
        assert_eq!(size_of::<Adam>(), 9 * 4);
        assert_eq!(size_of::<Part>(), 4 * 8 + 2 * 4);
    }
}
