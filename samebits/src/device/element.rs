//! What numbers there are.

use std::fmt::Debug;

/// What a [`Device`](super::Device) can hold: plain numbers, and truths.
pub trait Element:
    Copy + Default + Debug + PartialEq + Send + Sync + sealed::Sealed + 'static
{
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! elements {
    ($($element:ty)*) => {$(
        impl sealed::Sealed for $element {}
        impl Element for $element {}
    )*};
}

elements!(f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool);
