//! A bakery, for the examples of the guide.

use std::fmt;

/// An amount of money, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cents(pub u64);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} €", self.0 / 100, self.0 % 100)
    }
}

/// What so many rolls cost: every sixth one is free.
pub fn rolls(count: u64) -> Cents {
    Cents(45 * (count - count / 6))
}

/// The price of a cake.
///
/// # Panics
/// If nobody is there to eat it.
pub fn cake(guests: u64) -> Cents {
    assert!(guests > 0, "a cake for nobody");
    Cents(300 + 150 * guests)
}
