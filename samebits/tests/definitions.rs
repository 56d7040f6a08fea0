//! Each kernel against its definition, written down as plainly as possible, on random sizes.

#[allow(dead_code, reason = "some of it is for other tests")]
mod common;

use common::{Random, for_each_product};
use samebits::{
    Activation, AdamStep, BatchNorm, Conv2d, Gradients, Matrix, Statistics, Windows, column_means,
    matmul, mean_absolute_differences, select_rows, zero,
};

/// Both slices agree, up to rounding.
fn assert_close(ours: &[f32], expected: &[f64], what: impl std::fmt::Debug) {
    assert_eq!(ours.len(), expected.len(), "{what:?}");
    let largest = expected.iter().fold(1.0, |largest: f64, x| largest.max(x.abs()));
    for (at, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let error = (f64::from(*ours) - expected).abs();
        assert!(error < 1e-5 * largest, "{what:?}: number {at} is {ours}, not {expected}");
    }
}

#[test]
fn convolution_and_its_gradients() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let conv = random.convolution();
        let x = random.numbers(conv.input_len());
        let w = random.numbers(conv.weight_len());
        let dy = random.numbers(conv.output_len());
        // What is there already is added to, but the output is overwritten.
        let mut y = vec![f32::NAN; conv.output_len()];
        let (mut dx, mut dw) = (vec![1.0; x.len()], vec![1.0; w.len()]);
        conv.forward(&x, &w, &mut y);
        conv.input_gradient(&dy, &w, &mut dx);
        conv.weight_gradient(&x, &dy, &mut dw);

        let mut expected = [vec![0.0; y.len()], vec![1.0; x.len()], vec![1.0; w.len()]];
        let mut met = vec![false; conv.kernel_size * conv.kernel_size];
        let mut products = 0;
        for_each_product(&conv, |at_x, at_w, at_y| {
            let [x, w, dy] = [x[at_x], w[at_w], dy[at_y]].map(f64::from);
            expected[0][at_y] += x * w;
            expected[1][at_x] += dy * w;
            expected[2][at_w] += dy * x;
            met[at_w / (conv.in_channels * conv.out_channels)] = true;
            products += 1;
        });
        assert_close(&y, &expected[0], conv);
        assert_close(&dx, &expected[1], conv);
        assert_close(&dw, &expected[2], conv);
        assert_eq!(conv.taps_that_meet(), met, "{conv:?}");
        assert_eq!(conv.multiply_adds(), products, "{conv:?}");
    }
}

#[test]
fn products_of_all_sizes_and_orders() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let [mut m, k, mut n] = [0; 3].map(|_| random.size(1, 90));
        // Now and then a vector.
        match seed % 5 {
            0 => n = 1,
            1 => m = 1,
            _ => {}
        }
        let products = products(&mut random, [m, k, n]);
        // How the matrices lie in memory makes no difference, not even in the last bit; but for a
        // single column, whose sums have parts if the left matrix lies row after row.
        let same = if n == 1 { 2 } else { 4 };
        assert!(products.chunks(same).all(|same| same.iter().all(|c| *c == same[0])));
    }
}

/// So large that several threads have a part of them.
#[test]
fn large_products_with_a_vector() {
    for (seed, sizes) in
        [[700, 311, 1], [1, 311, 700], [1, 300_000, 1], [3000, 77, 1]].iter().enumerate()
    {
        products(&mut Random::new(seed as u64), *sizes);
    }
}

