//! Pooling by dfdx's operations: the pixels of each window are gathered side by side.

use dfdx::shapes::{Axes2, Axis, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor, TensorFromVec, WithEmptyTape, ZerosTensor};
use dfdx::tensor_ops::{
    BroadcastTo, ChooseFrom, MaxTo, MinTo, ReshapeTo, SumTo, TryAdd, TryConcatAlong, TryEq, TryMul,
    TryNe,
};

use super::{PoolKernel, Take, Windows};
use crate::device::DeviceError;
use crate::ops::composed::{Composed, gather_rows, index, with_filler};

impl PoolKernel for Composed {
    fn pool_by_pixel<X: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        windows: Windows,
        take: Take,
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError> {
        pooled(x, windows, take)?.try_reshape_like(out)
    }

    fn concat_pool_by_pixel<X: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        windows: Windows,
        [batch, channels]: [usize; 2],
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError> {
        let shape = (batch, channels);
        let means = pooled(x.with_empty_tape(), windows, Take::Mean)?.try_reshape_like(&shape)?;
        let largest = pooled(x, windows, Take::Largest)?.try_reshape_like(&shape)?;
        (largest, means).try_concat_along(Axis::<1>)?.try_reshape_like(out)
    }
}

impl Windows {
    /// How many pixels a picture has.
    fn inputs(self) -> usize {
        let (Self::Kernel { from: [rows, columns], .. }
        | Self::Adaptive { from: [rows, columns], .. }) = self;
        rows * columns
    }

    /// What the windows depend on, to find the places again.
    fn key(self) -> Vec<usize> {
        match self {
            Self::Adaptive { from, to } => [from, to].concat(),
            Self::Kernel { from: [height, width], kernel_size, stride, padding } => {
                vec![height, width, kernel_size, stride, padding]
            }
        }
    }
}

/// Pools `x`, whose first two axes are rows and columns of pictures, to a matrix with a row for each
/// window.
fn pooled<S: Shape, T: Tape<f32, AutoDevice>>(
    x: Tensor<S, f32, AutoDevice, T>,
    windows: Windows,
    take: Take,
) -> Result<Tensor<(usize, usize), f32, AutoDevice, T>, DeviceError> {
    let columns = x.shape().num_elements() / windows.inputs();
    let x = x.try_reshape_like(&(windows.inputs(), columns))?;
    let pixels = windows.pixels();
    match take {
        Take::Largest => largest(windows_of(x, windows, pixels.pixels(), f32::NEG_INFINITY)?),
        Take::Mean => mean(windows_of(x, windows, pixels.pixels(), 0.0)?, pixels.pixels()),
    }
}

/// Numbers by (window, place in the window, column).
type Windowed<T> = Tensor<(usize, usize, usize), f32, AutoDevice, T>;

/// For each window the rows of `x` that are in it: (window, place in the window, number). Windows that
/// have fewer pixels than others are filled up.
fn windows_of<T: Tape<f32, AutoDevice>>(
    x: Tensor<(usize, usize), f32, AutoDevice, T>,
    windows: Windows,
    pixels: &[Vec<usize>],
    filler: f32,
) -> Result<Windowed<T>, DeviceError> {
    let (dev, columns, size) = (x.device().clone(), x.shape().1, largest_size(pixels));
    let inputs = windows.inputs();
    let mut rows = x;
    if pixels.iter().any(|pixels| pixels.len() < size) {
        rows = with_filler(rows, columns, filler)?;
    }
    let all_in_order = pixels.iter().flatten().copied().eq(0..inputs);
    if !all_in_order {
        let places = index(&dev, "windows", &windows.key(), || {
            let filled = |pixels: &Vec<usize>| -> Vec<usize> {
                pixels.iter().copied().chain(std::iter::repeat(inputs)).take(size).collect()
            };
            pixels.iter().flat_map(filled).collect()
        })?;
        rows = gather_rows(rows, places)?;
    }
    rows.try_reshape_like(&(pixels.len(), size, columns))
}

/// How many pixels the largest window has.
fn largest_size(pixels: &[Vec<usize>]) -> usize {
    pixels.iter().map(Vec::len).max().unwrap_or(0)
}

/// The largest number of each window. Of equal ones the first counts, and gets all of the gradient;
/// dfdx's own `max` gives it to each of them.
fn largest<T: Tape<f32, AutoDevice>>(
    x: Windowed<T>,
) -> Result<Tensor<(usize, usize), f32, AutoDevice, T>, DeviceError> {
    let (dev, shape) = (x.device().clone(), *x.shape());
    if shape.1 == 1 {
        return x.try_reshape_like(&(shape.0, shape.2));
    }
    let numbers = x.retaped::<dfdx::tensor::NoneTape>();
    let after: Tensor<_, f32, _> = dev.try_zeros_like(&shape)?;
    // As in PyTorch NaN is larger than any number, and is not equal to itself; dfdx's `max` passes it over.
    let infinite = after.clone().try_add(f32::INFINITY)?;
    let numbers = numbers.clone().try_ne(&numbers)?.try_choose(infinite, numbers)?;
    let max = numbers.clone().try_max::<_, Axis<1>>()?;
    let is_max = numbers.try_eq(&max.try_broadcast_like::<_, Axis<1>>(&shape)?)?;
    // The places in the window, where the largest number is; elsewhere one that comes after all.
    let places = (0..shape.1).map(|place| place as f32).collect();
    let places: Tensor<(usize,), f32, _> = dev.try_tensor_from_vec(places, (shape.1,))?;
    let places = places.try_broadcast_like::<_, Axes2<0, 2>>(&shape)?;
    let place = is_max.try_choose(places.clone(), after.clone().try_add(shape.1 as f32)?)?;
    let first = place.try_min::<_, Axis<1>>()?.try_broadcast_like::<_, Axis<1>>(&shape)?;
    places.try_eq(&first)?.try_choose(x, after)?.try_sum::<_, Axis<1>>()
}

/// The mean of each window.
fn mean<T: Tape<f32, AutoDevice>>(
    x: Windowed<T>,
    pixels: &[Vec<usize>],
) -> Result<Tensor<(usize, usize), f32, AutoDevice, T>, DeviceError> {
    let (dev, columns, size) = (x.device().clone(), x.shape().2, largest_size(pixels));
    let sums = x.try_sum::<_, Axis<1>>()?;
    if pixels.iter().all(|pixels| pixels.len() == size) {
        return sums.try_mul(1.0 / size as f32);
    }
    let factors = pixels.iter().map(|pixels| 1.0 / pixels.len() as f32).collect();
    let factors: Tensor<(usize,), f32, _> = dev.try_tensor_from_vec(factors, (pixels.len(),))?;
    sums.try_mul(factors.try_broadcast_like::<_, Axis<1>>(&(pixels.len(), columns))?)
}
