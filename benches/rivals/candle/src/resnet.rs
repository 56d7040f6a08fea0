//! A ResNet18 with the head that fastai gives it.

use anyhow::Result;
use candle_core::{Tensor, Var};
use candle_nn::ops::dropout;
use rand::rngs::StdRng;
use rival::Run;

use super::layers::{ConvNorm, Norm, OUTSIDE, Window};
use super::training::{Net, Recipe, fit};
use super::{DEVICE, Digits, normal};

/// One epoch with the one-cycle schedule; making the net is not counted.
pub fn run(train: &Digits, valid: &Digits, random: &mut StdRng) -> Result<Run> {
    let net = ResNet::new(random)?;
    let recipe = Recipe { batch: 64, epochs: 1, lr_max: 0.1 };
    fit(&net, &rgb(train)?, &rgb(valid)?, &recipe, random)
}

/// Pictures as `(pictures, pixels, channels)` with the classes 0 for a three and 1 for a seven.
fn rgb(digits: &Digits) -> Result<(Tensor, Tensor)> {
    let x = digits.x.unsqueeze(2)?.repeat((1, 1, 3))?;
    let y = (1. - digits.y.squeeze(1)?.to_dtype(candle_core::DType::F32)?)?;
    Ok((x, y.to_dtype(candle_core::DType::U32)?))
}

/// A convolution with weights as fastai draws them, and a batch norm.
fn conv(window: Window, inputs: usize, outputs: usize, random: &mut StdRng) -> Result<ConvNorm> {
    let area = window.kernel * window.kernel;
    let deviation = (2. / (area * outputs) as f32).sqrt();
    ConvNorm::new(window, normal((area * inputs, outputs), deviation, random)?)
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
        let stem = conv(Window::new(28, 7, 2, 3), 3, 64, random)?;
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
}

impl Net for ResNet {
    fn parameters(&self) -> (&[Var], &[Var]) {
        (&self.weights, &self.norms)
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
        let conv1 = conv(Window::new(size, 3, stride, 1), inputs, outputs, random)?;
        let conv2 = conv(Window::new(size.div_ceil(stride), 3, 1, 1), outputs, outputs, random)?;
        let down = match stride {
            1 => None,
            _ => Some(conv(Window::new(size, 1, stride, 0), inputs, outputs, random)?),
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