/// The product of two random matrices of `m` times `k` and `k` times `n` numbers, row after row and column
/// after column: four of them, each compared with its definition.
fn products(random: &mut Random, [m, k, n]: [usize; 3]) -> Vec<Vec<f32>> {
    let (a, b) = (random.numbers(m * k), random.numbers(k * n));
    let mut expected = vec![1.0; m * n];
    for i in 0..m {
        for j in 0..n {
            for x in 0..k {
                expected[i * n + j] += f64::from(a[i * k + x]) * f64::from(b[x * n + j]);
            }
        }
    }
    let transposed = |a: &[f32], rows: usize, columns: usize| -> Vec<f32> {
        (0..a.len()).map(|at| a[at % rows * columns + at / rows]).collect()
    };
    let (at, bt) = (transposed(&a, m, k), transposed(&b, k, n));
    let lefts = [Matrix::new(&a, m, k), Matrix::new(&at, k, m).transposed()];
    let rights = [Matrix::new(&b, k, n), Matrix::new(&bt, n, k).transposed()];
    let mut products = Vec::new();
    for left in lefts {
        for right in rights {
            let mut c = vec![1.0; m * n];
            matmul(&mut c, left, right);
            assert_close(&c, &expected, [m, k, n]);
            products.push(c);
        }
    }
    products
}

#[test]
fn means_of_columns() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let (rows, width) = (random.size(1, 400), random.size(1, 100));
        let x = random.numbers(rows * width);
        let mean = |column: usize| {
            let sum: f64 = x.iter().skip(column).step_by(width).map(|x| f64::from(*x)).sum();
            sum / rows as f64
        };
        let expected: Vec<f64> = (0..width).map(mean).collect();
        assert_close(&column_means(&x, width), &expected, [rows, width]);
    }
}

#[test]
fn rows_by_number() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let [rows, width, selected] = [50, 1000, 400].map(|most| random.size(1, most));
        let matrix = random.numbers(rows * width);
        // Some of them neighbours, some twice.
        let mut numbers: Vec<usize> = (0..selected).map(|_| random.size(0, rows - 1)).collect();
        numbers.extend(0..rows);
        let expected: Vec<f32> =
            numbers.iter().flat_map(|row| &matrix[row * width..][..width]).copied().collect();
        assert_eq!(select_rows(&matrix, width, &numbers), expected);
    }
    assert_eq!(select_rows(&[1.0], 1, &[]), []);
    assert_eq!(select_rows::<f32>(&[], 0, &[3, 4]), []);
}

#[test]
#[should_panic = "row 2 of a matrix with 2"]
fn a_row_that_is_not_there() {
    select_rows(&[1, 2, 3, 4], 2, &[1, 2]);
}

#[test]
fn a_sum_of_nothing() {
    let mut c = [7.0; 2];
    matmul(&mut c, Matrix::new(&[], 1, 0), Matrix::new(&[], 0, 2));
    assert_eq!(c, [7.0; 2]);
    matmul(&mut [], Matrix::new(&[], 0, 1), Matrix::new(&[1.0], 1, 1));
}

#[test]
#[should_panic = "columns of the left matrix, rows of the right one"]
fn matrices_that_do_not_fit() {
    matmul(&mut [0.0], Matrix::new(&[1.0; 2], 1, 2), Matrix::new(&[1.0; 3], 3, 1));
}

#[test]
#[should_panic = "numbers of a 2x2 matrix"]
fn a_slice_that_is_too_short() {
    Matrix::new(&[1.0; 3], 2, 2);
}

