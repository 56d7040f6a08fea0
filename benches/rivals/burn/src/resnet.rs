//! A ResNet18 with the head that fastai gives it.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, Linear, LinearConfig,
    PaddingConfig2d,
};
use burn::tensor::activation::relu;
use burn::tensor::{Bool, Device, Int, Tensor};
use rival::Run;

use super::Digits;
use super::training::{Recipe, fit};

/// One epoch with the one-cycle schedule; making the net is not counted.
pub fn run(train: &Digits, valid: &Digits, device: &Device) -> Run {
    let recipe = Recipe { batch: 64, epochs: 1, lr_max: 0.1 };
    fit(ResNet::new(device), ResNet::forward, &rgb(train), &rgb(valid), &recipe, device)
}

/// Pictures with three channels and the classes 0 for a three and 1 for a seven.
fn rgb((x, is_3): &Digits) -> (Tensor<4>, Tensor<1, Int>) {
    let [count, _] = x.dims();
    let is_7: Tensor<2, Bool> = is_3.clone().bool_not();
    (x.clone().reshape([count, 1, 28, 28]).repeat_dim(1, 3), is_7.int().squeeze_dim(1))
}

fn kaiming_normal(fan_out_only: bool) -> Initializer {
    Initializer::KaimingNormal { gain: 2_f64.sqrt(), fan_out_only }
}

#[derive(Module, Debug)]
struct ResNet {
    stem: ConvNorm,
    pool: MaxPool2d,
    blocks: Vec<Block>,
    norm1: BatchNorm,
    drop1: Dropout,
    linear1: Linear,
    norm2: BatchNorm,
    drop2: Dropout,
    linear2: Linear,
}

impl ResNet {
    fn new(device: &Device) -> Self {
        let mut blocks = Vec::new();
        let mut channels = 64;
        for (outputs, stride) in
            [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]
        {
            blocks.push(Block::new(channels, outputs, stride, device));
            channels = outputs;
        }
        let norm = |features| BatchNormConfig::new(features).init(device);
        let linear = |inputs, outputs| {
            let config = LinearConfig::new(inputs, outputs).with_bias(false);
            config.with_initializer(kaiming_normal(false)).init(device)
        };
        Self {
            stem: ConvNorm::new([3, 64], 7, 2, device),
            pool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            blocks,
            norm1: norm(1024),
            drop1: DropoutConfig::new(0.25).init(),
            linear1: linear(1024, 512),
            norm2: norm(512),
            drop2: DropoutConfig::new(0.5).init(),
            linear2: linear(512, 2),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut x = self.pool.forward(relu(self.stem.forward(x)));
        for block in &self.blocks {
            x = block.forward(x);
        }
        let x: Tensor<3> = x.flatten(2, 3);
        let x = Tensor::cat(vec![x.clone().max_dim(2), x.mean_dim(2)], 1).squeeze_dim::<2>(2);
        let x = relu(self.linear1.forward(self.drop1.forward(self.norm1.forward(x))));
        self.linear2.forward(self.drop2.forward(self.norm2.forward(x)))
    }
}

/// Two convolutions beside a way around them.
#[derive(Module, Debug)]
struct Block {
    conv1: ConvNorm,
    conv2: ConvNorm,
    down: Option<ConvNorm>,
}

impl Block {
    fn new(inputs: usize, outputs: usize, stride: usize, device: &Device) -> Self {
        Self {
            conv1: ConvNorm::new([inputs, outputs], 3, stride, device),
            conv2: ConvNorm::new([outputs, outputs], 3, 1, device),
            down: (stride > 1).then(|| ConvNorm::new([inputs, outputs], 1, stride, device)),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.conv2.forward(relu(self.conv1.forward(x.clone())));
        let around = match &self.down {
            Some(down) => down.forward(x),
            None => x,
        };
        relu(y + around)
    }
}

/// A convolution and a batch norm.
#[derive(Module, Debug)]
struct ConvNorm {
    conv: Conv2d,
    norm: BatchNorm,
}

impl ConvNorm {
    fn new(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Self {
        let padding = kernel / 2;
        let conv = Conv2dConfig::new(channels, [kernel, kernel])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
            .with_bias(false)
            .with_initializer(kaiming_normal(true));
        Self { conv: conv.init(device), norm: BatchNormConfig::new(channels[1]).init(device) }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.conv.forward(x))
    }
}
