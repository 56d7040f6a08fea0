//! Arithmetic of sizes that cannot wrap.
//!
//! Sizes come from whoever calls, and `usize` has 32 bits on some computers. What is worked out here is either right
//! or a panic, before anything is written.

use std::fmt::Display;

/// The product of some sizes; `of` says whose they are.
///
/// # Panics
/// If it is too large for a `usize`, also if that of the sizes other than 0 is: so the product of any of them is none
/// to worry about.
#[track_caller]
pub(crate) fn product<const N: usize>(sizes: [usize; N], of: impl Display) -> usize {
    let others = sizes.into_iter().filter(|size| *size > 0);
    let product = others.into_iter().try_fold(1usize, usize::checked_mul);
    let Some(product) = product else { too_large(of) };
    if sizes.contains(&0) { 0 } else { product }
}

/// The place of the last of so many rows, columns and so on, each with how far the next one is away; `None` if that
/// is no `usize`.
pub(crate) fn last<const N: usize>(counts: [(usize, usize); N]) -> Option<usize> {
    counts.into_iter().try_fold(0usize, |sum, (count, stride)| {
        sum.checked_add(count.checked_sub(1)?.checked_mul(stride)?)
    })
}

/// A vector with room for so many elements.
///
/// # Panics
/// If there is no memory for them; `of` says whose they are.
#[track_caller]
pub(crate) fn room<T>(len: usize, of: impl Display) -> Vec<T> {
    let mut vec = Vec::new();
    if vec.try_reserve_exact(len).is_err() {
        too_large(of);
    }
    vec
}

/// So many zeros.
///
/// # Panics
/// If there is no memory for them; `of` says whose they are.
#[track_caller]
pub(crate) fn zeros(len: usize, of: impl Display) -> Vec<f32> {
    /// From here on the system is asked first: `vec!` ends the program where there is no memory.
    const MANY: usize = 1 << 26;
    if len >= MANY {
        drop(room::<f32>(len, of));
    }
    vec![0.0; len]
}

#[cold]
#[track_caller]
fn too_large(of: impl Display) -> ! {
    panic!("too large for this computer's memory: {of}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_that_fit() {
        assert_eq!(product([2, 3, 7], ""), 42);
        assert_eq!(product([], ""), 1);
        assert_eq!(product([usize::MAX, 0], ""), 0);
        assert_eq!(product([usize::MAX, 1], ""), usize::MAX);
    }

    #[test]
    #[should_panic = "too large for this computer's memory: 9 cats"]
    fn a_product_that_does_not() {
        product([usize::MAX, 0, 2], "9 cats");
    }

    #[test]
    fn the_last_of_a_matrix() {
        assert_eq!(last([(3, 10), (4, 1)]), Some(23));
        assert_eq!(last([(0, 10)]), None);
        assert_eq!(last([(3, usize::MAX)]), None);
        assert_eq!(last([(2, usize::MAX), (2, 1)]), None);
    }

    #[test]
    #[should_panic = "too large for this computer's memory: all"]
    fn more_zeros_than_memory() {
        zeros(usize::MAX / 8, "all");
    }
}
