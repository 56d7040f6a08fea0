//! The weights of a convolution, tap by tap.
//!
//! PyTorch keeps them as (output channel, input channel, kernel row, kernel column). Here the two axes
//! of the kernel come first: the weights of a *tap*, one place of the kernel, are a matrix that lies
//! together in memory. So a tap that has met nothing but padding can be left alone as a whole: its
//! gradient is 0 and stays 0. On the small maps at the end of a ResNet18 for pictures of 28x28 those are
//! 6.9 of 11.2 million weights.
//!
//! Which taps have met a pixel is known from the sizes. A layer keeps it as a number with a bit for each
//! tap, which dfdx's visitors see as a scalar of the name [`NAME`], just before the weights;
//! [`Parameter`](super::Parameter) puts the two together.

/// The name of the scalar with a bit for each tap.
pub(crate) const NAME: &str = "taps";

/// A bit for each tap that is true. Kernels with more than 64 taps have all bits set.
pub(crate) fn bits(taps: &[bool]) -> u64 {
    if taps.len() > 64 {
        return u64::MAX;
    }
    taps.iter().rev().fold(0, |bits, tap| bits << 1 | *tap as u64)
}

/// Numbers in PyTorch's order, tap by tap; `sizes` are PyTorch's.
pub(crate) fn from_pytorch<T: Copy>(numbers: &[T], sizes: [usize; 4]) -> Vec<T> {
    places(sizes).map(|at| numbers[at]).collect()
}

/// The way back.
pub(crate) fn to_pytorch<T: Copy + Default>(numbers: &[T], sizes: [usize; 4]) -> Vec<T> {
    let mut ordered = vec![T::default(); numbers.len()];
    for (number, at) in numbers.iter().zip(places(sizes)) {
        ordered[at] = *number;
    }
    ordered
}

/// Where the numbers, tap by tap, are in PyTorch's order.
fn places([outputs, inputs, rows, columns]: [usize; 4]) -> impl Iterator<Item = usize> {
    let taps = rows * columns;
    let matrix = move |tap| {
        (0..inputs).flat_map(move |i| (0..outputs).map(move |o| (o * inputs + i) * taps + tap))
    };
    (0..taps).flat_map(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pytorchs_order_and_back() {
        // One output channel, two input channels, a kernel of 2x2.
        let pytorch = [0, 1, 2, 3, 10, 11, 12, 13];
        let by_tap = from_pytorch(&pytorch, [1, 2, 2, 2]);
        assert_eq!(by_tap, [0, 10, 1, 11, 2, 12, 3, 13]);
        assert_eq!(to_pytorch(&by_tap, [1, 2, 2, 2]), pytorch);
        let any: Vec<usize> = (0..2 * 3 * 4 * 5).collect();
        assert_eq!(to_pytorch(&from_pytorch(&any, [2, 3, 4, 5]), [2, 3, 4, 5]), any);
    }
}
