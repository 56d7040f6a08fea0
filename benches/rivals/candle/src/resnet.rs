//! A ResNet18 with the head that fastai gives it.
//!
//! candle's own convolution works out its gradients without its fast matrix product, and its batch norm
//! sums up without it. So here all is expressed by matrix products and `index_select`, with the channels
//! last: a tensor has a row of channels for each pixel.

use std::time::Instant;

use anyhow::Result;
use candle_core::{D, Tensor, Var};
use candle_nn::loss::cross_entropy;
use candle_nn::ops::dropout;
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rival::{Run, one_cycle};

use super::{DEVICE, Digits, normal, spread, times};

const BATCH: usize = 64;

/// One epoch with the one-cycle schedule; making the net is not counted.
pub fn run(train: &Digits, valid: &Digits, random: &mut StdRng) -> Result<Run> {
    let ((x, y), (valid_x, valid_y)) = (rgb(train)?, rgb(valid)?);
    let net = ResNet::new(random)?;
    let params =
        |weight_decay| ParamsAdamW { lr: 0.1, beta1: 0.95, beta2: 0.99, eps: 1e-5, weight_decay };
    let mut optimizers = [
        AdamW::new(net.weights.clone(), params(0.01))?,
        AdamW::new(net.norms.clone(), params(0.))?,
    ];
    let start = Instant::now();
    let mut order: Vec<u32> = (0..x.dim(0)? as u32).collect();
    order.shuffle(random);
    let batches = order.chunks_exact(BATCH);
    let count = batches.len() as f64;
    for (step, batch) in batches.enumerate() {
        let batch = Tensor::new(batch, &DEVICE)?;
        let predictions = net.forward(&x.index_select(&batch, 0)?, true)?;
        let grads = cross_entropy(&predictions, &y.index_select(&batch, 0)?)?.backward()?;
        let position = step as f64 / count;
        for optimizer in &mut optimizers {
            let mut params = optimizer.params().clone();
            params.lr = one_cycle(0.1 / 25., 0.1, 0.1 / 1e5, position);
            params.beta1 = one_cycle(0.95, 0.85, 0.95, position);
            optimizer.set_params(params);
            optimizer.step(&grads)?;
        }
    }
    let mut right = 0;
    let count = valid_x.dim(0)?;
    for start in (0..count).step_by(BATCH) {
        let len = BATCH.min(count - start);
        let predictions = net.forward(&valid_x.narrow(0, start, len)?, false)?.argmax(D::Minus1)?;
        let hits = predictions.eq(&valid_y.narrow(0, start, len)?)?;
        right += hits.to_vec1::<u8>()?.iter().filter(|&&hit| hit == 1).count();
    }
    Ok(Run { seconds: start.elapsed().as_secs_f64(), accuracy: right as f64 / count as f64 })
}

/// Pictures as `(pictures, pixels, channels)` with the classes 0 for a three and 1 for a seven.
fn rgb(digits: &Digits) -> Result<(Tensor, Tensor)> {
    let x = digits.x.unsqueeze(2)?.repeat((1, 1, 3))?;
    let y = (1. - digits.y.squeeze(1)?.to_dtype(candle_core::DType::F32)?)?;
    Ok((x, y.to_dtype(candle_core::DType::U32)?))
}

struct ResNet {
    stem: ConvNorm,
    pool: [Pool; 2],
    blocks: Vec<Block>,
    norm1: Norm,
    linear1: Var,
    norm2: Norm,
    linear2: Var,
    /// With weight decay.
    weights: Vec<Var>,
    /// Without it.
    norms: Vec<Var>,
}

