//! Each operation on the CPU, beside the layers, which work their numbers out with [`cpu`](super::super::cpu)
//! there.

use super::{
    AdamStep, BatchNormed, Gather, Pictures, Take, Windows, accuracy, adam, batch_norm_eval,
    batch_norm_train, concat_pool, conv2d, cross_entropy, dropout, linear, mean_image, mm,
    mnist_distance, pool, sgd, share_of_true, zero_grads,
};
use crate::backend::cpu;
use crate::nn::{BasicBlock, BatchNorm, Fan, kaiming_normal_};
use crate::optim::Adam;
use crate::prelude::*;

fn assert_close(what: &str, ours: &[f32], expected: &[f32]) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0, |largest: f32, x| largest.max(x.abs()));
    for (at, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let difference = (ours - expected).abs();
        assert!(difference <= 2e-5 * largest, "{what} {at}: {ours}, expected {expected}");
    }
}

/// Runs both on the same pictures, and compares results and gradients. `$parameters` are names of fields
/// of the layer that have gradients.
macro_rules! compare {
    ($what:expr, $x:ident, $layer:expr, |$traced:ident| $device:expr, [$($parameter:expr),*]) => {{
        let y = $layer.forward_mut($x.leaky_trace());
        // Different weights for all numbers, so that no gradient is 0 by symmetry.
        let weights = randn_like(&AutoDevice::default(), y.shape());
        let y2 = {
            let $traced = $x.leaky_trace();
            $device
        };
        assert_close($what, &y2.as_vec(), &y.as_vec());
        let expected = (y * weights.clone()).sum::<Rank0, _>().backward();
        let ours = (y2 * weights).sum::<Rank0, _>().backward();
        assert_close($what, &ours.get(&$x).as_vec(), &expected.get(&$x).as_vec());
        $(assert_close($what, &ours.get(&$parameter).as_vec(), &expected.get(&$parameter).as_vec());)*
    }};
}

macro_rules! compare_conv {
    ($($k:literal/$s:literal/$p:literal on $h:literal x $w:literal to $oh:literal x $ow:literal, $i:literal to $o:literal, batch $b:expr;)*) => {$({
        let dev = AutoDevice::default();
        let x: Tensor<(usize, Const<$i>, Const<$h>, Const<$w>), f32, _> =
            randn_like(&dev, &($b, Const, Const, Const));
        let mut conv = Conv2d::<$i, $o, $k, $s, $p>::new(&dev);
        let sizes = samebits::Conv2d {
            batch: $b, height: $h, width: $w, in_channels: $i, out_channels: $o,
            kernel_size: $k, stride: $s, padding: $p,
        };
        let what = concat!($k, "/", $s, "/", $p, " on ", $h, "x", $w);
        compare!(what, x, conv, |x| {
            let y: Traced<(usize, Const<$o>, Const<$oh>, Const<$ow>)> =
                conv2d::<_, _, $i, $o, $k, $s, $p>(x, &conv.weight, sizes).unwrap();
            y
        }, [conv.weight]);
    })*};
}

#[test]
fn convolutions() {
    manual_seed(42);
    compare_conv! {
        3/1/1 on 5 x 4 to 5 x 4, 2 to 3, batch 2;
        3/1/1 on 1 x 1 to 1 x 1, 3 to 2, batch 5;
        3/1/1 on 2 x 1 to 2 x 1, 2 to 2, batch 1;
        3/2/1 on 7 x 6 to 4 x 3, 3 to 4, batch 3;
        3/2/1 on 2 x 2 to 1 x 1, 2 to 3, batch 2;
        1/1/0 on 3 x 3 to 3 x 3, 4 to 2, batch 2;
        1/2/0 on 7 x 5 to 4 x 3, 2 to 3, batch 1;
        7/2/3 on 9 x 8 to 5 x 4, 3 to 5, batch 2;
        5/1/0 on 6 x 5 to 2 x 1, 1 to 1, batch 1;
    }
}

#[test]
fn places_are_those_of_the_batch_size() {
    // The same layer with one batch after another of different size.
    manual_seed(42);
    compare_conv! {
        3/1/1 on 4 x 3 to 4 x 3, 2 to 2, batch 3;
        3/1/1 on 4 x 3 to 4 x 3, 2 to 2, batch 1;
        3/1/1 on 4 x 3 to 4 x 3, 2 to 2, batch 3;
    }
}

