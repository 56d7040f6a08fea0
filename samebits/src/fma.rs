//! The fused multiply-add on processors that have none, and other sums that are rounded once.

/// `a * b + c`, rounded once: the bits that [`f32::mul_add`] should have, but without a call of the system's maths
/// library. So the compiler makes vectors of it; and with GNU's libraries on Windows, `mul_add` rounds twice.
///
/// ```
/// let (a, b) = (1.0 + f32::EPSILON, 1.0 - f32::EPSILON);
/// assert_eq!(a * b - 1.0, 0.0);
/// assert_eq!(samebits::fma(a, b, -1.0), -f32::EPSILON * f32::EPSILON);
/// ```
#[inline(always)]
pub fn fma(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        return a.mul_add(b, c);
    }
    // The product of two `f32` is exact in `f64`.
    sum_to_f32(f64::from(a) * f64::from(b), f64::from(c))
}

/// `a + b`, rounded once, to an `f32`.
///
/// The sum is rounded to odd in `f64`: where it is not exact, its last bit is 1. It is then never halfway between
/// two `f32`, and rounding it once more gives what one rounding would (S. Boldo, G. Melquiond, "Emulation of FMA and
/// correctly rounded sums: proved algorithms using rounding to odd", IEEE Transactions on Computers 57(4), 2008).
#[inline(always)]
pub(crate) fn sum_to_f32(a: f64, b: f64) -> f32 {
    let sum = a + b;
    // What rounding has cut off (Knuth's TwoSum).
    let other = sum - a;
    let error = (a - (sum - other)) + (b - other);
    let bits = sum.to_bits();
    let away_from_zero = (error > 0.0) == (sum > 0.0);
    let odd = if away_from_zero { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
    let inexact = error != 0.0 && error.is_finite() && bits & 1 == 0;
    f64::from_bits(if inexact { odd } else { bits }) as f32
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// [`f32::mul_add`] as it should be. On Windows, GNU's maths library rounds twice.
    pub(crate) fn exact(a: f32, b: f32, c: f32) -> f32 {
        let gnu = cfg!(all(windows, target_env = "gnu"));
        if gnu { libm::fmaf(a, b, c) } else { a.mul_add(b, c) }
    }

    /// Bits in no particular order (Marsaglia's xorshift).
    fn xorshift(state: &mut u64) -> u32 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 16) as u32
    }

    fn assert_fused(a: f32, b: f32, c: f32) {
        let (ours, exact) = (fma(a, b, c), exact(a, b, c));
        assert!(
            ours.to_bits() == exact.to_bits() || ours.is_nan() && exact.is_nan(),
            "{a:e} * {b:e} + {c:e}: {ours:e}, not {exact:e}"
        );
    }

    #[test]
    fn the_bits_of_mul_add() {
        let mut state = 42;
        for _ in 0..2_000_000 {
            // Any three numbers, among them infinities, NaN and those with few bits.
            let [a, b, c] = [0; 3].map(|_| f32::from_bits(xorshift(&mut state)));
            assert_fused(a, b, c);
            // The sum of numbers of about the same size is where two roundings differ from one.
            let near = a * b * (1.0 + (xorshift(&mut state) % 64) as f32);
            assert_fused(a, b, near);
            assert_fused(a, b, -near);
        }
    }

    #[test]
    fn halfway_cases() {
        // Rounded twice, these come out one bit off.
        let one_and_a_bit = 1.0 + f32::EPSILON;
        for tiny in [f32::MIN_POSITIVE, -f32::MIN_POSITIVE, 1e-30, -1e-30] {
            for (a, b) in [(4097.0, 4097.0), (one_and_a_bit, one_and_a_bit), (0.5, f32::EPSILON)] {
                assert_fused(a, b, tiny);
                assert_fused(a, b, 1.0);
                assert_fused(-a, b, 1.0 + tiny);
            }
        }
        // Results too small for a normal number.
        for power in 100..150 {
            let small = 2f32.powi(-power);
            assert_fused(small, 1.5 * 2f32.powi(power - 149), f32::from_bits(1));
            assert_fused(small, 1.5 * 2f32.powi(power - 149), f32::from_bits(3));
        }
    }
}
