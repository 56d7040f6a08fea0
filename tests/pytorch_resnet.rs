//! ResNet18 against fastai's: where it starts, what it predicts, and its first steps.
//!
//! `tests/pytorch/resnet.py` made the values with PyTorch 2.15 and fastai 2.8.12.

use mnist_from_scratch::dfdx::nn::{
    RecursiveWalker, TensorOptions, TensorVisitor, ViewTensorName, ViewTensorRef,
};
use mnist_from_scratch::prelude::*;
use serde_json::Value;

type Pictures = Tensor<(usize, Const<3>, Const<28>, Const<28>), f32, AutoDevice>;
type Classes = Tensor<(usize,), i64, AutoDevice>;

fn fastai() -> Value {
    serde_json::from_str(include_str!("pytorch/resnet.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn new_net(seed: u64) -> ResNet18<2> {
    manual_seed(seed);
    resnet18(&AutoDevice::default())
}

fn data() -> ImageDataLoaders<3, 28, 28> {
    let path = untar_data(Urls::MNIST_SAMPLE).unwrap();
    ImageDataLoaders::from_folder(&path).unwrap()
}

/// In training mode, without dropout.
fn train(
    net: &mut ResNet18<2>,
    x: Traced<(usize, Const<3>, Const<28>, Const<28>)>,
) -> Traced<(usize, Const<2>)> {
    let (body, head) = net;
    let x = body.forward_mut(x);
    let (pool, norm, _, linear, relu) = &mut head.hidden;
    let x = relu.forward(linear.forward(norm.forward_mut(pool.forward(x))));
    let (norm, _, linear) = &mut head.output;
    linear.forward(norm.forward_mut(x))
}

/// Batch number `step` of the script: the training set in steps of 97.
fn batch(data: &ImageDataLoaders<3, 28, 28>, step: usize) -> (Pictures, Classes) {
    let dataset = data.train.dataset();
    let items: Vec<usize> = (0..64).map(|at| (step * 64 + at) * 97 % dataset.len()).collect();
    dataset.batch(&items)
}

/// Size, sum, sum of absolute values and first numbers of each parameter.
#[derive(Default)]
struct Parameters(Vec<(String, Vec<f64>)>);

impl TensorVisitor<f32, AutoDevice> for Parameters {
    type Viewer = (ViewTensorRef, ViewTensorName);
    type Err = std::convert::Infallible;
    type E2 = f32;
    type D2 = AutoDevice;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, f32, AutoDevice>,
        (t, name): (&Tensor<S, f32, AutoDevice>, String),
    ) -> Result<Option<Tensor<S, f32, AutoDevice>>, Self::Err> {
        if options.do_gradient_update {
            let numbers: Vec<f64> = t.as_vec().into_iter().map(f64::from).collect();
            let sums =
                [numbers.len() as f64, numbers.iter().sum(), numbers.iter().map(|x| x.abs()).sum()];
            self.0.push((name, sums.into_iter().chain(numbers.into_iter().take(1)).collect()));
        }
        Ok(None)
    }
}

#[test]
fn it_starts_from_fastais_weights() {
    let fastai = fastai();
    for seed in [42, 7] {
        let net = new_net(seed);
        let expected = fastai["init"][seed.to_string()].as_object().unwrap();
        let mut found = Parameters::default();
        let Ok(_) = TensorCollection::iter_tensors(&mut RecursiveWalker {
            m: (&net, String::new()),
            f: &mut found,
        });
        assert_eq!(found.0.len(), expected.len());
        for (name, found) in found.0 {
            let expected =
                numbers(expected.get(&name).unwrap_or_else(|| panic!("no {name} in fastai")));
            assert_eq!(found[0], expected[0], "{name}");
            // The order of a convolution's weights is another one, but the first is the first.
            for (found, expected) in found[1..].iter().zip(&expected[1..4]) {
                let error = (found - expected).abs() / (1.0 + expected.abs());
                assert!(error < 1e-6, "seed {seed}, {name}: {found}, fastai {expected}");
            }
        }
        assert_eq!(net.num_trainable_params(), 11_704_896);
    }
}

#[test]
fn it_predicts_what_fastais_predicts() {
    let (fastai, data) = (fastai(), data());
    let mut net = new_net(42);
    let items: Vec<usize> = (0..10).chain(1010..1020).collect();
    let (x, _) = data.valid.dataset().batch(&items);
    let predictions = net.forward(x);
    let expected = fastai["logits"]["eval"].as_array().unwrap();
    assert_rows(&predictions.as_vec(), expected, 1e-4);

    let (x, _) = batch(&data, 0);
    let predictions = train(&mut net, x.leaky_trace()).split_tape().0;
    // Twenty batch norms, the last ones over 64 numbers each, enlarge what rounding leaves.
    let expected = fastai["logits"]["train"].as_array().unwrap();
    assert_rows(&predictions.as_vec(), expected, 5e-4);

    let (first, last) = (&net.0.stem.bn1.0, &net.0.layers.3.1.bn2);
    for (name, found) in [
        ("0.1.running_mean", first.running_mean.as_vec()),
        ("0.1.running_var", first.running_var.as_vec()),
        ("0.7.1.bn2.running_mean", last.running_mean.as_vec()),
        ("0.7.1.bn2.running_var", last.running_var.as_vec()),
    ] {
        for (found, expected) in found.into_iter().zip(numbers(&fastai["logits"][name])) {
            let error = (f64::from(found) - expected).abs();
            assert!(error < 1e-5 * (1.0 + expected.abs()), "{name}: {found}, fastai {expected}");
        }
    }
}

fn assert_rows(ours: &[f32], expected: &[Value], bound: f64) {
    assert_eq!(ours.len(), 2 * expected.len());
    for (row, (ours, expected)) in ours.chunks(2).zip(expected).enumerate() {
        for (ours, expected) in ours.iter().zip(numbers(expected)) {
            let error = (f64::from(*ours) - expected).abs();
            assert!(error < bound, "row {row}: {ours}, fastai {expected}");
        }
    }
}

/// PyTorch writes safetensors files with its own names; so do we.
#[test]
fn weights_have_pytorchs_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resnet18.safetensors");
    let net = new_net(42);
    save_weights(&net, &path).unwrap();
    let mut other = new_net(7);
    load_weights(&mut other, &path).unwrap();
    assert_eq!(other.0.stem.conv1.weight.as_vec(), net.0.stem.conv1.weight.as_vec());
    let downsample = |net: &ResNet18<2>| net.0.layers.1.0.downsample.0.weight.as_vec();
    assert_eq!(downsample(&other), downsample(&net));

    // The header of the file is JSON with a name and a shape for each tensor.
    let bytes = std::fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let fastai = fastai();
    for name in fastai["init"]["42"].as_object().unwrap().keys() {
        assert!(header.get(name).is_some(), "no {name}");
    }
    let shape = |name: &str| numbers(&header[name]["shape"]);
    assert_eq!(shape("0.0.weight"), [64., 3., 7., 7.]);
    assert_eq!(shape("0.5.0.downsample.0.weight"), [128., 64., 1., 1.]);
    assert_eq!(shape("1.4.weight"), [512., 1024.]);
    assert_eq!(shape("0.1.running_mean"), [64.]);
}

