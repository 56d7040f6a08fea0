use super::dropout;
use crate::prelude::*;

#[test]
fn activations_that_are_dropped() {
    let x = AutoDevice::default().tensor([1.0f32, 2.0, 3.0, -4.0]);
    let y = dropout(x.leaky_trace(), vec![0b1010], 2.0).unwrap();
    assert_eq!(y.array(), [0.0, 4.0, 0.0, -8.0]);
    let gradients = y.square().sum::<Rank0, _>().backward();
    assert_eq!(gradients.get(&x).array(), [0.0, 16.0, 0.0, -32.0]);
}
