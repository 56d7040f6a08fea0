use super::{Take, Windows, pool};
use crate::prelude::*;

#[test]
fn nan_is_larger_than_any_number() {
    let dev = AutoDevice::default();
    let x: Tensor<Rank4<1, 1, 2, 2>, f32, _> = dev.tensor([[[[1.0, f32::NAN], [4.0, 3.0]]]]);
    let windows = Windows::Adaptive { from: [2, 2], to: [1, 1] };
    let y = pool::<_, 1, Const<1>, Const<1>, _>(x.leaky_trace(), windows, Take::Largest).unwrap();
    assert!(y.array()[0][0][0][0].is_nan());
    let ones = dev.ones_like(y.shape());
    let gradient = (y * ones).sum::<Rank0, _>().backward().get(&x).as_vec();
    assert_eq!(gradient, [0., 1., 0., 0.]);
}
