//! Training with AdamW and the one-cycle schedule.

use std::time::Instant;

use anyhow::Result;
use candle_core::{D, Tensor, Var};
use candle_nn::loss::cross_entropy;
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rival::{Run, one_cycle};

use super::DEVICE;

pub struct Recipe {
    pub batch: usize,
    pub epochs: usize,
    pub lr_max: f64,
}

pub trait Net {
    /// Those with weight decay, and those without it.
    fn parameters(&self) -> (&[Var], &[Var]);

    fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor>;
}

/// Trains a net on pictures and classes, and tests it after each epoch.
pub fn fit(
    net: &impl Net,
    (x, y): &(Tensor, Tensor),
    valid: &(Tensor, Tensor),
    recipe: &Recipe,
    random: &mut StdRng,
) -> Result<Run> {
    let lr = recipe.lr_max;
    let params =
        |weight_decay| ParamsAdamW { lr, beta1: 0.95, beta2: 0.99, eps: 1e-5, weight_decay };
    let (weights, norms) = net.parameters();
    let mut optimizers =
        [AdamW::new(weights.to_vec(), params(0.01))?, AdamW::new(norms.to_vec(), params(0.))?];
    let start = Instant::now();
    let mut order: Vec<u32> = (0..x.dim(0)? as u32).collect();
    let count = recipe.epochs * (order.len() / recipe.batch);
    let (mut step, mut accuracy) = (0, 0.);
    for _ in 0..recipe.epochs {
        order.shuffle(random);
        for batch in order.chunks_exact(recipe.batch) {
            let batch = Tensor::new(batch, &DEVICE)?;
            let predictions = net.forward(&x.index_select(&batch, 0)?, true)?;
            let grads = cross_entropy(&predictions, &y.index_select(&batch, 0)?)?.backward()?;
            let position = step as f64 / count as f64;
            step += 1;
            for optimizer in &mut optimizers {
                let mut params = optimizer.params().clone();
                params.lr = one_cycle(lr / 25., lr, lr / 1e5, position);
                params.beta1 = one_cycle(0.95, 0.85, 0.95, position);
                optimizer.set_params(params);
                optimizer.step(&grads)?;
            }
        }
        accuracy = share_of_hits(net, valid, recipe.batch)?;
    }
    Ok(Run { seconds: start.elapsed().as_secs_f64(), accuracy })
}

fn share_of_hits(net: &impl Net, (x, y): &(Tensor, Tensor), batch: usize) -> Result<f64> {
    let (count, mut right) = (x.dim(0)?, 0);
    for start in (0..count).step_by(batch) {
        let len = batch.min(count - start);
        let predictions = net.forward(&x.narrow(0, start, len)?, false)?.argmax(D::Minus1)?;
        let hits = predictions.eq(&y.narrow(0, start, len)?)?;
        right += hits.to_vec1::<u8>()?.iter().filter(|&&hit| hit == 1).count();
    }
    Ok(right as f64 / count as f64)
}
