use super::{BatchNormKernel, BatchNormed};
use crate::nn::{BasicBlock, BatchNorm, Fan, kaiming_normal_};
use crate::ops::testing::{assert_close, compare};
use crate::ops::{Composed, Conv2dKernel, SameBits};
use crate::prelude::*;

#[test]
fn batch_norm() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let mut bn = BatchNorm::<4>::new(&dev);
    (bn.weight, bn.bias) = (randn(&dev), randn(&dev));
    let x: Tensor<(usize, Const<4>, Const<3>, Const<2>), f32, _> =
        randn_like(&dev, &(5, Const, Const, Const)) * 2. + 1.;
    let n = 5 * 3 * 2;
    let (mean, variance);
    compare!(
        "batch norm",
        x,
        bn,
        |x| {
            let affine = [&bn.weight, &bn.bias];
            let BatchNormed { y, mean: m, variance: v } =
                Composed::batch_norm_train(x, None, affine, 1e-5, false).unwrap();
            (mean, variance) = (m.as_vec(), v.as_vec());
            y
        },
        [bn.weight, bn.bias]
    );
    // The layer has made one step from 0 and 1.
    let running: Vec<f32> = mean.iter().map(|mean| 0.1 * mean).collect();
    assert_close("running mean", &running, &bn.running_mean.as_vec());
    let unbiased = n as f32 / (n as f32 - 1.);
    let running: Vec<f32> = variance.iter().map(|v| 1. + 0.1 * (v * unbiased - 1.)).collect();
    assert_close("running variance", &running, &bn.running_var.as_vec());

    let parameters = [&bn.running_mean, &bn.running_var, &bn.weight, &bn.bias];
    let ours = Composed::batch_norm_eval(x.clone(), None, parameters, 1e-5, false).unwrap();
    assert_close("finished", &ours.as_vec(), &bn.forward(x).as_vec());
}

#[test]
fn batch_norm_of_rows() {
    manual_seed(42);
    let dev = AutoDevice::default();
    for rows in [2, 3, 7] {
        let mut bn = BatchNorm::<3>::new(&dev);
        let x: Tensor<(usize, Const<3>), f32, _> = randn_like(&dev, &(rows, Const));
        compare!(
            "batch norm",
            x,
            bn,
            |x| Composed::batch_norm_train(x, None, [&bn.weight, &bn.bias], 1e-5, false).unwrap().y,
            [bn.weight, bn.bias]
        );
    }
}

/// A batch norm with a residual and a ReLU, as the blocks of a ResNet have it.
#[test]
fn residual_and_relu() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let mut block = BasicBlock::<2>::new(&dev);
    kaiming_normal_(&mut block, Fan::Out);
    let x: Tensor<(usize, Const<2>, Const<3>, Const<3>), f32, _> =
        randn_like(&dev, &(4, Const, Const, Const));
    type Maps = Traced<(usize, Const<2>, Const<3>, Const<3>)>;
    let conv = |x: Maps, layer: &Conv2d<2, 2, 3, 1, 1>| -> Maps {
        Composed::conv2d::<_, _, 2, 2, 3, 1, 1>(x, &layer.weight).unwrap()
    };
    let norm = |x: Maps, residual: Option<Maps>, bn: &BatchNorm<2>| -> Maps {
        Composed::batch_norm_train(x, residual, [&bn.weight, &bn.bias], 1e-5, true).unwrap().y
    };
    let b = block.clone();
    compare!(
        "block",
        x,
        block,
        |x| {
            let around = x.with_empty_tape();
            let y = norm(conv(x, &b.conv1), None, &b.bn1);
            norm(conv(y, &b.conv2), Some(around), &b.bn2)
        },
        [block.conv1.weight, block.conv2.weight, block.bn1.weight, block.bn2.bias]
    );
    // The finished model.
    let eval = |x: Tensor<(usize, Const<2>, Const<3>, Const<3>), f32, AutoDevice>| {
        let bn = &block.bn1;
        let parameters = [&bn.running_mean, &bn.running_var, &bn.weight, &bn.bias];
        let ours = Composed::batch_norm_eval(x.clone(), Some(x.clone()), parameters, 1e-5, true);
        let expected = SameBits::batch_norm_eval(x.clone(), Some(x), parameters, 1e-5, true);
        assert_close("finished", &ours.unwrap().as_vec(), &expected.unwrap().as_vec());
    };
    eval(x);
}
