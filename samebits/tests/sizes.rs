//! Sizes of all kinds: too large, zero, or such that do not fit. What comes out is right, or a panic that names the
//! sizes; nothing is written before it, and no memory is touched that is somebody else's.

#[allow(dead_code, reason = "some of it is for other tests")]
mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::Random;
use samebits::{
    Activation, AdamStep, BatchNorm, Conv2d, Gradients, Matrix, Statistics, Windows, column_means,
    matmul, mean_absolute_differences, select_rows, zero,
};

/// What a place has before anybody has written to it.
const UNTOUCHED: f32 = -12345.0;

/// Calls `work`; `None` if it panics, which it may if the message names all of the sizes.
fn fits<R>(sizes: &[usize], work: impl FnOnce() -> R) -> Option<R> {
    let panic = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => return Some(result),
        Err(panic) => panic,
    };
    let message = match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast_ref::<&str>().expect("a message")).to_owned(),
    };
    // Words of the standard library, from deep inside.
    for word in ["attempt to", "index", "range", "out of", "chunk", "capacity", "unwrap"] {
        assert!(!message.contains(word), "{sizes:?}: {message}");
    }
    for size in sizes {
        assert!(message.contains(&size.to_string()), "{size} of {sizes:?} is not in: {message}");
    }
    None
}

/// A size: mostly small or 0, now and then close to what a `usize` holds, or to its root.
fn any_size(random: &mut Random) -> usize {
    let near =
        |size: usize, random: &mut Random| size.wrapping_add(random.size(0, 4)).wrapping_sub(2);
    let root = 1 << (usize::BITS / 2);
    match random.size(0, 11) {
        0 => near(usize::MAX - 2, random),
        1 => near(usize::MAX / 2, random),
        2 => near(usize::MAX / 4, random),
        3 => near(root, random),
        4 => usize::MAX / random.size(3, 9),
        5 | 6 => 0,
        _ => random.size(1, 6),
    }
}

/// As many numbers as the sizes say, or a few where they say too many, or now and then another number of them.
fn numbers(random: &mut Random, sizes: &[usize]) -> Vec<f32> {
    let product = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
    let wrapped = sizes.iter().fold(1usize, |product, size| product.wrapping_mul(*size));
    let len = match (random.size(0, 9), product) {
        (0, _) => random.size(0, 5),
        (_, Some(len)) if len < 5000 => len,
        _ if wrapped < 5000 => wrapped,
        _ => random.size(0, 9),
    };
    random.numbers(len)
}

/// Runs many random cases, of which both many fit and many do not.
fn cases(count: u64, mut case: impl FnMut(&mut Random) -> bool) {
    // The panics are expected, all of them.
    let fit = (0..count).filter(|seed| case(&mut Random::new(*seed))).count() as u64;
    assert!(fit > count / 50 && fit < count - count / 50, "{fit} of {count} cases fit");
}

#[test]
fn products_of_matrices() {
    cases(4000, |random| {
        let [m, k, n] = [0; 3].map(|_| any_size(random));
        let other = if random.size(0, 5) == 0 { any_size(random) } else { k };
        let (a, b) = (numbers(random, &[m, k]), numbers(random, &[other, n]));
        let mut c: Vec<f32> = numbers(random, &[m, n]).iter().map(|_| UNTOUCHED).collect();
        let [turn_a, turn_b] = [0; 2].map(|_| random.size(0, 1) > 0);
        let matrix = |numbers, [rows, columns]: [usize; 2], turned| {
            fits(&[rows, columns], || match turned {
                true => Matrix::new(numbers, columns, rows).transposed(),
                false => Matrix::new(numbers, rows, columns),
            })
        };
        let (Some(left), Some(right)) =
            (matrix(&a, [m, k], turn_a), matrix(&b, [other, n], turn_b))
        else {
            return false;
        };
        let Some(()) = fits(&[m, k, other, n], || matmul(&mut c, left, right)) else {
            assert!(c.iter().all(|c| *c == UNTOUCHED), "{m}x{k}x{n}");
            return false;
        };
        for (at, c) in c.iter().enumerate() {
            let a = |x| if turn_a { a[x * m + at / n] } else { a[at / n * k + x] };
            let b = |x| if turn_b { b[at % n * k + x] } else { b[x * n + at % n] };
            let exact: f32 = (0..k).map(|x| a(x) * b(x)).sum();
            assert!((c - UNTOUCHED - exact).abs() < 0.01, "{m}x{k}x{n}");
        }
        true
    });
}

