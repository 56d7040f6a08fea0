//! Products of matrices and vectors, means and distances.

use samebits::{Device, Matrices, Order};

use crate::both::{Work, all_sorts, assert_same, back, with_each_tile};
use crate::common::Random;

struct Product {
    sizes: Matrices,
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

impl Work for Product {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (a, b) = (device.copy_in(&self.a)?, device.copy_in(&self.b)?);
        let mut c = device.copy_in(&self.c)?;
        let (a, b) = (device.slice(&a), device.slice(&b));
        device.matmul(self.sizes, device.slice_mut(&mut c), a, b)?;
        Ok(vec![back(device, &c)?])
    }
}

fn assert_product([rows, depth, columns]: [usize; 3], seed: u64) {
    use Order::{Columns, Rows};
    let mut random = all_sorts(seed);
    for orders in [[Rows, Rows], [Rows, Columns], [Columns, Rows], [Columns, Columns]] {
        let sizes = Matrices { rows, depth, columns, orders };
        let (a, b) = (random.numbers(rows * depth), random.numbers(depth * columns));
        let c = random.numbers(rows * columns);
        assert_same(&Product { sizes, a, b, c }, format_args!("{sizes:?}, seed {seed}"));
    }
}

#[test]
fn of_matrices_of_any_sizes() {
    for seed in 0..24 {
        let mut random = Random::new(seed);
        // Every other one has whole vectors.
        let step = if seed % 2 == 0 { 4 } else { 1 };
        let sizes = [0; 3].map(|_| step * random.size(1, 60 / step));
        with_each_tile(|| assert_product(sizes, seed));
    }
    assert_product([64, 512, 128], 0);
    assert_product([8, 34, 12], 0);
}

/// Products that are too small for a number make a sum of -0, to which nothing may be added: not 0 times 0 either.
#[test]
fn whose_sums_are_minus_0() {
    use Order::{Columns, Rows};
    for [rows, depth, columns] in [[8, 5, 12], [7, 5, 3], [16, 36, 16], [9, 70, 1], [1, 70, 9]] {
        for orders in [[Rows, Rows], [Rows, Columns], [Columns, Rows], [Columns, Columns]] {
            let sizes = Matrices { rows, depth, columns, orders };
            let (a, b) = (vec![-1e-30; rows * depth], vec![1e-30; depth * columns]);
            let product = Product { sizes, a, b, c: vec![-0.0; rows * columns] };
            assert_same(&product, format_args!("{sizes:?}"));
        }
    }
}

#[test]
fn of_vectors() {
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let [m, n] = [0; 2].map(|_| random.size(1, 300));
        assert_product([m, n, 1], seed);
        assert_product([1, m, n], seed);
        assert_product([1, m, 1], seed);
    }
    // So many terms that a sum has parts.
    assert_product([260, 700, 1], 0);
    assert_product([1, 700, 260], 1);
    assert_product([3, 64, 1], 2);
}

#[test]
fn of_nothing() {
    for sizes in [[0, 3, 4], [3, 0, 4], [3, 4, 0], [0, 0, 0], [3, 0, 1], [1, 0, 3]] {
        assert_product(sizes, 0);
    }
}

struct Linear {
    inputs: usize,
    x: Vec<f32>,
    w: Vec<f32>,
    bias: Vec<f32>,
    rows: usize,
}

impl Work for Linear {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (x, w) = (device.copy_in(&self.x)?, device.copy_in(&self.w)?);
        let mut bias = device.copy_in(&self.bias)?;
        let mut y = device.zeros(self.rows * self.bias.len())?;
        let mut results = Vec::new();
        for has_bias in [true, false] {
            let bias = has_bias.then(|| device.slice(&bias));
            let (x, w) = (device.slice(&x), device.slice(&w));
            device.linear(self.inputs, x, w, bias, device.slice_mut(&mut y))?;
            results.push(back(device, &y)?);
        }
        device.add_rows(device.slice(&y), device.slice_mut(&mut bias))?;
        results.push(back(device, &bias)?);
        Ok(results)
    }
}

#[test]
fn of_a_linear_layer() {
    for (seed, [rows, inputs, outputs]) in [
        [5, 7, 3],
        [64, 784, 32],
        [1, 784, 30],
        [9, 30, 1],
        [1, 5, 1],
        [64, 64, 10],
        [0, 3, 2],
        [3, 5, 0],
    ]
    .into_iter()
    .enumerate()
    {
        assert_linear([rows, inputs, outputs], seed as u64);
    }
}

fn assert_linear([rows, inputs, outputs]: [usize; 3], seed: u64) {
    let mut random = all_sorts(seed);
    let (x, w) = (random.numbers(rows * inputs), random.numbers(outputs * inputs));
    let layer = Linear { inputs, x, w, bias: random.numbers(outputs), rows };
    assert_same(&layer, format_args!("{rows} rows, {inputs} to {outputs}"));
}

struct Means {
    rows: Vec<f32>,
    one: Vec<f32>,
}

impl Work for Means {
    fn run<D: Device>(&self, device: D) -> Result<Vec<Vec<f32>>, D::Error> {
        let (rows, one) = (device.copy_in(&self.rows)?, device.copy_in(&self.one)?);
        let mut means = device.copy_in(&self.one)?;
        let mut distances = device.zeros(self.rows.len() / self.one.len())?;
        device.column_means(device.slice(&rows), device.slice_mut(&mut means))?;
        let (x, b) = (device.slice(&rows), device.slice(&one));
        device.mean_absolute_differences(x, b, device.slice_mut(&mut distances))?;
        Ok(vec![back(device, &means)?, back(device, &distances)?])
    }
}

#[test]
fn of_columns_and_distances() {
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let [count, width] = [random.size(1, 1300), random.size(1, 100)];
        assert_means([count, width], seed);
    }
}

fn assert_means([count, width]: [usize; 2], seed: u64) {
    let mut random = all_sorts(seed);
    let means = Means { rows: random.numbers(count * width), one: random.numbers(width) };
    assert_same(&means, format_args!("{count} rows of {width}, seed {seed}"));
}

/// A few small ones that start all kernels.
pub fn few() {
    with_each_tile(|| assert_product([20, 8, 36], 0));
    assert_product([5, 7, 3], 0);
    assert_product([3, 70, 1], 0);
    assert_linear([5, 7, 3], 0);
    assert_means([130, 5], 0);
}
