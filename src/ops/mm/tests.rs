use crate::ops::testing::assert_close;
use crate::ops::{Composed, MmKernel};
use crate::prelude::*;

#[test]
fn products() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let x: Tensor<Rank2<3, 4>, f32, _> = randn(&dev);
    let w: Tensor<Rank2<4, 2>, f32, _> = randn(&dev);
    // The tape is on one of them, or on both.
    let expected = x.leaky_trace().mm(w.leaky_trace()).square().sum::<Rank0, _>().backward();
    let both = Composed::mm(x.leaky_trace(), w.leaky_trace())
        .unwrap()
        .square()
        .sum::<Rank0, _>()
        .backward();
    assert_close("x", &both.get(&x).as_vec(), &expected.get(&x).as_vec());
    assert_close("w", &both.get(&w).as_vec(), &expected.get(&w).as_vec());
    let right =
        Composed::mm(x.clone(), w.leaky_trace()).unwrap().square().sum::<Rank0, _>().backward();
    assert_close("w", &right.get(&w).as_vec(), &expected.get(&w).as_vec());
    assert_close("y", &Composed::mm(x.clone(), w.clone()).unwrap().as_vec(), &x.mm(w).as_vec());
}
