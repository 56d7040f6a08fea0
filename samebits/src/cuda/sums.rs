//! Sums along axes, and what is repeated along them: `kernels/sums.cuh`.

use super::arguments::{Argument, Axes, MOST_AXES, arguments};
use super::check::{blocks, int};
use super::driver::Gpu;
use super::error::Error;
use super::kernels::Kernel;
use super::memory::{Slice, SliceMut, fill_with_zeros};
use crate::sums::{Axis, check, numbers};

/// Axes as kernels take them; those that lie one in the other as one.
fn axes(of: &[Axis]) -> Axes {
    let mut joined: Vec<Axis> = Vec::new();
    for &(length, stride) in of.iter().filter(|axis| axis.0 != 1) {
        match joined.last_mut() {
            Some(last) if last.1 == length * stride => *last = (last.0 * length, stride),
            _ => joined.push((length, stride)),
        }
    }
    // A sum has one axis at least; that of one number may have any stride.
    if joined.is_empty() {
        joined.push((1, 0));
    }
    let mut axes =
        Axes { count: joined.len() as i32, lengths: [1; MOST_AXES], strides: [0; MOST_AXES] };
    for (at, (length, stride)) in joined.into_iter().enumerate() {
        // Both are smaller than the number of numbers, of which kernels have been found to count all.
        (axes.lengths[at], axes.strides[at]) = (length as i32, stride as i32);
    }
    axes
}

/// How far apart the indices of some axes are in a slice that has just these, one after the other.
fn dense(of: &[Axis]) -> Vec<usize> {
    let mut strides = vec![1; of.len()];
    for at in (1..of.len()).rev() {
        strides[at - 1] = strides[at] * of[at].0;
    }
    strides
}

/// Sums, each with its place among the numbers and among the results, of the same terms from there on.
struct Sums<'a> {
    from: &'a [Axis],
    to: &'a [Axis],
    terms: &'a [Axis],
    /// Whether they go on from what is there.
    given: bool,
}

impl Sums<'_> {
    fn launch(&self, gpu: Gpu, x: Slice<'_, f32>, y: SliceMut<'_, f32>) -> Result<(), Error> {
        let of = format_args!("sums of {} numbers", x.len());
        let (n, count) = (numbers(self.from, "sums"), numbers(self.terms, "sums"));
        for len in [x.len(), y.len(), n, count] {
            int(len, of)?;
        }
        let [from, to, terms] = [self.from, self.to, self.terms].map(axes);
        let arguments = &[
            Argument::lent(&from),
            Argument::lent(&to),
            Argument::lent(&terms),
            (n as i32).into(),
            (count as i32).into(),
            i32::from(self.given).into(),
            x.address().into(),
            y.address().into(),
        ];
        // So many sums keep the GPU busy with a thread for each.
        const MANY: usize = 1024;
        let (kernel, grid) = match n >= MANY || count <= 64 {
            true => (Kernel::SumsByThreads, blocks(n, of)?),
            false => (Kernel::SumsByBlocks, [n, 1]),
        };
        // SAFETY: All places of these axes are within the slices: `check` has looked. No two sums go to the same place.
        unsafe { gpu.launch(kernel, grid, 256, arguments) }
    }
}

pub(super) fn sums(
    gpu: Gpu,
    x: Slice<'_, f32>,
    kept: &[Axis],
    reduced: &[Axis],
    y: SliceMut<'_, f32>,
) -> Result<(), Error> {
    check(x.len(), &[kept, reduced].concat(), "sums");
    assert_eq!(y.len(), numbers(kept, "sums"), "sums: results of axes {kept:?}");
    if numbers(reduced, "sums") == 0 {
        return fill_with_zeros(gpu, y.address(), 4 * y.len());
    }
    if y.is_empty() {
        return Ok(());
    }
    let to: Vec<Axis> =
        kept.iter().zip(dense(kept)).map(|((length, _), stride)| (*length, stride)).collect();
    Sums { from: kept, to: &to, terms: reduced, given: false }.launch(gpu, x, y)
}

/// To `y`, or added to what is there if that is `given`.
pub(super) fn repeat(
    gpu: Gpu,
    x: Slice<'_, f32>,
    of: &[Axis],
    y: SliceMut<'_, f32>,
    given: bool,
) -> Result<(), Error> {
    let name = if given { "add_repeated" } else { "repeat" };
    check(x.len(), of, name);
    assert_eq!(y.len(), numbers(of, name), "{name}: results of axes {of:?}");
    int(x.len(), "numbers to repeat")?;
    let grid = blocks(y.len(), "repeated numbers")?;
    let axes = axes(of);
    let n = y.len() as i32;
    let arguments =
        arguments![Argument::lent(&axes), n, i32::from(given), x.address(), y.address()];
    // SAFETY: All places of the axes are within `x`; `y` has a number for each thread that does something.
    unsafe { gpu.launch(Kernel::Repeat, grid, 256, arguments) }
}

pub(super) fn repeat_gradient(
    gpu: Gpu,
    of: &[Axis],
    dy: Slice<'_, f32>,
    dx: SliceMut<'_, f32>,
) -> Result<(), Error> {
    check(dx.len(), of, "repeat_gradient");
    assert_eq!(dy.len(), numbers(of, "repeat_gradient"), "repeat_gradient: numbers of {of:?}");
    if dy.is_empty() {
        return Ok(());
    }
    if !is_apart(of) {
        return Err(Error::TooLarge {
            what: format!("repeat_gradient of axes {of:?}, which overlap"),
        });
    }
    // For each number of `dx`, those of `dy` that are copies of it, in their order.
    let with_dense = || of.iter().zip(dense(of));
    let kept = || with_dense().filter(|((_, stride), _)| *stride > 0);
    let from: Vec<Axis> = kept().map(|((length, _), dense)| (*length, dense)).collect();
    let to: Vec<Axis> = kept().map(|(axis, _)| *axis).collect();
    let terms: Vec<Axis> = with_dense()
        .filter(|((_, stride), _)| *stride == 0)
        .map(|((length, _), dense)| (*length, dense))
        .collect();
    Sums { from: &from, to: &to, terms: &terms, given: true }.launch(gpu, dy, dx)
}

/// Whether no two indices of the axes that are not repeated have the same place.
fn is_apart(of: &[Axis]) -> bool {
    let mut axes: Vec<Axis> = of.iter().copied().filter(|axis| axis.0 > 1 && axis.1 > 0).collect();
    axes.sort_unstable_by_key(|axis| axis.1);
    let mut reach = 0;
    axes.into_iter().all(|(length, stride)| {
        let apart = stride > reach;
        reach += (length - 1) * stride;
        apart
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_that_lie_in_each_other_are_one() {
        let of = axes(&[(2, 12), (3, 4), (1, 99), (4, 1)]);
        assert_eq!((of.count, of.lengths[0], of.strides[0]), (1, 24, 1));
        assert_eq!(axes(&[(2, 1), (3, 2)]).count, 2);
        assert_eq!(axes(&[(3, 0), (2, 0)]).count, 1);
        assert_eq!(axes(&[]).count, 1);
    }

    #[test]
    fn axes_that_overlap() {
        assert!(is_apart(&[(2, 3), (3, 1), (7, 0)]));
        assert!(!is_apart(&[(2, 2), (3, 1)]));
    }
}
