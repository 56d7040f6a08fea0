//! The types of PTX.

use anyhow::{Context, Result, bail};

/// The type of an instruction or of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Predicate,
    /// Of so many bits.
    Unsigned(usize),
    Signed(usize),
    Float(usize),
}

impl Kind {
    pub fn read(name: &str) -> Result<Self> {
        let (kind, bits) = name.split_at_checked(1).context("a type")?;
        Ok(match (kind, bits) {
            _ if name == "pred" => Self::Predicate,
            ("b" | "u", "8" | "16" | "32" | "64") => Self::Unsigned(bits.parse()?),
            ("s", "8" | "16" | "32" | "64") => Self::Signed(bits.parse()?),
            ("f", "32" | "64") => Self::Float(bits.parse()?),
            _ => bail!("no type `{name}`"),
        })
    }

    pub fn c(self) -> String {
        match self {
            Self::Predicate => "_Bool".to_string(),
            Self::Unsigned(bits) => format!("uint{bits}_t"),
            Self::Signed(bits) => format!("int{bits}_t"),
            Self::Float(32) => "float".to_string(),
            Self::Float(_) => "double".to_string(),
        }
    }

    pub fn bits(self) -> usize {
        match self {
            Self::Predicate => 1,
            Self::Unsigned(bits) | Self::Signed(bits) | Self::Float(bits) => bits,
        }
    }

    pub fn is_float(self) -> bool {
        matches!(self, Self::Float(_))
    }

    /// Twice as wide, as the result of `mul.wide`.
    pub fn wide(self) -> Self {
        match self {
            Self::Signed(bits) => Self::Signed(2 * bits),
            other => Self::Unsigned(2 * other.bits()),
        }
    }
}