impl ResNet {
    fn new(random: &mut StdRng) -> Result<Self> {
        let stem = ConvNorm::new(Window::new(28, 7, 2, 3), 3, 64, random)?;
        // The maximum of three columns, then of three rows.
        let pool = [Pool::new(14, 14, false)?, Pool::new(14, 7, true)?];
        let mut blocks = Vec::new();
        let (mut size, mut channels) = (7, 64);
        for (outputs, stride) in
            [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]
        {
            blocks.push(Block::new(size, channels, outputs, stride, random)?);
            (size, channels) = (size.div_ceil(stride), outputs);
        }
        let (norm1, norm2) = (Norm::new(1024, 1e-3)?, Norm::new(512, 1e-3)?);
        let linear1 = normal((1024, 512), (2_f32 / 1024.).sqrt(), random)?;
        let linear2 = normal((512, 2), (2_f32 / 512.).sqrt(), random)?;
        let convs = blocks
            .iter()
            .flat_map(|block| [&block.conv1, &block.conv2].into_iter().chain(&block.down));
        let convs: Vec<&ConvNorm> = std::iter::once(&stem).chain(convs).collect();
        let weights = convs.iter().map(|conv| &conv.weights).chain([&linear1, &linear2]);
        let weights = weights.cloned().collect();
        let norms = convs.iter().map(|conv| &conv.norm).chain([&norm1, &norm2]);
        let norms = norms.flat_map(|norm| [norm.weights.clone(), norm.bias.clone()]).collect();
        Ok(Self { stem, pool, blocks, norm1, linear1, norm2, linear2, weights, norms })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let x = self.stem.norm.forward(&self.stem.first(x)?, train)?.relu()?;
        let mut x = self.pool[1].forward(&self.pool[0].forward(&x)?)?;
        for block in &self.blocks {
            x = block.forward(&x, train)?;
        }
        let x = Tensor::cat(&[x.max(1)?, x.mean(1)?], 1)?;
        let drop = |x: Tensor, p| if train { dropout(&x, p) } else { Ok(x) };
        let x = drop(self.norm1.forward(&x, train)?, 0.25)?.matmul(&self.linear1)?.relu()?;
        Ok(drop(self.norm2.forward(&x, train)?, 0.5)?.matmul(&self.linear2)?)
    }
}

/// Two convolutions beside a way around them.
struct Block {
    conv1: ConvNorm,
    conv2: ConvNorm,
    down: Option<ConvNorm>,
}

impl Block {
    fn new(
        size: usize,
        inputs: usize,
        outputs: usize,
        stride: usize,
        random: &mut StdRng,
    ) -> Result<Self> {
        let conv1 = ConvNorm::new(Window::new(size, 3, stride, 1), inputs, outputs, random)?;
        let conv2 =
            ConvNorm::new(Window::new(size.div_ceil(stride), 3, 1, 1), outputs, outputs, random)?;
        let down = match stride {
            1 => None,
            _ => Some(ConvNorm::new(Window::new(size, 1, stride, 0), inputs, outputs, random)?),
        };
        Ok(Self { conv1, conv2, down })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let y = self.conv2.forward(&self.conv1.forward(x, train)?.relu()?, train)?;
        let around = match &self.down {
            Some(down) => down.forward(x, train)?,
            None => x.clone(),
        };
        Ok((y + around)?.relu()?)
    }
}

/// Which pixels a kernel sees.
struct Window {
    kernel: usize,
    /// For each pixel of the result all that the kernel sees there.
    pixels: Vec<u32>,
}

/// `index_select` puts zeros there.
const OUTSIDE: u32 = u32::MAX;

impl Window {
    fn new(size: usize, kernel: usize, stride: usize, padding: usize) -> Self {
        let results = (size + 2 * padding - kernel) / stride + 1;
        let mut pixels = Vec::new();
        for (row, column) in (0..results * results).map(|i| (i / results, i % results)) {
            for (dy, dx) in (0..kernel * kernel).map(|i| (i / kernel, i % kernel)) {
                // Above and left of the picture the subtraction wraps around to something too large.
                let y = (row * stride + dy).wrapping_sub(padding);
                let x = (column * stride + dx).wrapping_sub(padding);
                pixels.push(if y < size && x < size { (y * size + x) as u32 } else { OUTSIDE });
            }
        }
        Self { kernel, pixels }
    }
}

/// A convolution and a batch norm.
struct ConvNorm {
    window: Tensor,
    /// A column for each channel of the result.
    weights: Var,
    norm: Norm,
}

