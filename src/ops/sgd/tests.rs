use crate::ops::testing::assert_close;
use crate::ops::{Composed, SameBits, SgdKernel};
use crate::prelude::*;

#[test]
fn steps_of_sgd() {
    let dev = AutoDevice::default();
    let start = dev.tensor([1.0f32, -2.0]);
    let (mut p, mut q) = (start.clone(), start.clone());
    // By hand, as the formulas have it.
    let (mut r, mut velocities) = (start.clone(), PerParameter::default());
    let (mut averages, mut other_averages) = (Grads::leaky(), Grads::leaky());
    for _ in 0..3 {
        let gradient = p.leaky_trace().square().sum::<Rank0, _>().backward();
        let velocity = velocities.update(&start, |v| v * 0.9 + gradient.get(&p));
        r.axpy(1. - 0.1 * 0.5, &velocity, -0.1);
        let sizes = [0.1, 0.9, 0.5];
        Composed::sgd(&mut p, [&mut averages, &mut gradient.clone()], sizes).unwrap();
        let mut gradient = q.leaky_trace().square().sum::<Rank0, _>().backward();
        SameBits::sgd(&mut q, [&mut other_averages, &mut gradient], sizes).unwrap();
        assert_close("dfdx's", &p.as_vec(), &q.as_vec());
        assert_close("the rule", &r.as_vec(), &q.as_vec());
    }
}
