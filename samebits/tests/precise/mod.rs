//! Numbers of about 100 bits: the sum of two `f64` (T. J. Dekker, "A floating-point technique for extending the available
//! precision", 1971).

use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone, Copy)]
pub struct Precise(f64, f64);

/// ln 2
const LN_2: Precise = Precise(std::f64::consts::LN_2, 2.319_046_813_846_299_6e-17);

impl From<f64> for Precise {
    fn from(x: f64) -> Self {
        Self(x, 0.0)
    }
}

impl Precise {
    /// `a + b`, exactly, for any two numbers.
    fn sum(a: f64, b: f64) -> Self {
        let sum = a + b;
        let other = sum - a;
        Self(sum, (a - (sum - other)) + (b - other))
    }

    /// The nearest `f32`.
    pub fn to_f32(self) -> f32 {
        let near = self.0 as f32;
        let candidates = [near.next_down(), near, near.next_up()];
        let away = |x: f32| {
            let difference = self - Self::from(f64::from(x));
            difference.0.abs()
        };
        candidates.into_iter().min_by(|a, b| away(*a).total_cmp(&away(*b))).unwrap()
    }

    pub fn exp(self) -> Self {
        let k = (self.0 * std::f64::consts::LOG2_E).round();
        let x = self - LN_2 * Self::from(k);
        let one = Self::from(1.0);
        // 1 + x (1 + x / 2 (1 + x / 3 (...)))
        let sum = (1..=30).rev().fold(one, |sum, n| one + x * sum / Self::from(f64::from(n)));
        // In two halves: 2^k alone may be too small.
        let half = 2f64.powi(k as i32 / 2);
        let other = 2f64.powi(k as i32 - k as i32 / 2);
        Self(sum.0 * half * other, sum.1 * half * other)
    }

    /// By a step of Newton's from the one of the system's library.
    pub fn ln(self) -> Self {
        let near = Self::from(self.0.ln());
        let off = self * (-near).exp() - Self::from(1.0);
        near + off - off * off / Self::from(2.0)
    }
}

impl Neg for Precise {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl Add for Precise {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (large, small) = (Self::sum(self.0, other.0), Self::sum(self.1, other.1));
        let sum = Self::sum(large.0, large.1 + small.0);
        Self::sum(sum.0, sum.1 + small.1)
    }
}

impl Sub for Precise {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Precise {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product);
        Self::sum(product, error + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for Precise {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = self.0 / other.0;
        let rest = self - other * Self::from(first);
        Self::sum(first, (rest.0 + rest.1) / other.0)
    }
}
