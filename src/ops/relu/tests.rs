use crate::ops::{Composed, ReluKernel, SameBits};
use crate::prelude::*;

/// In the order of the axes, by pixel, and the same numbers several times.
#[test]
fn the_same_however_the_numbers_lie_in_memory() {
    let dev = AutoDevice::default();
    let x: Tensor<Rank3<2, 3, 4>, f32, _> = randn(&dev);
    let weights: Tensor<Rank3<4, 2, 3>, f32, _> = randn(&dev);
    macro_rules! compare {
        ($x:ident, $kernel:ident) => {{
            let moved = $x.leaky_trace().permute::<Rank3<4, 2, 3>, Axes3<2, 0, 1>>();
            let y = $kernel::relu(moved).unwrap();
            let numbers = y.as_vec();
            let gradients = (y * weights.clone()).sum::<Rank0, _>().backward();
            (numbers, gradients.get(&$x).as_vec())
        }};
    }
    assert_eq!(compare!(x, SameBits), compare!(x, Composed));

    let row: Tensor<Rank1<3>, f32, _> = randn(&dev);
    let repeated = || row.leaky_trace().broadcast::<Rank2<2, 3>, Axis<0>>();
    let gradient = |y: Traced<Rank2<2, 3>>| y.sum::<Rank0, _>().backward().get(&row).array();
    assert_eq!(
        gradient(SameBits::relu(repeated()).unwrap()),
        gradient(Composed::relu(repeated()).unwrap())
    );
}

#[test]
fn nan_in_both_directions() {
    let dev = AutoDevice::default();
    let x = dev.tensor([f32::NAN, 1.0, 0.0, -1.0]);
    for y in [SameBits::relu(x.leaky_trace()), Composed::relu(x.leaky_trace())].map(Result::unwrap)
    {
        assert!(y.array()[0].is_nan());
        let ones = dev.ones_like(y.shape());
        assert_eq!((y * ones).sum::<Rank0, _>().backward().get(&x).array(), [1., 1., 0., 0.]);
    }
}
