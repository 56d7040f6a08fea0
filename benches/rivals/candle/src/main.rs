//! The steps of the course with candle, on the processor; `rival` has the rules.

mod layers;
mod resnet;
mod ten_digits;
mod training;

use std::time::Instant;

use anyhow::Result;
use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, Device, Layout, Shape, Storage, Tensor, Var};
use candle_nn::ops::sigmoid;
use candle_nn::{Optimizer, SGD};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use rival::{PIXELS, Part, Pictures, Run, Stack};

const BATCH: usize = 256;
const DEVICE: Device = Device::Cpu;

fn main() -> Result<()> {
    let data = rival::start()?;
    tune();
    let version = rival::version(include_str!("../Cargo.lock"), "candle-core");
    match data {
        rival::Data::Sample(pictures) => {
            let data = Data::new(&pictures)?;
            rival::answer("candle", version, |step, seed| run(step, seed, &data))
        }
        rival::Data::TenDigits(digits) => {
            let data = ten_digits::Data::new(digits)?;
            rival::answer("candle", version, |step, seed| ten_digits::run(step, seed, &data))
        }
    }
}

/// Has candle run at its fastest.
fn tune() {
    // The matrix products run on rayon's threads. candle's second pool, for all else, waits in a busy loop
    // and takes their processors away.
    if std::env::var_os("CANDLE_NUM_THREADS").is_none() {
        // SAFETY: there are no other threads yet.
        unsafe { std::env::set_var("CANDLE_NUM_THREADS", "1") };
    }
    // Each operation has a new tensor, and for a large one glibc would ask the system for memory each time.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: these only set limits.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
}

fn run(step: &str, seed: u64, data: &Data) -> Result<Option<Run>> {
    let mut random = StdRng::seed_from_u64(seed);
    if step == "resnet" {
        return resnet::run(&data.train, &data.valid, &mut random).map(Some);
    }
    let start = Instant::now();
    let accuracy = match step {
        "baseline" => baseline(&data.stacks)?,
        "linear" => linear(data, &mut random)?,
        "learner" => learner(data, &mut random)?,
        "simple_net" => simple_net(data, &mut random)?,
        _ => return Ok(None),
    };
    Ok(Some(Run { seconds: start.elapsed().as_secs_f64(), accuracy }))
}

/// All pictures with their labels: 1 for a three, 0 for a seven.
pub struct Digits {
    pub x: Tensor,
    pub y: Tensor,
}

struct Data {
    train: Digits,
    valid: Digits,
    /// Threes and sevens of the training set, then of the validation set.
    stacks: [Tensor; 4],
}

impl Data {
    fn new(pictures: &Pictures) -> Result<Self> {
        let Pictures { train, valid } = pictures;
        Ok(Self {
            train: digits(train)?,
            valid: digits(valid)?,
            stacks: [
                stack(&train.threes)?,
                stack(&train.sevens)?,
                stack(&valid.threes)?,
                stack(&valid.sevens)?,
            ],
        })
    }
}

fn stack(stack: &Stack) -> Result<Tensor> {
    Ok(Tensor::from_slice(stack, (stack.len() / PIXELS, PIXELS), &DEVICE)?)
}

fn digits(part: &Part) -> Result<Digits> {
    let y: Vec<u8> = part.is_3().into_iter().map(u8::from).collect();
    let y = Tensor::new(y, &DEVICE)?.unsqueeze(1)?;
    Ok(Digits { x: stack(&part.pictures())?, y })
}

/// Mini-batches in order, without a copy.
fn batches(digits: &Digits) -> Result<Vec<(Tensor, Tensor)>> {
    let count = digits.x.dim(0)?;
    let batch = |start| {
        let len = BATCH.min(count - start);
        Ok((digits.x.narrow(0, start, len)?, digits.y.narrow(0, start, len)?))
    };
    (0..count).step_by(BATCH).map(batch).collect()
}

/// The share of digits that the pixel similarity gets right.
fn baseline([threes, sevens, valid_threes, valid_sevens]: &[Tensor; 4]) -> Result<f64> {
    let (mean3, mean7) = (average(threes)?, average(sevens)?);
    let is_3 = |x: &Tensor| -> Result<f64> {
        let distance = |mean| x.broadcast_sub(mean)?.abs()?.mean(1);
        share(&distance(&mean3)?.lt(&distance(&mean7)?)?)
    };
    Ok((is_3(valid_threes)? + (1. - is_3(valid_sevens)?)) / 2.)
}

/// The mean of the rows, as a product, which candle has faster than sums over all but the last dimension.
fn average(x: &Tensor) -> Result<Tensor> {
    let rows = x.dim(0)?;
    Ok(Tensor::full(1. / rows as f32, (1, rows), &DEVICE)?.matmul(x)?)
}

/// How many of zeros and ones are ones.
fn share(hits: &Tensor) -> Result<f64> {
    let share = hits.to_dtype(candle_core::DType::F32)?.mean_all()?;
    Ok(f64::from(share.to_scalar::<f32>()?))
}

