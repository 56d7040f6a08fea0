//! All ten digits with the net of the course's example `speed_run`.

use anyhow::Result;
use candle_core::{Tensor, Var};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rival::ten_digits::{BATCH, EPOCHS, LR_MAX, Labelled, TenDigits};
use rival::{PIXELS, Run};

use super::layers::{ConvNorm, Window};
use super::training::{Net, Recipe, fit};
use super::{DEVICE, layer, spread};

/// Pictures as `(pictures, pixels, 1)`, and their classes.
pub struct Data {
    train: (Tensor, Tensor),
    test: (Tensor, Tensor),
}

impl Data {
    pub fn new(digits: TenDigits) -> Result<Self> {
        let part = |Labelled { pixels, labels }: Labelled| -> Result<(Tensor, Tensor)> {
            let classes: Vec<u32> = labels.into_iter().map(u32::from).collect();
            let x = Tensor::from_vec(pixels, (classes.len(), PIXELS, 1), &DEVICE)?;
            Ok((x, Tensor::new(classes, &DEVICE)?))
        };
        Ok(Self { train: part(digits.train)?, test: part(digits.test)? })
    }
}

/// Two epochs with the one-cycle schedule; making the net is not counted.
pub fn run(step: &str, seed: u64, data: &Data) -> Result<Option<Run>> {
    if step != "ten_digits" {
        return Ok(None);
    }
    let mut random = StdRng::seed_from_u64(seed);
    let net = SpeedRun::new(&mut random)?;
    let recipe = Recipe { batch: BATCH, epochs: EPOCHS, lr_max: LR_MAX };
    fit(&net, &data.train, &data.test, &recipe, &mut random).map(Some)
}

struct SpeedRun {
    convs: [ConvNorm; 3],
    linear: [Var; 2],
    /// With weight decay.
    weights: Vec<Var>,
    /// Without it.
    others: Vec<Var>,
}

impl SpeedRun {
    fn new(random: &mut StdRng) -> Result<Self> {
        let convs = [
            conv(Window::new(28, 5, 2, 2), 1, 32, random)?,
            conv(Window::new(7, 3, 1, 0), 32, 64, random)?,
            conv(Window::new(5, 3, 2, 0), 64, 64, random)?,
        ];
        let linear = layer(256, 10, random)?;
        let weights = convs.iter().map(|conv| &conv.weights).chain([&linear[0]]);
        let weights = weights.cloned().collect();
        let norms = convs.iter().flat_map(|conv| [&conv.norm.weights, &conv.norm.bias]);
        let others = norms.chain([&linear[1]]).cloned().collect();
        Ok(Self { convs, linear, weights, others })
    }
}

impl Net for SpeedRun {
    fn parameters(&self) -> (&[Var], &[Var]) {
        (&self.weights, &self.others)
    }

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let [first, second, third] = &self.convs;
        let x = first.norm.forward(&first.first(x)?, train)?.relu()?;
        let x = second.forward(&halves(&x, 14)?, train)?.relu()?;
        let x = third.forward(&x, train)?.relu()?.flatten_from(1)?;
        let [weights, bias] = &self.linear;
        Ok((x.matmul(weights)? + spread(bias, x.dim(0)?)?)?)
    }
}

/// A convolution with weights as PyTorch draws them, and a batch norm.
fn conv(window: Window, inputs: usize, outputs: usize, random: &mut StdRng) -> Result<ConvNorm> {
    let rows = window.kernel * window.kernel * inputs;
    let bound = 1. / (rows as f32).sqrt();
    let weights = (0..rows * outputs).map(|_| random.random_range(-bound..bound)).collect();
    ConvNorm::new(window, Var::from_vec(weights, (rows, outputs), &DEVICE)?)
}

/// The maximum of two rows and two columns each of pictures that are `size` pixels high and wide.
fn halves(x: &Tensor, size: usize) -> Result<Tensor> {
    let (pictures, _, channels) = x.dims3()?;
    let half = size / 2;
    // Two neighbours in a row lie side by side, then two rows.
    let x = x.reshape((pictures * size * half, 2, channels))?;
    let x = x.narrow(1, 0, 1)?.maximum(&x.narrow(1, 1, 1)?)?;
    let x = x.reshape((pictures * half, 2, half * channels))?;
    let x = x.narrow(1, 0, 1)?.maximum(&x.narrow(1, 1, 1)?)?;
    Ok(x.reshape((pictures, half * half, channels))?)
}
