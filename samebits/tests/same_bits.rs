//! The promise of this crate: the same numbers to the last bit, signed zeros and infinities too, and NaN in the same places,
//! on each path and for any number of threads.

#[allow(dead_code, reason = "some of it is for other tests")]
mod common;

use common::{Random, Special};
use samebits::{
    Activation, AdamStep, BatchNorm, Function, Gradients, Isa, Matrix, Statistics, Windows,
    column_means, matmul, mean_absolute_differences, set_num_threads,
};

/// What all kernels give for the numbers of one seed.
fn results(seed: u64) -> Vec<Vec<f32>> {
    results_of(Random::new(seed))
}

fn results_of(mut random: Random) -> Vec<Vec<f32>> {
    let mut results = Vec::new();

    let conv = random.convolution();
    let x = random.numbers(conv.input_len());
    let w = random.numbers(conv.weight_len());
    let dy = random.numbers(conv.output_len());
    let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
    conv.forward(&x, &w, &mut y);
    conv.input_gradient(&dy, &w, &mut dx);
    conv.weight_gradient(&x, &dy, &mut dw);
    results.extend([y, dx, dw]);

    let [m, k, n] = [0; 3].map(|_| random.size(1, 400));
    let (a, b, mut c) = (random.numbers(m * k), random.numbers(k * n), random.numbers(m * n));
    matmul(&mut c, Matrix::new(&a, m, k), Matrix::new(&b, n, k).transposed());
    results.push(c);
    let mut c = random.numbers(m);
    matmul(&mut c, Matrix::new(&a, m, k), Matrix::new(&b[..k], k, 1));
    results.push(c);
    let mut c = random.numbers(k);
    matmul(&mut c, Matrix::new(&a, m, k).transposed(), Matrix::new(&a[..m], m, 1));
    results.push(c);

    let channels = random.size(1, 70);
    let rows = random.size(2, 1500);
    let x = random.numbers(rows * channels);
    let (weight, bias) = (random.numbers(channels), random.numbers(channels));
    let statistics = Statistics::of(&x, channels);
    results.extend([statistics.mean.clone(), statistics.variance.clone()]);
    let norm = BatchNorm::new(statistics, 1e-5, &weight, &bias, Activation::Relu);
    let mut y = x.clone();
    norm.forward(&x, Some(&x), &mut y);
    let dy = random.numbers(x.len());
    let (mut dx, mut dresidual) = (x.clone(), x.clone());
    let (mut dweight, mut dbias) = (weight.clone(), bias.clone());
    let gradients = Gradients {
        dx: &mut dx,
        fresh: false,
        dweight: &mut dweight,
        dbias: &mut dbias,
        dresidual: Some(&mut dresidual),
    };
    norm.backward(&x, &y, &dy, gradients);
    results.extend([y, dx, dresidual, dweight, dbias]);

    results.push(column_means(&x, channels));
    let mut distances = vec![0.0; rows];
    mean_absolute_differences(&x, &weight, &mut distances);
    results.push(distances);

    let windows = Windows::adaptive([7, 5], [3, 2]);
    let x = random.numbers(35 * channels);
    let mut y = vec![0.0; 6 * channels];
    let places = windows.max(&x, &mut y);
    let mut dx = x.clone();
    windows.max_gradient(&places, &y, &mut dx);
    results.push(y.clone());
    windows.mean(&x, &mut y);
    windows.mean_gradient(&y, &mut dx);
    results.extend([y, dx]);

    let mut p = random.numbers(rows * channels);
    let (mut m, mut v) = (vec![0.0; p.len()], vec![0.0; p.len()]);
    for t in 1..4 {
        let mut g = random.numbers(p.len());
        let step = AdamStep::new(t, 0.1, [0.95, 0.99], 1e-5, 0.01);
        step.update(&mut p, &mut m, &mut v, &mut g, t > 1);
    }
    results.extend([p, m, v]);

    let x: Vec<f32> = random.numbers(rows).into_iter().map(|x| 90.0 * x).collect();
    let dy = random.numbers(rows);
    for f in [Function::Exp, Function::Ln, Function::Sigmoid, Function::Tanh] {
        let (mut y, mut dx) = (vec![0.0; rows], dy.clone());
        f.forward(&x, &mut y);
        f.gradient(&x, &y, &dy, &mut dx);
        results.extend([y, dx]);
    }
    results
}

