use super::relu;
use crate::prelude::*;

/// In the order of the axes, by pixel, and the same numbers several times.
#[test]
fn the_same_however_the_numbers_lie_in_memory() {
    let dev = AutoDevice::default();
    let x: Tensor<Rank3<2, 3, 4>, f32, _> = randn(&dev);
    let weights: Tensor<Rank3<4, 2, 3>, f32, _> = randn(&dev);
    let moved = || x.leaky_trace().permute::<Rank3<4, 2, 3>, Axes3<2, 0, 1>>();
    let both = [moved(), moved().contiguous()].map(|x| {
        let y = relu(x).unwrap();
        (y.as_vec(), y)
    });
    let [one, other] = both.map(|(numbers, y)| {
        let gradients = (y * weights.clone()).sum::<Rank0, _>().backward();
        (numbers, gradients.get(&x).as_vec())
    });
    assert_eq!(one, other);

    let row = dev.tensor([-1.0f32, 2.0, 3.0]);
    let repeated = row.leaky_trace().broadcast::<Rank2<2, 3>, Axis<0>>();
    let gradients = relu(repeated).unwrap().sum::<Rank0, _>().backward();
    assert_eq!(gradients.get(&row).array(), [0.0, 2.0, 2.0]);
}

#[test]
fn nan_in_both_directions() {
    let dev = AutoDevice::default();
    let x = dev.tensor([f32::NAN, 1.0, 0.0, -1.0]);
    let y = relu(x.leaky_trace()).unwrap();
    assert!(y.array()[0].is_nan());
    let ones = dev.ones_like(y.shape());
    assert_eq!((y * ones).sum::<Rank0, _>().backward().get(&x).array(), [1., 1., 0., 0.]);
}
