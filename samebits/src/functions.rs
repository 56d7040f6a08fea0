//! `e^x`, the natural logarithm, the sigmoid and the hyperbolic tangent.
//!
//! Each result is the `f32` next to the exact one, for every `f32` there is: a test has tried all of them. It is worked out
//! with `f64` by sums, products and quotients alone, each rounded by itself, in the order that is written here, so any
//! computer that has them gives the same bits, and compilers make vectors of it.

use std::f64::consts::{LOG2_E, SQRT_2};

use crate::fma::sum_to_f32;
use crate::simd::each;
use crate::threads::{rows_of_piece, share};

/// ln 2 in two parts. The first has few bits, so that its product with an exponent is exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// e to the power of `x`.
///
/// Infinite from 88.72284 on, and 0 below -103.97208; NaN of NaN.
///
/// ```
/// assert_eq!(samebits::exp(0.0), 1.0);
/// assert_eq!(samebits::exp(1.0), std::f32::consts::E);
/// ```
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Beyond these bounds nothing changes any more.
    let (rest, power) = exponential(f64::from(x.clamp(-104.0, 89.0)));
    or_nan(x, ((1.0 + rest) * power) as f32)
}

/// The natural logarithm of `x`.
///
/// Minus infinity of 0 and of -0, NaN of negative numbers and of NaN.
///
/// ```
/// assert_eq!(samebits::ln(1.0), 0.0);
/// assert_eq!(samebits::ln(2.0), std::f32::consts::LN_2);
/// ```
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    const ONE: u64 = 1.0f64.to_bits();
    // The numbers from 2^52 on, of which the last bit counts one.
    const WHOLE: f64 = (1u64 << 52) as f64;
    // x = m 2^k, with m from sqrt(1/2) to sqrt(2).
    let bits = f64::from(x).to_bits();
    let biased = bits.wrapping_sub((SQRT_2 / 2.0).to_bits()).wrapping_add(ONE) >> 52;
    let k = f64::from_bits(biased | WHOLE.to_bits()) - (WHOLE + 1023.0);
    let m = f64::from_bits(bits.wrapping_sub(biased << 52).wrapping_add(ONE));
    // With s = f / (2 + f), ln(1 + f) = 2 (s + s^3 / 3 + s^5 / 5 + ...) = f - f^2 / 2 + s (f^2 / 2 + rest), as f = 2 s + s f.
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let square = s * s;
    let series = TWICE_INVERSE_ODD.iter().rev().fold(0.0, |sum, inverse| sum * square + inverse);
    let half = 0.5 * f * f;
    let small = s * (half + series * square) + k * LN_2[1];
    // What is cut off from the sum of the two large parts goes to the small ones.
    let large = k * LN_2[0];
    let sum = large + f;
    let cut_off = f - (sum - large);
    let result = sum_to_f32(sum, cut_off - (half - small));
    let special = match x {
        0.0 => f32::NEG_INFINITY,
        f32::INFINITY => x,
        _ => f32::NAN,
    };
    if x > 0.0 && x < f32::INFINITY { result } else { special }
}

/// The sigmoid or logistic function, `1 / (1 + e^-x)`.
///
/// 0 below -103.97208, 1 from 17.32868 on; NaN of NaN.
///
/// ```
/// assert_eq!(samebits::sigmoid(0.0), 0.5);
/// ```
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let (rest, power) = exponential(-f64::from(x.clamp(-104.0, 104.0)));
    let far = 1.0 / (1.0 + (1.0 + rest) * power);
    // Near 0, where all of e^-x - 1 is in `rest`, the same as a sum: it would be rounded just before what decides.
    let near = sum_to_f32(0.5, -rest / (4.0 + 2.0 * rest));
    or_nan(x, if x.abs() < 0.25 { near } else { far as f32 })
}

/// The hyperbolic tangent, `(e^2x - 1) / (e^2x + 1)`.
///
/// -0 of -0; NaN of NaN.
///
/// ```
/// assert_eq!([-100.0, 0.0, 100.0].map(samebits::tanh), [-1.0, 0.0, 1.0]);
/// ```
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    // It is 1 long before.
    let (rest, power) = exponential(2.0 * f64::from(x.abs().min(10.0)));
    let minus_1 = power * rest + (power - 1.0);
    or_nan(x, ((minus_1 / (minus_1 + 2.0)) as f32).copysign(x))
}