impl ConvNorm {
    fn new(window: Window, inputs: usize, outputs: usize, random: &mut StdRng) -> Result<Self> {
        let area = window.kernel * window.kernel;
        Ok(Self {
            window: Tensor::new(window.pixels, &DEVICE)?,
            weights: normal(
                (area * inputs, outputs),
                (2. / (area * outputs) as f32).sqrt(),
                random,
            )?,
            norm: Norm::new(outputs, 0.)?,
        })
    }

    /// What the kernel sees, a row for each pixel of the result.
    fn seen(&self, x: &Tensor) -> Result<Tensor> {
        let seen = x.contiguous()?.index_select(&self.window, 1)?;
        Ok(seen.reshape(((), self.weights.dim(0)?))?)
    }

    /// The convolution of pictures, which have no gradient.
    fn first(&self, x: &Tensor) -> Result<Tensor> {
        let y = times(&self.seen(x)?, &self.weights)?;
        Ok(y.reshape((x.dim(0)?, (), self.weights.dim(1)?))?)
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let y = self.seen(x)?.matmul(&self.weights)?;
        let y = y.reshape((x.dim(0)?, (), self.weights.dim(1)?))?;
        self.norm.forward(&y, train)
    }
}

/// A batch norm.
struct Norm {
    weights: Var,
    bias: Var,
    running_mean: Var,
    running_variance: Var,
}

impl Norm {
    fn new(channels: usize, bias: f32) -> Result<Self> {
        let var = |number: f32| Var::from_tensor(&Tensor::full(number, (1, channels), &DEVICE)?);
        Ok(Self {
            weights: var(1.)?,
            bias: var(bias)?,
            running_mean: var(0.)?,
            running_variance: var(1.)?,
        })
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let shape = x.shape().clone();
        let x = x.reshape(((), x.dim(D::Minus1)?))?;
        let rows = x.dim(0)?;
        let (mean, variance) = if train {
            let average = Tensor::full(1. / rows as f32, (1, rows), &DEVICE)?;
            let mean = times(&average, &x)?;
            let variance = (times(&average, &x.sqr()?)? - mean.sqr()?)?;
            let follow = |running: &Var, now: Tensor| -> Result<()> {
                Ok(running.set(&((running.as_detached_tensor() * 0.9)? + (now * 0.1)?)?)?)
            };
            follow(&self.running_mean, mean.detach())?;
            follow(
                &self.running_variance,
                (variance.detach() * (rows as f64 / (rows as f64 - 1.)))?,
            )?;
            (mean, variance)
        } else {
            (self.running_mean.as_detached_tensor(), self.running_variance.as_detached_tensor())
        };
        let scale = (self.weights.as_tensor() / (variance + 1e-5)?.sqrt()?)?;
        let shift = (self.bias.as_tensor() - (mean * &scale)?)?;
        let y = ((x * spread(&scale, rows)?)? + spread(&shift, rows)?)?;
        Ok(y.reshape(shape)?)
    }
}

/// The maximum of three neighbours, at every second place along rows or columns.
///
/// candle's `max_pool2d` has no gradient where windows overlap.
struct Pool([Tensor; 3]);

impl Pool {
    /// Of `rows` times `columns` pixels.
    fn new(rows: usize, columns: usize, along_rows: bool) -> Result<Self> {
        let neighbours = |offset: usize| {
            let mut pixels = Vec::new();
            let (results_y, results_x) =
                if along_rows { (rows / 2, columns) } else { (rows, columns / 2) };
            for (row, column) in (0..results_y * results_x).map(|i| (i / results_x, i % results_x))
            {
                let near = |i: usize| (2 * i + offset).wrapping_sub(1);
                let (y, x) = if along_rows { (near(row), column) } else { (row, near(column)) };
                // Zeros outside do not matter: after a ReLU nothing is below them.
                pixels.push(if y < rows && x < columns {
                    (y * columns + x) as u32
                } else {
                    OUTSIDE
                });
            }
            Tensor::new(pixels, &DEVICE)
        };
        Ok(Self([neighbours(0)?, neighbours(1)?, neighbours(2)?]))
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [a, b, c] = &self.0;
        let near = |pixels| x.index_select(pixels, 1);
        Ok(near(a)?.maximum(&near(b)?)?.maximum(&near(c)?)?)
    }
}
