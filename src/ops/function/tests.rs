use samebits::Function;

use super::{function, softmax};
use crate::prelude::*;

fn assert_close(ours: &[f32], expected: &[f32]) {
    assert_eq!(ours.len(), expected.len());
    for (ours, expected) in ours.iter().zip(expected) {
        assert!(
            (ours - expected).abs() < 2e-5 * expected.abs().max(1.0),
            "{ours}, dfdx {expected}"
        );
    }
}

/// dfdx's functions are right but for the last bits.
#[test]
fn like_dfdxs() {
    let dev = AutoDevice::default();
    let x = dev.tensor([[0.1f32, 1.0, 2.5], [0.7, 3.0, 0.01]]);
    let traced = || x.leaky_trace();
    for (f, theirs) in [
        (Function::Exp, traced().exp()),
        (Function::Ln, traced().ln()),
        (Function::Sigmoid, traced().sigmoid()),
        (Function::Tanh, traced().tanh()),
    ] {
        let ours = function(f, traced()).unwrap();
        assert_close(&ours.as_vec(), &theirs.as_vec());
        let [ours, theirs] =
            [ours, theirs].map(|y| y.square().sum::<Rank0, _>().backward().get(&x));
        assert_close(&ours.as_vec(), &theirs.as_vec());
    }
    let (ours, theirs) = (softmax(traced()).unwrap(), traced().softmax::<Axis<1>>());
    assert_close(&ours.as_vec(), &theirs.as_vec());
    let [ours, theirs] = [ours, theirs].map(|y| y.square().sum::<Rank0, _>().backward().get(&x));
    assert_close(&ours.as_vec(), &theirs.as_vec());
}

#[test]
fn numbers_that_do_not_lie_in_order() {
    let dev = AutoDevice::default();
    let row = dev.tensor([1.0f32, 2.0]);
    let ln_2 = std::f32::consts::LN_2;
    let repeated = row.leaky_trace().broadcast::<Rank2<3, 2>, Axis<0>>();
    let y = function(Function::Ln, repeated).unwrap();
    assert_eq!(y.array(), [[0.0, ln_2]; 3]);
    assert_eq!(y.sum::<Rank0, _>().backward().get(&row).array(), [3.0, 1.5]);
    let turned = row.reshape::<Rank2<1, 2>>().permute::<Rank2<2, 1>, _>();
    assert_eq!(function(Function::Ln, turned).unwrap().array(), [[0.0], [ln_2]]);
}