#[test]
fn batch_norm_and_its_gradients() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (rows, channels) = (random.size(3, 900), random.size(1, 70));
        let x = random.numbers(rows * channels);
        let residual = random.numbers(rows * channels);
        let (weight, bias) = (random.numbers(channels), random.numbers(channels));
        let dy = random.numbers(rows * channels);
        let relu = seed % 2 == 0;
        let activation = if relu { Activation::Relu } else { Activation::Identity };
        let with_residual = seed % 3 == 0;

        let statistics = Statistics::of(&x, channels);
        let norm = BatchNorm::new(statistics.clone(), 1e-5, &weight, &bias, activation);
        let mut y = vec![f32::NAN; x.len()];
        norm.forward(&x, with_residual.then_some(&residual[..]), &mut y);
        let fresh = seed % 4 < 2;
        let mut dx = vec![if fresh { f32::NAN } else { 1.0 }; x.len()];
        let mut dresidual = vec![1.0; x.len()];
        let (mut dweight, mut dbias) = (vec![1.0; channels], vec![1.0; channels]);
        norm.backward(
            &x,
            &y,
            &dy,
            Gradients {
                dx: &mut dx,
                fresh,
                dweight: &mut dweight,
                dbias: &mut dbias,
                dresidual: Some(&mut dresidual),
            },
        );

        let mut expected = [(); 3].map(|()| vec![0.0; x.len()]);
        let (mut expected_dw, mut expected_db) = (vec![1.0; channels], vec![1.0; channels]);
        let n = rows as f64;
        for c in 0..channels {
            let column = |values: &[f32]| -> Vec<f64> {
                values.iter().skip(c).step_by(channels).map(|x| f64::from(*x)).collect()
            };
            let (x, residual) = (column(&x), column(&residual));
            let mean = x.iter().sum::<f64>() / n;
            let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            assert!((f64::from(statistics.mean[c]) - mean).abs() < 1e-5);
            assert!((f64::from(statistics.variance[c]) - variance).abs() < 1e-5);
            let [weight, bias] = [weight[c], bias[c]].map(f64::from);
            let deviation = (variance + 1e-5).sqrt();
            let z: Vec<f64> = x.iter().map(|x| (x - mean) / deviation).collect();
            let sums: Vec<f64> = z
                .iter()
                .zip(&residual)
                .map(|(z, r)| z * weight + bias + if with_residual { *r } else { 0.0 })
                .collect();
            let dy: Vec<f64> = column(&dy)
                .iter()
                .zip(&sums)
                .map(|(dy, sum)| if relu && *sum <= 0.0 { 0.0 } else { *dy })
                .collect();
            let db: f64 = dy.iter().sum();
            let dw: f64 = dy.iter().zip(&z).map(|(dy, z)| dy * z).sum();
            expected_db[c] += db;
            expected_dw[c] += dw;
            for row in 0..rows {
                let at = row * channels + c;
                expected[0][at] = if relu { sums[row].max(0.0) } else { sums[row] };
                expected[1][at] = 1.0 + dy[row];
                let slope = weight / deviation * (dy[row] - db / n - z[row] * dw / n);
                expected[2][at] = if fresh { slope } else { 1.0 + slope };
            }
        }
        assert_close(&y, &expected[0], (rows, channels));
        assert_close(&dresidual, &expected[1], (rows, channels));
        assert_close(&dx, &expected[2], (rows, channels));
        assert_close(&dweight, &expected_dw, (rows, channels));
        assert_close(&dbias, &expected_db, (rows, channels));
    }
}

#[test]
fn the_variance_of_numbers_with_a_large_mean() {
    let x: Vec<f32> = (0..1000).map(|i| 10_000.0 + (i % 2) as f32).collect();
    let Statistics { mean, variance } = Statistics::of(&x, 1);
    assert_eq!((mean[0], variance[0]), (10_000.5, 0.25));
}

#[test]
fn pooling_and_its_gradients() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut kernel = random.convolution();
        // As in PyTorch, a window reaches over the edge by at most half.
        kernel.padding = kernel.padding.min(kernel.kernel_size / 2);
        if kernel.height.min(kernel.width) + 2 * kernel.padding < kernel.kernel_size {
            continue;
        }
        kernel.out_channels = kernel.in_channels;
        let size = kernel.batch * kernel.in_channels;
        // Whole numbers, so that some are equal.
        let x: Vec<f32> =
            random.numbers(kernel.input_len()).iter().map(|x| (x * 3.0).round()).collect();
        let dy = random.numbers(kernel.output_len());
        let windows = Windows::of(&kernel);
        let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![1.0; x.len()]);
        let places = windows.max(&x, &mut y);
        windows.max_gradient(&places, &dy, &mut dx);
        let (mut mean, mut dmean) = (vec![f32::NAN; dy.len()], vec![1.0; x.len()]);
        windows.mean(&x, &mut mean);
        windows.mean_gradient(&dy, &mut dmean);

        // The input pixels of each output pixel, from the definition of a convolution.
        let one = Conv2d { batch: 1, in_channels: 1, out_channels: 1, ..kernel };
        let mut inputs = vec![Vec::new(); one.output_len()];
        for_each_product(&one, |at_x, _, at_y| inputs[at_y].push(at_x));
        let mut expected = [vec![0.0; y.len()], vec![0.0; y.len()]];
        let mut gradients = [vec![1.0; x.len()], vec![1.0; x.len()]];
        for (output, inputs) in inputs.iter().enumerate() {
            for i in 0..size {
                let values = inputs.iter().map(|input| x[input * size + i]);
                let largest = values.clone().fold(f32::NEG_INFINITY, f32::max);
                let first = inputs[values.clone().position(|x| x == largest).unwrap()];
                let n = inputs.len() as f64;
                let dy = f64::from(dy[output * size + i]);
                expected[0][output * size + i] = f64::from(largest);
                expected[1][output * size + i] = values.map(f64::from).sum::<f64>() / n;
                gradients[0][first * size + i] += dy;
                inputs.iter().for_each(|input| gradients[1][input * size + i] += dy / n);
            }
        }
        assert_close(&y, &expected[0], kernel);
        assert_close(&mean, &expected[1], kernel);
        assert_close(&dx, &gradients[0], kernel);
        assert_close(&dmean, &gradients[1], kernel);
    }
}