#[test]
fn a_matrix_whose_rows_and_columns_wrap_to_its_length() {
    let huge = (1usize << (usize::BITS - 1)) + 1;
    assert!(fits(&[huge, 2], || Matrix::new(&[1.0, 2.0], huge, 2).transposed()).is_none());
    assert!(fits(&[huge, 2], || Matrix::new(&[1.0, 2.0], 2, huge)).is_none());
    // The product of these would have so many rows and columns.
    let (tall, wide) = (Matrix::new(&[], huge, 0), Matrix::new(&[], 0, 2));
    assert!(fits(&[huge, 2], || matmul(&mut [0.0; 2], tall, wide)).is_none());
}

#[test]
fn rows_of_a_matrix() {
    cases(4000, |random| {
        let (rows, width) = (any_size(random), any_size(random));
        let len = numbers(random, &[rows, width]).len();
        let matrix: Vec<usize> = (0..len).collect();
        let mut some: Vec<usize> = (0..random.size(0, 3)).map(|_| any_size(random)).collect();
        some.extend((0..random.size(0, 3)).map(|_| random.size(0, 2)));
        let count = some.len();
        // The message has the number of rows that are wanted, the row that is not there, or the elements.
        let Some(selected) = fits(&[width], || select_rows(&matrix, width, &some)) else {
            return false;
        };
        let expected: Vec<usize> = match width {
            0 => Vec::new(),
            _ => some.iter().flat_map(|row| row * width..(row + 1) * width).collect(),
        };
        assert_eq!(selected, expected, "{count} rows of {width}");
        true
    });
    // Elements without size: a slice of them may be as long as a `usize` counts.
    // SAFETY: All of them together have no bytes, so there is nothing that could not be read.
    let nothing: &[()] =
        unsafe { std::slice::from_raw_parts(std::ptr::NonNull::dangling().as_ptr(), usize::MAX) };
    assert_eq!(select_rows(nothing, 1, &[usize::MAX - 1, 0]).len(), 2);
    assert!(fits(&[usize::MAX, 1], || select_rows(nothing, 1, &[usize::MAX])).is_none());
    assert!(fits(&[usize::MAX, 2], || select_rows(nothing, usize::MAX, &[0, 0])).is_none());
    // These wrap to 2 elements, to row 0.
    let huge = (1usize << (usize::BITS - 1)) + 1;
    assert!(fits(&[huge, 2], || select_rows(&["a", "b", "c", "d"], huge, &[0, 0])).is_none());
    assert!(fits(&[huge - 1, 2], || select_rows(&[1, 2, 3, 4], 2, &[huge - 1])).is_none());
}

/// A convolution of any sizes, most of them small.
fn any_convolution(random: &mut Random) -> Conv2d {
    let all_small = random.size(0, 1) > 0;
    let mut size = |most| match random.size(0, 9) {
        0 if !all_small => any_size(random),
        1 => 0,
        _ => random.size(1, most),
    };
    Conv2d {
        batch: size(5),
        height: size(6),
        width: size(6),
        in_channels: size(20),
        out_channels: size(20),
        kernel_size: size(5),
        stride: size(3),
        padding: size(3),
    }
}

fn sizes_of(conv: &Conv2d) -> [usize; 8] {
    let Conv2d { batch, height, width, in_channels, out_channels, .. } = *conv;
    let Conv2d { kernel_size, stride, padding, .. } = *conv;
    [batch, height, width, in_channels, out_channels, kernel_size, stride, padding]
}

