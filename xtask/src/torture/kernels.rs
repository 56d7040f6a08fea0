//! Random shapes and numbers, NaN and infinities among them, through every kernel of samebits: on each instruction
//! set and for any number of threads the same bits as plain Rust gives with one thread. Of a NaN it counts
//! that it is one.

use anyhow::{Result, ensure};
use samebits::{
    Activation, AdamStep, BatchNorm, Conv2d, Gradients, Isa, Matrix, Statistics, Windows,
    column_means, matmul, mean_absolute_differences, select_rows, set_num_threads,
};

use crate::attack::{Attack, Fate, Suite};
use crate::random::Random;

pub(crate) const SUITE: Suite = Suite {
    name: "kernels",
    about: "random shapes and numbers, with NaN and infinities, on every instruction set, bit by bit",
    attack,
};

fn attack(attack: &mut Attack) -> Result<Fate> {
    let random = &mut attack.random;
    let (seed, kernel, numbers) = (random.bits(), random.below(KERNELS.len()), random.below(4));
    let threads = random.size(1, 6);
    let (name, kernel) = KERNELS[kernel];
    let run = || kernel(&mut Source { random: Random::new(seed), numbers });
    Isa::Portable.force();
    set_num_threads(1);
    let expected = run();
    for isa in Isa::available() {
        attack.is(format!("{name} with {isa:?} and {threads} threads"));
        isa.force();
        set_num_threads(threads);
        for (at, (found, expected)) in run().iter().zip(&expected).enumerate() {
            ensure!(found.len() == expected.len(), "result {at} has another length");
            let differs = found.iter().zip(expected).position(|(a, b)| !same(*a, *b));
            ensure!(
                differs.is_none(),
                "result {at}, number {differs:?}: {:?} and {:?}",
                found[differs.unwrap_or(0)],
                expected[differs.unwrap_or(0)]
            );
        }
    }
    Ok(Fate::Survived)
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

type Kernel = fn(&mut Source) -> Vec<Vec<f32>>;

const KERNELS: [(&str, Kernel); 6] = [
    ("conv2d", convolution),
    ("matmul", product),
    ("batch norm", batch_norm),
    ("pooling", pooling),
    ("Adam", adam),
    ("rows", rows),
];

/// Sizes and numbers.
struct Source {
    random: Random,
    /// Which numbers there are: usual ones only, or also others.
    numbers: usize,
}

impl Source {
    fn size(&mut self, low: usize, high: usize) -> usize {
        self.random.size(low, high)
    }

    fn numbers(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.number()).collect()
    }

    fn number(&mut self) -> f32 {
        let usual = (self.random.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0;
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, f32::MAX, 1e-40, 1e-20];
        match (self.numbers, self.random.below(40)) {
            (1, 0) => self.random.one_of(&odd),
            // Of any size, so that sums overflow, cancel out and fall below what is normal.
            (2, _) => usual * 10f32.powi(self.random.size(0, 76) as i32 - 38),
            (3, _) => f32::from_bits(self.random.bits() as u32),
            _ => usual,
        }
    }
}

fn convolution(source: &mut Source) -> Vec<Vec<f32>> {
    let conv = loop {
        let few = source.size(0, 2) > 0;
        let conv = Conv2d {
            batch: source.size(1, 13),
            height: source.size(1, 9),
            width: source.size(1, 9),
            in_channels: if few { source.size(1, 7) } else { source.size(16, 70) },
            out_channels: if few { source.size(1, 40) } else { source.size(30, 70) },
            kernel_size: source.size(1, 7),
            stride: source.size(1, 3),
            padding: source.size(0, 3),
        };
        if conv.kernel_size <= conv.height.min(conv.width) + 2 * conv.padding {
            break conv;
        }
    };
    let x = source.numbers(conv.input_len());
    let w = source.numbers(conv.weight_len());
    let dy = source.numbers(conv.output_len());
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    conv.forward(&x, &w, &mut y);
    conv.input_gradient(&dy, &w, &mut dx);
    conv.weight_gradient(&x, &dy, &mut dw);
    let mut results = vec![y, dx, dw];
    // With more padding than that, a window has no pixel, and no largest one.
    if conv.padding < conv.kernel_size {
        let pixels = conv.out_height() * conv.out_width() * conv.batch;
        let mut largest = vec![0.0; pixels * conv.in_channels];
        Windows::of(&conv).max(&x, &mut largest);
        results.push(largest);
    }
    results
}