macro_rules! compare_pool {
    ($($layer:expr, $windows:expr, $take:ident, $h:literal x $w:literal to $oh:literal x $ow:literal, batch $b:expr;)*) => {$({
        let dev = AutoDevice::default();
        // Whole numbers: often several are the largest.
        let numbers = randint(-3, 4, $b * 3 * $h * $w).iter().map(|n| *n as f32).collect();
        let x: Tensor<(usize, Const<3>, Const<$h>, Const<$w>), f32, _> =
            dev.tensor_from_vec(numbers, ($b, Const, Const, Const));
        let mut layer = $layer;
        let windows: Windows = $windows;
        compare!(stringify!($layer), x, layer, |x| {
            pool::<_, 3, Const<$oh>, Const<$ow>, _>(x, windows, Take::$take).unwrap()
        }, []);
    })*};
}

fn kernel([height, width]: [usize; 2], [kernel_size, stride, padding]: [usize; 3]) -> Windows {
    Windows::of(&samebits::Conv2d {
        batch: 1,
        height,
        width,
        in_channels: 1,
        out_channels: 1,
        kernel_size,
        stride,
        padding,
    })
}

#[test]
fn pools() {
    manual_seed(42);
    compare_pool! {
        MaxPool2d::<3, 2, 1>, kernel([7, 6], [3, 2, 1]), Largest, 7 x 6 to 4 x 3, batch 2;
        MaxPool2d::<3, 2, 1>, kernel([1, 1], [3, 2, 1]), Largest, 1 x 1 to 1 x 1, batch 3;
        MaxPool2d::<2, 2>, kernel([5, 4], [2, 2, 0]), Largest, 5 x 4 to 2 x 2, batch 1;
        MaxPool2d::<2, 1>, kernel([4, 5], [2, 1, 0]), Largest, 4 x 5 to 3 x 4, batch 2;
        AdaptiveMaxPool2d::<1>, Windows::adaptive([3, 5], [1, 1]), Largest, 3 x 5 to 1 x 1, batch 2;
        AdaptiveMaxPool2d::<2>, Windows::adaptive([3, 5], [2, 2]), Largest, 3 x 5 to 2 x 2, batch 2;
        AdaptiveAvgPool2d::<1>, Windows::adaptive([3, 5], [1, 1]), Mean, 3 x 5 to 1 x 1, batch 1;
        AdaptiveAvgPool2d::<2>, Windows::adaptive([4, 5], [2, 2]), Mean, 4 x 5 to 2 x 2, batch 2;
        AdaptiveAvgPool2d::<3>, Windows::adaptive([2, 7], [3, 3]), Mean, 2 x 7 to 3 x 3, batch 2;
    }
}

#[test]
fn the_largest_and_the_mean() {
    manual_seed(42);
    let dev = AutoDevice::default();
    macro_rules! of {
        ($h:literal x $w:literal, batch $b:expr) => {{
            let x: Tensor<(usize, Const<3>, Const<$h>, Const<$w>), f32, _> =
                randn_like(&dev, &($b, Const, Const, Const));
            let mut layer = AdaptiveConcatPool2d::<6>;
            compare!("concat pool", x, layer, |x| concat_pool::<_, 3, 6, _>(x).unwrap(), []);
        }};
    }
    of!(3 x 2, batch 4);
    of!(1 x 1, batch 1);
}

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
                batch_norm_train(x, None, affine, 1e-5, false).unwrap();
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
    let ours = batch_norm_eval(x.clone(), None, parameters, 1e-5, false).unwrap();
    assert_close("finished", &ours.as_vec(), &bn.forward(x).as_vec());
}