#[test]
fn on_each_path_and_for_any_number_of_threads() {
    for seed in 0..30 {
        Isa::Portable.force();
        let expected = results(seed);
        for isa in Isa::available() {
            isa.force();
            for threads in [1, 2, 5] {
                set_num_threads(threads);
                let found = results(seed);
                for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    assert!(
                        bits(found) == bits(expected),
                        "seed {seed}, {isa:?}, {threads} threads: result {at} differs"
                    );
                }
            }
        }
    }
}

/// A number for some results that changes with any of their bits: 64-bit FNV-1a.
fn checksum(results: &[Vec<f32>]) -> u64 {
    let bytes = results.iter().flatten().flat_map(|x| x.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The test above compares what this processor does with itself. This one compares it with the
/// processor on which the numbers were noted; CI also runs it on an emulated one of 2008, without AVX
/// and without fused multiply-adds.
#[test]
fn on_any_processor() {
    let found = [0, 1, 2, 3].map(|seed| checksum(&results(seed)));
    let noted = [
        0xaeec_2617_f6a9_77e2,
        0x8d64_3db9_78cc_68a8,
        0x4878_a342_30a8_882a,
        0xbd83_5750_abbe_953b,
    ];
    assert_eq!(found, noted, "{found:#x?}");
}

/// Numbers as bits, but of a NaN only that it is one: which of the NaN goes on where several meet is each processor's
/// own choice, and to make them all the same one would cost time.
fn numbers_as_bits(results: &[Vec<f32>]) -> Vec<Vec<u32>> {
    let bits = |x: &f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
    results.iter().map(|result| result.iter().map(bits).collect()).collect()
}

#[test]
fn with_nan_infinities_signed_zeros_and_tiny_and_huge_numbers() {
    for seed in 0..60 {
        let random = || match seed % 3 {
            0 => Random::with_special_numbers(seed, Special::NAN_AND_INFINITIES),
            1 => Random::with_special_numbers(seed, Special::INFINITIES),
            _ => Random::with_special_numbers(seed, Special::ZEROS_TINY_AND_HUGE),
        };
        Isa::Portable.force();
        let expected = numbers_as_bits(&results_of(random()));
        for isa in Isa::available() {
            isa.force();
            let found = numbers_as_bits(&results_of(random()));
            for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let differs = found.iter().zip(expected).position(|(a, b)| a != b);
                assert_eq!(differs, None, "seed {seed}, {isa:?}: result {at} differs there");
            }
        }
    }
}

#[test]
fn a_product_with_a_large_matrix_row_by_row() {
    let mut random = Random::new(8);
    let [m, k, n] = [19, 130, 140];
    let (a, b, before) = (random.numbers(m * k), random.numbers(k * n), random.numbers(m * n));
    for b in [Matrix::new(&b, k, n), Matrix::new(&b, n, k).transposed()] {
        let (mut together, mut alone) = (before.clone(), before.clone());
        matmul(&mut together, Matrix::new(&a, m, k), b);
        for (c, a) in alone.chunks_mut(8 * n).zip(a.chunks(8 * k)) {
            matmul(c, Matrix::new(a, a.len() / k, k), b);
        }
        assert_eq!(together, alone);
    }
}

#[test]
fn adam_with_and_without_zeroing() {
    let mut random = Random::new(9);
    let [p, m, v, g] = [(); 4].map(|()| random.numbers(50_001));
    let v: Vec<f32> = v.iter().map(|v| v * v).collect();
    let step = AdamStep::new(3, 0.1, [0.9, 0.99], 1e-5, 0.01);
    let [kept, zeroed] = [false, true].map(|then_zero| {
        let (mut p, mut m, mut v, mut g) = (p.clone(), m.clone(), v.clone(), g.clone());
        step.update(&mut p, &mut m, &mut v, &mut g, then_zero);
        ([p, m, v], g)
    });
    assert_eq!(kept.0, zeroed.0);
    assert_eq!(kept.1, g);
    assert!(zeroed.1.iter().all(|g| *g == 0.0));
}