fn product(source: &mut Source) -> Vec<Vec<f32>> {
    let [m, k, n] = [0; 3].map(|_| match source.size(0, 3) {
        0 => 1,
        1 => source.size(1, 400),
        _ => source.size(1, 60),
    });
    let (a, b, c) = (source.numbers(m * k), source.numbers(k * n), source.numbers(m * n));
    let products = (0..4).map(|order| {
        let mut c = c.clone();
        let left =
            if order % 2 == 0 { Matrix::new(&a, m, k) } else { Matrix::new(&a, k, m).transposed() };
        let right =
            if order < 2 { Matrix::new(&b, k, n) } else { Matrix::new(&b, n, k).transposed() };
        matmul(&mut c, left, right);
        c
    });
    products.collect()
}

fn batch_norm(source: &mut Source) -> Vec<Vec<f32>> {
    let (channels, rows) = (source.size(1, 70), source.size(2, 600));
    let x = source.numbers(rows * channels);
    let (weight, bias) = (source.numbers(channels), source.numbers(channels));
    let activation = source.random.one_of(&[Activation::Identity, Activation::Relu]);
    let residual = source.size(0, 1) == 1;
    let statistics = Statistics::of(&x, channels);
    let mut results = vec![statistics.mean.clone(), statistics.variance.clone()];
    let norm = BatchNorm::new(statistics, 1e-5, &weight, &bias, activation);
    let mut y = x.clone();
    norm.forward(&x, residual.then_some(x.as_slice()), &mut y);
    let dy = source.numbers(x.len());
    let (mut dx, mut dresidual) = (x.clone(), x.clone());
    let (mut dweight, mut dbias) = (weight.clone(), bias.clone());
    let gradients = Gradients {
        dx: &mut dx,
        fresh: source.size(0, 1) == 1,
        dweight: &mut dweight,
        dbias: &mut dbias,
        dresidual: residual.then_some(&mut dresidual),
    };
    norm.backward(&x, &y, &dy, gradients);
    results.extend([y, dx, dresidual, dweight, dbias]);
    results
}

fn pooling(source: &mut Source) -> Vec<Vec<f32>> {
    let from = [source.size(1, 9), source.size(1, 9)];
    let to = from.map(|from| source.size(1, from));
    let (windows, channels) = (Windows::adaptive(from, to), source.size(1, 300));
    let x = source.numbers(from[0] * from[1] * channels);
    let mut y = vec![0.0; to[0] * to[1] * channels];
    let places = windows.max(&x, &mut y);
    let mut dx = x.clone();
    windows.max_gradient(&places, &y, &mut dx);
    let largest = y.clone();
    windows.mean(&x, &mut y);
    windows.mean_gradient(&y, &mut dx);
    vec![largest, y, dx]
}

fn adam(source: &mut Source) -> Vec<Vec<f32>> {
    let n = source.size(1, 5000);
    let mut p = source.numbers(n);
    let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
    for t in 1..4 {
        let mut g = source.numbers(n);
        let step = AdamStep::new(t, 0.1, [0.95, 0.99], 1e-5, 0.01);
        step.update(&mut p, &mut m, &mut v, &mut g, source.size(0, 1) == 1);
    }
    vec![p, m, v]
}

fn rows(source: &mut Source) -> Vec<Vec<f32>> {
    let (width, rows) = (source.size(1, 800), source.size(1, 300));
    let (x, b) = (source.numbers(width * rows), source.numbers(width));
    let mut distances = vec![0.0; rows];
    mean_absolute_differences(&x, &b, &mut distances);
    let chosen: Vec<usize> = (0..source.size(1, 40)).map(|_| source.size(0, rows - 1)).collect();
    vec![column_means(&x, width), distances, select_rows(&x, width, &chosen)]
}