/// `r` and a power of 2 with `e^x = (1 + r) 2^k`, for x from -1000 to 700; r is from -0.3 to 0.42.
#[inline(always)]
fn exponential(x: f64) -> (f64, f64) {
    // Added to a number it leaves no room for a fraction: the sum's last bits are the nearest whole number.
    const SHIFT: f64 = 1.5 * (1u64 << 52) as f64;
    let shifted = x * LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let x = (x - k * LN_2[0]) - k * LN_2[1];
    // e^x - 1 = x + x^2 / 2! + x^3 / 3! + ...
    let sum = INVERSE_FACTORIALS[2..].iter().rev().fold(0.0, |sum, inverse| sum * x + inverse);
    let power = f64::from_bits(1.0f64.to_bits().wrapping_add(shifted.to_bits() << 52));
    (x + x * x * sum, power)
}

/// `1 / n!`
const INVERSE_FACTORIALS: [f64; 14] = {
    let (mut inverses, mut factorial, mut n) = ([1.0; 14], 1.0, 1);
    while n < inverses.len() {
        factorial *= n as f64;
        inverses[n] = 1.0 / factorial;
        n += 1;
    }
    inverses
};

/// `2 / 3`, `2 / 5`, `2 / 7`, ...
const TWICE_INVERSE_ODD: [f64; 11] = {
    let (mut inverses, mut n) = ([0.0; 11], 0);
    while n < inverses.len() {
        inverses[n] = 2.0 / (2 * n + 3) as f64;
        n += 1;
    }
    inverses
};

/// The result for `x`, or NaN of NaN.
#[inline(always)]
fn or_nan(x: f32, result: f32) -> f32 {
    if x.is_nan() { f32::NAN } else { result }
}

/// A function of one number, for many numbers at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// [`exp`]
    Exp,
    /// [`ln`]
    Ln,
    /// [`sigmoid`]
    Sigmoid,
    /// [`tanh`]
    Tanh,
}

impl Function {
    /// The function at `x`.
    ///
    /// ```
    /// assert_eq!(samebits::Function::Exp.of(0.0), 1.0);
    /// ```
    pub fn of(self, x: f32) -> f32 {
        match self {
            Self::Exp => exp(x),
            Self::Ln => ln(x),
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => tanh(x),
        }
    }

    /// `y_i = f(x_i)`
    ///
    /// # Panics
    /// If the slices have not the same length.
    ///
    /// ```
    /// let mut y = [0.0; 2];
    /// samebits::Function::Sigmoid.forward(&[0.0, f32::INFINITY], &mut y);
    /// assert_eq!(y, [0.5, 1.0]);
    /// ```
    pub fn forward(self, x: &[f32], y: &mut [f32]) {
        assert_eq!(x.len(), y.len(), "numbers of x and of y");
        match self {
            Self::Exp => map(x, y, exp),
            Self::Ln => map(x, y, ln),
            Self::Sigmoid => map(x, y, sigmoid),
            Self::Tanh => map(x, y, tanh),
        }
    }

    /// Adds `f'(x_i) dy_i` to `dx_i`, given `y_i = f(x_i)`. The slope is `y`, `1 / x`, `y (1 - y)` and `1 - y y`, each step
    /// rounded by itself.
    ///
    /// # Panics
    /// If the slices have not the same length.
    ///
    /// ```
    /// let mut dx = [1.0];
    /// samebits::Function::Sigmoid.gradient(&[0.0], &[0.5], &[4.0], &mut dx);
    /// assert_eq!(dx, [2.0]);
    /// ```
    pub fn gradient(self, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
        assert_eq!(
            [x.len(), y.len(), dy.len()],
            [dx.len(); 3],
            "numbers of x, y and dy, and of dx"
        );
        match self {
            Self::Exp => add_products(y, dy, dx, |y| y),
            Self::Ln => add_products(x, dy, dx, |x| 1.0 / x),
            Self::Sigmoid => add_products(y, dy, dx, |y| y * (1.0 - y)),
            Self::Tanh => add_products(y, dy, dx, |y| 1.0 - y * y),
        }
    }
}

#[inline(always)]
fn map(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32 + Sync) {
    let piece = rows_of_piece(x.len(), 1);
    share(x.chunks(piece).zip(y.chunks_mut(piece)), |(x, y)| {
        each(
            #[inline(always)]
            || x.iter().zip(y).for_each(|(x, y)| *y = f(*x)),
        );
    });
}

#[inline(always)]
fn add_products(x: &[f32], dy: &[f32], dx: &mut [f32], slope: impl Fn(f32) -> f32 + Sync) {
    let piece = rows_of_piece(x.len(), 1);
    let pieces = x.chunks(piece).zip(dy.chunks(piece)).zip(dx.chunks_mut(piece));
    share(pieces, |((x, dy), dx)| {
        each(|| x.iter().zip(dy).zip(dx).for_each(|((x, dy), dx)| *dx += slope(*x) * dy));
    });
}
