use crate::ops::{AccuracyKernel, Composed, SameBits};
use crate::prelude::*;

#[test]
fn of_equal_predictions_the_first_counts() {
    manual_seed(42);
    let dev = AutoDevice::default();
    for rows in [1, 8, 64] {
        // Whole numbers: often several are the largest.
        let numbers = randint(-2, 3, rows * 4).iter().map(|n| *n as f32).collect();
        let x: Tensor<(usize, Const<4>), f32, _> = dev.tensor_from_vec(numbers, (rows, Const));
        let targets: Tensor<(usize,), i64, _> = dev.tensor_from_vec(randint(0, 4, rows), (rows,));
        let ours = Composed::accuracy(x.clone(), targets.clone()).unwrap().array();
        assert_eq!(ours, SameBits::accuracy(x, targets).unwrap().array());
    }
}

#[test]
fn a_target_that_is_no_class_is_never_right() {
    let dev = AutoDevice::default();
    let x = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
    for wrong in [2, -1] {
        let targets = dev.tensor([1, wrong]);
        assert_eq!(Composed::accuracy(x.clone(), targets.clone()).unwrap().array(), 0.5);
        assert_eq!(SameBits::accuracy(x.clone(), targets).unwrap().array(), 0.5);
    }
}

#[test]
fn truth_values() {
    let truths = AutoDevice::default().tensor([true, false, true, true]);
    assert_eq!(Composed::share_of_true(truths.clone()).unwrap().array(), 0.75);
    assert_eq!(SameBits::share_of_true(truths).unwrap().array(), 0.75);
}
