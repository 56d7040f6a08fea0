//! Training with AdamW and the one-cycle schedule.

use std::time::Instant;

use burn::module::{Module, ParamGroup};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Distribution, Int, Tensor};
use rival::{Run, one_cycle};

/// Pictures and their classes.
pub type Labelled = (Tensor<4>, Tensor<1, Int>);

pub struct Recipe {
    pub batch: usize,
    pub epochs: usize,
    pub lr_max: f64,
}

/// Trains a net and tests it after each epoch.
pub fn fit<M: Module>(
    mut net: M,
    forward: impl Fn(&M, Tensor<4>) -> Tensor<2>,
    (x, y): &Labelled,
    valid: &Labelled,
    recipe: &Recipe,
    device: &Device,
) -> Run {
    // Its optimizer keeps one momentum: the middle of what the schedule of the others has.
    let adamw = AdamWConfig::new().with_beta_1(0.9).with_beta_2(0.99).with_epsilon(1e-5);
    let others = ParamGroup::from_any_predicates(vec!["gamma", "beta", "bias"]);
    let mut opt = ModuleOptimizer::from(adamw.clone().with_weight_decay(0.01).build()).with_group(
        others,
        adamw.with_weight_decay(0.).build(),
        None,
    );
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    let start = Instant::now();
    let [count, ..] = x.dims();
    let steps = count / recipe.batch;
    let (lr, all) = (recipe.lr_max, (recipe.epochs * steps) as f64);
    let mut accuracy = 0.;
    for epoch in 0..recipe.epochs {
        let order = Tensor::<1>::random([count], Distribution::Default, device).argsort(0);
        for step in 0..steps {
            let batch = order.clone().narrow(0, step * recipe.batch, recipe.batch);
            let predictions = forward(&net, x.clone().select(0, batch.clone()));
            let loss = cross_entropy.forward(predictions, y.clone().select(0, batch));
            let grads = GradientsParams::from_grads(loss.backward(), &net);
            let position = (epoch * steps + step) as f64 / all;
            net = opt.step(one_cycle(lr / 25., lr, lr / 1e5, position), net, grads);
        }
        accuracy = share_of_hits(|x| forward(&net.valid(), x), valid, recipe.batch);
    }
    Run { seconds: start.elapsed().as_secs_f64(), accuracy }
}

fn share_of_hits(net: impl Fn(Tensor<4>) -> Tensor<2>, (x, y): &Labelled, batch: usize) -> f64 {
    let [count, ..] = x.dims();
    let mut right = 0;
    for start in (0..count).step_by(batch) {
        let len = batch.min(count - start);
        let predictions = net(x.clone().narrow(0, start, len)).argmax(1);
        let hits = predictions.squeeze_dim::<1>(1).equal(y.clone().narrow(0, start, len));
        right += hits.int().sum().into_scalar::<i64>();
    }
    right as f64 / count as f64
}