/// At this learning rate PyTorch in single precision stays within 3e-4 of itself in double precision.
#[test]
fn its_first_steps_are_fastais() {
    let (fastai, data) = (fastai(), data());
    let run = &fastai["losses"][0];
    let lr_max = run["lr_max"].as_f64().unwrap();
    let (lr, momentum) = (
        combined_cos(0.25, lr_max / 25.0, lr_max, lr_max / 1e5),
        combined_cos(0.25, 0.95, 0.85, 0.95),
    );
    let mut net = new_net(42);
    let mut opt = Adam::default();
    let mut grads = net.alloc_grads();
    let (expected, frozen) = (numbers(&run["double"]), numbers(&run["frozen"]));
    for (step, expected) in expected.iter().enumerate() {
        let (x, y) = batch(&data, step);
        let loss = cross_entropy(train(&mut net, x.traced(grads)), y);
        let value = f64::from(loss.array());
        let error = (value - expected).abs() / expected;
        assert!(error < 1e-3, "loss {step}: {value}, PyTorch {expected}");
        grads = loss.backward();
        let done = step as f64 / 193.0;
        Optim::<ResNet18<2>>::set_lr(&mut opt, lr(done));
        Optim::<ResNet18<2>>::set_momentum(&mut opt, momentum(done));
        opt.step(&mut net, &mut grads).unwrap();
        net.zero_grads(&mut grads);
    }
    // A net that learns nothing is far off: the test can fail.
    assert!((frozen[18] - expected[18]).abs() / expected[18] > 1e-2);
}