#[test]
fn convolutions() {
    cases(4000, |random| {
        let conv = any_convolution(random);
        let sizes = sizes_of(&conv);
        let Conv2d { batch, height, width, in_channels, out_channels, kernel_size, .. } = conv;
        let x = numbers(random, &[height, width, batch, in_channels]);
        let w = numbers(random, &[kernel_size, kernel_size, in_channels, out_channels]);
        let out = fits(&sizes, || [conv.out_height(), conv.out_width()]);
        let dy = match out {
            Some([height, width]) => numbers(random, &[height, width, batch, out_channels]),
            None => numbers(random, &[out_channels, batch]),
        };
        let mut y = vec![UNTOUCHED; dy.len()];
        let (mut dx, mut dw) = (vec![UNTOUCHED; x.len()], vec![UNTOUCHED; w.len()]);
        let done = [
            fits(&sizes, || conv.forward(&x, &w, &mut y)),
            fits(&sizes, || conv.input_gradient(&dy, &w, &mut dx)),
            fits(&sizes, || conv.weight_gradient(&x, &dy, &mut dw)),
        ];
        if done.iter().any(Option::is_none) {
            assert!(y.iter().chain(&dx).chain(&dw).all(|x| *x == UNTOUCHED), "{conv:?}");
            assert_eq!(done, [None; 3], "{conv:?}");
            return false;
        }
        let mut expected = [vec![0.0; y.len()], vec![UNTOUCHED; x.len()], vec![UNTOUCHED; w.len()]];
        let mut products = 0;
        if batch * in_channels * out_channels > 0 {
            common::for_each_product(&conv, |at_x, at_w, at_y| {
                expected[0][at_y] += x[at_x] * w[at_w];
                expected[1][at_x] += dy[at_y] * w[at_w];
                expected[2][at_w] += dy[at_y] * x[at_x];
                products += 1;
            });
        }
        for (found, expected) in [&y, &dx, &dw].iter().zip(&expected) {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.05), "{conv:?}");
        }
        assert_eq!(conv.multiply_adds(), products, "{conv:?}");
        true
    });
}

#[test]
fn windows_of_pools() {
    let try_all = |windows: &Windows, inputs: usize, random: &mut Random, sizes: &[usize]| {
        let outputs = windows.pixels().len();
        let each = random.size(0, 3);
        let (x, dy) = (numbers(random, &[inputs, each]), numbers(random, &[outputs, each]));
        let given = [x.len(), inputs, dy.len(), outputs];
        let (mut y, mut mean) = (vec![UNTOUCHED; dy.len()], vec![UNTOUCHED; dy.len()]);
        let mut dx = vec![0.0; x.len()];
        let Some(places) = fits(&given, || windows.max(&x, &mut y)) else { return false };
        windows.mean(&x, &mut mean);
        windows.max_gradient(&places, &dy, &mut dx);
        windows.mean_gradient(&dy, &mut dx);
        for (output, window) in windows.pixels().iter().enumerate() {
            for at in 0..each {
                let values = window.iter().map(|input| x[input * each + at]);
                let sum: f32 = values.clone().sum();
                let at = output * each + at;
                assert_eq!(y[at], values.fold(f32::NEG_INFINITY, f32::max), "{sizes:?}");
                assert!((mean[at] - sum / window.len() as f32).abs() < 1e-5, "{sizes:?}");
            }
        }
        let sums = [2.0 * dy.iter().sum::<f32>(), dx.iter().sum()];
        assert!((sums[0] - sums[1]).abs() < 1e-3, "{sizes:?}: {sums:?}");
        true
    };
    cases(3000, |random| {
        let conv = any_convolution(random);
        let sizes = sizes_of(&conv);
        let windows = fits(&sizes, || Windows::of(&conv));
        windows.is_some_and(|windows| try_all(&windows, conv.height * conv.width, random, &sizes))
    });
    cases(3000, |random| {
        let from = [0; 2].map(|_| any_size(random));
        let to = [0; 2].map(|_| any_size(random));
        let sizes = [from[0], from[1], to[0], to[1]];
        let windows = fits(&sizes, || Windows::adaptive(from, to));
        windows.is_some_and(|windows| try_all(&windows, from[0] * from[1], random, &sizes))
    });
    // 65536 pixels are more than a `u16` numbers.
    assert!(fits(&[256, 1], || Windows::adaptive([256, 256], [1, 1])).is_none());
    Windows::adaptive([255, 257], [1, 1]);
}

