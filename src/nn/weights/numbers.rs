//! The kinds of numbers that files of weights hold.

use safetensors::tensor::{Dtype, TensorView};

/// The numbers as `f32`; `None` if they are of a kind that weights are not made of.
pub(super) fn as_f32(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = view.data();
    Some(match view.dtype() {
        Dtype::F32 => each::<4>(bytes).map(f32::from_le_bytes).collect(),
        Dtype::F16 => each::<2>(bytes).map(|bytes| f16(u16::from_le_bytes(bytes))).collect(),
        // The upper half of an `f32`.
        Dtype::BF16 => each::<2>(bytes)
            .map(|bytes| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16))
            .collect(),
        Dtype::F64 => each::<8>(bytes).map(|bytes| f64::from_le_bytes(bytes) as f32).collect(),
        _ => return None,
    })
}

fn each<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().copied()
}

/// IEEE 754's binary16: a sign, five bits of exponent, ten of fraction. All of them are exact as `f32`.
fn f16(bits: u16) -> f32 {
    let fraction = f32::from(bits & 0x3ff);
    let size = match bits >> 10 & 0x1f {
        // 2^-24 for each step.
        0 => fraction * f32::from_bits((127 - 24) << 23),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        exponent => (1024.0 + fraction) * f32::from_bits((u32::from(exponent) + 127 - 25) << 23),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_as_pytorch_reads_it() {
        // struct.unpack("<e", ...) for 0.5, -2, 65504, 2^-24, 2^-14, 1/3, -0
        let numbers = [0x3800, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x8000].map(f16);
        let expected = [0.5, -2.0, 65504.0, 5.960_464_5e-8, 6.103_515_6e-5, 0.333_251_95, -0.0f32];
        assert_eq!(numbers.map(f32::to_bits), expected.map(f32::to_bits));
        assert_eq!(f16(0xfc00), f32::NEG_INFINITY);
        assert!(f16(0x7e00).is_nan());
    }

    #[test]
    fn each_kind_becomes_f32() {
        let read = |dtype, bytes: &[u8]| as_f32(&TensorView::new(dtype, vec![1], bytes).unwrap());
        assert_eq!(read(Dtype::F16, &0xc000u16.to_le_bytes()), Some(vec![-2.0]));
        assert_eq!(read(Dtype::BF16, &0xc000u16.to_le_bytes()), Some(vec![-2.0]));
        assert_eq!(read(Dtype::F64, &0.1f64.to_le_bytes()), Some(vec![0.1]));
        assert_eq!(read(Dtype::F32, &0.1f32.to_le_bytes()), Some(vec![0.1]));
        assert_eq!(read(Dtype::I64, &1i64.to_le_bytes()), None);
    }
}
