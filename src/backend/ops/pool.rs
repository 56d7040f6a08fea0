//! Pooling.

use dfdx::shapes::{Axes2, Axis, Const, ConstDim, Dim, HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tape, Tensor, TensorFromVec, WithEmptyTape, ZerosTensor};
use dfdx::tensor_ops::{
    BroadcastTo, ChooseFrom, MaxTo, MinTo, ReshapeTo, SumTo, TryAdd, TryConcatAlong, TryEq, TryMul,
};

use super::index::{gather_rows, index, taps, with_filler};
use super::{Err, Pooled, PooledRows, Take};
use crate::nn::{Channels, Pictures};

/// Which pixels each pixel of the result looks at.
#[derive(Debug, Clone)]
pub(crate) struct Windows {
    pixels: Vec<Vec<usize>>,
    /// How many pixels a picture has.
    inputs: usize,
    /// What the windows depend on, to find the places again.
    key: Vec<usize>,
}

impl Windows {
    /// The windows of a kernel that moves over a picture. Padding is in none of them.
    pub(crate) fn of(kernel: &samebits::Conv2d) -> Self {
        let pixels = taps(kernel).into_iter().map(|taps| taps.into_iter().flatten().collect());
        let samebits::Conv2d { height, width, kernel_size, stride, padding, .. } = *kernel;
        let key = vec![height, width, kernel_size, stride, padding];
        Self { pixels: pixels.collect(), inputs: height * width, key }
    }

    /// Windows that divide a picture of `from` rows and columns to as many as `to` says, as PyTorch's
    /// adaptive pooling does.
    pub(crate) fn adaptive(from: [usize; 2], to: [usize; 2]) -> Self {
        let range = |axis: usize, at: usize| {
            at * from[axis] / to[axis]..((at + 1) * from[axis]).div_ceil(to[axis])
        };
        let window = |output: usize| {
            let columns = range(1, output % to[1]);
            range(0, output / to[1])
                .flat_map(|row| columns.clone().map(move |column| row * from[1] + column))
                .collect()
        };
        let pixels = (0..to[0] * to[1]).map(window).collect();
        Self { pixels, inputs: from[0] * from[1], key: [from, to].concat() }
    }

