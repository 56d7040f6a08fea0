use crate::ops::testing::assert_close;
use crate::ops::{Composed, CrossEntropyKernel};
use crate::prelude::*;

#[test]
fn the_loss_and_its_gradient() {
    manual_seed(42);
    let dev = AutoDevice::default();
    for (rows, eps) in [(1, 0.), (6, 0.), (6, 0.1)] {
        let x: Tensor<(usize, Const<4>), f32, _> = randn_like(&dev, &(rows, Const));
        let targets: Tensor<(usize,), i64, _> = dev.tensor_from_vec(randint(0, 4, rows), (rows,));
        let expected = label_smoothing_cross_entropy(eps)(x.leaky_trace(), targets.clone());
        let ours = Composed::cross_entropy(x.leaky_trace(), targets, eps).unwrap();
        assert_close("loss", &[ours.array()], &[expected.array()]);
        let (ours, expected) = (ours.backward(), expected.backward());
        assert_close("gradient", &ours.get(&x).as_vec(), &expected.get(&x).as_vec());
    }
}

#[test]
fn a_target_that_is_no_class() {
    let dev = AutoDevice::default();
    let x = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
    for wrong in [2, -1] {
        let loss = Composed::cross_entropy(x.clone(), dev.tensor([0, wrong]), 0.).unwrap();
        assert!(loss.array().is_nan());
    }
}