#[test]
fn adaptive_windows() {
    // torch.nn.functional.adaptive_avg_pool2d(torch.arange(5.).view(1, 1, 1, 5), (1, 3))
    let windows = Windows::adaptive([1, 5], [1, 3]);
    let mut y = [0.0; 3];
    windows.mean(&[0.0, 1.0, 2.0, 3.0, 4.0], &mut y);
    assert_eq!(y, [0.5, 2.0, 3.5]);
}

#[test]
fn not_a_number_is_the_largest() {
    let windows = Windows::adaptive([1, 3], [1, 1]);
    let mut y = [0.0];
    for x in [[f32::NAN, 1.0, 2.0], [1.0, f32::NAN, 2.0], [1.0, 2.0, f32::NAN]] {
        windows.max(&x, &mut y);
        assert!(y[0].is_nan());
    }
}

#[test]
fn steps_of_adam() {
    let mut random = Random::new(1);
    let n = 50_000;
    let mut p = random.numbers(n);
    let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
    let mut exact: Vec<[f64; 3]> = p.iter().map(|p| [f64::from(*p), 0.0, 0.0]).collect();
    for t in 1..=5 {
        let (lr, betas, eps, wd) = (0.1 / f64::from(t), [0.9, 0.99], 1e-5, 0.01);
        let mut g = random.numbers(n);
        AdamStep::new(t, lr, betas, eps, wd).update(&mut p, &mut m, &mut v, &mut g, false);
        for ([p, m, v], g) in exact.iter_mut().zip(&g) {
            let g = f64::from(*g);
            *p *= 1.0 - lr * wd;
            *m = betas[0] * *m + (1.0 - betas[0]) * g;
            *v = betas[1] * *v + (1.0 - betas[1]) * g * g;
            let corrected = [*m / (1.0 - betas[0].powi(t)), *v / (1.0 - betas[1].powi(t))];
            *p -= lr * corrected[0] / (corrected[1].sqrt() + eps);
        }
        let exact: Vec<f64> = exact.iter().map(|[p, ..]| *p).collect();
        assert_close(&p, &exact, t);
    }
}

#[test]
fn distances_of_rows() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (rows, columns) = (random.size(1, 90), random.size(1, 800));
        let (x, b) = (random.numbers(rows * columns), random.numbers(columns));
        let mut distances = vec![f32::NAN; rows];
        mean_absolute_differences(&x, &b, &mut distances);
        let expected = x.chunks(columns).map(|row| {
            let differences =
                row.iter().zip(&b).map(|(x, b)| (f64::from(*x) - f64::from(*b)).abs());
            differences.sum::<f64>() / columns as f64
        });
        assert_close(&distances, &expected.collect::<Vec<_>>(), (rows, columns));
    }
}

#[test]
fn all_numbers_become_0() {
    for n in [0, 1, 1000, 100_001] {
        let mut numbers = vec![1.0; n];
        zero(&mut numbers);
        assert!(numbers.iter().all(|number| *number == 0.0));
    }
}
