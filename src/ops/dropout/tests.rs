use crate::ops::{Composed, DropoutKernel, SameBits};
use crate::prelude::*;

#[test]
fn activations_that_are_dropped() {
    let dev = AutoDevice::default();
    let x: Tensor<Rank1<4>, f32, _> = randn(&dev);
    let factors = vec![0., 2., 1., 0.];
    let ours = Composed::dropout(x.leaky_trace(), factors.clone()).unwrap();
    let expected = SameBits::dropout(x.leaky_trace(), factors).unwrap();
    assert_eq!(ours.as_vec(), expected.as_vec());
    let (ours, expected) = (ours.square().sum::<Rank0, _>(), expected.square().sum::<Rank0, _>());
    assert_eq!(ours.backward().get(&x).as_vec(), expected.backward().get(&x).as_vec());
}
