use crate::ops::testing::assert_close;
use crate::ops::{AdamKernel, AdamStep, Composed, Stepped};
use crate::prelude::*;

/// Three taps of nine have met a pixel; the others do not decay.
#[test]
fn steps_of_adam() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let mut theirs = Conv2d::<2, 3, 3, 1, 1>::new(&dev);
    let x: Tensor<Rank4<4, 2, 2, 1>, f32, _> = randn(&dev);
    // The layer learns which taps meet a pixel.
    let _ = theirs.forward_mut(x.leaky_trace());
    let mut ours = theirs.weight.clone();
    let before = ours.as_vec();
    let taps: Vec<bool> = (0..9).map(|tap| [1, 4, 7].contains(&tap)).collect();
    let mut opt = crate::optim::Adam::new(0.1);
    let (mut averages, mut squares) = (Grads::leaky(), Grads::leaky());
    for step in 1..=3 {
        let mut gradients =
            theirs.forward_mut(x.leaky_trace()).square().sum::<Rank0, _>().backward();
        let mut same = gradients.clone();
        opt.step(&mut theirs, &mut gradients).unwrap();
        let numbers = [&mut averages, &mut squares, &mut same];
        let betas = [0.9, 0.99];
        let step = AdamStep { step, lr: 0.1, betas, eps: 1e-5, weight_decay: 0.01 };
        let stepped = Composed::adam(&mut ours, numbers, &step, Some(&taps)).unwrap();
        assert_eq!(stepped, Stepped::Yes);
        assert_close("weights", &ours.as_vec(), &theirs.weight.as_vec());
    }
    let after = ours.as_vec();
    let tap = 2 * 3;
    assert_eq!(after[..tap], before[..tap]);
    assert!(after[4 * tap..5 * tap].iter().zip(&before[4 * tap..]).all(|(a, b)| a != b));
}
