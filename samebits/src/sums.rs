//! Sums along axes, and numbers that are repeated along them.

use crate::simd::each;
use crate::sizes::product;

/// An axis of numbers in memory: how long it is, and how far the next one is away (0: the same number again).
pub type Axis = (usize, usize);

/// The most axes of a tensor.
const MOST: usize = 8;

/// The sum over the axes `reduced` for each index of the axes `kept`, to `y`. Each begins at 0 and is added up one number after
/// the other, the last of the `reduced` axes first; `y` has the indices of `kept` in the same order.
///
/// It is the order of a plain loop, in which a sum of millions of numbers goes wrong in its last digits: to be used
/// where that is wanted, or numbers are few. See [`column_means`](crate::column_means) for another one.
///
/// # Panics
/// If `y` has not a number for each index of `kept`, if `x` is too short, or if there are more than 8 axes of a kind.
///
/// ```
/// // Two rows of three numbers: the sums of rows, and of columns.
/// let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let (mut rows, mut columns) = ([0.0; 2], [0.0; 3]);
/// samebits::sums(&x, &[(2, 3)], &[(3, 1)], &mut rows);
/// samebits::sums(&x, &[(3, 1)], &[(2, 3)], &mut columns);
/// assert_eq!((rows, columns), ([6.0, 15.0], [5.0, 7.0, 9.0]));
/// ```
pub fn sums(x: &[f32], kept: &[Axis], reduced: &[Axis], y: &mut [f32]) {
    check(x.len(), &[kept, reduced].concat(), "sums");
    assert_eq!(y.len(), numbers(kept, "sums"), "sums: results of axes {kept:?}");
    if let [outer @ .., (columns, 1)] = kept
        && *columns > 1
    {
        // Vectors run along the results.
        let places = Places::of(outer);
        for (y, from) in y.chunks_exact_mut(*columns).zip(places) {
            y.fill(0.0);
            for place in Places::of(reduced) {
                let x = &x[from + place..][..*columns];
                each(|| y.iter_mut().zip(x).for_each(|(y, x)| *y += x));
            }
        }
        return;
    }
    let (outer, (length, stride)) = match reduced {
        [outer @ .., last] => (outer, *last),
        [] => (reduced, (1, 1)),
    };
    for (y, from) in y.iter_mut().zip(Places::of(kept)) {
        *y = 0.0;
        for place in Places::of(outer) {
            (0..length).for_each(|i| *y += x[from + place + i * stride]);
        }
    }
}

/// The numbers of `x` at each index of `axes`, to `y`: along an axis of stride 0 they are repeated.
///
/// # Panics
/// If `y` has not a number for each index, if `x` is too short, or if there are more than 8 axes.
///
/// ```
/// let mut y = [0.0; 4];
/// samebits::repeat(&[1.0, 2.0], &[(2, 0), (2, 1)], &mut y);
/// assert_eq!(y, [1.0, 2.0, 1.0, 2.0]);
/// ```
pub fn repeat(x: &[f32], axes: &[Axis], y: &mut [f32]) {
    check(x.len(), axes, "repeat");
    assert_eq!(y.len(), numbers(axes, "repeat"), "repeat: results of axes {axes:?}");
    to_each(x, axes, y, |y, x| *y = x);
}

/// The same, added to what is in `y`: the gradient of [`sums`], or a bias for each row.
///
/// # Panics
/// As [`repeat`].
///
/// ```
/// let mut y = [10.0, 20.0, 30.0, 40.0];
/// samebits::add_repeated(&[1.0, 2.0], &[(2, 0), (2, 1)], &mut y);
/// assert_eq!(y, [11.0, 22.0, 31.0, 42.0]);
/// ```
pub fn add_repeated(x: &[f32], axes: &[Axis], y: &mut [f32]) {
    check(x.len(), axes, "add_repeated");
    assert_eq!(y.len(), numbers(axes, "add_repeated"), "add_repeated: results of axes {axes:?}");
    to_each(x, axes, y, |y, x| *y += x);
}

/// Calls `f` with each of `y` and what comes to it of `x`.
fn to_each(x: &[f32], axes: &[Axis], y: &mut [f32], f: impl Fn(&mut f32, f32)) {
    let [outer @ .., (length, stride)] = axes else {
        return y.iter_mut().for_each(|y| f(y, x[0]));
    };
    for (y, place) in y.chunks_exact_mut((*length).max(1)).zip(Places::of(outer)) {
        let x = &x[place..];
        // Vectors run along the last axis.
        match stride {
            0 => each(|| y.iter_mut().for_each(|y| f(y, x[0]))),
            1 => each(|| y.iter_mut().zip(x).for_each(|(y, x)| f(y, *x))),
            _ => y.iter_mut().zip(x.iter().step_by(*stride)).for_each(|(y, x)| f(y, *x)),
        }
    }
}

