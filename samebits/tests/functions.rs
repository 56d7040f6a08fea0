//! `e^x` and its like: each result is the `f32` next to the exact one.

#[allow(dead_code, reason = "some of it is for other tests")]
mod common;
mod precise;

use common::Random;
use precise::Precise;
use samebits::{Function, Isa, set_num_threads};

const ALL: [Function; 4] = [Function::Exp, Function::Ln, Function::Sigmoid, Function::Tanh];

/// The exact result to 100 bits or so.
fn exact(f: Function, x: f32) -> Precise {
    let (x, one) = (Precise::from(f64::from(x)), Precise::from(1.0));
    match f {
        Function::Exp => x.exp(),
        Function::Ln => x.ln(),
        Function::Sigmoid => one / (one + (-x).exp()),
        Function::Tanh => {
            let square = (x + x).exp();
            (square - one) / (square + one)
        }
    }
}

/// The same by the system's library, right to 15 digits or so.
fn nearly(f: Function, x: f32) -> f64 {
    let x = f64::from(x);
    match f {
        Function::Exp => x.exp(),
        Function::Ln => x.ln(),
        Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Function::Tanh => x.tanh(),
    }
}

fn assert_nearest(f: Function, x: f32) {
    let (ours, nearly) = (f.of(x), nearly(f, x));
    if nearly.is_nan() {
        return assert!(ours.is_nan(), "{f:?} {x:e}: {ours:e}");
    }
    // What lies a few units of the last place of an f64 around it is the same f32, but for few x.
    let around = [1.0 - 1e-14, 1.0 + 1e-14].map(|factor| (nearly * factor) as f32);
    let nearest = if around[0] == around[1] { around[0] } else { exact(f, x).to_f32() };
    assert!(ours.to_bits() == nearest.to_bits(), "{f:?} {x:e}: {ours:e}, not {nearest:e}");
}

#[test]
fn the_nearest_f32() {
    for f in ALL {
        // A prime step: bits of all kinds.
        (0..=u32::MAX).step_by(4099).for_each(|bits| assert_nearest(f, f32::from_bits(bits)));
    }
}

/// The two billion numbers of either sign, for each of the functions: some minutes on many processors.
#[test]
#[ignore = "takes long: run it with --release after a change of the functions"]
fn the_nearest_f32_for_all_there_are() {
    std::thread::scope(|scope| {
        for sixteenth in 0..16u32 {
            scope.spawn(move || {
                let bits = || sixteenth << 28..=sixteenth << 28 | 0x0fff_ffff;
                for f in ALL {
                    bits().for_each(|bits| assert_nearest(f, f32::from_bits(bits)));
                }
            });
        }
    });
}

/// The exact result lies next to the middle between two `f32`: closer than an `f64` can tell.
#[test]
fn the_hardest_numbers() {
    let hardest = [
        (Function::Ln, 0x3c41_3d3a, 0xc08e_158f),
        (Function::Ln, 0x4117_8feb, 0x400f_e5e7),
        (Function::Ln, 0x4c5d_65a5, 0x418f_034b),
        (Function::Ln, 0x65d8_90d3, 0x4254_d1f9),
        (Function::Ln, 0x6f31_a8ec, 0x4284_5a89),
        (Function::Sigmoid, 0x34c0_0000, 0x3f00_0001),
        (Function::Sigmoid, 0xb440_0000, 0x3eff_ffff),
        (Function::Sigmoid, 0xba92_8601, 0x3eff_db5f),
    ];
    for (f, x, y) in hardest.map(|(f, x, y)| (f, f32::from_bits(x), f32::from_bits(y))) {
        assert_eq!(exact(f, x).to_f32(), y, "the test's own result: {f:?} {x:e}");
        assert_eq!(f.of(x), y, "{f:?} {x:e}");
    }
}

#[test]
fn infinities_zeros_nan_and_where_results_end() {
    let [infinity, nan, tiny] = [f32::INFINITY, f32::NAN, f32::from_bits(1)];
    let cases = [
        (Function::Exp, infinity, infinity),
        (Function::Exp, -infinity, 0.0),
        (Function::Exp, -0.0, 1.0),
        (Function::Exp, 88.722_84, infinity),
        (Function::Exp, 88.722_83, 3.402_798_5e38),
        (Function::Exp, (-103.972_08f32).next_down(), 0.0),
        (Function::Exp, -103.972_08, tiny),
        (Function::Ln, infinity, infinity),
        (Function::Ln, 0.0, -infinity),
        (Function::Ln, -0.0, -infinity),
        (Function::Ln, -tiny, nan),
        (Function::Ln, -infinity, nan),
        (Function::Ln, tiny, -103.278_93),
        (Function::Sigmoid, infinity, 1.0),
        (Function::Sigmoid, -infinity, 0.0),
        (Function::Sigmoid, (-103.972_08f32).next_down(), 0.0),
        (Function::Sigmoid, -103.972_08, tiny),
        (Function::Sigmoid, 17.328_68, 1.0),
        (Function::Sigmoid, 17.328_67, 1.0f32.next_down()),
        (Function::Tanh, infinity, 1.0),
        (Function::Tanh, -infinity, -1.0),
        (Function::Tanh, tiny, tiny),
    ];
    let same = |a: f32, b: f32| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    for (f, x, y) in cases {
        assert!(same(f.of(x), y), "{f:?} {x:e}: {:e}, not {y:e}", f.of(x));
    }
    assert_eq!(Function::Tanh.of(-0.0).to_bits(), (-0.0f32).to_bits());
    for f in ALL {
        assert_eq!(
            f.of(f32::from_bits(0xffc0_1234)).to_bits(),
            nan.to_bits(),
            "{f:?}: always this NaN"
        );
    }
}

#[test]
fn vectors_of_any_length_have_the_same_bits() {
    let mut random = Random::new(7);
    for n in [0, 1, 3, 8, 31, 1000, 50_001] {
        // Any bits, NaN and infinities included.
        let x: Vec<f32> =
            (0..n).map(|_| f32::from_bits(random.size(0, u32::MAX as usize) as u32)).collect();
        for isa in Isa::available() {
            isa.force();
            set_num_threads(1 + n % 3);
            for f in ALL {
                let mut y = vec![5.0; n];
                f.forward(&x, &mut y);
                let differs = x.iter().zip(&y).find(|(x, y)| y.to_bits() != f.of(**x).to_bits());
                assert_eq!(differs, None, "{f:?}, {isa:?}, {n} numbers");
            }
        }
    }
}

#[test]
fn gradients_are_slopes_and_add() {
    for f in ALL {
        for x in [0.3f32, 1.0, 2.5] {
            let mut dx = [10.0];
            f.gradient(&[x], &[f.of(x)], &[2.0], &mut dx);
            let slope = (nearly(f, x + 1e-3) - nearly(f, x - 1e-3)) / 2e-3;
            assert!(
                (f64::from(dx[0]) - 10.0 - 2.0 * slope).abs() < 1e-2,
                "{f:?} {x}: {}, slope {slope}",
                dx[0]
            );
        }
    }
}
