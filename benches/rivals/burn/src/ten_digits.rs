//! All ten digits with the net of the course's example `speed_run`, of burn's own layers.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rival::Run;
use rival::ten_digits::{BATCH, EPOCHS, LR_MAX, TenDigits};

use super::training::{Labelled, Recipe, fit};

pub struct Data {
    /// With autodiff.
    train: Labelled,
    /// Without.
    test: Labelled,
}

impl Data {
    pub fn new(digits: TenDigits) -> Self {
        let part = |rival::ten_digits::Labelled { pixels, labels }, device: &Device| -> Labelled {
            let labels: Vec<i64> = labels.into_iter().map(i64::from).collect();
            let count = labels.len();
            (
                Tensor::from_data(TensorData::new(pixels, [count, 1, 28, 28]), device),
                Tensor::from_data(TensorData::new(labels, [count]), device),
            )
        };
        let device = Device::flex();
        Self {
            train: part(digits.train, &device.clone().autodiff()),
            test: part(digits.test, &device),
        }
    }
}

/// Two epochs with the one-cycle schedule; making the net is not counted.
pub fn run(step: &str, seed: u64, data: &Data) -> Option<Run> {
    if step != "ten_digits" {
        return None;
    }
    let device = Device::flex().autodiff();
    device.seed(seed);
    let recipe = Recipe { batch: BATCH, epochs: EPOCHS, lr_max: LR_MAX };
    let net = SpeedRun::new(&device);
    Some(fit(net, SpeedRun::forward, &data.train, &data.test, &recipe, &device))
}

#[derive(Module, Debug)]
struct SpeedRun {
    conv1: Conv2d,
    norm1: BatchNorm,
    pool: MaxPool2d,
    conv2: Conv2d,
    norm2: BatchNorm,
    conv3: Conv2d,
    norm3: BatchNorm,
    linear: Linear,
}

impl SpeedRun {
    fn new(device: &Device) -> Self {
        // burn draws the weights as PyTorch does.
        let conv = |channels, kernel, stride, padding| {
            Conv2dConfig::new(channels, [kernel, kernel])
                .with_stride([stride, stride])
                .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
                .with_bias(false)
                .init(device)
        };
        let norm = |channels| BatchNormConfig::new(channels).init(device);
        Self {
            conv1: conv([1, 32], 5, 2, 2),
            norm1: norm(32),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            conv2: conv([32, 64], 3, 1, 0),
            norm2: norm(64),
            conv3: conv([64, 64], 3, 2, 0),
            norm3: norm(64),
            linear: LinearConfig::new(256, 10).init(device),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = relu(self.norm1.forward(self.conv1.forward(x)));
        let x = relu(self.norm2.forward(self.conv2.forward(self.pool.forward(x))));
        let x = relu(self.norm3.forward(self.conv3.forward(x)));
        self.linear.forward(x.flatten(1, 3))
    }
}
