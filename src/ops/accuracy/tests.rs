use super::{accuracy, share_of_true};
use crate::prelude::{AsArray as _, AutoDevice, TensorFrom as _};

#[test]
fn of_equal_predictions_the_first_counts() {
    let dev = AutoDevice::default();
    let x = dev.tensor([[1.0f32, 1.0, 0.0], [2.0, 3.0, 3.0]]);
    for (targets, share) in [([0, 1], 1.0), ([1, 1], 0.5), ([1, 2], 0.0)] {
        assert_eq!(accuracy(x.clone(), dev.tensor(targets)).unwrap().array(), share);
    }
}

#[test]
fn a_target_that_is_no_class_is_never_right() {
    let dev = AutoDevice::default();
    let x = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
    for wrong in [2, -1] {
        assert_eq!(accuracy(x.clone(), dev.tensor([1, wrong])).unwrap().array(), 0.5);
    }
}

#[test]
fn truth_values() {
    let truths = AutoDevice::default().tensor([true, false, true, true]);
    assert_eq!(share_of_true(truths).unwrap().array(), 0.75);
}