#[test]
fn batch_norm_of_rows() {
    manual_seed(42);
    let dev = AutoDevice::default();
    for rows in [1, 2, 7] {
        let mut bn = BatchNorm::<3>::new(&dev);
        let x: Tensor<(usize, Const<3>), f32, _> = randn_like(&dev, &(rows, Const));
        compare!(
            "batch norm",
            x,
            bn,
            |x| batch_norm_train(x, None, [&bn.weight, &bn.bias], 1e-5, false).unwrap().y,
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
    let sizes = samebits::Conv2d {
        batch: 4,
        height: 3,
        width: 3,
        in_channels: 2,
        out_channels: 2,
        kernel_size: 3,
        stride: 1,
        padding: 1,
    };
    let conv = |x: Maps, layer: &Conv2d<2, 2, 3, 1, 1>| -> Maps {
        conv2d::<_, _, 2, 2, 3, 1, 1>(x, &layer.weight, sizes).unwrap()
    };
    let norm = |x: Maps, residual: Option<Maps>, bn: &BatchNorm<2>| -> Maps {
        batch_norm_train(x, residual, [&bn.weight, &bn.bias], 1e-5, true).unwrap().y
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
        let ours = batch_norm_eval(x.clone(), Some(x.clone()), parameters, 1e-5, true);
        let expected = cpu::batch_norm_eval(x.clone(), Some(x), parameters, 1e-5, true);
        assert_close("finished", &ours.unwrap().as_vec(), &expected.unwrap().as_vec());
    };
    eval(x);
}

#[test]
fn linear_layers() {
    manual_seed(42);
    let dev = AutoDevice::default();
    for rows in [1, 3] {
        let x: Tensor<(usize, Const<5>), f32, _> = randn_like(&dev, &(rows, Const));
        let mut layer = Linear::<5, 4>::new(&dev);
        compare!(
            "linear",
            x,
            layer,
            |x| linear(x, &layer.weight, Some(&layer.bias)).unwrap(),
            [layer.weight, layer.bias]
        );
        let mut layer = UnbiasedLinear::<5, 1>::new(&dev);
        compare!("unbiased", x, layer, |x| linear(x, &layer.weight, None).unwrap(), [layer.weight]);
    }
    let row: Tensor<Rank1<5>, f32, _> = randn(&dev);
    let mut layer = Linear::<5, 4>::new(&dev);
    compare!(
        "one row",
        row,
        layer,
        |row| linear(row, &layer.weight, Some(&layer.bias)).unwrap(),
        [layer.weight, layer.bias]
    );
}

#[test]
fn products() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let x: Tensor<Rank2<3, 4>, f32, _> = randn(&dev);
    let w: Tensor<Rank2<4, 2>, f32, _> = randn(&dev);
    // The tape is on one of them, or on both.
    let expected = x.leaky_trace().mm(w.leaky_trace()).square().sum::<Rank0, _>().backward();
    let both = mm(x.leaky_trace(), w.leaky_trace()).unwrap().square().sum::<Rank0, _>().backward();
    assert_close("x", &both.get(&x).as_vec(), &expected.get(&x).as_vec());
    assert_close("w", &both.get(&w).as_vec(), &expected.get(&w).as_vec());
    let right = mm(x.clone(), w.leaky_trace()).unwrap().square().sum::<Rank0, _>().backward();
    assert_close("w", &right.get(&w).as_vec(), &expected.get(&w).as_vec());
    assert_close("y", &mm(x.clone(), w.clone()).unwrap().as_vec(), &x.mm(w).as_vec());
}

#[test]
fn losses_and_metrics() {
    manual_seed(42);
    let dev = AutoDevice::default();
    for (rows, eps) in [(1, 0.), (6, 0.), (6, 0.1)] {
        // Whole numbers: often several are the largest.
        let numbers = randint(-2, 3, rows * 4).iter().map(|n| *n as f32).collect();
        let x: Tensor<(usize, Const<4>), f32, _> = dev.tensor_from_vec(numbers, (rows, Const));
        let targets: Tensor<(usize,), i64, _> = dev.tensor_from_vec(randint(0, 4, rows), (rows,));
        let expected = label_smoothing_cross_entropy(eps)(x.leaky_trace(), targets.clone());
        let ours = cross_entropy(x.leaky_trace(), targets.clone(), eps).unwrap();
        assert_close("loss", &[ours.array()], &[expected.array()]);
        let (ours, expected) = (ours.backward(), expected.backward());
        assert_close("gradient", &ours.get(&x).as_vec(), &expected.get(&x).as_vec());
        let expected = crate::metrics::accuracy(x.clone(), targets.clone()).array();
        assert_eq!(accuracy(x, targets).unwrap().array(), expected);
    }
    let truths = dev.tensor([true, false, true, true]);
    assert_eq!(share_of_true(truths).unwrap().array(), 0.75);
}

#[test]
fn a_target_that_is_no_class() {
    let dev = AutoDevice::default();
    let x = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
    for wrong in [2, -1] {
        let loss = cross_entropy(x.clone(), dev.tensor([0, wrong]), 0.).unwrap();
        assert!(loss.array().is_nan());
        assert_eq!(accuracy(x.clone(), dev.tensor([1, wrong])).unwrap().array(), 0.5);
    }
}

#[test]
fn rows_of_a_data_set() {
    let dev = AutoDevice::default();
    let items = [2, 0, 2];
    let x: Tensor<Rank3<3, 2, 2>, f32, _> = randn(&dev);
    let ours = Gather::gather(&x, &items, &(3, Const::<2>, Const::<2>)).unwrap();
    assert_eq!(ours.as_vec(), x.batch(&items).as_vec());
    let labels = column(&[5i64, -7, 1 << 52], &dev);
    let ours = Gather::gather(&labels, &items, &(3, Const::<1>)).unwrap();
    assert_eq!(ours.as_vec(), [1 << 52, 5, 1 << 52]);
    let transposed = dev.tensor([[1u8, 2, 3], [4, 5, 6]]).permute::<Rank2<3, 2>, _>();
    let ours = Gather::gather(&transposed, &items, &(3, Const::<2>)).unwrap();
    assert_eq!(ours.as_vec(), [3, 6, 1, 4, 3, 6]);
}

#[test]
#[should_panic = "item 3 of a tensor with 3"]
fn no_such_row() {
    let x = AutoDevice::default().tensor([1.0f32, 2.0, 3.0]);
    let _ = Gather::gather(&x, &[0, 3], &(2,));
}

#[test]
fn batches_of_pictures() {
    let dev = AutoDevice::default();
    let [c, h, w] = [2, 4, 3];
    let numbers: Vec<f32> = (0..5 * h * w * c).map(|number| number as f32).collect();
    let pictures = Pictures::<2, 4, 3>::new(&dev, numbers.clone()).unwrap();
    let items = [4, 0, 2];
    let batch = pictures.batch(&items).unwrap();
    let expected = items.iter().flat_map(|item| {
        let numbers = &numbers[item * c * h * w..];
        // (channel, row, column) from (row, column, channel)
        (0..c * h * w).map(move |at| numbers[at % (h * w) * c + at / (h * w)])
    });
    assert_eq!(batch.as_vec(), expected.collect::<Vec<_>>());
}

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
    let mut opt = Adam::new(0.1);
    let (mut averages, mut squares) = (Grads::leaky(), Grads::leaky());
    for step in 1..=3 {
        let mut gradients =
            theirs.forward_mut(x.leaky_trace()).square().sum::<Rank0, _>().backward();
        let mut same = gradients.clone();
        opt.step(&mut theirs, &mut gradients).unwrap();
        let numbers = [&mut averages, &mut squares, &mut same];
        let betas = [0.9, 0.99];
        let step = AdamStep { step, lr: 0.1, betas, eps: 1e-5, weight_decay: 0.01 };
        adam((&mut ours, ""), numbers, &step, Some(&taps)).unwrap();
        assert_close("weights", &ours.as_vec(), &theirs.weight.as_vec());
    }
    let after = ours.as_vec();
    let tap = 2 * 3;
    assert_eq!(after[..tap], before[..tap]);
    assert!(after[4 * tap..5 * tap].iter().zip(&before[4 * tap..]).all(|(a, b)| a != b));
}

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
        sgd(&mut p, [&mut averages, &mut gradient.clone()], sizes).unwrap();
        let mut gradient = q.leaky_trace().square().sum::<Rank0, _>().backward();
        cpu::sgd(&mut q, [&mut other_averages, &mut gradient], sizes).unwrap();
        assert_close("dfdx's", &p.as_vec(), &q.as_vec());
        assert_close("the rule", &r.as_vec(), &q.as_vec());
    }
}

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

#[test]
fn activations_that_are_dropped() {
    let dev = AutoDevice::default();
    let x: Tensor<Rank1<4>, f32, _> = randn(&dev);
    let factors = vec![0., 2., 1., 0.];
    let ours = dropout(x.leaky_trace(), factors.clone()).unwrap();
    let expected = cpu::dropout(x.leaky_trace(), factors).unwrap();
    assert_eq!(ours.as_vec(), expected.as_vec());
    let (ours, expected) = (ours.square().sum::<Rank0, _>(), expected.square().sum::<Rank0, _>());
    assert_eq!(ours.backward().get(&x).as_vec(), expected.backward().get(&x).as_vec());
}

#[test]
fn images() {
    manual_seed(42);
    let dev = AutoDevice::default();
    let images: Tensor<(usize, Const<5>, Const<3>), f32, _> = randn_like(&dev, &(4, Const, Const));
    let mean = mean_image(&images);
    assert_close("mean", &mean.as_vec(), &cpu::mean_image(&images).as_vec());
    let ours = mnist_distance(&images, &mean).as_vec();
    assert_close("distance", &ours, &cpu::mnist_distance(&images, &mean).as_vec());
}