    /// How many pixels the largest window has.
    fn size(&self) -> usize {
        self.pixels.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// Numbers by (window, place in the window, column).
type Windowed<T> = Tensor<(usize, usize, usize), f32, AutoDevice, T>;

/// For each window the rows of `x` that are in it: (window, place in the window, number). Windows that
/// have fewer pixels than others are filled up.
fn windows_of<T: Tape<f32, AutoDevice>>(
    x: Tensor<(usize, usize), f32, AutoDevice, T>,
    windows: &Windows,
    filler: f32,
) -> Result<Windowed<T>, Err> {
    let (dev, columns, size) = (x.device().clone(), x.shape().1, windows.size());
    let mut rows = x;
    if windows.pixels.iter().any(|pixels| pixels.len() < size) {
        rows = with_filler(rows, columns, filler)?;
    }
    let all_in_order = windows.pixels.iter().flatten().copied().eq(0..windows.inputs);
    if !all_in_order {
        let places = index(&dev, "windows", &windows.key, || {
            let filled = |pixels: &Vec<usize>| -> Vec<usize> {
                pixels.iter().copied().chain(std::iter::repeat(windows.inputs)).take(size).collect()
            };
            windows.pixels.iter().flat_map(filled).collect()
        })?;
        rows = gather_rows(rows, places)?;
    }
    rows.try_reshape_like(&(windows.pixels.len(), size, columns))
}

/// Pools the pictures of `x` to those of `H` rows and `W` columns.
pub(crate) fn pool<X, const C: usize, H, W, T>(
    x: Tensor<X, f32, AutoDevice, T>,
    windows: Windows,
    take: Take,
) -> Result<Pooled<X, C, H, W, T>, Err>
where
    X: Pictures<C>,
    H: ConstDim,
    W: ConstDim,
    T: Tape<f32, AutoDevice>,
{
    let batch = x.shape().batch();
    let y = pixels(X::by_pixel(x)?, &windows, take)?;
    Ok(Channels::from_pixels(y.try_reshape_like(&(
        H::default(),
        W::default(),
        batch,
        Const::<C>,
    ))?))
}

/// For each picture a row: the largest number of each channel, then the mean of each.
pub(crate) fn concat_pool<X, const C: usize, const C2: usize, T>(
    x: Tensor<X, f32, AutoDevice, T>,
) -> Result<PooledRows<X, C2, T>, Err>
where
    X: Pictures<C>,
    T: Tape<f32, AutoDevice>,
{
    let batch = x.shape().batch();
    let windows = Windows::adaptive([X::Height::SIZE, X::Width::SIZE], [1, 1]);
    let x = X::by_pixel(x)?;
    let shape = (batch.size(), C);
    let means = pixels(x.with_empty_tape(), &windows, Take::Mean)?.try_reshape_like(&shape)?;
    let largest = pixels(x, &windows, Take::Largest)?.try_reshape_like(&shape)?;
    (largest, means).try_concat_along(Axis::<1>)?.try_reshape_like(&(batch, Const))
}

/// Pools `x`, whose first two axes are rows and columns of pictures, to a matrix with a row for each
/// window.
fn pixels<S: Shape, T: Tape<f32, AutoDevice>>(
    x: Tensor<S, f32, AutoDevice, T>,
    windows: &Windows,
    take: Take,
) -> Result<Tensor<(usize, usize), f32, AutoDevice, T>, Err> {
    let columns = x.shape().num_elements() / windows.inputs;
    let x = x.try_reshape_like(&(windows.inputs, columns))?;
    match take {
        Take::Largest => largest(windows_of(x, windows, f32::NEG_INFINITY)?),
        Take::Mean => mean(windows_of(x, windows, 0.0)?, windows),
    }
}

/// The largest number of each window. Of equal ones the first counts, and gets all of the gradient;
/// dfdx's own `max` gives it to each of them.
fn largest<T: Tape<f32, AutoDevice>>(
    x: Windowed<T>,
) -> Result<Tensor<(usize, usize), f32, AutoDevice, T>, Err> {
    let (dev, shape) = (x.device().clone(), *x.shape());
    if shape.1 == 1 {
        return x.try_reshape_like(&(shape.0, shape.2));
    }
    let numbers = x.retaped::<dfdx::tensor::NoneTape>();
    let max = numbers.clone().try_max::<_, Axis<1>>()?;
    let is_max = numbers.try_eq(&max.try_broadcast_like::<_, Axis<1>>(&shape)?)?;
    // The places in the window, where the largest number is; elsewhere one that comes after all.
    let places = (0..shape.1).map(|place| place as f32).collect();
    let places: Tensor<(usize,), f32, _> = dev.try_tensor_from_vec(places, (shape.1,))?;
    let places = places.try_broadcast_like::<_, Axes2<0, 2>>(&shape)?;
    let after: Tensor<_, f32, _> = dev.try_zeros_like(&shape)?;
    let place = is_max.try_choose(places.clone(), after.clone().try_add(shape.1 as f32)?)?;
    let first = place.try_min::<_, Axis<1>>()?.try_broadcast_like::<_, Axis<1>>(&shape)?;
    places.try_eq(&first)?.try_choose(x, after)?.try_sum::<_, Axis<1>>()
}

/// The mean of each window.
fn mean<T: Tape<f32, AutoDevice>>(
    x: Windowed<T>,
    windows: &Windows,
) -> Result<Tensor<(usize, usize), f32, AutoDevice, T>, Err> {
    let (dev, columns, size) = (x.device().clone(), x.shape().2, windows.size());
    let sums = x.try_sum::<_, Axis<1>>()?;
    if windows.pixels.iter().all(|pixels| pixels.len() == size) {
        return sums.try_mul(1.0 / size as f32);
    }
    let factors = windows.pixels.iter().map(|pixels| 1.0 / pixels.len() as f32).collect();
    let factors: Tensor<(usize,), f32, _> =
        dev.try_tensor_from_vec(factors, (windows.pixels.len(),))?;
    sums.try_mul(factors.try_broadcast_like::<_, Axis<1>>(&(windows.pixels.len(), columns))?)
}
