use crate::ops::testing::{assert_close, compare};
use crate::ops::{Composed, LinearKernel};
use crate::prelude::*;

#[test]
fn linear_layers() {
    manual_seed(42);
    let dev = AutoDevice::default();
    for rows in [1, 3] {
        let x: Tensor<(usize, Const<5>), f32, _> = randn_like(&dev, &(rows, Const));
        let mut layer = Linear::<5, 4>::new(&dev);
        compare!(
            "linear",
            x,
            layer,
            |x| Composed::linear(x, &layer.weight, Some(&layer.bias)).unwrap(),
            [layer.weight, layer.bias]
        );
        let mut layer = UnbiasedLinear::<5, 1>::new(&dev);
        compare!(
            "unbiased",
            x,
            layer,
            |x| Composed::linear(x, &layer.weight, None).unwrap(),
            [layer.weight]
        );
    }
    let row: Tensor<Rank1<5>, f32, _> = randn(&dev);
    let mut layer = Linear::<5, 4>::new(&dev);
    compare!(
        "one row",
        row,
        layer,
        |row| Composed::linear(row, &layer.weight, Some(&layer.bias)).unwrap(),
        [layer.weight, layer.bias]
    );
}