#[test]
fn batch_norms() {
    cases(3000, |random| {
        let (rows, channels) = (any_size(random), random.size(0, 4));
        let x = numbers(random, &[rows.min(30), channels]);
        let [weight, bias, mean, variance] = [0; 4].map(|_| numbers(random, &[channels]));
        let given = [mean.len(), variance.len(), weight.len(), bias.len()];
        let statistics = Statistics { mean, variance: variance.iter().map(|v| v * v).collect() };
        let activation =
            if random.size(0, 1) > 0 { Activation::Relu } else { Activation::Identity };
        let norm = fits(&given, || BatchNorm::new(statistics, 1e-5, &weight, &bias, activation));
        let Some(norm) = norm else { return false };
        let channels = weight.len();
        if fits(&[x.len(), channels], || Statistics::of(&x, channels)).is_none() {
            assert!(channels == 0 || x.is_empty() || !x.len().is_multiple_of(channels));
        }
        let [residual, dy] = [0; 2].map(|_| numbers(random, &[x.len()]));
        let mut y: Vec<f32> = numbers(random, &[x.len()]).iter().map(|_| UNTOUCHED).collect();
        let ok = fits(&[channels], || norm.forward(&x, Some(&residual), &mut y)).is_some();
        assert!(y.iter().all(|y| (*y == UNTOUCHED) != ok), "{} of {channels}", x.len());
        let (mut dx, mut dresidual) = (x.clone(), numbers(random, &[x.len()]));
        let (mut dweight, mut dbias) = (weight.clone(), numbers(random, &[channels]));
        let before = (dx.clone(), dresidual.clone(), dweight.clone(), dbias.clone());
        let gradients = Gradients {
            dx: &mut dx,
            fresh: random.size(0, 1) > 0,
            dweight: &mut dweight,
            dbias: &mut dbias,
            dresidual: Some(&mut dresidual),
        };
        let backward = fits(&[channels], || norm.backward(&x, &y, &dy, gradients)).is_some();
        if !backward {
            assert_eq!((dx, dresidual, dweight, dbias), before);
        }
        ok && backward
    });
    // The residual is as long as the input, or nothing is written.
    let statistics = || Statistics { mean: vec![0.0], variance: vec![1.0] };
    let norm = BatchNorm::new(statistics(), 0.0, &[1.0], &[0.0], Activation::Identity);
    for len in [0, 2, 3, 5, 9] {
        let (x, residual, mut y) = ([1.0; 4], vec![10.0; len], [UNTOUCHED; 4]);
        assert!(fits(&[4, len], || norm.forward(&x, Some(&residual), &mut y)).is_none());
        assert_eq!(y, [UNTOUCHED; 4]);
    }
}

#[test]
fn everything_else() {
    cases(3000, |random| {
        let (rows, width) = (any_size(random), any_size(random));
        let x = numbers(random, &[rows, width]);
        let means = fits(&[x.len(), width], || column_means(&x, width));
        if let Some(means) = &means {
            assert!(means.len() == width && means.iter().all(|mean| mean.abs() <= 1.0));
        }
        let b = numbers(random, &[width]);
        let mut d = vec![UNTOUCHED; rows.min(9)];
        let done = fits(&[d.len(), b.len()], || mean_absolute_differences(&x, &b, &mut d));
        assert!(d.iter().all(|d| (*d == UNTOUCHED) == done.is_none()));

        let [mut p, mut m, mut v] = [0; 3].map(|_| numbers(random, &[rows.min(9)]));
        let mut g = x.clone();
        let sizes = [p.len(), m.len(), v.len(), x.len()];
        let before = (p.clone(), m.clone(), v.clone());
        let step = AdamStep::new(1, 0.1, [0.9, 0.99], 1e-5, 0.0);
        if fits(&sizes, || step.update(&mut p, &mut m, &mut v, &mut g, true)).is_none() {
            assert_eq!((&p, &m, &v, &g), (&before.0, &before.1, &before.2, &x));
        }
        zero(&mut p);
        assert!(p.iter().all(|p| *p == 0.0));
        means.is_some()
    });
    for t in [0, -1, i32::MIN] {
        let step = catch_unwind(|| AdamStep::new(t, 0.1, [0.9, 0.99], 1e-5, 0.0));
        assert!(step.is_err(), "step {t}");
    }
}
