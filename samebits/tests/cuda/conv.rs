//! Convolution.

use samebits::{Conv2d, Device};

use crate::both::{Work, all_sorts, assert_same, back, with_each_tile};
use crate::common::Random;

/// Forward with the statistics of the output, and both gradients, which are added to what is there.
struct Convolution {
    conv: Conv2d,
    x: Vec<f32>,
    w: Vec<f32>,
    dy: Vec<f32>,
    dx: Vec<f32>,
    dw: Vec<f32>,
}

impl Convolution {
    fn new(conv: Conv2d, random: &mut Random) -> Self {
        let [x, dx] = [0; 2].map(|_| random.numbers(conv.input_len()));
        let [w, dw] = [0; 2].map(|_| random.numbers(conv.weight_len()));
        Self { conv, x, w, dy: random.numbers(conv.output_len()), dx, dw }
    }
}

impl Work for Convolution {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let Self { conv, .. } = self;
        let [x, w, dy] = [&self.x, &self.w, &self.dy].map(|numbers| device.copy_in(numbers));
        let (x, w, dy) = (x?, w?, dy?);
        let (mut dx, mut dw) = (device.copy_in(&self.dx)?, device.copy_in(&self.dw)?);
        let (mut y, mut same) = (device.copy_in(&self.dy)?, device.copy_in(&self.dy)?);
        device.conv_forward(conv, device.slice(&x), device.slice(&w), device.slice_mut(&mut y))?;
        let mut results = vec![back(device, &y)?];
        if !self.dy.is_empty() {
            let (x, w, y) = (device.slice(&x), device.slice(&w), device.slice_mut(&mut same));
            let statistics = device.conv_forward_statistics(conv, x, w, y)?;
            let [mean, variance] = device.mean_and_variance(&statistics)?;
            results.extend([back(device, &same)?, back(device, &mean)?, back(device, &variance)?]);
        }
        for with_dx in [true, false] {
            let (x, w, dy) = (device.slice(&x), device.slice(&w), device.slice(&dy));
            let into = with_dx.then(|| device.slice_mut(&mut dx));
            device.conv_gradients(conv, x, w, dy, device.slice_mut(&mut dw), into)?;
        }
        results.extend([back(device, &dx)?, back(device, &dw)?]);
        Ok(results)
    }
}

fn assert_convolution(conv: Conv2d, random: &mut Random) {
    assert_same(&Convolution::new(conv, random), format_args!("{conv:?}"));
}

#[test]
fn of_any_sizes() {
    for seed in 0..40 {
        let mut random = all_sorts(seed);
        let conv = random.convolution();
        assert_convolution(conv, &mut random);
    }
}

/// `[batch, height, width, in_channels, out_channels, kernel_size, stride, padding]`
fn conv(
    [batch, height, width, in_channels, out_channels, kernel_size, stride, padding]: [usize; 8],
) -> Conv2d {
    Conv2d { batch, height, width, in_channels, out_channels, kernel_size, stride, padding }
}

#[test]
fn with_vectors_and_each_kind_of_tile() {
    for (seed, sizes) in [
        [33, 3, 3, 64, 64, 3, 1, 1],
        [40, 2, 2, 36, 68, 3, 1, 1],
        [5, 4, 4, 16, 32, 3, 2, 1],
        [1, 3, 3, 128, 20, 1, 2, 0],
        [3, 9, 9, 32, 32, 3, 1, 1],
        [66, 3, 3, 32, 96, 1, 1, 0],
    ]
    .into_iter()
    .enumerate()
    {
        assert_convolution(conv(sizes), &mut all_sorts(seed as u64 + 4));
        with_each_tile(|| assert_convolution(conv(sizes), &mut all_sorts(seed as u64)));
    }
}

#[test]
fn of_pictures_with_few_channels() {
    for (seed, sizes) in [
        [9, 14, 14, 3, 32, 7, 2, 3],
        [8, 6, 5, 1, 8, 3, 1, 1],
        [3, 5, 5, 3, 6, 3, 2, 1],
        [17, 4, 4, 15, 33, 2, 1, 2],
        [2, 3, 3, 2, 4, 5, 1, 4],
    ]
    .into_iter()
    .enumerate()
    {
        for more in [0, 1, 2, 3] {
            assert_convolution(conv(sizes), &mut all_sorts(seed as u64 * 4 + more));
        }
    }
}

#[test]
fn that_have_nothing_to_add_up() {
    let mut random = Random::new(1);
    for sizes in [
        [0, 3, 3, 4, 4, 3, 1, 1],
        [2, 3, 3, 0, 4, 3, 1, 1],
        [2, 3, 3, 4, 0, 3, 1, 1],
        [2, 0, 3, 4, 4, 1, 1, 1],
        // Some outputs see only padding.
        [2, 1, 1, 16, 4, 3, 3, 4],
        [2, 1, 1, 3, 4, 3, 3, 4],
    ] {
        assert_convolution(conv(sizes), &mut random);
    }
}

/// The sums of the statistics have pieces, some of which end within a pixel, and many of which lie in one.
#[test]
fn whose_statistics_have_many_pieces() {
    for (seed, sizes) in [
        [64, 7, 7, 16, 64, 1, 1, 0],
        [33, 5, 7, 20, 40, 3, 1, 1],
        [21, 9, 9, 3, 64, 3, 1, 1],
        [700, 1, 1, 32, 64, 1, 1, 0],
    ]
    .into_iter()
    .enumerate()
    {
        assert_convolution(conv(sizes), &mut Random::new(seed as u64));
    }
}

/// More pixels than a grid has blocks along its other axes, and than a list of fixed size would hold.
#[test]
fn of_large_pictures() {
    for sizes in [[1, 260, 260, 1, 1, 1, 1, 0], [2, 45, 40, 3, 4, 3, 1, 1]] {
        assert_convolution(conv(sizes), &mut Random::new(2));
    }
}

/// Products that are too small for a number make a sum of -0, to which nothing may be added: not 0 times 0 either.
#[test]
fn whose_sums_are_minus_0() {
    for sizes in [
        [5, 3, 3, 36, 40, 3, 1, 1],
        [6, 3, 3, 20, 7, 3, 1, 1],
        [5, 3, 3, 3, 8, 3, 1, 0],
        [3, 3, 3, 5, 9, 2, 1, 0],
    ] {
        let conv = conv(sizes);
        let mut convolution = Convolution::new(conv, &mut Random::new(1));
        for (numbers, number) in [
            (&mut convolution.x, -1e-30),
            (&mut convolution.w, 1e-30),
            (&mut convolution.dy, 1e-30),
            (&mut convolution.dx, -0.0),
            (&mut convolution.dw, -0.0),
        ] {
            numbers.fill(number);
        }
        assert_same(&convolution, format_args!("{conv:?}"));
    }
}

/// A few small ones that start all kernels.
pub fn few() {
    let assert = |sizes| assert_convolution(conv(sizes), &mut Random::new(1));
    with_each_tile(|| assert([3, 3, 3, 36, 40, 3, 1, 1]));
    assert([3, 3, 3, 17, 5, 3, 2, 1]);
    assert([3, 5, 5, 3, 8, 3, 2, 1]);
    // With sums of 16 pieces.
    with_each_tile(|| assert([9, 5, 5, 16, 100, 1, 1, 0]));
}