/// Adds to `dx` what the gradient `dy` of [`repeat`]'s result comes to: each number of `dy`, one after the other, to that of
/// which it is a copy.
///
/// # Panics
/// As [`repeat`], of which `dx` has the role of `x`.
///
/// ```
/// let mut dx = [10.0, 20.0];
/// samebits::repeat_gradient(&[(2, 0), (2, 1)], &[1.0, 2.0, 3.0, 4.0], &mut dx);
/// assert_eq!(dx, [14.0, 26.0]);
/// ```
pub fn repeat_gradient(axes: &[Axis], dy: &[f32], dx: &mut [f32]) {
    check(dx.len(), axes, "repeat_gradient");
    assert_eq!(dy.len(), numbers(axes, "repeat_gradient"), "repeat_gradient: numbers of {axes:?}");
    dy.iter().zip(Places::of(axes)).for_each(|(dy, place)| dx[place] += dy);
}

/// How many indices some axes have.
#[track_caller]
pub(crate) fn numbers(axes: &[Axis], function: &str) -> usize {
    let mut sizes = [1; MOST];
    axes.iter().zip(&mut sizes).for_each(|((length, _), size)| *size = *length);
    product(sizes, format_args!("{function} of axes {axes:?}"))
}

/// Whether all places of some axes are among `len` numbers.
#[track_caller]
pub(crate) fn check(len: usize, axes: &[Axis], function: &str) {
    assert!(axes.len() <= MOST, "{function}: {} axes, of at most {MOST}", axes.len());
    if axes.iter().any(|(length, _)| *length == 0) {
        return;
    }
    let last = axes.iter().try_fold(0usize, |last, (length, stride)| {
        last.checked_add((length - 1).checked_mul(*stride)?)
    });
    let fits = last.is_some_and(|last| last < len);
    assert!(fits, "{function}: axes {axes:?} (length, stride) reach beyond {len} numbers");
}

/// The places of all indices of some axes, the last axis first.
struct Places<'a> {
    axes: &'a [Axis],
    index: [usize; MOST],
    next: Option<usize>,
}

impl<'a> Places<'a> {
    fn of(axes: &'a [Axis]) -> Self {
        let empty = axes.iter().any(|(length, _)| *length == 0);
        Self { axes, index: [0; MOST], next: if empty { None } else { Some(0) } }
    }
}

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = self.next?;
        let mut following = place;
        self.next = None;
        for (index, (length, stride)) in
            self.index[..self.axes.len()].iter_mut().zip(self.axes).rev()
        {
            if *index + 1 < *length {
                *index += 1;
                self.next = Some(following + stride);
                break;
            }
            following -= *index * stride;
            *index = 0;
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of which no two sums in another order are the same.
    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * 0.731).sin() * 10f32.powi(i as i32 % 7)).collect()
    }

    #[test]
    fn one_after_the_other_in_the_order_of_the_axes() {
        // A tensor of (3, 4, 5), summed over each choice of its axes.
        let (sizes, strides) = ([3, 4, 5], [20, 5, 1]);
        let x = numbers(60);
        for choice in 0..8usize {
            let axes = |of: bool| -> Vec<Axis> {
                let is = |axis: &usize| (choice >> axis & 1 == 1) == of;
                (0..3).filter(is).map(|axis| (sizes[axis], strides[axis])).collect()
            };
            let (kept, reduced) = (axes(false), axes(true));
            let mut expected = vec![0.0; kept.iter().map(|axis| axis.0).product()];
            for (at, x) in x.iter().enumerate() {
                let place = (0..3)
                    .filter(|axis| choice >> axis & 1 == 0)
                    .fold(0, |place, axis| place * sizes[axis] + at / strides[axis] % sizes[axis]);
                expected[place] += x;
            }
            let mut found = vec![7.0; expected.len()];
            sums(&x, &kept, &reduced, &mut found);
            assert_eq!(found, expected, "kept {kept:?}, reduced {reduced:?}");
        }
    }

    #[test]
    fn axes_in_another_order_repeated_ones_and_empty_ones() {
        let mut y = [0.0; 6];
        repeat(&[1.0, 2.0, 3.0], &[(3, 1), (2, 0)], &mut y);
        assert_eq!(y, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
        let mut sum = [0.0; 2];
        sums(&[1.0, 2.0, 3.0], &[(2, 0)], &[(3, 1)], &mut sum);
        assert_eq!(sum, [6.0; 2]);
        sums(&[], &[(2, 1)], &[(0, 5)], &mut sum);
        assert_eq!(sum, [0.0; 2]);
        sums(&[1.0], &[(0, 1)], &[(1, 5)], &mut []);
        add_repeated(&[1.0, 2.0, 3.0], &[(3, 1), (2, 0)], &mut y);
        assert_eq!(y, [2.0, 2.0, 4.0, 4.0, 6.0, 6.0]);
        add_repeated(&[1.0, 0.0, 3.0, 0.0, 5.0], &[(2, 0), (3, 2)], &mut y);
        assert_eq!(y, [3.0, 5.0, 9.0, 5.0, 9.0, 11.0]);
        add_repeated(&[], &[(2, 1), (0, 1)], &mut []);
        let mut dx = [1.0];
        repeat_gradient(&[], &[2.0], &mut dx);
        add_repeated(&[2.0], &[], &mut dx);
        assert_eq!(dx, [5.0]);
    }

    #[test]
    #[should_panic = "sums: axes [(2, 3), (3, 1)] (length, stride) reach beyond 5 numbers"]
    fn too_few_numbers() {
        sums(&[0.0; 5], &[(2, 3)], &[(3, 1)], &mut [0.0; 2]);
    }
}
