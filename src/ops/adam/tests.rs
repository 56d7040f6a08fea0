use crate::optim::Adam;
use crate::prelude::*;

/// Three taps of nine have met a pixel; the others do not decay.
#[test]
fn taps_that_met_nothing_stay_where_they_are() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let mut conv = Conv2d::<2, 3, 3, 1, 1>::new(&dev);
    let before = conv.weight.as_vec();
    let x: Tensor<Rank4<4, 2, 2, 1>, f32, _> = randn(&dev);
    // The layer learns which taps meet a pixel.
    let mut gradients = conv.forward_mut(x.leaky_trace()).square().sum::<Rank0, _>().backward();
    Adam::new(0.1).step(&mut conv, &mut gradients).unwrap();
    let after = conv.weight.as_vec();
    for (tap, (after, before)) in after.chunks(2 * 3).zip(before.chunks(2 * 3)).enumerate() {
        let met = [1, 4, 7].contains(&tap);
        assert!(after.iter().zip(before).all(|(a, b)| (a != b) == met), "tap {tap}");
    }
}

#[test]
fn a_step_and_zeroed_gradients_in_one() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let mut conv = Conv2d::<2, 3, 3, 1, 1>::new(&dev);
    let x: Tensor<Rank4<4, 2, 2, 1>, f32, _> = randn(&dev);
    let mut gradients = conv.forward_mut(x.leaky_trace()).square().sum::<Rank0, _>().backward();
    let mut other = conv.clone();
    Adam::new(0.1).step(&mut other, &mut gradients).unwrap();
    assert!(gradients.get(&conv.weight).as_vec().iter().any(|g| *g != 0.));
    Adam::new(0.1).step_and_zero_grads(&mut conv, &mut gradients).unwrap();
    assert_eq!(conv.weight.as_vec(), other.weight.as_vec());
    assert!(gradients.get(&conv.weight).as_vec().iter().all(|g| *g == 0.));
}
