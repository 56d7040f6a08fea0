//! Logarithm, sine and cosine in 32 bits, with the roundings of PyTorch's normal distribution.
//!
//! PyTorch draws its normals eight at a time, with functions from `avx_mathfun.h` (G. Garberoglio,
//! after J. Pommier's `sse_mathfun.h`), which follow `logf`, `sinf` and `cosf` of S. L. Moshier's
//! Cephes library: a polynomial on a small interval, and the rest from the properties of the
//! function. Each is right but for the last bit or two. Here they are again for one number, from
//! the same coefficients in the same order of steps. A step `a * b + c` rounds once
//! ([`fma`]), as it does in PyTorch's own builds for processors with AVX2; Rust then
//! gives the same bits on every processor.
#![expect(clippy::excessive_precision, reason = "the coefficients as Cephes writes them")]

use std::f32::consts::FRAC_1_SQRT_2;

use samebits::fma;

/// The value at `x` of the polynomial with these coefficients, highest power first.
fn polynomial(x: f32, coefficients: &[f32]) -> f32 {
    let mut coefficients = coefficients.iter();
    let first = coefficients.next().copied().unwrap_or_default();
    coefficients.fold(first, |sum, &c| fma(sum, x, c))
}

/// ln x, for a normal x above zero.
pub(super) fn ln(x: f32) -> f32 {
    const P: [f32; 9] = [
        7.0376836292E-2,
        -1.1514610310E-1,
        1.1676998740E-1,
        -1.2420140846E-1,
        1.4249322787E-1,
        -1.6668057665E-1,
        2.0000714765E-1,
        -2.4999993993E-1,
        3.3333331174E-1,
    ];
    // ln 2 in two parts: the first has few bits, so that its product with an exponent is exact.
    const LN_2: [f32; 2] = [0.693359375, -2.12194440e-4];

    // x = m * 2^e with m from 1/2 to 1; then m from sqrt(1/2) to sqrt(2).
    let bits = x.to_bits();
    let mut e = (bits >> 23) as f32 - 126.;
    let mut m = f32::from_bits(bits & 0x007f_ffff | 0.5_f32.to_bits());
    if m < FRAC_1_SQRT_2 {
        e -= 1.;
        m *= 2.;
    }
    // Which product of a sum is rounded by itself and which together with the sum is no choice of
    // ours here and below: it is what the compiler of PyTorch made of it.
    // ln(1 + r) = r - r^2/2 + r^3 P(r)
    let r = m - 1.;
    let square = r * r;
    let cubic = polynomial(r, &P) * r;
    let small = fma(cubic, square, e * LN_2[1]);
    let small = fma(square, -0.5, small);
    fma(e, LN_2[0], r + small)
}

/// The sine and the cosine of `x`, for `x` from 0 to some thousands.
pub(super) fn sin_cos(x: f32) -> (f32, f32) {
    const SIN: [f32; 3] = [-1.9515295891E-4, 8.3321608736E-3, -1.6666654611E-1];
    const COS: [f32; 3] = [2.443315711809948E-5, -1.388731625493765E-3, 4.166664568298827E-2];
    // pi/4 in three parts, with few bits in the first two.
    const PI_4: [f32; 3] = [0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8];

    // The nearest even multiple of pi/4, and how far x is from it.
    let octant = ((x * std::f32::consts::FRAC_2_PI * 2.) as u32 + 1) & !1;
    let r = PI_4.iter().fold(x, |r, part| fma(octant as f32, -part, r));

    let square = r * r;
    let cos = polynomial(square, &COS) * square;
    let cos = fma(cos, square, -0.5 * square) + 1.;
    let sin = fma(polynomial(square, &SIN) * square, r, r);

    // Each quarter turn makes the sine the cosine, and the cosine minus the sine.
    match octant / 2 % 4 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest difference of `ours` from `exact`, in units of an f32 near 1.
    fn error(ours: f32, exact: f64) -> f64 {
        (f64::from(ours) - exact).abs() / exact.abs().max(1.) / f64::from(f32::EPSILON)
    }

    #[test]
    fn right_but_for_the_last_bits() {
        for i in 1..=1 << 16 {
            let u = i as f32 / (1 << 16) as f32;
            assert!(error(ln(u), libm::log(f64::from(u))) < 1., "ln {u}");
            let x = std::f32::consts::TAU * u;
            let (sin, cos) = sin_cos(x);
            assert!(error(sin, libm::sin(f64::from(x))) < 1., "sin {x}");
            assert!(error(cos, libm::cos(f64::from(x))) < 1., "cos {x}");
        }
        assert_eq!(ln(1.), 0.);
        assert_eq!(sin_cos(0.), (0., 1.));
    }
}