fn mnist_loss(predictions: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let predictions = sigmoid(predictions)?;
    Ok(targets.where_cond(&(1. - &predictions)?, &predictions)?.mean_all()?)
}

fn batch_accuracy(predictions: &Tensor, targets: &Tensor) -> Result<f64> {
    share(&sigmoid(predictions)?.gt(0.5)?.eq(targets)?)
}

/// The course's training loop; returns the accuracy after the last epoch.
fn train(
    data: &Data,
    epochs: usize,
    model: impl Fn(&Tensor) -> Result<Tensor>,
    mut step: impl FnMut(&Tensor) -> Result<()>,
) -> Result<f64> {
    let (train, valid) = (batches(&data.train)?, batches(&data.valid)?);
    let mut accuracy = 0.;
    for _ in 0..epochs {
        for (xb, yb) in &train {
            step(&mnist_loss(&model(xb)?, yb)?)?;
        }
        let mut sum = 0.;
        for (xb, yb) in &valid {
            sum += batch_accuracy(&model(xb)?, yb)?;
        }
        accuracy = sum / valid.len() as f64;
    }
    Ok(accuracy)
}

/// A linear model, trained by hand.
fn linear(data: &Data, random: &mut StdRng) -> Result<f64> {
    let weights = normal((PIXELS, 1), 1., random)?;
    let bias = normal((1, 1), 1., random)?;
    let model = |xb: &Tensor| Ok(times(xb, &weights)?.broadcast_add(&bias)?);
    train(data, 20, model, |loss| {
        let grads = loss.backward()?;
        for p in [&weights, &bias] {
            let grad = grads.get(p).expect("both are used");
            p.set(&(p.as_tensor() - grad)?)?;
        }
        Ok(())
    })
}

/// The same with a layer and an optimizer.
fn learner(data: &Data, random: &mut StdRng) -> Result<f64> {
    let [weights, bias] = layer(PIXELS, 1, random)?;
    let model = |xb: &Tensor| Ok(times(xb, &weights)?.broadcast_add(&bias)?);
    let mut opt = SGD::new(vec![weights.clone(), bias.clone()], 1.)?;
    train(data, 10, model, |loss| Ok(opt.backward_step(loss)?))
}

/// Two layers with a ReLU between them.
fn simple_net(data: &Data, random: &mut StdRng) -> Result<f64> {
    let [weights1, bias1] = layer(PIXELS, 30, random)?;
    let [weights2, bias2] = layer(30, 1, random)?;
    let model = |xb: &Tensor| {
        let hidden = (times(xb, &weights1)? + spread(&bias1, xb.dim(0)?)?)?.relu()?;
        Ok(hidden.matmul(&weights2)?.broadcast_add(&bias2)?)
    };
    let params = vec![weights1.clone(), bias1.clone(), weights2.clone(), bias2.clone()];
    let mut opt = SGD::new(params, 0.1)?;
    train(data, 40, model, |loss| Ok(opt.backward_step(loss)?))
}

/// A variable with normally distributed numbers.
pub fn normal(shape: (usize, usize), deviation: f32, random: &mut StdRng) -> Result<Var> {
    let numbers = random.sample_iter::<f32, _>(StandardNormal).take(shape.0 * shape.1);
    let numbers: Vec<f32> = numbers.map(|number| number * deviation).collect();
    Ok(Var::from_vec(numbers, shape, &DEVICE)?)
}

/// Weights and bias of a linear layer, drawn as PyTorch draws them.
pub fn layer(inputs: usize, outputs: usize, random: &mut StdRng) -> Result<[Var; 2]> {
    let bound = 1. / (inputs as f32).sqrt();
    let mut uniform = |rows: usize| -> Result<Var> {
        let numbers = (0..rows * outputs).map(|_| random.random_range(-bound..bound)).collect();
        Ok(Var::from_vec(numbers, (rows, outputs), &DEVICE)?)
    };
    Ok([uniform(inputs)?, uniform(1)?])
}

/// A row, `rows` times: as a product, for a fast gradient.
pub fn spread(row: &Tensor, rows: usize) -> Result<Tensor> {
    times(&Tensor::full(1_f32, (rows, 1), &DEVICE)?, row)
}

/// The product of a matrix that has no gradient with one that has. `Tensor::matmul` would work out both
/// gradients.
pub fn times(constant: &Tensor, x: &Tensor) -> Result<Tensor> {
    Ok(x.apply_op1(Times(constant.clone()))?)
}

struct Times(Tensor);

impl CustomOp1 for Times {
    fn name(&self) -> &'static str {
        "times"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (constant, constant_layout) = self.0.storage_and_layout();
        let Storage::Cpu(constant) = &*constant else { unreachable!("all is on the processor") };
        let (rows, inner) = constant_layout.shape().dims2()?;
        let columns = layout.shape().dims2()?.1;
        let product = constant.matmul(x, (1, rows, columns, inner), constant_layout, layout)?;
        Ok((product, (rows, columns).into()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> candle_core::Result<Option<Tensor>> {
        Ok(Some(self.0.t()?.matmul(grad)?))
    }
}
