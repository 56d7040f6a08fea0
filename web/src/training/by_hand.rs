//! The loop of the chapter on the training loop: no optimizer, no `Learner`.

use anyhow::{Result, ensure};
use mnist_from_scratch::prelude::*;

use super::{FirstLayer, Trained, Watch, worst};

/// The chapter's weights and bias, as a layer has them. Its operations have the bits of the chapter's `linear1`, and are in
/// the module anyway.
fn model(seed: u64) -> Linear<784, 1> {
    let dev = AutoDevice::default();
    manual_seed(seed);
    let weights: Tensor<Rank2<784, 1>, f32, _> = init_params(&dev, 1.);
    Linear { weight: dev.tensor(weights.as_vec()), bias: init_params(&dev, 1.) }
}

/// `p - grad * lr`.
fn stepped<S: ConstShape>(
    p: &Tensor<S, f32, AutoDevice>,
    grad: &Tensor<S, f32, AutoDevice>,
    lr: f32,
) -> Tensor<S, f32, AutoDevice> {
    let numbers = p.as_vec().into_iter().zip(grad.as_vec()).map(|(p, grad)| p - grad * lr);
    AutoDevice::default().tensor(numbers.collect::<Vec<f32>>())
}

fn accuracy_of(dl: &DataLoader<Digits>, model: &Linear<784, 1>) -> f32 {
    let accuracy = |(xb, yb): (Rows<784>, Labels)| batch_accuracy(model.forward(xb), yb).array();
    let accuracies: Vec<f32> = dl.iter().map(accuracy).collect();
    accuracies.iter().sum::<f32>() / accuracies.len() as f32
}

/// Trains as the chapter does. The row of an epoch has one number, the mean of the batches' accuracies.
pub(super) fn train(
    dls: &DataLoaders<Digits>,
    seed: u64,
    epochs: usize,
    lr: f32,
    mut watch: impl Watch,
) -> Result<Trained> {
    let mut model = model(seed);
    let batches = dls.train.len();
    for epoch in 0..epochs {
        for (batch, (xb, yb)) in dls.train.iter().enumerate() {
            let preds = model.forward(xb.traced(model.alloc_grads()));
            let loss = mnist_loss(preds, yb);
            let value = loss.array();
            ensure!(value.is_finite(), "The loss is no longer a number.");
            let grads = loss.backward();
            model.weight = stepped(&model.weight, &grads.get(&model.weight), lr);
            model.bias = stepped(&model.bias, &grads.get(&model.bias), lr);
            watch.batch(epoch, batch + 1, batches, value);
        }
        watch.epoch(epoch, &[accuracy_of(&dls.valid, &model)], &model.weights());
    }
    let valid = dls.valid.dataset();
    let (x, y) = valid.batch(&(0..valid.len()).collect::<Vec<_>>());
    let worst = worst(model.forward(x), &y);
    // The chapter's parameters have no names, and lie upright.
    let weights: Tensor<Rank2<784, 1>, f32, _> =
        AutoDevice::default().tensor(model.weight.as_vec());
    Ok(Trained { fingerprint: fingerprint(&(weights, model.bias)), worst })
}
