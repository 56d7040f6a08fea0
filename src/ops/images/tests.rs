use crate::ops::testing::assert_close;
use crate::ops::{Composed, ImagesKernel, SameBits};
use crate::prelude::*;

#[test]
fn means_and_distances() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let images: Tensor<(usize, Const<5>, Const<3>), f32, _> = randn_like(&dev, &(4, Const, Const));
    let one: Rank2<5, 3> = Default::default();
    let mean = Composed::mean_image(&images, &one).unwrap();
    assert_close("mean", &mean.as_vec(), &SameBits::mean_image(&images, &one).unwrap().as_vec());
    let ours = Composed::distances(&images, &mean, &(4,)).unwrap().as_vec();
    let expected = SameBits::distances(&images, &mean, &(4,)).unwrap().as_vec();
    assert_close("distance", &ours, &expected);
}
