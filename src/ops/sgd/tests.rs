use crate::prelude::*;

/// By hand, as the formulas have it.
#[test]
fn steps_of_sgd() {
    let dev = AutoDevice::default();
    let start = dev.tensor([1.0f32, -2.0]);
    let mut p = start.clone();
    let (mut expected, mut velocity) = (start.array(), [0.0; 2]);
    let mut opt = SGD::new(0.1).momentum(0.9).weight_decay(0.5);
    for _ in 0..3 {
        let mut gradients = p.leaky_trace().square().sum::<Rank0, _>().backward();
        opt.step(&mut p, &mut gradients).unwrap();
        for (p, v) in expected.iter_mut().zip(&mut velocity) {
            *v = 0.9 * *v + 2.0 * *p;
            *p = *p * (1.0 - 0.1 * 0.5) - 0.1 * *v;
        }
        assert!(p.array().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}

/// In another order in memory, or with the same numbers several times.
#[test]
fn parameters_that_are_views() {
    let dev = AutoDevice::default();
    let mut p = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]).permute::<Rank2<2, 2>, Axes2<1, 0>>();
    let weights = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
    let mut gradients = (p.leaky_trace() * weights.clone()).sum::<Rank0, _>().backward();
    SGD::new(1.0).step(&mut p, &mut gradients).unwrap();
    assert_eq!(p.array(), [[0.0, 1.0], [-1.0, 0.0]]);

    let mut p = dev.tensor([1.0f32, 2.0]).broadcast::<Rank2<2, 2>, Axis<0>>();
    let mut gradients = (p.leaky_trace() * weights).sum::<Rank0, _>().backward();
    SGD::new(1.0).step(&mut p, &mut gradients).unwrap();
    assert_eq!(p.array(), [[-3.0, -4.0]; 2]);
}
