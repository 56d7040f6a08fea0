//! The layers of a ResNet against PyTorch's: outputs, gradients, running statistics, on odd sizes, on a
//! single picture and on a whole batch.
//!
//! `tests/pytorch/layers.py` made the values with PyTorch 2.15 and fastai 2.8.12.

use dfdx::shapes::{ConstShape, Shape};
use mnist_from_scratch::dfdx;
use mnist_from_scratch::prelude::*;
use serde_json::Value;

type T<S> = Tensor<S, f32, AutoDevice>;

fn pytorch() -> Value {
    serde_json::from_str(include_str!("pytorch/layers.json")).unwrap()
}

/// What `some` of the script keeps of a tensor: some of its numbers, and the mean.
fn some<S: Shape>(t: &T<S>) -> Vec<f64> {
    let numbers: Vec<f64> = t.as_vec().into_iter().map(f64::from).collect();
    let step = if numbers.len() <= 60 { 1 } else { numbers.len().div_ceil(40) };
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.into_iter().step_by(step).chain([mean]).collect()
}

fn assert_close<S: Shape>(ours: &T<S>, case: &Value, name: &str) {
    assert_near(ours, case, name, 2e-5);
}

fn assert_near<S: Shape>(ours: &T<S>, case: &Value, name: &str, bound: f64) {
    let ours = some(ours);
    let expected: Vec<f64> =
        case[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert_eq!(ours.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1.0, |largest: f64, x| largest.max(x.abs()));
    for (at, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
        let error = (ours - expected).abs();
        assert!(error <= bound * largest, "{name}, number {at}: {ours}, PyTorch {expected}");
    }
}

fn drawn<S: ConstShape>() -> T<S> {
    randn(&AutoDevice::default())
}

/// Passes a random gradient back through `y`.
fn backward<S: ConstShape>(y: Traced<S>) -> (T<S>, Grads) {
    let dy = drawn::<S>();
    let (y, tape) = y.split_tape();
    let value = y.clone();
    // The gradient of sum(y * dy) with respect to y is dy.
    let grads = (y.put_tape(tape) * dy).sum::<Rank0, _>().backward();
    (value, grads)
}

/// Sets the weights of a convolution to numbers in PyTorch's order, (O, I, K, K).
fn set<const I: usize, const O: usize, const K: usize, const S: usize, const P: usize>(
    conv: &mut Conv2d<I, O, K, S, P>,
    weight: T<Rank4<O, I, K, K>>,
) {
    let by_tap: T<Rank4<K, K, I, O>> = weight.permute::<_, Axes4<2, 3, 1, 0>>();
    conv.weight = by_tap.contiguous();
}

/// A gradient by tap, in PyTorch's order.
fn pytorchs_order<const I: usize, const O: usize, const K: usize>(
    by_tap: T<Rank4<K, K, I, O>>,
) -> T<Rank4<O, I, K, K>> {
    by_tap.permute::<_, Axes4<3, 2, 0, 1>>()
}

#[test]
fn convolutions() {
    let cases = pytorch();
    let dev = AutoDevice::default();
    macro_rules! case {
        ($name:literal: $b:literal $i:literal $o:literal, $h:literal $w:literal to $oh:literal $ow:literal,
         $k:literal $s:literal $p:literal) => {
            let case = &cases["conv"][$name];
            let mut conv = Conv2d::<$i, $o, $k, $s, $p>::new(&dev);
            manual_seed(42);
            let x = drawn::<Rank4<$b, $i, $h, $w>>();
            set(&mut conv, drawn());
            let y: Traced<Rank4<$b, $o, $oh, $ow>> = conv.forward_mut(x.leaky_trace());
            let (y, grads) = backward(y);
            assert_close(&y, case, "y");
            assert_close(&grads.get(&x), case, "x");
            assert_close(&pytorchs_order(grads.get(&conv.weight)), case, "weight");
            // Without a tape it is the same.
            assert_eq!(conv.forward(x).as_vec(), y.as_vec());
        };
    }
    case!("2,3,5,7,6,3,1,1": 2 3 5, 7 6 to 7 6, 3 1 1);
    case!("1,4,8,5,5,3,2,1": 1 4 8, 5 5 to 3 3, 3 2 1);
    case!("3,3,16,9,9,7,2,3": 3 3 16, 9 9 to 5 5, 7 2 3);
    case!("2,5,7,4,4,1,2,0": 2 5 7, 4 4 to 2 2, 1 2 0);
    case!("2,4,3,1,1,3,1,1": 2 4 3, 1 1 to 1 1, 3 1 1);
    case!("2,4,6,2,2,3,2,1": 2 4 6, 2 2 to 1 1, 3 2 1);
    case!("1,2,3,8,8,5,1,0": 1 2 3, 8 8 to 4 4, 5 1 0);
    case!("3,16,64,7,7,3,1,1": 3 16 64, 7 7 to 7 7, 3 1 1);
    case!("64,3,64,28,28,7,2,3": 64 3 64, 28 28 to 14 14, 7 2 3);
}

/// Weights and biases are drawn as PyTorch draws them, too.
#[test]
fn convolutions_with_a_bias() {
    let cases = pytorch();
    let dev = AutoDevice::default();
    macro_rules! case {
        ($name:literal: $b:literal $i:literal $o:literal, $h:literal $w:literal to $oh:literal $ow:literal,
         $k:literal $s:literal $p:literal) => {
            let case = &cases["biased_conv"][$name];
            manual_seed(42);
            let mut conv = BiasedConv2d::<$i, $o, $k, $s, $p>::new(&dev);
            let x = drawn::<Rank4<$b, $i, $h, $w>>();
            let y: Traced<Rank4<$b, $o, $oh, $ow>> = conv.forward_mut(x.leaky_trace());
            let (y, grads) = backward(y);
            assert_close(&y, case, "y");
            assert_close(&grads.get(&x), case, "x");
            assert_close(&pytorchs_order(grads.get(&conv.weight)), case, "weight");
            assert_close(&grads.get(&conv.bias), case, "bias");
            assert_eq!(conv.forward(x).as_vec(), y.as_vec());
        };
    }
    case!("2,3,5,7,6,3,1,1": 2 3 5, 7 6 to 7 6, 3 1 1);
    case!("1,1,8,9,9,5,2,2": 1 1 8, 9 9 to 5 5, 5 2 2);
    case!("3,5,7,4,4,1,2,0": 3 5 7, 4 4 to 2 2, 1 2 0);
}

#[test]
fn batch_norms() {
    let cases = pytorch();
    let dev = AutoDevice::default();
    macro_rules! case {
        ($name:literal: $shape:ty, $c:literal, $change:expr, $bound:literal) => {
            let case = &cases["batch_norm"][$name];
            let mut bn = BatchNorm::<$c>::new(&dev);
            manual_seed(42);
            let change: fn(T<$shape>) -> T<$shape> = $change;
            let x = change(drawn::<$shape>());
            bn.weight = drawn();
            bn.bias = drawn();
            bn.running_mean = drawn();
            bn.running_var = drawn::<Rank1<$c>>().square() + 0.5;
            let (y, grads) = backward(bn.forward_mut(x.leaky_trace()));
            assert_near(&y, case, "y", $bound);
            assert_near(&grads.get(&x), case, "x", $bound);
            assert_near(&grads.get(&bn.weight), case, "weight", $bound);
            assert_close(&grads.get(&bn.bias), case, "bias");
            assert_close(&bn.running_mean, case, "running_mean");
            assert_close(&bn.running_var, case, "running_var");
            assert_near(&bn.forward(x), case, "eval", $bound);
        };
    }
    case!("4,5,3,3": Rank4<4, 5, 3, 3>, 5, |x| x, 2e-5);
    case!("1,3,2,2": Rank4<1, 3, 2, 2>, 3, |x| x, 2e-5);
    case!("64,6,1,1": Rank4<64, 6, 1, 1>, 6, |x| x, 2e-5);
    case!("3,70,5,4": Rank4<3, 70, 5, 4>, 70, |x| x, 2e-5);
    case!("8,5": Rank2<8, 5>, 5, |x| x, 2e-5);
    case!("2,3": Rank2<2, 3>, 3, |x| x, 1e-4);
    // Numbers near 100 have five digits less behind the point.
    case!("large mean": Rank4<8, 4, 3, 3>, 4, |x| x * 0.5 + 100.0, 1e-4);
}

#[test]
fn layer_norms() {
    let cases = pytorch();
    let dev = AutoDevice::default();
    macro_rules! case {
        ($name:literal: $shape:ty, $n:literal, $change:expr, $bound:literal) => {
            let case = &cases["layer_norm"][$name];
            let mut ln = LayerNorm::<$n>::new(&dev);
            manual_seed(42);
            let change: fn(T<$shape>) -> T<$shape> = $change;
            let x = change(drawn::<$shape>());
            ln.weight = drawn();
            ln.bias = drawn();
            let (y, grads) = backward(ln.forward(x.leaky_trace()));
            assert_near(&y, case, "y", $bound);
            assert_near(&grads.get(&x), case, "x", $bound);
            assert_near(&grads.get(&ln.weight), case, "weight", $bound);
            assert_close(&grads.get(&ln.bias), case, "bias");
            // Without a tape it is the same.
            assert_eq!(ln.forward(x).as_vec(), y.as_vec());
        };
    }
    case!("4,6": Rank2<4, 6>, 6, |x| x, 2e-5);
    case!("1,3": Rank2<1, 3>, 3, |x| x, 2e-5);
    case!("5": Rank1<5>, 5, |x| x, 2e-5);
    case!("64,30": Rank2<64, 30>, 30, |x| x, 2e-5);
    // Numbers near 100 have five digits less behind the point.
    case!("large mean": Rank2<8, 10>, 10, |x| x * 0.5 + 100.0, 1e-4);
}

#[test]
fn pools() {
    let cases = pytorch();
    macro_rules! case {
        ($kind:literal $name:literal: $layer:expr, $shape:ty, $change:expr) => {
            let case = &cases[$kind][$name];
            manual_seed(42);
            let change: fn(T<$shape>) -> T<$shape> = $change;
            let x = change(drawn::<$shape>());
            let (y, grads) = backward($layer.forward(x.leaky_trace()));
            assert_close(&y, case, "y");
            assert_close(&grads.get(&x), case, "x");
        };
    }
    fn rounded<S: ConstShape>(x: T<S>) -> T<S> {
        let numbers = x.as_vec().iter().map(|x| x.round_ties_even()).collect();
        x.device().tensor_from_vec(numbers, S::default())
    }
    case!("max_pool" "2,3,6,6,3,2,1": MaxPool2d::<3, 2, 1>, Rank4<2, 3, 6, 6>, |x| x);
    case!("max_pool" "1,2,7,5,3,2,1": MaxPool2d::<3, 2, 1>, Rank4<1, 2, 7, 5>, |x| x);
    case!("max_pool" "2,4,4,4,2,2,0": MaxPool2d::<2, 2>, Rank4<2, 4, 4, 4>, |x| x);
    case!("max_pool" "1,1,1,1,3,2,1": MaxPool2d::<3, 2, 1>, Rank4<1, 1, 1, 1>, |x| x);
    case!("max_pool" "ties": MaxPool2d::<3, 2, 1>, Rank4<2, 2, 6, 6>, rounded);
    case!("adaptive_avg" "2,3,4,5,1": AdaptiveAvgPool2d::<1>, Rank4<2, 3, 4, 5>, |x| x);
    case!("adaptive_avg" "2,3,5,7,3": AdaptiveAvgPool2d::<3>, Rank4<2, 3, 5, 7>, |x| x);
    case!("adaptive_max" "2,3,4,5,1": AdaptiveMaxPool2d::<1>, Rank4<2, 3, 4, 5>, |x| x);
    case!("adaptive_max" "2,3,5,7,3": AdaptiveMaxPool2d::<3>, Rank4<2, 3, 5, 7>, |x| x);
    case!("adaptive_concat" "2,3,4,5": AdaptiveConcatPool2d::<6>, Rank4<2, 3, 4, 5>, |x| x);
    case!("adaptive_concat" "3,2,1,1": AdaptiveConcatPool2d::<4>, Rank4<3, 2, 1, 1>, |x| x);
}

/// As the script sets the parameters of a block.
fn norm<const C: usize>(bn: &mut BatchNorm2d<C>) {
    bn.weight = drawn::<Rank1<C>>() * 0.3 + 1.0;
    bn.bias = drawn::<Rank1<C>>() * 0.3 + 1.0;
}

#[test]
fn residual_blocks() {
    let cases = pytorch();
    let dev = AutoDevice::default();

    let case = &cases["block"]["4,4,1"];
    let mut block = BasicBlock::<4>::new(&dev);
    manual_seed(42);
    let x = drawn::<Rank4<2, 4, 6, 6>>();
    set(&mut block.conv1, drawn() * 0.3);
    norm(&mut block.bn1);
    set(&mut block.conv2, drawn() * 0.3);
    norm(&mut block.bn2);
    let (y, grads) = backward(block.forward_mut(x.leaky_trace()));
    assert_close(&y, case, "y");
    assert_near(&grads.get(&x), case, "x", 1e-4);
    assert_near(&pytorchs_order(grads.get(&block.conv1.weight)), case, "conv1.weight", 1e-4);
    assert_near(&pytorchs_order(grads.get(&block.conv2.weight)), case, "conv2.weight", 1e-4);
    assert_near(&grads.get(&block.bn1.weight), case, "bn1.weight", 1e-4);
    assert_near(&grads.get(&block.bn2.bias), case, "bn2.bias", 1e-4);
    assert_close(&block.bn1.running_mean, case, "bn1.running_mean");
    assert_close(&block.bn2.running_var, case, "bn2.running_var");

    let case = &cases["block"]["4,8,2"];
    let mut block = DownBlock::<4, 8>::new(&dev);
    manual_seed(42);
    let x = drawn::<Rank4<2, 4, 6, 6>>();
    set(&mut block.conv1, drawn() * 0.3);
    norm(&mut block.bn1);
    set(&mut block.conv2, drawn() * 0.3);
    norm(&mut block.bn2);
    set(&mut block.downsample.0, drawn() * 0.3);
    norm(&mut block.downsample.1);
    let (y, grads) = backward(block.forward_mut(x.leaky_trace()));
    assert_close(&y, case, "y");
    assert_near(&grads.get(&x), case, "x", 1e-4);
    assert_near(&pytorchs_order(grads.get(&block.conv1.weight)), case, "conv1.weight", 1e-4);
    let weight = pytorchs_order(grads.get(&block.downsample.0.weight));
    assert_near(&weight, case, "downsample.0.weight", 1e-4);
    assert_near(&grads.get(&block.downsample.1.weight), case, "downsample.1.weight", 1e-4);
    assert_close(&block.downsample.1.running_var, case, "downsample.1.running_var");
}

#[test]
fn cross_entropies() {
    let cases = pytorch();
    let dev = AutoDevice::default();
    for (name, scale) in [("1", 1.0), ("50", 50.0)] {
        let case = &cases["cross_entropy"][name];
        manual_seed(42);
        let x = drawn::<Rank2<6, 4>>() * scale;
        let loss = cross_entropy(x.leaky_trace(), dev.tensor([0, 3, 1, 2, 2, 0]));
        let one: T<Rank1<1>> = dev.tensor([loss.array()]);
        assert_close(&one, case, "y");
        assert_close(&loss.backward().get(&x), case, "x");
    }
}

#[test]
fn steps_of_fastais_adam() {
    let cases = pytorch();
    manual_seed(42);
    // A matrix decays, a vector does not: it is a bias, or a batch norm's.
    let mut model: (T<Rank2<3, 4>>, T<Rank1<5>>) = (drawn(), drawn());
    let mut opt = Adam::new(0.0);
    let steps = [(1e-2, 0.95), (2e-2, 0.9), (3e-2, 0.85), (2e-2, 0.9), (1e-2, 0.95)];
    for (step, (lr, momentum)) in steps.into_iter().enumerate() {
        let (da, db) = (drawn::<Rank2<3, 4>>(), drawn::<Rank1<5>>());
        // The gradient of sum(a * da) + sum(b * db).
        let a = (model.0.leaky_trace() * da).sum::<Rank0, _>();
        let b = (model.1.leaky_trace() * db).sum::<Rank0, _>();
        let mut grads = (a + b).backward();
        Optim::<(T<Rank2<3, 4>>, T<Rank1<5>>)>::set_lr(&mut opt, lr);
        Optim::<(T<Rank2<3, 4>>, T<Rank1<5>>)>::set_momentum(&mut opt, momentum);
        opt.step(&mut model, &mut grads).unwrap();
        assert_near(&model.0, &cases["adam"][step], "a", 1e-6);
        assert_near(&model.1, &cases["adam"][step], "b", 1e-6);
    }
}

/// Layers of dfdx and ours mix: gradients of all of them add up as dfdx's rule wants it.
#[test]
fn gradients_add_up() {
    let dev = AutoDevice::default();
    manual_seed(42);
    let mut net = (
        Conv2d::<2, 3, 3, 1, 1>::new(&dev),
        BatchNorm2d::<3>::new(&dev),
        ReLU,
        dfdx::nn::modules::BatchNorm2D::<3, f32, AutoDevice>::build(&dev),
        AdaptiveConcatPool2d::<6>,
        dfdx::nn::modules::Linear::<6, 2, f32, AutoDevice>::build(&dev),
    );
    let x = drawn::<Rank4<5, 2, 4, 4>>();
    let grads = net.forward_mut(x.trace(net.alloc_grads())).square().sum::<Rank0, _>().backward();
    let once = grads.get(&net.0.weight);
    let grads = net.forward_mut(x.trace(grads)).square().sum::<Rank0, _>().backward();
    let twice = grads.get(&net.0.weight);
    for (once, twice) in once.as_vec().into_iter().zip(twice.as_vec()) {
        assert!(
            (2.0 * once - twice).abs() < 1e-4 * (1.0 + once.abs()),
            "{once} once, {twice} twice"
        );
    }
}

/// Each layer against differences: the slope along a random direction.
#[test]
fn gradients_are_slopes() {
    let dev = AutoDevice::default();
    fn check<S: ConstShape, M>(name: &str, mut layer: M)
    where
        M: ModuleMut<Traced<S>> + Clone,
        M::Output: IntoLoss,
    {
        manual_seed(7);
        let (x, direction) = (drawn::<S>(), drawn::<S>());
        let loss = |layer: &mut M, x: &T<S>| layer.forward_mut(x.leaky_trace()).into_loss();
        let slope = {
            let grads = loss(&mut layer.clone(), &x).backward();
            (grads.get(&x) * direction.clone()).sum::<Rank0, _>().array()
        };
        let h = 1e-3;
        let up = loss(&mut layer.clone(), &(x.clone() + direction.clone() * h)).array();
        let down = loss(&mut layer, &(x - direction * h)).array();
        let difference = (up - down) / (2.0 * h);
        let error = (slope - difference).abs();
        assert!(error < 2e-2 * (1.0 + slope.abs()), "{name}: {slope}, difference {difference}");
    }
    manual_seed(42);
    type Maps = Rank4<2, 3, 5, 5>;
    check::<Maps, _>("Conv2d", Conv2d::<3, 4, 3, 2, 1>::new(&dev));
    check::<Maps, _>("BiasedConv2d", BiasedConv2d::<3, 4, 3, 2, 1>::new(&dev));
    check::<Maps, _>("BatchNorm2d", BatchNorm2d::<3>::new(&dev));
    check::<Maps, _>("BatchNormReLU", BatchNormReLU::<3>::new(&dev));
    check::<Maps, _>("MaxPool2d", MaxPool2d::<3, 2, 1>);
    check::<Maps, _>("AdaptiveAvgPool2d", AdaptiveAvgPool2d::<2>);
    check::<Maps, _>("AdaptiveMaxPool2d", AdaptiveMaxPool2d::<2>);
    check::<Maps, _>("AdaptiveConcatPool2d", AdaptiveConcatPool2d::<6>);
    check::<Maps, _>("Flatten", Flatten::<75>);
    check::<Maps, _>("BasicBlock", BasicBlock::<3>::new(&dev));
    check::<Maps, _>("DownBlock", DownBlock::<3, 4>::new(&dev));
    check::<Rank2<4, 6>, _>("LayerNorm", LayerNorm::<6>::new(&dev));
    check::<Rank2<4, 6>, _>("UnbiasedLinear", UnbiasedLinear::<6, 3>::new(&dev));
}

/// A number that depends on all outputs.
trait IntoLoss {
    fn into_loss(self) -> Traced<Rank0>;
}

impl<S: ConstShape> IntoLoss for Traced<S> {
    fn into_loss(self) -> Traced<Rank0> {
        // Not the plain sum: that of a batch norm is constant.
        let weights = {
            manual_seed(11);
            drawn::<S>()
        };
        (self * weights).sum()
    }
}
