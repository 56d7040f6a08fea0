//! The steps of the course with burn, on the processor; `rival` has the rules.

mod resnet;
mod ten_digits;
mod training;

use std::time::Instant;

use anyhow::Result;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Bool, Device, Distribution, Tensor, TensorData};
use rival::{PIXELS, Part, Pictures, Run, Stack};

const BATCH: usize = 256;

fn main() -> Result<()> {
    let data = rival::start()?;
    let version = rival::version(include_str!("../Cargo.lock"), "burn");
    match data {
        rival::Data::Sample(pictures) => {
            let data = Data::new(&pictures);
            rival::answer("burn", version, |step, seed| Ok(run(step, seed, &data)))
        }
        rival::Data::TenDigits(digits) => {
            let data = ten_digits::Data::new(digits);
            rival::answer("burn", version, |step, seed| Ok(ten_digits::run(step, seed, &data)))
        }
    }
}

fn run(step: &str, seed: u64, data: &Data) -> Option<Run> {
    let device = Device::flex().autodiff();
    device.seed(seed);
    if step == "resnet" {
        return Some(resnet::run(&data.train, &data.valid, &device));
    }
    let start = Instant::now();
    let accuracy = match step {
        "baseline" => baseline(&data.stacks),
        "linear" => linear(data, &device),
        "learner" => learner(
            LinearConfig::new(PIXELS, 1).init(&device),
            |model, xb| model.forward(xb),
            10,
            1.,
            data,
        ),
        "simple_net" => learner(SimpleNet::new(&device), SimpleNet::forward, 40, 0.1, data),
        _ => return None,
    };
    Some(Run { seconds: start.elapsed().as_secs_f64(), accuracy })
}

/// Pictures, and whether they are threes.
pub type Digits = (Tensor<2>, Tensor<2, Bool>);

struct Data {
    /// With autodiff.
    train: Digits,
    /// Without, as all the others.
    valid: Digits,
    /// Threes and sevens of the training set, then of the validation set.
    stacks: [Tensor<2>; 4],
}

impl Data {
    fn new(pictures: &Pictures) -> Self {
        let Pictures { train, valid } = pictures;
        let device = Device::flex();
        let stacks = [&train.threes, &train.sevens, &valid.threes, &valid.sevens];
        Self {
            train: digits(train, &device.clone().autodiff()),
            valid: digits(valid, &device),
            stacks: stacks.map(|pictures| stack(pictures.clone(), &device)),
        }
    }
}

fn stack(stack: Stack, device: &Device) -> Tensor<2> {
    let count = stack.len() / PIXELS;
    Tensor::from_data(TensorData::new(stack, [count, PIXELS]), device)
}

fn digits(part: &Part, device: &Device) -> Digits {
    let is_3 = part.is_3();
    let count = is_3.len();
    let is_3 = Tensor::from_data(TensorData::new(is_3, [count, 1]), device);
    (stack(part.pictures(), device), is_3)
}

/// Mini-batches in order, without a copy.
fn batches((x, y): &Digits) -> Vec<Digits> {
    let [count, _] = x.dims();
    let batch = |start| {
        let len = BATCH.min(count - start);
        (x.clone().narrow(0, start, len), y.clone().narrow(0, start, len))
    };
    (0..count).step_by(BATCH).map(batch).collect()
}

/// The share of digits that the pixel similarity gets right.
fn baseline([threes, sevens, valid_threes, valid_sevens]: &[Tensor<2>; 4]) -> f64 {
    let (mean3, mean7) = (threes.clone().mean_dim(0), sevens.clone().mean_dim(0));
    let is_3 = |x: &Tensor<2>| {
        let distance = |mean: &Tensor<2>| (x.clone() - mean.clone()).abs().mean_dim(1);
        share(distance(&mean3).lower(distance(&mean7)))
    };
    (is_3(valid_threes) + (1. - is_3(valid_sevens))) / 2.
}

/// How many of them are true.
fn share(hits: Tensor<2, Bool>) -> f64 {
    hits.float().mean().into_scalar()
}

fn mnist_loss(predictions: Tensor<2>, is_3: Tensor<2, Bool>) -> Tensor<1> {
    let predictions = sigmoid(predictions);
    predictions.clone().mask_where(is_3, 1. - predictions).mean()
}

fn batch_accuracy(predictions: Tensor<2>, is_3: Tensor<2, Bool>) -> f64 {
    share(sigmoid(predictions).greater_elem(0.5).equal(is_3))
}

/// The accuracy on the validation set.
fn accuracy(model: impl Fn(Tensor<2>) -> Tensor<2>, batches: &[Digits]) -> f64 {
    let sum: f64 =
        batches.iter().map(|(xb, yb)| batch_accuracy(model(xb.clone()), yb.clone())).sum();
    sum / batches.len() as f64
}

/// A linear model, trained by hand for 20 epochs.
fn linear(data: &Data, device: &Device) -> f64 {
    let normal = |rows: usize| {
        Tensor::<2>::random([rows, 1], Distribution::Normal(0., 1.), device).require_grad()
    };
    let (mut weights, mut bias) = (normal(PIXELS), normal(1));
    let (train, valid) = (batches(&data.train), batches(&data.valid));
    let lr = 1.;
    let mut last = 0.;
    for _ in 0..20 {
        for (xb, yb) in &train {
            let predictions = xb.clone().matmul(weights.clone()) + bias.clone();
            let grads = mnist_loss(predictions, yb.clone()).backward();
            for p in [&mut weights, &mut bias] {
                let grad = p.grad(&grads).expect("both are used");
                *p = Tensor::from_inner(p.clone().inner() - grad * lr).require_grad();
            }
        }
        let (weights, bias) = (weights.clone().inner(), bias.clone().inner());
        last = accuracy(|xb| xb.matmul(weights.clone()) + bias.clone(), &valid);
    }
    last
}

/// The same with an optimizer, for any model.
fn learner<M: Module>(
    mut model: M,
    forward: impl Fn(&M, Tensor<2>) -> Tensor<2>,
    epochs: usize,
    lr: f64,
    data: &Data,
) -> f64 {
    let (train, valid) = (batches(&data.train), batches(&data.valid));
    let mut opt = SgdConfig::new().init();
    let mut last = 0.;
    for _ in 0..epochs {
        for (xb, yb) in &train {
            let loss = mnist_loss(forward(&model, xb.clone()), yb.clone());
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            model = opt.step(lr, model, grads);
        }
        let model = model.valid();
        last = accuracy(|xb| forward(&model, xb), &valid);
    }
    last
}

/// Two layers with a ReLU between them. burn draws their weights as PyTorch does.
#[derive(Module, Debug)]
struct SimpleNet {
    linear1: Linear,
    linear2: Linear,
}

impl SimpleNet {
    fn new(device: &Device) -> Self {
        Self {
            linear1: LinearConfig::new(PIXELS, 30).init(device),
            linear2: LinearConfig::new(30, 1).init(device),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.linear2.forward(relu(self.linear1.forward(x)))
    }
}
