use super::zero_grads;
use crate::prelude::*;

#[test]
fn gradients_back_to_0() {
    let dev = AutoDevice::default();
    let layer = Linear::<3, 2>::new(&dev);
    let x: Tensor<Rank1<3>, f32, _> = dev.ones();
    let mut gradients = layer.forward(x.leaky_trace()).sum::<Rank0, _>().backward();
    assert_ne!(gradients.get(&layer.weight).as_vec(), [0.; 6]);
    zero_grads(&layer, &mut gradients).unwrap();
    assert_eq!(gradients.get(&layer.weight).as_vec(), [0.; 6]);
    assert_eq!(gradients.get(&layer.bias).as_vec(), [0.; 2]);
}
