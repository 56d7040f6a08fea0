//! Sums along axes, and what is repeated along them.

use samebits::{Axis, Device};

use crate::both::{Work, all_sorts, assert_same, back};

struct Axes {
    /// Those that a sum keeps, and those over which it goes.
    kept: Vec<Axis>,
    reduced: Vec<Axis>,
    x: Vec<f32>,
    /// Of what is repeated; those of stride 0 are repeated.
    repeated: Vec<Axis>,
    dy: Vec<f32>,
}

impl Work for Axes {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let Self { kept, reduced, repeated, .. } = self;
        let (x, dy) = (device.copy_in(&self.x)?, device.copy_in(&self.dy)?);
        let mut sums = device.zeros(kept.iter().map(|axis| axis.0).product())?;
        device.sums(device.slice(&x), kept, reduced, device.slice_mut(&mut sums))?;
        let (mut y, mut dx) = (device.copy_in(&self.dy)?, device.copy_in(&self.x)?);
        device.repeat(device.slice(&x), repeated, device.slice_mut(&mut y))?;
        let mut sum = device.copy_in(&self.dy)?;
        device.add_repeated(device.slice(&x), repeated, device.slice_mut(&mut sum))?;
        device.repeat_gradient(repeated, device.slice(&dy), device.slice_mut(&mut dx))?;
        let [sums, y, sum, dx] = [&sums, &y, &sum, &dx].map(|numbers| back(device, numbers));
        Ok(vec![sums?, y?, sum?, dx?])
    }
}

/// Sums over each choice of the axes of a tensor, and a tensor without them that is repeated along them.
fn assert_axes(sizes: &[usize], seed: u64) {
    let mut strides = vec![1; sizes.len()];
    for axis in (1..sizes.len()).rev() {
        strides[axis - 1] = strides[axis] * sizes[axis];
    }
    let len = sizes.iter().product();
    for choice in 0..1usize << sizes.len() {
        let mut random = all_sorts(seed + choice as u64);
        let (mut kept, mut reduced, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        for (axis, size) in sizes.iter().enumerate() {
            match choice >> axis & 1 {
                0 => {
                    kept.push((*size, strides[axis]));
                    repeated.push((*size, strides[axis]));
                }
                _ => {
                    reduced.push((*size, strides[axis]));
                    repeated.push((*size, 0));
                }
            }
        }
        let (x, dy) = (random.numbers(len), random.numbers(len));
        assert_same(
            &Axes { kept, reduced, x, repeated, dy },
            format_args!("{sizes:?}, choice {choice:b}"),
        );
    }
}

#[test]
fn over_any_axes() {
    for (seed, sizes) in [
        &[][..],
        &[1],
        &[5000],
        &[33, 70],
        &[3, 1, 2000],
        &[4, 5, 6],
        &[2, 3, 4, 5],
        &[3, 0, 2],
        &[64, 28, 28],
        &[2000, 3],
    ]
    .into_iter()
    .enumerate()
    {
        assert_axes(sizes, seed as u64 + 1);
    }
}

#[test]
fn over_axes_that_lie_the_other_way() {
    let mut random = all_sorts(0);
    let (x, dy) = (random.numbers(60), random.numbers(60));
    // (3, 4, 5) as (5, 3) sums of four.
    let (kept, reduced) = (vec![(5, 1), (3, 20)], vec![(4, 5)]);
    let repeated = vec![(5, 1), (3, 20), (4, 0)];
    assert_same(&Axes { kept, reduced, x, repeated, dy }, "transposed");
}

/// A few small ones that start all kernels.
pub fn few() {
    assert_axes(&[3, 7], 0);
    assert_axes(&[3, 2000], 0);
}
